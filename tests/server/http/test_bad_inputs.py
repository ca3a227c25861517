"""Bad texts, sounds, tables and arrays: each its sentence and status, and the next request works."""

from __future__ import annotations

import json
import re
import struct
import wave
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from torch import nn

from layerwalk.http.app import make_app
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.errors import PROBLEM_MEDIA_TYPE
from layerwalk_shared.messages import InputSpec
from server.small import Pictures

JSON, CSV, WAV, NPY = "application/json", "text/csv", "audio/wav", "application/x-npy"
TEXT, BLIND, SOUND, SERIES, VOLUME, VECTOR, IMAGE = (f"n{number}" for number in range(1, 8))


def npy(values: object) -> bytes:
    stream = BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


def wav(*, rate: int = 8000, channels: int = 1, count: int = 100) -> bytes:
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(2 * channels * count))
    return stream.getvalue()


def words(text: str) -> bytes:
    return json.dumps({"kind": "text", "text": text}).encode()


@pytest.fixture(scope="module")
def web() -> Iterator[FlaskClient]:
    with Session() as session:
        add = session.add_network
        ids = torch.tensor([[1, 2, 3]])
        add(nn.Embedding(190, 2), ids, tokenizer=lambda text: list(text.encode()))
        add(nn.Embedding(190, 2), ids)
        specs = (
            InputSpec(kind="sound", shape=(2, 80), sample_rate=16000),
            InputSpec(kind="series", shape=(3, 2), names=("load", "wind")),
            InputSpec(kind="volume", shape=(1, 4, 5, 6)),
            InputSpec(kind="vector", shape=(4,)),
            InputSpec(kind="image", shape=(3, 8, 8)),
        )
        for spec in specs:
            add(nn.Identity(), input_spec=spec)
        session.add_dataset(Pictures())
        yield make_app(session).test_client()


WRONG = [
    (TEXT, JSON, words("é"), 422, "token 195 at place 0: the network knows 0 to 189"),
    (TEXT, JSON, words(""), 422, "finds no token in ''"),
    (TEXT, JSON, words("x" * 100_001), 422, "at most 100000"),
    (TEXT, JSON, b'{"kind": "text"}', 422, "text"),
    (TEXT, JSON, b'{"kind": "text", "text": 3}', 422, "came: 3"),
    (TEXT, JSON, b'{"kind": "text", "text": "\\ud800"}', 400, ""),
    (TEXT, NPY, npy([1, 2, 200]), 422, "token 200 at place 2: the network knows 0 to 189"),
    (TEXT, NPY, npy([1, 2, -1]), 422, "token -1 at place 2"),
    (TEXT, NPY, npy([1.0, 2.0, 3.0]), 422, "the network takes whole numbers"),
    (TEXT, NPY, npy([1, 2]), 422, r"\[2\]: the network takes \[3\]"),
    (TEXT, "text/plain", b"walk", 415, "content type 'text/plain'"),
    (TEXT, WAV, wav(), 422, "takes text inputs of shape .3., no sound"),
    (TEXT, CSV, b"1,2,3\n", 422, "takes text inputs of shape .3., no table"),
    (TEXT, "image/png", b"\x89PNG\r\n\x1a\n", 422, "takes text inputs of shape .3., not pictures"),
    (TEXT, JSON, b'{"kind": "dataset", "dataset": "d1", "item": 0}', 422, "not pictures"),
    (BLIND, JSON, words("walk"), 422, "3 token ids and was given no tokenizer"),
    (SOUND, WAV, b"", 422, "not a WAV file: it is empty"),
    (SOUND, WAV, b"RIFF\0\0\0\0WAVE", 422, "ends before its samples"),
    (SOUND, WAV, wav()[:-50], 422, "claims 200 bytes of samples, 150 follow"),
    (SOUND, WAV, wav()[:20] + struct.pack("<H", 85) + wav()[22:], 422, "format 85 with 16 bits"),
    (SOUND, WAV, wav(channels=3), 422, "sound of 3 channels, the network takes 2"),
    (SOUND, "audio/mpeg", b"ID3", 415, "content type 'audio/mpeg', expected .*audio/wav"),
    (SOUND, "application/octet-stream", b"RIFF\0\0\0\0WAVE", 422, "ends before its samples"),
    (SOUND, NPY, npy(np.full((2, 80), np.nan)), 422, "160 of 160 values NaN"),
    (SOUND, JSON, words("walk"), 422, "takes sound inputs of shape .2, 80., no text"),
    (SERIES, CSV, b"", 422, "without a row of numbers"),
    (SERIES, CSV, b"load,wind\n1,2\n3,NaN\n5,6\n", 422, "line 3, column 2 .'wind'.: 'NaN'"),
    (SERIES, CSV, b"load,wind\n1,2\n,4\n5,6\n", 422, "line 3, column 1 .'load'.: '' is no number"),
    (SERIES, CSV, b"load,rain\n1,2\n3,4\n5,6\n", 422, "without column 'wind'; it has load, rain"),
    (SERIES, CSV, b"1,2\n3,4\n", 422, "2 rows, the network takes 3"),
    (SERIES, CSV, b"1,2,3\n" * 3, 422, "3 columns, the network takes 2"),
    (SERIES, CSV, b"1,2\n3\n", 422, "line 2 has 1 columns"),
    (SERIES, CSV, b"\xff\xfe1,2\n", 422, "byte 0 is no UTF-8"),
    (SERIES, NPY, npy(np.zeros((2, 2))), 422, r"the network takes \[3, 2\]"),
    (VOLUME, NPY, npy(np.zeros((1, 4, 5, 7))), 422, r"the network takes \[1, 4, 5, 6\]"),
    (VOLUME, NPY, npy(np.zeros((1, 4, 5, 6), np.complex64)), 422, "real numbers are expected"),
    (VOLUME, CSV, b"1,2\n", 422, "takes volume inputs .*, no table"),
    (VOLUME, "image/png", b"\x89PNG\r\n\x1a\n", 422, "takes volume inputs .*, not pictures"),
    (VECTOR, CSV, b"1,2,3\n", 422, "one row or one column of 4 numbers"),
    (VECTOR, CSV, b"1,2,3,1e99\n", 422, "beyond float32"),
    (IMAGE, JSON, words("walk"), 422, "takes image inputs of shape .3, 8, 8., no text"),
    (IMAGE, WAV, wav(), 422, "takes image inputs of shape .3, 8, 8., no sound"),
]

RIGHT = {
    TEXT: (JSON, words("walk")),
    BLIND: (NPY, npy([1, 2, 3])),
    SOUND: (WAV, wav(rate=44100)),
    SERIES: (CSV, b"wind,load\n1,2\n3,4\n5,6\n7,8\n"),
    VOLUME: (NPY, npy(np.zeros((1, 4, 5, 6)))),
    VECTOR: (CSV, b"1\n2\n3\n4\n"),
    IMAGE: (JSON, b'{"kind": "noise"}'),
}


@pytest.mark.parametrize(("network", "content_type", "data", "status", "sentence"), WRONG)
def test_a_wrong_input_is_told_and_the_next_is_taken(
    web: FlaskClient, *, network: str, content_type: str, data: bytes, status: int, sentence: str
) -> None:
    url = routes.INPUT.url(network=network)
    answer = web.post(url, data=data, content_type=content_type)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == PROBLEM_MEDIA_TYPE
    assert re.search(sentence, answer.json["detail"]), answer.json["detail"]
    assert "\n" not in answer.json["detail"]
    good_type, good = RIGHT[network]
    job = web.post(url, data=good, content_type=good_type)
    assert job.status_code == 202, job.text
    done = web.get(routes.JOB.url(job=job.json["id"]) + "?wait=10").json
    assert done["state"] == "done", done
    manifest = web.get(routes.SNAPSHOT.url(snapshot=done["snapshot"])).json
    assert manifest["error"] is None


@pytest.mark.parametrize("network", sorted(RIGHT))
@pytest.mark.parametrize("noise", ["gaussian", "uniform", "constant"])
def test_noise_is_taken_by_every_kind(web: FlaskClient, network: str, noise: str) -> None:
    wish = {"kind": "noise", "noise": noise, "amplitude": 2, "seed": 5}
    job = web.post(routes.INPUT.url(network=network), json=wish)
    done = web.get(routes.JOB.url(job=job.json["id"]) + "?wait=10").json
    assert done["state"] == "done", done

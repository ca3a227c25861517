"""Folders of texts, sounds and tables are data sets, each file with a picture of its own."""

from __future__ import annotations

import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import nn

from layerwalk.http.app import make_app
from layerwalk.inputs.datasets import checked_item, name_and_label, open_dataset
from layerwalk.inputs.thumbnails import GROUND, draw_curves, draw_text, draw_waveform
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.errors import DatasetError, InputError
from layerwalk_shared.messages import DatasetInput, InputSpec


def wav(samples: np.ndarray) -> bytes:
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return stream.getvalue()


CONTENTS = {
    ".txt": b"A few words.\nMore of them, on a line of their own that is long.",
    ".wav": wav(np.sin(np.arange(4000) / 20) * np.linspace(0, 1, 4000)),
    ".csv": b"a,b\n1,5\n2,4\n3,6\n",
}
WRONG = {".txt": None, ".wav": b"RIFF", ".csv": b"a,b\n1\n"}
SPECS = {
    ".txt": InputSpec(kind="text", shape=(12,), vocabulary=256),
    ".wav": InputSpec(kind="sound", shape=(4000,), sample_rate=8000),
    ".csv": InputSpec(kind="series", shape=(3, 2)),
}
SUFFIXES = sorted(CONTENTS)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    suffix = request.param
    for place in ("birds/b", "birds/a", "cars/c"):
        path = tmp_path / f"{place}{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(CONTENTS[suffix])
    (tmp_path / "notes.md").write_text("not one of them")
    (tmp_path / f".hidden{suffix}").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(("folder", "suffix"), [(s, s) for s in SUFFIXES], indirect=["folder"])
def test_a_folder_is_listed_by_name_its_folders_are_classes(folder: Path, suffix: str) -> None:
    dataset = open_dataset(str(folder))
    assert len(dataset) == 3
    assert list(dataset.classes) == ["birds", "cars"]
    named = [name_and_label(dataset, at) for at in range(3)]
    assert named == [
        (f"birds/a{suffix}", "birds"), (f"birds/b{suffix}", "birds"), (f"cars/c{suffix}", "cars"),
    ]  # fmt: skip
    picture = checked_item(dataset, 0).image
    assert picture.shape == (128, 128, 3)
    assert 0.001 < (picture != GROUND).any(2).mean() < 0.6


@pytest.mark.parametrize(("folder", "suffix"), [(s, s) for s in SUFFIXES], indirect=["folder"])
def test_an_item_is_put_on_the_input_and_the_sheet_shows_it(
    folder: Path, suffix: str, no_thread_left: None
) -> None:
    (folder / f"zz{suffix}").write_bytes(WRONG[suffix] or b"\xff\xff")
    spec = SPECS[suffix]
    model = nn.Embedding(256, 2) if spec.kind == "text" else nn.Identity()
    with Session() as session:
        dataset = session.add_dataset(open_dataset(str(folder)))
        session.add_network(
            model, input_spec=spec, tokenizer=(lambda text: list(text.encode())),
            first=DatasetInput(dataset=dataset, item=2),
        )  # fmt: skip
        manifest = session.snapshots("n1")[0]
        reference = manifest.input
        assert (reference.kind, reference.title) == ("dataset", f"cars/c{suffix}")
        assert (reference.dataset, reference.item, reference.label) == (dataset, 2, "cars")
        values = session.snapshot(manifest.id).node_values(0)
        expected = {
            ".txt": list(CONTENTS[".txt"][:12]),
            ".csv": [[1, 5], [2, 4], [3, 6]],
        }.get(suffix)
        if expected is None:
            expected = np.sin(np.arange(4000) / 20) * np.linspace(0, 1, 4000)
        np.testing.assert_allclose(values, expected, atol=1e-4)
        web = make_app(session).test_client()
        wish = {"kind": "dataset", "dataset": dataset, "item": 3}
        refused = web.post(routes.INPUT.url(network="n1"), json=wish)
        assert refused.status_code == 422
        sheet = web.get(routes.SHEET.url(dataset=dataset) + "?side=64")
        pixels = np.asarray(Image.open(BytesIO(sheet.data)))
        assert pixels.shape == (128, 128, 3)
        assert (pixels[:64, :64] == pixels[:64, 64:]).all()  # a and b hold the same
        thumbnail = web.get(routes.ITEM.url(dataset=dataset, item=0))
        assert Image.open(BytesIO(thumbnail.data)).size == (128, 128)


@pytest.mark.parametrize("folder", [".txt"], indirect=True)
def test_other_networks_refuse_an_item(folder: Path, no_thread_left: None) -> None:
    with Session() as session:
        session.add_dataset(open_dataset(str(folder)))
        session.add_network(nn.Identity(), input_spec=InputSpec(kind="image", shape=(3, 8, 8)))
        with pytest.raises(InputError, match=r"takes image inputs .* no text"):
            session.put("n1", DatasetInput(dataset="d1", item=0))


@pytest.mark.parametrize("folder", [".wav"], indirect=True)
def test_a_folder_of_two_kinds_and_one_that_goes_are_told(folder: Path) -> None:
    dataset = open_dataset(str(folder))
    (folder / "birds" / "a.wav").unlink()
    with pytest.raises(DatasetError, match=r"item 0 of data set .*birds/a\.wav"):
        checked_item(dataset, 0)
    (folder / "words.txt").write_text("words")
    with pytest.raises(DatasetError, match=r"with \.txt and \.wav files: one kind"):
        open_dataset(str(folder))


def test_pictures_with_a_text_beside_them_are_pictures(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("about")
    Image.new("RGB", (5, 4)).save(tmp_path / "a.png")
    dataset = open_dataset(str(tmp_path))
    assert len(dataset) == 1
    assert checked_item(dataset, 0).image.shape == (4, 5, 3)


def test_accents_are_dropped_from_a_thumbnail_and_an_empty_text_is_blank() -> None:
    assert (draw_text("émile".encode()) == draw_text(b"emile")).all()
    assert (draw_text(b"") == GROUND).all()


def test_a_waveform_is_as_high_as_it_is_loud() -> None:
    loud = np.concatenate([np.zeros(500), np.ones(500) * np.tile((1, -1), 250)])
    inked = (draw_waveform(wav(loud)) != GROUND).any(2)
    assert (inked[:, 10:60].sum(0) == 1).all()
    assert (inked[:, 70:118].sum(0) > 110).all()
    assert draw_waveform(wav(np.ones(1))).any()
    long = (draw_waveform(wav(np.repeat(loud, 500))) != GROUND).any(2)
    assert (long[:, 10:60].sum(0) == 1).all()
    assert (long[:, 70:118].sum(0) > 110).all()


def test_a_table_of_one_row_and_a_flat_one_are_drawn() -> None:
    for table in (b"1,2\n", b"3\n3\n", b"1e308\n-1e308\n"):
        assert (draw_curves(table) != GROUND).any()

"""Surveys over HTTP: asked for, told, paged; what is asked wrongly gets a sentence."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from flask.testing import FlaskClient
from PIL import Image

from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.messages import (
    ChannelExcitations,
    ChannelWeights,
    DatasetPage,
    Job,
    ScoreSummary,
)


def done(web: FlaskClient, session: Session, url: str, body: dict[str, object]) -> Job:
    answer = web.post(url, json=body)
    assert answer.status_code == 202, answer.text
    job = Job.model_validate_json(answer.data)
    assert answer.headers["Location"] == routes.JOB.url(job=job.id)
    return session.jobs.wait(job.id, 60)


def page(web: FlaskClient, query: str) -> DatasetPage:
    answer = web.get(routes.ITEMS.url(dataset="d1") + query)
    assert answer.status_code == 200, answer.text
    return DatasetPage.model_validate_json(answer.data)


def test_a_data_set_is_scored_and_its_pages_tell_of_it(web: FlaskClient, session: Session) -> None:
    assert page(web, "?network=n1").scores == "none"
    job = done(web, session, routes.SCORE.url(network="n1"), {"dataset": "d1"})
    assert job.state == "done"
    url = routes.SCORE.url(network="n1") + "?dataset=d1"
    summary = ScoreSummary.model_validate_json(web.get(url).data)
    assert (summary.count, summary.scored, summary.unreadable) == (3, 2, 1)
    told = page(web, "?network=n1&order=wrong-first")
    assert told.scores == "fresh"
    assert told.total == 3
    assert told.items[-1].index == 2
    assert told.items[-1].prediction is None
    for one in told.items[:2]:
        assert one.is_right is (one.prediction == one.label)
        assert one.probability is not None
    assert page(web, "?label=face").total == 1
    assert [one.index for one in page(web, "?text=PICTURE%201").items] == [1]
    assert page(web, "?text=nothing").items == ()
    assert page(web, "").items[0].prediction is None


def test_a_sheet_is_of_a_list_or_of_the_same_query(web: FlaskClient) -> None:
    url = routes.SHEET.url(dataset="d1")

    def sheet(query: str) -> np.ndarray:
        answer = web.get(url + query)
        assert answer.status_code == 200, answer.text
        return np.asarray(Image.open(BytesIO(answer.data)))

    plain = sheet("?limit=2&side=16")
    turned = sheet("?items=1,0&side=16")
    assert (turned == np.concatenate([plain[:, 16:], plain[:, :16]], 1)).all()
    assert (sheet("?label=face&side=16") == plain[:, 16:]).all()
    assert web.get(url + "?items=1,9&side=16").status_code == 404
    assert web.get(url + "?items=1,,2").status_code == 422
    assert web.get(url + "?items=" + ",".join("0" * 300)).status_code == 422


def test_what_excites_a_channel_is_found(web: FlaskClient, session: Session) -> None:
    body = {"dataset": "d1", "nodes": ["conv"]}
    assert done(web, session, routes.EXCITE.url(network="n1"), body).state == "done"
    url = routes.EXCITING.url(network="n1", node="conv") + "?dataset=d1&channel=299&most=1"
    found = ChannelExcitations.model_validate_json(web.get(url).data)
    assert (found.state, found.scanned, found.unreadable) == ("fresh", 3, 1)
    assert len(found.by_maximum) == len(found.by_mean) == 1
    assert found.by_maximum[0].value >= found.by_mean[0].value


def test_the_weights_of_a_channel_are_told(web: FlaskClient, finish: Callable[[str], str]) -> None:
    url = routes.CHANNEL_WEIGHTS.url(network="n1", node="twice", channel=7)
    found = ChannelWeights.model_validate_json(web.get(url).data)
    assert [(one.node, one.channel) for one in found.incoming] == [("conv", 7)]


def test_what_is_asked_wrongly_gets_a_sentence(web: FlaskClient) -> None:
    score, excite = routes.SCORE.url(network="n1"), routes.EXCITE.url(network="n1")
    items = routes.ITEMS.url(dataset="d1")
    for answer, status, words in (
        (web.post(score, json={"dataset": "d7"}), 404, "'d7'"),
        (web.post(score, json={"data": "d1"}), 422, "dataset"),
        (web.post(score, data="x"), 415, "application/json"),
        (web.post(routes.SCORE.url(network="n9"), json={"dataset": "d1"}), 404, "'n9'"),
        (web.post(excite, json={"dataset": "d1", "nodes": []}), 422, "nodes"),
        (web.post(excite, json={"dataset": "d1", "nodes": ["input"]}), 422, "is an input"),
        (web.get(items + "?order=wrong-first"), 422, "score the data set first"),
        (web.get(items + "?order=wrong-first&network=n1"), 422, "score the data set first"),
        (web.get(items + "?order=best"), 422, "order"),
        (web.get(items + "?label=cap"), 422, "nearest: 'cup'"),
        (web.get(items + "?network=n4"), 404, "'n4'"),
        (web.get(score), 422, "dataset"),
    ):
        assert answer.status_code == status, answer.text
        assert answer.json is not None
        assert words in answer.json["detail"]

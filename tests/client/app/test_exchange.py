"""What is sent for a maximisation, and what is made of the answers."""

import json

import pytest

from layerwalk_client.source import exchange, records
from layerwalk_client.source.asking import (
    CancelJob,
    ChannelPicture,
    Maximise,
    Recipes,
    ResultFile,
    Snapshots,
)
from layerwalk_client.source.connection import Reply
from layerwalk_shared.errors import ProtocolError
from layerwalk_shared.messages import Job, MaximiseRequest, RecipeList, SnapshotList
from layerwalk_shared.recipes import RECIPES, recipe_named

JOB = Job(id="j1", kind="maximise", network="net", state="queued", node="a.b", steps=50)


class Line:
    """Answers one request, and remembers it."""

    def __init__(self, body, media_type="application/json"):
        self._reply = Reply(202, media_type, {}, memoryview(body))

    def exchange(self, method, path, *, body=None, headers=None, **more):
        self.sent = (method, path, body, more)
        return self._reply


def test_a_maximisation_is_posted_once_whole():
    line = Line(JOB.model_dump_json().encode())
    recipe = recipe_named("walk").model_copy(update={"steps": 50})
    request = MaximiseRequest(node="a.b", channels=(3, 1), recipe=recipe, seed=7)
    taken = exchange.grant(line, Maximise("net", request))
    assert taken.job == JOB
    method, path, body, more = line.sent
    assert (method, path) == ("POST", "/api/v1/networks/net/maximise")
    assert MaximiseRequest.model_validate(json.loads(body)) == request
    assert more["is_repeatable"] is False  # two jobs for one click would be one too many


def test_a_job_is_cancelled_by_its_id():
    line = Line(JOB.model_copy(update={"state": "cancelled"}).model_dump_json().encode())
    assert exchange.grant(line, CancelJob("j1")).job.state == "cancelled"
    assert line.sent[:2] == ("DELETE", "/api/v1/jobs/j1")


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("png", "/api/v1/snapshots/s9/maximised/sheet.png"),
        ("npz", "/api/v1/snapshots/s9/maximised/images.npz"),
    ],
)
def test_a_result_comes_as_a_file(form, path):
    line = Line(b"\x00\x01bytes", "application/octet-stream")
    arrived = exchange.perform(line, ResultFile("s9", form), dtype=None)
    assert line.sent[:2] == ("GET", path)
    assert arrived.content == b"\x00\x01bytes"


def test_a_picture_of_a_unit_is_asked_for_by_its_number():
    line = Line(b"no picture", "image/png")
    with pytest.raises(ProtocolError, match="picture"):
        exchange.perform(line, ChannelPicture("s9", "a/b", 17, size=64), dtype=None)
    assert line.sent[1] == "/api/v1/snapshots/s9/nodes/a%2Fb/channels/17.png?size=64"


def test_recipes_and_snapshots_are_records():
    recipes = RecipeList(recipes=tuple(RECIPES.values()))
    line = Line(recipes.model_dump_json().encode())
    assert records.perform(line, Recipes()).recipes == recipes.recipes
    assert line.sent[:2] == ("GET", "/api/v1/recipes")
    line = Line(SnapshotList(snapshots=()).model_dump_json().encode())
    assert records.perform(line, Snapshots("net")).manifests == ()
    assert line.sent[:2] == ("GET", "/api/v1/networks/net/snapshots")

"""A walk in which units are maximised: asked for by keys and panels, answered by a made-up source."""

import numpy as np
import pygame
import pytest

from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.source.asking import Climb, Values
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui import intents as asked
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.ui.maximise_comparison import compared_recipes
from layerwalk_client.ui.node import NodePanel
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import ChannelInput, InputStart

pytestmark = pytest.mark.gl

NODE = "block1.relu"


class Studio:
    """A walk before a wall, with the panel of maximisation."""

    def __init__(self, hand, source, folder):
        self.hand, self.source, self.folder = hand, source, folder
        self.tools, self.stage = hand.walker.tools, hand.walker.stage
        hand.settle()
        index = self.stage.network.graph.index[NODE]
        wall = wall_of(self.stage.scene, self.stage.network.id, index)
        camera = facing_node(wall, self.stage.scene, self.stage.network, aspect=16 / 9)
        hand.walker.journey.place(camera)
        hand.settle()
        hand.frames(3)

    @property
    def panel(self):
        return self.tools.panels.content("maximise")

    @property
    def view(self):
        self.hand.frames(2)
        return self.panel.studio

    def ask(self, intent):
        self.tools.carry_out("maximise", intent)
        self.hand.frames(2)

    def order(self, **texts):
        draft = self.panel.form.draft
        for path, text in texts.items():
            draft = draft.put(path, text)
        self.panel.form.draft = draft
        return self.panel.form.order(self.view.subject)

    def run(self, **texts):
        """Maximise until it ends."""
        self.ask(asked.Maximise((self.order(**texts).request,)))
        while self.source.work(1):
            self.hand.frame()
        return self.view


@pytest.fixture
def studio(hand_on, tmp_path):
    sources = []

    def make(ring):
        sources.append(MemorySource(on_arrival=ring))
        return sources[-1]

    hand = hand_on(make, pictures=tmp_path / "pictures")
    found = Studio(hand, sources[-1], tmp_path / "pictures")
    hand.move((218, 135))
    hand.frames(3)
    hand.key(pygame.K_m)
    return found


def test_m_opens_the_panel_about_the_channel_under_the_pointer(studio):
    assert isinstance(studio.panel, MaximisePanel)
    subject = studio.view.subject
    assert (subject.node, subject.units) == (NODE, 32)
    assert subject.unit == 14
    assert studio.panel.form.draft.texts["extent"] == "one"
    assert studio.order().request.channels == (subject.unit,)


def test_the_node_panel_leads_there_for_the_node_or_one_channel(studio):
    studio.tools.close_panels()
    studio.hand.frames(2)
    studio.hand.key(pygame.K_e)
    content = studio.tools.panels.content("node")
    assert isinstance(content, NodePanel)
    unit = content.unit
    assert unit is not None
    studio.tools.carry_out("node", asked.OpenMaximise(content.index, unit))
    assert studio.view.subject.unit == unit
    studio.tools.carry_out("node", asked.OpenMaximise(content.index))
    assert studio.view.subject.unit is None
    assert studio.order().request.channels is None


def test_pictures_grow_and_can_be_scrubbed(studio):
    studio.ask(asked.Maximise((studio.order(extent="some", units="0-3").request,)))
    studio.source.work(3)
    view = studio.view
    (job,) = view.jobs
    assert job.is_running
    assert "step 75 of 200" in job.detail
    assert "to go" in job.detail
    assert view.shown.marks == (25, 50, 75)
    assert all(one.picture is not None for one in view.shown.pictures)
    assert [one.unit for one in view.shown.pictures] == [0, 1, 2, 3]
    reached = view.shown.pictures[2].activation
    studio.ask(asked.LookAt(picture=2, mark=0))
    assert studio.view.shown.at == 0
    assert studio.view.shown.picture.activation < reached
    studio.source.work(20)
    assert studio.view.jobs == ()
    assert studio.view.shown.at == 0  # what was chosen stays
    studio.ask(asked.LookAt(mark=len(studio.view.shown.marks) - 1))
    shown = studio.view.shown
    assert shown.run.state == "done"
    assert shown.run.when
    assert shown.run.mean == pytest.approx(np.mean([one.activation for one in shown.pictures]))
    assert len(shown.picture.answers) == 3
    assert shown.picture.ratio > 1


def test_a_job_is_cancelled_and_its_pictures_stay(studio):
    first, second = (studio.order(seed=seed).request for seed in ("1", "2"))
    studio.ask(asked.Maximise((first, second)))
    studio.source.work(2)
    jobs = studio.view.jobs
    assert [job.is_running for job in jobs] == [True, False]
    studio.ask(asked.CancelRun(jobs[0].id))
    assert [job.id for job in studio.view.jobs] == [jobs[1].id]
    states = {run.id: run.state for run in studio.view.runs}
    assert states[jobs[0].id] == "cancelled"


def test_a_refusal_of_the_server_is_told_on_the_panel(studio):
    request = studio.order(extent="all").request.model_copy(update={"channels": (999,)})
    studio.ask(asked.Maximise((request,), compares=True))
    assert "999" in studio.view.failure
    assert studio.view.comparison.columns == ()
    studio.run(extent="some", units="1")
    assert studio.view.failure == ""


def test_a_picture_goes_to_the_input_and_its_unit_is_judged(studio):
    studio.run(extent="some", units="4, 9")
    studio.ask(asked.LookAt(picture=1))
    studio.ask(asked.PutPicture(studio.stage.network.id))
    studio.hand.settle()
    shown = studio.view.shown
    assert "maximised" in studio.stage.shown.input.title
    studio.source.fetch(Values(studio.stage.shown.id, NODE, None, "input"))
    (arrival,) = studio.source.arrivals()
    found = arrival.values.reshape(32, -1).mean(axis=1)
    assert "unit 9 " in shown.fired
    assert f"{found[9]:.4g}" in shown.fired
    assert shown.fires is bool(found[9] >= 0.5 * shown.picture.activation)


def test_a_picture_is_picked_up_and_can_be_where_a_run_begins(studio):
    studio.run(extent="some", units="4, 9")
    studio.ask(asked.LookAt(picture=1))
    studio.ask(asked.PickPicture())
    held = studio.tools.hand.holding
    assert isinstance(held.image, ChannelInput)
    assert (held.image.node, held.image.channel) == (NODE, 9)
    assert held.pixels.shape[2] == 3
    assert studio.panel is None  # it would stand before the input
    studio.hand.key(pygame.K_m)
    assert studio.order(start="hand").request.start == InputStart(input=held.image)
    assert studio.order(start="result").request.start == InputStart(input=held.image)
    present = studio.order(start="present").request.start.input
    assert (present.node, present.snapshot) == ("input", studio.stage.shown.id)


def test_a_result_is_written_beside_the_screenshots_or_it_is_told_why_not(studio):
    studio.run(extent="some", units="0-2")
    for form, start in (("png", b"\x89PNG"), ("npz", b"PK")):
        studio.ask(asked.ExportRun(form))
        (path,) = studio.folder.glob(f"*.{form}")
        assert str(path) in studio.view.shown.said
        assert path.read_bytes().startswith(start)
        path.unlink()
    studio.folder.rmdir()
    studio.folder.write_bytes(b"")
    studio.ask(asked.ExportRun("png"))
    assert studio.view.shown.is_wrong
    assert "cannot be written" in studio.view.shown.said


def test_again_loads_the_numbers_of_a_run(studio):
    texts = {
        "extent": "some",
        "units": "0-2, 7",
        "seed": "5",
        "recipe.slope": "0.2",
        "penalty": "0.5",
    }
    request = studio.order(**texts).request
    studio.run(**texts)
    studio.order(seed="9", penalty="0")
    studio.ask(asked.RepeatRun())
    assert studio.panel.tab == "form"
    assert studio.order().request == request


def test_recipes_stand_side_by_side_as_they_come(studio):
    request = studio.order(extent="some", units="0, 3").request
    studio.ask(asked.Maximise(compared_recipes(request, 32), compares=True))
    studio.source.work(10)
    comparison = studio.view.comparison
    labels = [column.run.label for column in comparison.columns]
    assert labels == ["walk", "proxygrad", "fourier", "maco"]
    assert [column.run.state for column in comparison.columns] == [
        "done", "running", "queued", "queued",
    ]  # fmt: skip
    assert comparison.units == (0, 3)
    assert comparison.columns[3].cells == {}
    while studio.source.work(4):
        studio.hand.frame()
    comparison = studio.view.comparison
    assert all(set(column.cells) == {0, 3} for column in comparison.columns)
    gone = comparison.columns[1].run.id
    studio.ask(asked.CompareRun(gone))
    assert len(studio.view.comparison.columns) == 3
    studio.ask(asked.CompareRun(gone))
    assert studio.view.comparison.columns[-1].run.id == gone


def test_letters_go_to_the_field_and_do_not_walk(studio):
    panel = studio.panel
    panel.form.writing.begin("seed", "0")
    before = studio.hand.walker.journey.camera
    studio.tools.type([])
    assert studio.tools.is_typing
    panel.type_text("42")
    assert studio.order().request.seed == 42
    assert studio.hand.walker.journey.camera == before


def test_the_input_cannot_be_maximised(studio):
    index = studio.stage.network.graph.index["input"]
    studio.tools.open_maximise(index, None)
    order = studio.order()
    assert order.request is None
    assert "this is the input" in order.complaints[""]


def test_what_cannot_be_climbed_is_told_when_the_panel_opens(studio, monkeypatch):
    said = "node 'block1.conv1' passes no gradient back to the input"

    def refuse(_source, fetch):
        assert isinstance(fetch, Climb)
        raise InvalidRequestError(said)

    index = studio.stage.network.graph.index["block1.conv1"]
    with monkeypatch.context() as patched:
        patched.setattr(MemorySource, "_climb", refuse)
        studio.tools.open_maximise(index, None)
        studio.hand.frames(3)
    order = studio.order()
    assert order.request is None
    assert order.complaints[""] == said
    studio.tools.open_maximise(index, None)  # it was a matter of the weights, say
    studio.hand.frames(3)
    assert studio.order().request is not None

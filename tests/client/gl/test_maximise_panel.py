"""The panel of maximisation is operated by a pointer and by letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from client.gl.studios import JOBS, RUNS, SUBJECT, comparison, studio
from layerwalk_client.gl.panel import PanelPointer, PanelTexture
from layerwalk_client.gl.pictures import Images
from layerwalk_client.ui.intents import (
    CancelRun,
    ChooseRun,
    ClosePanel,
    CompareRun,
    ExportRun,
    Intent,
    LookAt,
    Maximise,
    PickPicture,
    PutPicture,
    RepeatRun,
    ShowOnWall,
)
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.ui.studio import Studio
from layerwalk_client.ui.style import make_style
from layerwalk_shared.messages import MaximiseRequest

pytestmark = pytest.mark.usefixtures("clean_graphics")

FRAME_S = 1 / 60


class Desk:
    """A panel and a hand that points at it, in pixels of its design."""

    def __init__(self) -> None:
        self.content = MaximisePanel(SUBJECT)
        self.texture = PanelTexture(MaximisePanel.size_wh, scale=1.0, setup=make_style)
        self.images = Images()

    def frame(self, at: tuple[float, float] | None, *, is_down: bool = False) -> list[Intent]:
        found: list[Intent] = []
        self.texture.draw(
            lambda: found.extend(self.content.draw(self.texture.style)),
            pointer=PanelPointer(at, (is_down, False, False)), dt=FRAME_S,
        )  # fmt: skip
        return found

    def click(self, x: float, y: float) -> list[Intent]:
        found: list[Intent] = []
        for is_down in (False, False, True, False, False):
            found += self.frame((x, y), is_down=is_down)
        return found

    def close(self) -> None:
        self.texture.close()
        self.images.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    found.frame(None)
    yield found
    found.close()


STEPS, RATE, DICE, MAIN = (137, 176), (263, 176), (560, 176), (78, 538)
MAKE, RESULTS, COMPARE = (44, 72), (100, 72), (164, 72)


def test_a_press_on_maximise_is_a_request_and_the_cross_closes(desk: Desk) -> None:
    assert desk.click(*MAIN) == [Maximise((MaximiseRequest(node=SUBJECT.node),))]
    assert desk.click(573, 26) == [ClosePanel()]


def test_a_number_is_written_nudged_and_left(desk: Desk) -> None:
    desk.click(*STEPS)
    assert desk.content.takes_text
    for letter in "64":
        desk.content.type_text(letter)
    assert desk.content.form.draft.texts["recipe.steps"] == "64"
    desk.content.step(-1)
    assert desk.content.form.draft.texts["recipe.steps"] == "77"
    desk.content.erase()
    desk.click(*RATE)
    desk.content.type_text("5")
    assert desk.content.enter() == []
    assert not desk.content.takes_text
    (intent,) = desk.click(*MAIN)
    assert isinstance(intent, Maximise)
    recipe = intent.requests[0].recipe
    assert not isinstance(recipe, str)
    assert (recipe.steps, recipe.rate) == (7, 5.0)


def test_letters_end_when_the_pointer_leaves(desk: Desk) -> None:
    desk.click(*STEPS)
    desk.frame(None)
    desk.frame(None)
    assert not desk.content.takes_text
    desk.content.type_text("9")
    assert desk.content.form.draft.texts["recipe.steps"] == "200"


def test_what_is_wrong_sends_nothing(desk: Desk) -> None:
    desk.content.form.draft = desk.content.form.draft.put("recipe.steps", "0")
    assert desk.click(*MAIN) == []


def test_the_dice_throws_another_seed(desk: Desk) -> None:
    seeds = set()
    for _ in range(4):
        desk.click(*DICE)
        seeds.add(desk.content.form.draft.texts["seed"])
    assert len(seeds) > 1


def test_a_job_is_cancelled_by_its_cross(desk: Desk) -> None:
    desk.content.studio = Studio(SUBJECT, JOBS[1:3])
    first = desk.click(571, 503)
    second = desk.click(571, 539)
    assert [*first, *second] == [CancelRun("j5"), CancelRun("j6")]


def test_results_are_chosen_compared_scrubbed_and_used(desk: Desk) -> None:
    desk.content.studio = studio(desk.images)
    desk.click(*RESULTS)
    assert desk.content.tab == "results"
    assert desk.click(100, 139) == [ChooseRun(RUNS[1].id)]
    assert desk.click(530, 139) == [CompareRun(RUNS[1].id)]
    assert desk.click(55, 284) == [LookAt(picture=0)]
    assert LookAt(mark=0) in desk.click(40, 230)
    foot = 506
    assert desk.click(44, foot) == [ShowOnWall("values")]
    assert desk.click(220, foot) == [PickPicture()]
    assert desk.click(300, foot) == [PutPicture("resnet18")]
    assert desk.click(377, foot) == [RepeatRun()]
    assert desk.click(477, foot) == [ExportRun("png")]
    assert desk.click(530, foot) == [ExportRun("npz")]


def test_the_run_that_is_looked_at_may_have_no_pictures(desk: Desk) -> None:
    view = studio(desk.images)
    assert view.shown is not None
    bare = replace(view.shown, marks=(), pictures=(), at=0)
    desk.content.studio = replace(view, shown=bare)
    desk.content.tab = "results"
    assert desk.click(220, 506) == []


def test_recipes_and_seeds_are_compared_by_one_press(desk: Desk) -> None:
    desk.click(*COMPARE)
    (intent,) = desk.click(70, 116)
    assert isinstance(intent, Maximise)
    assert intent.compares
    assert [one.recipe for one in intent.requests] == ["walk", "proxygrad", "fourier", "maco"]
    (intent,) = desk.click(190, 116)
    assert isinstance(intent, Maximise)
    assert [one.seed for one in intent.requests] == [0, 1, 2]


def test_a_column_is_taken_away_by_its_cross(desk: Desk) -> None:
    desk.content.studio = comparison(desk.images)
    desk.content.tab = "compare"
    columns = desk.content.studio.comparison.columns
    assert desk.click(174, 149) == [CompareRun(columns[0].run.id)]


def test_every_number_of_the_recipe_is_drawn_without_a_complaint_of_imgui(desk: Desk) -> None:
    desk.content.form.is_open = True
    for _ in range(3):
        desk.frame((300.0, 300.0))
    assert desk.content.form.order(SUBJECT).request is not None

"""The panel of data sets: what keys do, what is asked for, what it tells."""

import pytest

from client.app.staged import FakeStage, NoTextures
from layerwalk_client.app.desks.browsing import Browsing, progress_of, scoring_of
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.collection import Scoring
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.intents import CancelSurvey, PickItem, ScoreDataset
from layerwalk_client.ui.pictures import Wanted
from layerwalk_shared.messages import DatasetItem, DatasetSummary, Job, ScoreSummary

CLASSES = ("llama", "lobster", "lotus", "sunflower")
SETS = (
    DatasetSummary(id="d1", name="first", count=40, classes=CLASSES),
    DatasetSummary(id="d2", name="second", count=3),
)


class Shelf:
    """Items that are all there."""

    def count(self, wanted):
        if wanted.text or wanted.label:
            return 10
        return 40 if wanted.dataset == "d1" else 3

    def item(self, wanted, place):
        return DatasetItem(index=100 + place, name=f"a/{place}.jpg", label="lotus")

    def thumbnail(self, wanted, place):
        return None

    def problem(self, wanted):
        return ""


@pytest.fixture
def panel():
    made = DatasetPanel(SETS, Shelf())
    made.grid.columns = 9
    return made


def summary(**more):
    return ScoreSummary(network="n", dataset="d1", state="fresh", count=2000, **more)


def test_letters_offer_classes_and_tab_takes_the_first(panel):
    panel.type_text("lo")
    assert panel.suggestions() == ["lobster", "lotus", "sunflower"]
    assert panel.wanted == Wanted("d1", text="lo")
    panel.complete()
    assert panel.wanted == Wanted("d1", label="lobster")
    assert panel.suggestions() == []
    panel.erase()
    assert panel.wanted == Wanted("d1")


def test_arrows_choose_and_enter_picks(panel):
    assert panel.enter() == []
    panel.turn(1)
    assert panel.grid.chosen == 0
    panel.step(1)
    panel.turn(1)
    assert panel.grid.chosen == 10
    assert panel.enter() == [PickItem("d1", 110, "lotus")]
    for _ in range(9):
        panel.step(1)
    assert panel.grid.chosen == 39
    panel.go_end(is_last=False)
    assert panel.grid.chosen == 0
    panel.go_end(is_last=True)
    assert panel.grid.chosen == 39


def test_another_data_set_begins_at_its_top_without_filters(panel):
    panel.show_class("lotus")
    panel.turn(1)
    panel.choose(1)
    assert panel.wanted == Wanted("d2")
    assert panel.grid.chosen is None


def test_orders_need_scores(panel):
    panel.order = "wrong-first"
    assert panel.wanted.order == "index"
    panel.scoring = Scoring("net", summary(scored=5))
    assert panel.wanted.order == "wrong-first"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (summary(), ""),
        (summary(scored=2000, compared=2000, right=1750), "87.5 % right   1 750 of 2 000"),
        (
            summary(scored=500, compared=400, right=100, unreadable=2),
            "25.0 % right   100 of 400   500 of 2 000 scored   2 unreadable",
        ),
        (summary(scored=1999, unreadable=1, note="no"), "1 999 scored   1 unreadable"),
    ],
)
def test_the_line_tells_how_right_the_network_is(found, line):
    assert Scoring("net", found).line() == line


def test_a_job_is_told_with_its_time_to_go():
    job = Job(id="j1", kind="score", network="n", state="running", dataset="d1")
    assert progress_of(job) == "begins"
    job = job.model_copy(update={"step": 30, "steps": 90, "progress": 1 / 3, "seconds_left": 12.0})
    told = scoring_of("net", summary(scored=9, compared=8, right=4), job, None)
    assert (told.job, told.share, told.progress) == ("j1", 1 / 3, "30 of 90, 0:12 to go")
    assert told.line() == "50.0 % right so far"
    failed = job.model_copy(update={"state": "failed", "problem": {"detail": "no\nvector"}})
    assert scoring_of("net", summary(), None, failed).problem == "no vector"
    queued = job.model_copy(update={"state": "queued", "position": 2})
    assert progress_of(queued) == "place 3"


def test_a_data_set_is_scored_and_its_wrong_items_come_first():
    source = MemorySource()
    source.open()
    stage = FakeStage(source)
    browsing = Browsing(stage, source, NoTextures())

    def arrive():
        while found := source.arrivals():
            for one in found:
                stage.state.apply(one)
                browsing.take(one)
            browsing.refresh()

    arrive()
    browsing.renew()
    panel = browsing.content(node=None, unit=None)
    arrive()
    assert panel.scoring.summary is not None
    assert not panel.scoring.has_scores
    assert not stage.state.is_busy
    assert browsing.carry_out(ScoreDataset("shapes"))
    arrive()
    assert panel.scoring.summary.is_whole
    assert not stage.state.is_busy
    panel.order = "wrong-first"
    assert browsing.thumbnails.count(panel.wanted) is None
    arrive()
    first = [browsing.thumbnails.item(panel.wanted, place) for place in range(3)]
    assert [one.is_right for one in first] == [False] * 3
    assert first[0].probability >= first[1].probability
    assert browsing.carry_out(CancelSurvey("j9"))
    assert not browsing.carry_out(PickItem("shapes", 1, ""))

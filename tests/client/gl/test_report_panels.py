"""The panels of results and jobs show what is so, and lead where they say."""

from __future__ import annotations

import numpy as np
import pytest

from client.gl.desks import Pointing, room
from client.gl.reports import answer, jobs
from layerwalk_client.app.desks.answer import AnswerDesk
from layerwalk_client.app.desks.jobs import JobDesk
from layerwalk_client.source.asking import CancelJob, Maximise, PutInput
from layerwalk_client.ui.desk_intents import ClearJobs, FollowUnit, GoToResult
from layerwalk_client.ui.intents import (
    CancelRun,
    ChooseRun,
    GoTo,
    GoToChannel,
    Intent,
    OpenMaximise,
)
from layerwalk_shared.messages import DatasetInput, MaximiseRequest

pytestmark = pytest.mark.usefixtures("clean_graphics")


def test_the_answer_is_the_snapshots_and_is_compared_with_the_one_before() -> None:
    followed: list[tuple[str, int]] = []
    with room() as place:
        place.desk = AnswerDesk(
            place.stage, place.source, follow=lambda node, unit: followed.append((node, unit))
        )
        panel = place.desk.content(node=None, unit=None)
        place.turn()
        shown = place.stage.shown
        assert shown is not None
        assert [line.index for line in panel.lines] == [one.index for one in shown.top]
        for line, one in zip(panel.lines, shown.top, strict=True):
            assert line.share == pytest.approx(one.probability, abs=1e-5)
            assert line.value == pytest.approx(one.logit, abs=1e-4)
            assert line.change is None
        first = {line.index: line.share for line in panel.lines}
        place.stage.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=14)))
        for _ in range(4):
            place.turn()
        assert panel.subject == "shapes 14"
        assert panel.before == "shapes 0"
        assert panel.truth == "green bar" == panel.lines[panel.truth_rank - 1].name
        for line in panel.lines:
            assert line.change == pytest.approx(line.share - first[line.index], abs=1e-5)
        assert place.desk.carry_out(FollowUnit(place.node("fc"), 4))
        assert followed == [("fc", 4)]
        place.desk.renew()
        assert place.desk.content(node=None, unit=None).before == ""


def test_the_entries_after_the_last_token_are_told() -> None:
    followed: list[tuple[str, int]] = []
    with room("gpt") as place:
        place.desk = AnswerDesk(
            place.stage, place.source, follow=lambda node, unit: followed.append((node, unit))
        )
        panel = place.desk.content(node=None, unit=None)
        place.turn()
        assert panel.kind == "entries"
        assert panel.lines
        assert panel.after.startswith("“")
        assert np.all(np.diff([line.value for line in panel.lines]) <= 0)


def test_lines_offer_what_can_be_done_with_a_class() -> None:
    panel = answer(truth=None)
    with Pointing(panel) as hand:
        assert hand.click(150, 168) == []
        assert panel.chosen == panel.lines[1].index
        assert hand.click(40, 460) == [GoToChannel(panel.node, panel.lines[1].index)]
        assert hand.click(125, 460) == [OpenMaximise(panel.node, panel.lines[1].index)]
        assert hand.click(198, 460) == [FollowUnit(panel.node, panel.lines[1].index)]
        hand.click(110, 96)
        assert panel.measure == "value"


def test_jobs_are_cancelled_cleared_and_followed() -> None:
    panel = jobs()
    with Pointing(panel) as hand:
        assert hand.click(586, 115) == [CancelRun("j7")]
        assert hand.click(560, 72) == [ClearJobs()]
        assert hand.click(560, 264) == [GoToResult("j6")]
        hand.click(115, 72)
        assert panel.whose == "mine"
        assert all(row.is_mine for row in panel.seen)


def test_the_desk_of_jobs_tells_them_all_and_goes_to_what_came_of_them() -> None:
    asked: list[Intent] = []
    with room() as place:
        place.desk = JobDesk(place.stage, place.source, ask=asked.append)
        request = MaximiseRequest(node="stem.relu", channels=(0, 1))
        place.stage.submit(Maximise("synthetic", request))
        place.stage.submit(Maximise("synthetic", request))
        place.stage.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=3)))
        panel = place.desk.content(node=None, unit=None)
        for _ in range(3):
            place.turn()
        assert panel.has_list
        assert [row.state for row in panel.rows].count("done") == 1
        waiting = [row for row in panel.rows if row.is_at_work]
        assert len(waiting) == 2
        place.stage.submit(CancelJob(waiting[-1].id))
        place.source.work(1000)
        for _ in range(3):
            place.turn()
        states = {row.id: row.state for row in panel.rows}
        assert states[waiting[-1].id] == "cancelled"
        assert states[waiting[0].id] == "done"
        assert place.desk.carry_out(GoToResult(waiting[0].id))
        node = place.node("stem.relu")
        assert asked == [OpenMaximise(node), ChooseRun(waiting[0].id)]
        forward = next(row for row in panel.rows if row.title == "forward pass")
        asked.clear()
        assert place.desk.carry_out(GoToResult(forward.id))
        assert asked == [GoTo(place.node("fc"))]
        assert place.desk.carry_out(ClearJobs())
        assert panel.rows == ()

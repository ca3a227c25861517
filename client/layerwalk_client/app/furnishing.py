"""Which panels a walk has beside those of the toolbox's own desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.answer_desk import AnswerDesk
from layerwalk_client.app.compare_desk import CompareDesk
from layerwalk_client.app.job_desk import JobDesk
from layerwalk_client.app.saliency_desk import SaliencyDesk

if TYPE_CHECKING:
    from layerwalk_client.app.thumbnails import Textures
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.source import Source


def furnish(walker: Walker, source: Source, images: Textures) -> None:
    """Give a walk's toolbox its desks, which make textures by `images`."""
    tools, stage = walker.tools, walker.stage
    tools.desks.add(AnswerDesk(stage, source))
    tools.desks.add(CompareDesk(stage, look_at=walker.look_at, choose_step=walker.choose_step))
    tools.desks.add(JobDesk(stage, source, ask=lambda one: tools.carry_out("jobs", one)))
    tools.desks.add(SaliencyDesk(stage, source, images, followed=lambda: walker.signals.followed))

"""Pictures of panels about answers and jobs, kept as goldens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from layerwalk_client.app.desks.jobs import row_of
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.synthetic import CLASSES
from layerwalk_client.ui.answers import AnswerPanel
from layerwalk_client.ui.compare import Candidate, ComparePanel
from layerwalk_client.ui.jobs import JobsPanel
from layerwalk_client.ui.saliency import SaliencyPanel, value_line
from layerwalk_client.world.scores import score_lines, scores_of
from layerwalk_shared.messages import Job, NetworkDescription

Pixels = NDArray[np.uint8]


def job(number: int, kind: str, state: str, **more: object) -> Job:
    """Return a job of one's own."""
    told = {"id": f"j{number}", "kind": kind, "network": "n", "state": state, "client": "me"}
    return Job.model_validate({**told, **more})


JOBS = (
    job(7, "maximise", "running", node="layer3.1.conv2", progress=0.38, step=76, steps=200,
        seconds_left=47.0),
    job(8, "maximise", "queued", node="layer4.0.conv1", position=0),
    job(9, "score", "queued", client="another", position=1),
    job(6, "maximise", "done", node="layer1.0.relu", progress=1.0, snapshot="s9",
        notes=("2 of 16 images stayed silent and began again",)),
    job(5, "excite", "failed", client="another", node="layer2.0.conv1", progress=0.2,
        problem={"type": "about:blank", "title": "Out of memory", "status": 503, "code": "busy",
                 "detail": "the items of a batch do not fit into memory: ask for a smaller batch"}),
    job(4, "forward", "done", snapshot="s8", progress=1.0),
    job(3, "maximise", "cancelled", node="fc", progress=0.6),
)  # fmt: skip


def jobs(*, whose: str = "all") -> JobsPanel:
    """Return the panel of jobs of every state."""
    exhibit = EXHIBITS["vit"]()
    network = NetworkDescription(id="n", name="n", graph=exhibit.graph, input=exhibit.input)
    panel = JobsPanel()
    panel.has_list = True
    panel.whose = "mine" if whose == "mine" else "all"
    panel.rows = tuple(row_of(one, client="me", network=network) for one in JOBS)
    return panel


def logits(seed: int, *, first: int = 3) -> NDArray[np.float32]:
    """Return logits of ten classes."""
    found = np.random.default_rng(seed).normal(0, 1.6, len(CLASSES))
    found[first] += 3.0
    return np.asarray(found, np.float32)


def answer(*, truth: str | None, measure: str = "share", chosen: int | None = None) -> AnswerPanel:
    """Return the panel of an answer of ten classes, compared with another."""
    panel = AnswerPanel()
    now = scores_of(logits(1), "classes", CLASSES)
    before = scores_of(logits(2, first=5), "classes", CLASSES)
    assert now is not None
    panel.lines = score_lines(now, count=10, before=before, truth=truth)
    panel.truth = truth
    panel.truth_rank = next((now.rank(one.index) for one in panel.lines if one.is_true), None)
    panel.subject, panel.before = "shapes 93", "shapes 12"
    panel.measure = "value" if measure == "value" else "share"
    panel.chosen = chosen
    return panel


def areas() -> AnswerPanel:
    """Return the panel of a segmentation."""
    panel = AnswerPanel()
    panel.kind = "areas"
    values = np.random.default_rng(5).normal(size=(10, 20, 20)).astype(np.float32)
    values[4, :, :12] += 4
    values[7, 8:, 9:] += 3
    found = scores_of(values, "areas", CLASSES)
    assert found is not None
    panel.lines = score_lines(found, count=10)
    panel.subject = "street 3"
    return panel


def comparing() -> ComparePanel:
    """Return the panel of comparing with something of each kind."""
    return ComparePanel(
        candidates=(
            Candidate("input", "n1", "s9", "motorcycle", "motorbike 89 %", "A"),
            Candidate("input", "n1", "s7", "gaussian noise, seed 3", "brain 12 %"),
            Candidate(
                "input",
                "n1",
                "s1",
                "a picture with a long name from a holiday long ago.jpeg",
                "cup 98 %",
            ),
            Candidate("step", "n1", "s3", "step 0"),
            Candidate("step", "n1", "s5", "step 1200", "", "B"),
            Candidate("network", "n2", "", "resnet18 noisy", "70 nodes"),
        ),
        mode="difference",
    )


def words_that_count() -> SaliencyPanel:
    """Return the panel of what the words of a sentence gave."""
    panel = SaliencyPanel()
    panel.subject, panel.detail = "cheerful", value_line(3.271, -0.418)
    words = [
        "what",
        "a",
        "calm",
        "and",
        "lovely",
        "evening",
        "in",
        "the",
        "harbour",
        ",",
        "though",
        "the",
        "soup",
        "was",
        "cold",
    ]
    sizes = np.random.default_rng(11).normal(0.05, 0.3, len(words)).clip(-1, 1)
    sizes[[2, 4]] = 0.7, 1.0
    sizes[-1] = -0.8
    panel.tokens = tuple(zip(words, sizes.tolist(), strict=True))
    return panel


REPORTS: dict[str, Callable[[], Pixels]] = {
    "answer-wrong": lambda: draw_panel(answer(truth="dark ring"), [PanelPointer((200.0, 205.0))]),
    "answer-logits": lambda: draw_panel(answer(truth="red bar", measure="value", chosen=5)),
    "answer-areas": lambda: draw_panel(areas()),
    "jobs": lambda: draw_panel(jobs()),
    "panel-compare": lambda: draw_panel(comparing()),
    "saliency-words": lambda: draw_panel(words_that_count()),
}

"""The panel of maximisation with made-up results, in all its states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.gl.pictures import Images
from layerwalk_client.ui.drafts import Offer, Subject
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.studio import (
    Answer,
    Column,
    Comparison,
    JobLine,
    Pictured,
    Run,
    Shown,
    Studio,
)
from layerwalk_shared.messages import ChannelInput

Pixels = NDArray[np.uint8]
SUBJECT = Subject(
    "resnet18",
    "layer2.0.conv2",
    64,
    (28, 28),
    17,
    {
        "present": Offer("shapes 3", ChannelInput(snapshot="s1", node="input")),
        "hand": Offer("the hand is empty"),
        "result": Offer("walk, seed 0, channel 17", ChannelInput(snapshot="s2", node="n")),
    },
)
RUNS = (
    Run("j4", "walk, slope 0.1", 0, 120, 200, 12, "17:42", 3.911, "running"),
    Run("j3", "maco", 0, 256, 256, 4, "17:40", 5.02, "done"),
    Run("j2", "fourier", 0, 512, 512, 4, "17:39", 6.31, "done"),
    Run("j1", "proxygrad", 7, 500, 500, 4, "17:38", 7.46, "done"),
    Run("j0", "walk", 0, 80, 200, 64, "17:31", 2.2, "cancelled"),
)
JOBS = (
    JobLine(
        "j4", "layer2.0.conv2   walk, slope 0.1", "step 120 of 200   0:12 to go", 0.6, True,
        ("channel 17: never active: 0 over 200 steps and 3 starts",),
    ),
    JobLine("j5", "layer2.0.conv2   proxygrad", "next"),
    JobLine("j6", "fc   fourier", "place 2 in the queue"),
    JobLine("j7", "fc   maco", "place 3 in the queue"),
)  # fmt: skip
ANSWERS = (Answer("golden retriever", 0.61), Answer("tennis ball", 0.22), Answer("otter", 0.04))


def album(images: Images, count: int, *, seed: int = 0, side: int = 64) -> list[Picture]:
    """Return made-up pictures, each another: rings and stripes in two colours."""
    found = []
    for place in range(count):
        generator = np.random.default_rng((seed, place))
        y, x = np.mgrid[:side, :side] / side - 0.5
        turn, speed = generator.uniform(0, np.pi), generator.uniform(10, 40)
        waves = np.sin(speed * (np.cos(turn) * x + np.sin(turn) * y)) * np.sin(
            speed * np.hypot(x, y)
        )
        colour = generator.uniform(-0.5, 0.5, 3)
        body = 0.5 + waves[..., None] * colour * np.exp(-6 * np.hypot(x, y)[..., None] ** 2) * 1.6
        pixels = np.rint(np.clip(body, 0, 1) * 255).astype(np.uint8)
        found.append(Picture(images.make(pixels, is_smooth=True), size_wh=(side, side)))
    return found


def pictures(images: Images, units: Sequence[int], *, seed: int = 0) -> tuple[Pictured, ...]:
    """Return pictures of units with what was reached."""
    generator = np.random.default_rng(seed)
    shown = album(images, len(units), seed=seed)
    return tuple(
        Pictured(
            place, unit, shown[place], float(generator.uniform(2, 8)),
            (unit + 3, float(generator.uniform(1, 2))), ANSWERS,
        )
        for place, unit in enumerate(units)
    )  # fmt: skip


def studio(images: Images) -> Studio:
    """Return the panel's view with results."""
    found = list(pictures(images, range(10, 22)))
    found[5] = replace(found[5], note="attempt 2: the gradient of the first was not finite")
    return Studio(
        SUBJECT,
        runs=RUNS,
        shown=Shown(
            RUNS[3], (20, 40, 60, 100, 140, 200, 300, 500), 7, tuple(found), 2, "images",
            "unit 12 fires: 6.71 of the 6.83 that were reached, the strongest of 64", True,
            "pictures/layer2.0.conv2-proxygrad-7.png",
        ),
        networks=(("resnet18", "resnet18"),),
    )  # fmt: skip


def comparison(images: Images) -> Studio:
    """Return the panel's view with four recipes side by side, the last on its way."""
    units = (3, 17, 21, 40)
    columns = []
    for place, run in enumerate((RUNS[0], *RUNS[1:4])):
        cells = pictures(images, units, seed=place + 2)
        ended = {cell.unit: cell for cell in cells}
        columns.append(Column(replace(run, label=run.label.partition(",")[0]), ended))
    return Studio(SUBJECT, JOBS[:1], RUNS, comparison=Comparison(units, tuple(columns)))


def _form(change: Callable[[MaximisePanel], None] = lambda _: None) -> Pixels:
    panel = MaximisePanel(SUBJECT)
    change(panel)
    return draw_panel(panel)


def _wrong(panel: MaximisePanel) -> None:
    draft = panel.form.draft
    for path, text in (
        ("recipe.steps", "1000000000"), ("recipe.transforms.scale", "1.1, 0.9"),
        ("extent", "some"), ("units", "0-15, 99"), ("objective", "neuron"), ("position", "3"),
    ):  # fmt: skip
        draft = draft.put(path, text)
    panel.form.draft = draft
    panel.form.is_open = True


def _running(panel: MaximisePanel) -> None:
    panel.studio = Studio(SUBJECT, JOBS, RUNS[:1])


def _with(make: Callable[[Images], Studio], tab: str) -> Pixels:
    images = Images()
    panel = MaximisePanel(SUBJECT)
    panel.studio = make(images)
    panel.tab = tab  # type: ignore[assignment]
    try:
        return draw_panel(panel, [PanelPointer((5.0, 5.0))] * 2)
    finally:
        images.close()


STUDIOS: dict[str, Callable[[], Pixels]] = {
    "studio-form": _form,
    "studio-numbers": lambda: _form(lambda panel: setattr(panel.form, "is_open", True)),
    "studio-refused": lambda: _form(_wrong),
    "studio-running": lambda: _form(_running),
    "studio-results": lambda: _with(studio, "results"),
    "studio-comparison": lambda: _with(comparison, "compare"),
}

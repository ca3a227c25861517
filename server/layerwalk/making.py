"""One maximisation while it is made: its images, what is told of them, and the snapshots of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.canvas import Canvas, snapshot_of
from layerwalk.gallery import Gallery
from layerwalk.jobs import JobHandle
from layerwalk.maximisation.keeping import Finished
from layerwalk.maximisation.plan import Plan
from layerwalk.network import Network
from layerwalk.thinning import least_needed
from layerwalk_shared.messages import Maximised, MaximisedImage

PREVIEW_EVERY_S = 0.4
"""Previews come so often at most, but for the first."""
PREVIEW_SHARE = 0.05
"""Of the time, for making previews."""
KEPT_PREVIEWS = 24
"""Previews of one job that stay to be looked at; more are thinned evenly."""


class Making:
    """The images of one job. Mutable, owned by the model thread."""

    def __init__(
        self,
        gallery: Gallery,
        handle: JobHandle,
        network: Network,
        plan: Plan,
        units: Sequence[int] | None,
        *,
        client: str | None,
    ) -> None:
        self.network, self.plan, self.units = network, plan, units
        self.count = 1 if units is None else len(units)
        self._gallery, self._handle, self._client = gallery, handle, client
        self._canvas = Canvas(self.count, network.input)
        self._images = [
            MaximisedImage(channel=None if units is None else units[place])
            for place in range(self.count)
        ]
        self._previews: list[tuple[int, str]] = []
        self._shown_s: float | None = None
        self._cost_s = 0.0
        self._step, self._steps = 0, 1
        self._notes: set[str] = set()

    def note(self, text: str) -> None:
        """Tell what went otherwise, once."""
        if text not in self._notes:
            self._notes.add(text)
            self._handle.progress(0.0, note=text)

    def take(self, finished: Iterable[Finished]) -> None:
        """Keep finished images."""
        for one in finished:
            self._canvas.finish([one.place], torch.from_numpy(one.image.copy())[None])
            self._images[one.place] = one.told()
            if one.outcome.note is not None:
                unit = "the node" if one.channel is None else f"channel {one.channel}"
                self.note(f"{unit}: {one.outcome.note}")

    def advance(
        self, step: int, steps: int, places: Sequence[int], images: Tensor, activations: Tensor
    ) -> None:
        """Show where the run is, if it is time to."""
        self._step, self._steps = step, steps
        self._handle.progress(step / steps, step=step, steps=steps)
        began = time.monotonic()
        since = None if self._shown_s is None else began - self._shown_s
        if since is not None and since < max(PREVIEW_EVERY_S, self._cost_s / PREVIEW_SHARE):
            return
        self._canvas.paint(places, images)
        for place, reached in zip(places, activations.tolist(), strict=True):
            before = self._images[place]
            self._images[place] = before.model_copy(update={"activation": reached})
        shown = self._show(self._canvas.preview(), is_final=False)
        self._previews.append((step, shown))
        self._thin()
        self._shown_s = time.monotonic()
        self._cost_s = self._shown_s - began

    def end(self) -> str:
        """Show the end; return its snapshot."""
        self._step = self._steps
        return self._show(self._canvas.final(), is_final=True)

    def _show(self, values: NDArray[np.float32], *, is_final: bool) -> str:
        snapshot_id, generation = self._gallery.reserve()
        maximised = Maximised(
            job=self._handle.id,
            node=self.plan.node,
            images=tuple(self._images),
            recipe=self.plan.recipe,
            objective=self.plan.objective,
            start=self.plan.begins.describe(self.plan.recipe),
            seed=self.plan.seed,
            step=self._step,
            steps=self._steps,
            is_final=is_final,
        )
        made = snapshot_of(
            values,
            maximised,
            graph=self.network.graph,
            spec=self.network.input,
            network=self.network.id,
            snapshot_id=snapshot_id,
            generation=generation,
            client=self._client,
        )
        self._gallery.put(made)
        self._gallery.warm(made)
        if not is_final:
            self._handle.show(snapshot_id)
        return snapshot_id

    def _thin(self) -> None:
        if len(self._previews) > KEPT_PREVIEWS:
            place = least_needed([step for step, _ in self._previews])
            if place is not None:
                _, gone = self._previews.pop(place)
                self._gallery.drop([gone])
                self._handle.hide(gone)

"""Keeps the panel of the input up to date: fetches its values, makes a sound's picture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.stage import Stage
from layerwalk_client.app.thumbnails import Textures
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.ui.input import InputPanel, OnInput
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.spectrogram import FLOOR_DB, fitting_window, spectrogram
from layerwalk_shared.colours import paint
from layerwalk_shared.messages import InputSpec

LARGEST_VALUES = 4_000_000
"""Inputs of more numbers are not fetched for the panel."""
MOST_COLUMNS = 2048
"""Columns of a spectrogram's picture at most."""


class InputDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose input the panel is about.
        source: is asked for its values.
        images: makes the spectrogram's texture.
    """

    def __init__(self, stage: Stage, source: Source, images: Textures) -> None:
        self._stage = stage
        self._source = source
        self._images = images
        self._panel: InputPanel | None = None
        self._asked: Values | None = None
        self._texture: int | None = None

    def content(self) -> InputPanel | None:
        """Return the panel, None without a network."""
        network = self._stage.network
        if network is None:
            return None
        if self._panel is None:
            self._panel = InputPanel(network.input)
        return self._panel

    def renew(self) -> None:
        """Forget the network before."""
        self._panel = None
        self._asked = None
        self._drop()

    def refresh(self) -> bool:
        """Ask for the values of what is shown now; return whether the panel changed."""
        network, shown = self._stage.network, self._stage.shown
        if network is None or shown is None or self._panel is None:
            return False
        index = next(
            (place for place, node in enumerate(network.graph.nodes) if node.kind == "input"), None
        )
        if index is None or network.input.kind == "image":
            return False
        fetch = Values(shown.id, network.graph.nodes[index].id, None, "input")
        if fetch == self._asked:
            return False
        self._asked = fetch
        self._panel.problem = ""
        before = self._panel.shown
        values = before.values if before.title == shown.input.title else None
        self._panel.shown = OnInput(
            shown.input.title, values, shown.input.tokens, before.spectrogram, before.highest_hz
        )
        if math.prod(shown.nodes[index].shape) > LARGEST_VALUES:
            self._panel.problem = "too large to be fetched for this panel"
        else:
            self._source.fetch(fetch)
        return True

    def take(self, arrival: ValuesArrived) -> None:
        """Show values that have arrived, if they are of what is shown now."""
        if self._panel is None or arrival.fetch != self._asked:
            return
        shown = self._panel.shown
        picture, highest_hz = None, 0.0
        if self._panel.spec.kind == "sound":
            pixels, highest_hz = picture_of_sound(arrival.values, self._panel.spec)
            self._drop()
            self._texture = self._images.make(pixels, is_smooth=True)
            picture = Picture(self._texture, size_wh=(pixels.shape[1], pixels.shape[0]))
        self._panel.shown = OnInput(shown.title, arrival.values, shown.tokens, picture, highest_hz)

    def fail(self, arrival: RequestFailed) -> None:
        """Say why the values did not come."""
        if self._panel is not None and arrival.request == self._asked:
            self._panel.problem = str(arrival.error)

    def close(self) -> None:
        """Release the texture."""
        self._drop()

    def _drop(self) -> None:
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None


def picture_of_sound(
    values: NDArray[np.float32], spec: InputSpec
) -> tuple[NDArray[np.uint8], float]:
    """Return the spectrogram of a sound's first channel, and the frequency at its upper edge.

    Args:
        values: of the input's shape.
        spec: says which axis is time, and how fast it goes.

    Returns:
        uint8 `[F, T, 3]`, high frequencies above; hertz (cycles a sample where no rate is known).
    """
    moved = np.moveaxis(values, min(spec.time_axis, values.ndim - 1), -1) if values.ndim else values
    samples = moved.reshape(-1, moved.shape[-1])[0]
    window, hop = fitting_window(len(samples))
    rate = 1.0 if spec.sample_rate is None else spec.sample_rate
    found = spectrogram(samples, rate, window=window, hop=hop)
    shares = 1 - found.decibels[::-1, :MOST_COLUMNS] / FLOOR_DB
    return np.ascontiguousarray(paint(shares, "magma")), float(found.frequencies[-1])

"""Keeps the panel of the input up to date: fetches values, makes pictures of them."""

from __future__ import annotations

import math

from layerwalk_client.app.desks.input_pictures import picture_of
from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.ui.input import InputEditor, InputPanel
from layerwalk_client.ui.input_views import OnInput
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.inputs import arguments, lying

LARGEST_VALUES = 4_000_000
"""Inputs of more numbers are not fetched for the panel."""


class InputDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose input the panel is about.
        source: is asked for its values.
        images: makes textures.
    """

    def __init__(self, stage: Stage, source: Source, images: Textures) -> None:
        self._stage = stage
        self._source = source
        self._images = images
        self._panel: InputPanel | None = None
        self._asked: dict[int, Values] = {}
        """By the place of the argument."""
        self._textures: dict[int, int] = {}

    def content(self) -> InputPanel | None:
        """Return the panel, None without a network."""
        network = self._stage.network
        if network is None:
            return None
        if self._panel is None:
            self._panel = InputPanel(arguments(network))
        return self._panel

    def renew(self) -> None:
        """Forget the network before."""
        self._panel = None
        self._asked.clear()
        for place in list(self._textures):
            self._drop(place)

    def refresh(self) -> bool:
        """Ask for what lies on the argument that is open; return whether the panel changed."""
        network, shown = self._stage.network, self._stage.shown
        if network is None or shown is None or self._panel is None:
            return False
        place = self._panel.chosen
        found = lying(network, shown)
        if place >= len(found):
            return False
        argument, reference = found[place]
        index = network.graph.index.get(argument.node or "")
        if index is None:
            return False
        fetch = Values(shown.id, network.graph.nodes[index].id, None, "input")
        if fetch == self._asked.get(place):
            return False
        self._asked = {place: fetch}  # an answer for another argument would come too late
        editor = self._panel.editor
        editor.problem = ""
        before = editor.shown
        values = before.values if before.title == reference.title else None
        editor.shown = OnInput(
            reference.title, values, reference.tokens, before.picture, before.highest_hz
        )
        if not shown.nodes[index].has_values:
            editor.problem = "it has no values in this snapshot"
        elif math.prod(shown.nodes[index].shape) > LARGEST_VALUES:
            editor.problem = "too large to be fetched for this panel"
        else:
            self._source.fetch(fetch)
        return True

    def take(self, arrival: ValuesArrived) -> None:
        """Show values that have arrived, if they are of what is shown now."""
        found = self._asking(arrival.fetch)
        if found is None:
            return
        place, editor = found
        picture, highest_hz = None, 0.0
        made = picture_of(arrival.values, editor.argument.spec)
        self._drop(place)
        if made is not None:
            highest_hz = made.highest_hz
            height, width = made.pixels.shape[:2]
            texture = self._images.make(made.pixels, is_smooth=made.is_smooth)
            self._textures[place] = texture
            picture = Picture(texture, size_wh=(width, height))
        shown = editor.shown
        editor.shown = OnInput(shown.title, arrival.values, shown.tokens, picture, highest_hz)

    def fail(self, arrival: RequestFailed) -> None:
        """Say why the values did not come."""
        request = arrival.request
        found = self._asking(request) if isinstance(request, Values) else None
        if found is not None:
            found[1].problem = str(arrival.error)

    def close(self) -> None:
        """Release the textures."""
        for place in list(self._textures):
            self._drop(place)

    def _asking(self, fetch: Values) -> tuple[int, InputEditor] | None:
        """Return the argument that values were asked for."""
        place = next((place for place, asked in self._asked.items() if asked == fetch), None)
        if self._panel is None or place is None:
            return None
        return place, self._panel.editors[place]

    def _drop(self, place: int) -> None:
        texture = self._textures.pop(place, None)
        if texture is not None:
            self._images.drop(texture)

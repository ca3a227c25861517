"""The magnifier: the wheel zooms, the mouse moves over the picture, cells tell their exact values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.app.pointer import node_as_shown
from layerwalk_client.app.readings import Spot, spot_of, values_at
from layerwalk_client.source.arrivals import Arrival, RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Fetch, Values
from layerwalk_client.ui.magnified import Cell, Magnified, room_for
from layerwalk_client.world.magnification import (
    Enlarged,
    Glass,
    Point,
    Room,
    enlarged,
    looking_at,
    moved,
    seen_cells,
    zoomed,
)
from layerwalk_shared.messages import ChannelInput

if TYPE_CHECKING:
    from layerwalk_client.app.pointer import Pointed
    from layerwalk_client.app.stage.stage import Stage
    from layerwalk_client.devices.actions import Actions

VALUES_FROM_PX, VALUES_TO_PX = 40.0, 52.0
"""Numbers begin to be seen in cells of the first, and are clear in cells of the second."""
COLOURS_FROM_PX = 52.0
"""The three numbers of a colour stand one below the other, and need more room."""
MOVED_PX = 4.0
"""A free pointer that was moved further points at the enlarged picture; before, it is still where it
was on the wall."""
LARGEST_VALUES = 4_000_000
"""Tensors of more elements are not fetched whole."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is looked at: the picture, and where it is in the view."""

    held: Holding
    pixels: NDArray[np.uint8]
    room: Room
    where: Enlarged
    focus: tuple[int, int]

    @property
    def picture_wh(self) -> tuple[int, int]:
        """Pixels of the picture."""
        return self.pixels.shape[1], self.pixels.shape[0]


class Magnifier:
    """Mutable, owned by the main thread.

    Args:
        stage: whose values are looked at.
        fetch: asks for exact values.

    Attributes:
        exact: values that have come, and which they are.
    """

    def __init__(self, stage: Stage, fetch: Callable[[Fetch], None]) -> None:
        self._stage = stage
        self._fetch = fetch
        self._held: Holding | None = None
        self._glass = Glass(1.0, (0.0, 0.0))
        self._first: Point | None = None
        self._pointer: Point | None = None
        self._asked: Values | None = None
        self.exact: tuple[Values, NDArray[np.float32]] | None = None
        self._told: tuple[object, tuple[Cell, ...]] = (None, ())

    @property
    def glass(self) -> Glass:
        """How one looks through it."""
        return self._glass

    def claim(
        self,
        actions: Actions,
        size_wh: tuple[int, int],
        *,
        radians_per_pixel: tuple[float, float],
        is_captured: bool,
    ) -> Actions:
        """Take what a frame's actions ask of the glass, while one looks through it; return what is
        left of them.

        Args:
            actions: of the frame.
            size_wh: pixels of the view.
            radians_per_pixel: turn for one pixel of the mouse to the right and up; negative where
                the mouse is inverted.
            is_captured: the mouse moves the focus; else the pointer is it.
        """
        pixels = None if self._held is None else self._held.pixels
        if pixels is None:
            return actions
        picture_wh, room = (pixels.shape[1], pixels.shape[0]), room_for(size_wh)
        x, y = actions.pointer
        at = (x + 1) / 2 * size_wh[0], (1 - y) / 2 * size_wh[1]
        self._first = self._first or at
        has_moved = self._pointer is not None or math.dist(at, self._first) > MOVED_PX
        self._pointer = at if has_moved and not is_captured else None
        if actions.wheel:
            self._glass = zoomed(self._glass, actions.wheel, picture_wh, room, at=self._pointer)
        right, up = (
            part / turn for part, turn in zip(actions.look, radians_per_pixel, strict=True)
        )
        if any(actions.look):
            self._glass = moved(self._glass, (-right, -up), picture_wh, room)
        return replace(
            actions, wheel=0.0, speed_steps=0.0, look=(0.0, 0.0), clicks=0, is_double_click=False
        )

    def look_through(self, glass: Glass) -> None:
        """Look so from now on."""
        self._glass = glass

    def hold(self, held: Holding | None, pointed: Pointed | None) -> bool:
        """Look at a picture through the glass (None: at none); return whether that is another one.

        One that is only sharper than before is looked at in the same place.

        Args:
            held: the picture.
            pointed: what the pointer is on; a channel there is looked at where it was pointed at.
        """
        before, self._held = self._held, held
        if held is None or held.pixels is None:
            self._first = self._pointer = None
            return before is not None
        if before is held:
            return False
        height, width = held.pixels.shape[:2]
        if before is not None and before.pixels is not None and before.image == held.image:
            was_high, was_wide = before.pixels.shape[:2]
            x, y = self._glass.focus
            place = x * width / was_wide, y * height / was_high
            self._glass = looking_at(self._glass, place, (width, height))
            return True
        uv = pointed.hit.uv if pointed is not None and _is_there(held, pointed) else None
        u, v = uv or (0.5, 0.5)
        self._glass = looking_at(Glass(1.0, (0.0, 0.0)), (u * width, v * height), (width, height))
        return True

    def look(self, size_wh: tuple[int, int]) -> Magnified | None:
        """Return what is seen in a view of so many pixels; None where nothing is looked at."""
        held = self._held
        if held is None or held.pixels is None:
            return None
        picture_wh, room = (held.pixels.shape[1], held.pixels.shape[0]), room_for(size_wh)
        where = enlarged(self._glass, picture_wh, room)
        x, y = self._glass.focus if self._pointer is None else where.place_at(self._pointer)
        focus = (
            min(max(int(y), 0), picture_wh[1] - 1),
            min(max(int(x), 0), picture_wh[0] - 1),
        )
        seen = _Seen(held, held.pixels, room, where, focus)
        first = VALUES_FROM_PX if held.values is not None else COLOURS_FROM_PX
        alpha = min(max((where.cell - first) / (VALUES_TO_PX - VALUES_FROM_PX), 0.0), 1.0)
        return Magnified(
            room,
            where,
            focus,
            cells=self._cells(seen) if alpha > 0 else (),
            alpha=alpha,
            value=" ".join(self._texts(seen, *focus)),
        )

    def take(self, arrival: Arrival) -> bool:
        """Take in exact values, or that they do not come; return whether they were asked for."""
        if isinstance(arrival, ValuesArrived) and arrival.fetch.purpose == "magnifier":
            self.exact = arrival.fetch, arrival.values
            return True
        request = arrival.request if isinstance(arrival, RequestFailed) else None
        return isinstance(request, Values) and request.purpose == "magnifier"

    def _cells(self, seen: _Seen) -> tuple[Cell, ...]:
        """Return what stands in the cells that are seen."""
        rows, columns = seen_cells(seen.where, seen.picture_wh, seen.room)
        known = None if self.exact is None else self.exact[0]
        key = (seen.held, rows, columns, seen.where.cell, known)
        if self._told[0] == key:
            return self._told[1]
        self._ask(seen, rows, columns)
        cells = tuple(
            Cell(row, column, self._texts(seen, row, column), _is_bright(seen.pixels[row, column]))
            for row in rows
            for column in columns
        )
        self._told = key, cells
        return cells

    def _texts(self, seen: _Seen, row: int, column: int) -> tuple[str, ...]:
        """Return the numbers of a cell: one value, or three of a colour."""
        if seen.held.values is None:
            return tuple(str(int(part)) for part in seen.pixels[row, column, :3])
        exact = self._exact_at(seen.held, row, column)
        if exact is not None:
            return (cell_text(exact, 4),)
        if seen.held.values.shape != seen.pixels.shape[:2]:
            return ()
        return (cell_text(float(seen.held.values[row, column]), 3),)

    def _spot(self, held: Holding, row: int, column: int) -> Spot | None:
        """Return which element of the tensor a cell is, where its exact value can be had."""
        image, network = held.image, self._stage.network
        if not isinstance(image, ChannelInput) or network is None or held.values is None:
            return None
        index = network.graph.index.get(image.node)
        if index is None:
            return None
        shown = self._stage.shown
        told = None if shown is None or shown.id != image.snapshot else shown.nodes[index]
        node = node_as_shown(network.graph.nodes[index], told)
        if held.values.shape != (node.height, node.width):
            return None  # a coarse level: its cells are means
        return spot_of(image.snapshot, node, channel=image.channel, texel=(row, column))

    def _exact_at(self, held: Holding, row: int, column: int) -> float | None:
        if self.exact is None:
            return None
        fetch, values = self.exact
        spot = self._spot(held, row, column)
        if spot is None or (spot.fetch.snapshot, spot.fetch.node) != (fetch.snapshot, fetch.node):
            return None
        if fetch.row is not None and fetch.row != spot.fetch.row:
            return None
        found = values_at(values, replace(spot, fetch=fetch))
        return found[0] if found else None

    def _ask(self, seen: _Seen, rows: range, columns: range) -> None:
        """Ask for the exact values of the cells that are seen: those of one row of the tensor, or
        all of it where they are of several and it is not too large."""
        corners = (
            (row, column) for row in (rows[0], rows[-1]) for column in (columns[0], columns[-1])
        )
        spots = [spot for at in corners if (spot := self._spot(seen.held, *at)) is not None]
        if not spots:
            return
        one = spots[0]
        is_same = all(spot.fetch.row == one.fetch.row for spot in spots)
        if not is_same and np.prod(one.node.shape) > LARGEST_VALUES:
            return
        row = one.fetch.row if is_same else None
        fetch = Values(one.fetch.snapshot, one.fetch.node, row, "magnifier")
        if fetch != self._asked and (self.exact is None or self.exact[0] != fetch):
            self._asked = fetch
            self._fetch(fetch)


def cell_text(value: float, digits: int) -> str:
    """Return a number in as little room as its significant digits take."""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, _, exponent = f"{value:.{digits - 2}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "\N{MINUS SIGN}")


def _is_bright(pixel: NDArray[np.uint8]) -> bool:
    """Whether dark letters are read better on a colour than bright ones (WCAG 2: relative luminance
    above 0.179)."""
    part = pixel[:3].astype(np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722)) > 0.179


def _is_there(held: Holding, pointed: Pointed) -> bool:
    """Whether a picture is the channel that the pointer is on."""
    image = held.image
    return isinstance(image, ChannelInput) and image.node == pointed.node.id

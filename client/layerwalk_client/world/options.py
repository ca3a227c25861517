"""How a layout is wished for: style, sizes, distances; metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from layerwalk_client.world.palette import Theme
from layerwalk_shared.errors import InvalidRequestError

Style = Literal["straight", "rows", "serpentine", "spiral"]
STYLES: tuple[Style, ...] = get_args(Style)


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """Every number of the layout; the defaults are the look of the hall.

    Attributes:
        style: one straight hall; rows side by side that all begin at the front, like lines of
            writing, so that every wall faces the reader; rows that turn back and forth; or legs
            that wind outward.
        theme: whose colours labels and boards have.
        tile: longer side of one picture on a wall of many.
        gap: between pictures and around the grid.
        smallest_wall: a wall's longer side at least, so that its name can be read.
        picture_side: longer side of the input's picture.
        vector_side: longer side of a vector's picture at most.
        sheet_side: longer side of the single picture of tokens, a sequence or a volume.
        largest_sheet: what that side grows to where the picture is much wider than high.
        head_tile: longer side of one attention head's picture.
        largest_tile: longer side of one picture of many slices, at most.
        largest_wall: a wall's longer side at most; its pictures shrink to that.
        largest_aspect: pictures thinner than 1 : this are drawn as if they were not.
        spacing: distance of two walls in the line, as a share of the wider one.
        smallest_spacing: and at least.
        aisle: free floor between lanes side by side.
        margin: of a group's plot around what it holds, for each level of nesting.
        stagger: walls of the main line stand this far left and right of it by turns.
        track: distance of neighbouring ribbons that run beside the hall.
        ribbon: width of a ribbon.
        row_length: of rows; 0 chooses rows that make the whole about 16 : 9.
        is_paired: beside each wall stands another one of its size.
        shows_answer: build the answer's boards where the snapshot has one.
    """

    style: Style = "straight"
    theme: Theme = "dark"
    tile: float = 0.30
    gap: float = 0.02
    smallest_wall: float = 1.2
    picture_side: float = 2.0
    vector_side: float = 2.0
    sheet_side: float = 3.0
    largest_sheet: float = 6.0
    head_tile: float = 0.6
    largest_tile: float = 1.2
    largest_wall: float = 9.6
    largest_aspect: float = 8.0
    spacing: float = 0.6
    smallest_spacing: float = 1.5
    aisle: float = 0.8
    margin: float = 0.5
    stagger: float = 0.0
    track: float = 0.3
    ribbon: float = 0.09
    row_length: float = 0.0
    is_paired: bool = False
    shows_answer: bool = True

    def __post_init__(self) -> None:
        for name in (
            "tile", "smallest_wall", "picture_side", "vector_side", "sheet_side", "largest_sheet",
            "head_tile", "largest_tile", "largest_wall", "spacing",
            "smallest_spacing", "aisle", "margin", "track", "ribbon",
        ):  # fmt: skip
            if not getattr(self, name) > 0:
                raise InvalidRequestError(
                    f"LayoutOptions.{name} is {getattr(self, name)!r}, expected metres above zero"
                )
        for name in ("gap", "stagger", "row_length"):
            if not getattr(self, name) >= 0:
                raise InvalidRequestError(
                    f"LayoutOptions.{name} is {getattr(self, name)!r}, expected zero or more"
                )
        if not self.largest_aspect >= 1:
            raise InvalidRequestError(
                f"LayoutOptions.largest_aspect is {self.largest_aspect!r}, expected 1 or more"
            )

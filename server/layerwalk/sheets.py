"""Sheets: finished images side by side with what is known of them, and how they were made.

A sheet is a PNG file that carries its own recipe: `read_legend` gives it back, so that a picture
that somebody has sent can be made again. Pure: nothing here reads or writes a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, PngImagePlugin, UnidentifiedImageError
from pydantic import ValidationError

from layerwalk.inputs.pictures import Picture
from layerwalk.papers import (
    ALARM,
    FAINT,
    GAP,
    INK,
    LINE,
    MARGIN,
    NARROWEST,
    PAPER,
    SOFT,
    cell_size,
    font_of,
    plain,
    resized,
    shortened,
)
from layerwalk.pyramid import make_pictures
from layerwalk_shared.colours import DEFAULT_TABLE, paint
from layerwalk_shared.errors import InvalidRequestError, TooLargeError
from layerwalk_shared.graph import Frozen, NonNegative
from layerwalk_shared.messages import InputSpec, MaximisedImage
from layerwalk_shared.recipes import Objective, Recipe
from layerwalk_shared.views import grid_shape, guess_view

CHUNK = "layerwalk"
"""Keyword of the PNG text chunk that holds the legend."""
MOST_PICTURES = 1024
"""Of one sheet."""
_COLUMN = 228
"""Pixels of a column of the legend."""

Line = tuple[str, str]
"""Of the legend: what, and how much."""


class Legend(Frozen):
    """How the images of a sheet were made: enough to make them again.

    Attributes:
        version: of this format.
        network, node: what was climbed.
        channels: units, in the order of the images; None: the objective is of the whole node.
        recipe, objective: how and what, every number.
        start: where it began, for people.
        seed: of every random number.
        precision: element type of the calculation.
        input: what the network takes.
        fingerprint: of the network, where it is known: another one makes other images.
        arguments: of the command line that made it, without its output; () where none did.
    """

    version: Literal[1] = 1
    network: str
    node: str
    channels: tuple[NonNegative, ...] | None
    recipe: Recipe
    objective: Objective
    start: str
    seed: NonNegative
    precision: str
    input: InputSpec
    fingerprint: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """An image on a sheet.

    Attributes:
        told: what is known of it.
        image: `[*shape]` float32, the input as the network takes it.
        name: of its channel, where it has one, such as a class.
    """

    told: MaximisedImage
    image: NDArray[np.float32]
    name: str | None = None


def draw_sheet(
    entries: Sequence[Entry], legend: Legend, *, colormap: str = DEFAULT_TABLE, part: str = ""
) -> bytes:
    """Return a PNG file with all images in a grid, what each reached, and how they were made.

    Args:
        entries: images of one run.
        legend: of it; goes into the file too, see `read_legend`.
        colormap: of inputs that are no pictures; its end is each image's largest magnitude.
        part: which of several sheets, such as "2 of 3".

    Raises:
        InvalidRequestError: there are no images, or no such table.
        TooLargeError: more than `MOST_PICTURES`.
    """
    if not entries:
        raise InvalidRequestError("a sheet of no images")
    if len(entries) > MOST_PICTURES:
        raise TooLargeError(f"{len(entries)} images: a sheet has at most {MOST_PICTURES}")
    pictures = [picture_of(one.image, legend.input, colormap=colormap) for one in entries]
    cell_w, cell_h = cell_size(pictures[0])
    _, columns = grid_shape(len(entries))
    columns = min(len(entries), max(columns, 3, (NARROWEST - 2 * MARGIN + GAP) // (cell_w + GAP)))
    rows = math.ceil(len(entries) / columns)
    row_h = cell_h + 12 + max(map(len, map(_lines_under, entries))) * LINE + GAP
    width = max(NARROWEST, 2 * MARGIN + columns * (cell_w + GAP) - GAP)
    groups = list(_told(legend, colormap))
    across = (width - 2 * MARGIN) // _COLUMN
    top = MARGIN + 66
    legend_top = top + rows * row_h
    height = legend_top + 18 + sum(_group_height(lines, across) for _, lines in groups)
    sheet = Image.new("RGB", (width, height + MARGIN - 12), PAPER)
    draw = ImageDraw.Draw(sheet)
    _write_head(draw, legend, len(entries), part, width=width)
    for at, (entry, picture) in enumerate(zip(entries, pictures, strict=True)):
        left = MARGIN + at % columns * (cell_w + GAP)
        upper = top + at // columns * row_h
        sheet.paste(resized(picture, (cell_w, cell_h)), (left, upper))
        _write_under(draw, entry, (left, upper + cell_h + 9), cell_w)
    draw.line([(MARGIN, legend_top), (width - MARGIN, legend_top)], FAINT)
    lower = legend_top + 18
    for title, lines in groups:
        _write_group(draw, title, lines, (MARGIN, lower), across)
        lower += _group_height(lines, across)
    about = PngImagePlugin.PngInfo()
    about.add_itxt(CHUNK, legend.model_dump_json())
    stream = BytesIO()
    sheet.save(stream, "PNG", pnginfo=about)
    return stream.getvalue()


def read_legend(data: bytes) -> Legend:
    """Return how the images of a sheet, or of a file `parameters.json`, were made.

    Raises:
        InvalidRequestError: it is neither, or of another version.
    """
    text: str | bytes = data
    if data.startswith(b"\x89PNG"):
        try:
            with Image.open(BytesIO(data), formats=("PNG",)) as sheet:
                sheet.load()
                found = sheet.info.get(CHUNK)
        except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
            raise InvalidRequestError(f"no sheet: {error}") from error
        if not isinstance(found, str):
            raise InvalidRequestError("this PNG file is no sheet: it does not say how it was made")
        text = found
    try:
        return Legend.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "all of it"
        raise InvalidRequestError(f"no legend of a sheet: {where}: {first['msg']}") from error


def images_npz(entries: Sequence[Entry], legend: Legend) -> bytes:
    """Return an NPZ file with the exact images and what they reached.

    Arrays: `images` `[N, *shape]` float32 as the network takes them, `channels` `[N]` (-1: whole
    node), `activations` `[N]`, `rivals` `[N]` (-1: none), `rival_activations` `[N]` (NaN), and
    `parameters`, the legend as JSON text.
    """
    told = [one.told for one in entries]
    stream = BytesIO()
    np.savez(
        stream,
        images=np.stack([one.image for one in entries]),
        channels=np.array([-1 if one.channel is None else one.channel for one in told]),
        activations=np.array([one.activation for one in told], np.float32),
        rivals=np.array([-1 if one.rival is None else one.rival.channel for one in told]),
        rival_activations=np.array(
            [math.nan if one.rival is None else one.rival.activation for one in told], np.float32
        ),
        parameters=np.array(legend.model_dump_json()),
    )
    return stream.getvalue()


def picture_of(
    image: NDArray[np.float32], spec: InputSpec, *, colormap: str = DEFAULT_TABLE
) -> Picture:
    """Return an input as a picture `[H, W, 3]`: in its colours, or painted where it is none.

    Colours are those that walls show: what reaches beyond 0..1 is squeezed, not clipped.

    Raises:
        InvalidRequestError: no such table.
    """
    if spec.kind == "image":
        colours = make_pictures(image[None], view="pictures", input_spec=spec).values.numpy()
        pixels: Picture = np.rint(colours * 255).astype(np.uint8).transpose(1, 2, 0)
        return pixels
    view = guess_view(image.shape, is_picture=False)
    planes = _mosaic(make_pictures(image, view=view, input_spec=spec).values.numpy())
    return paint(planes / (float(np.abs(planes).max()) or 1.0), colormap)


def _mosaic(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[k, h, w]` -> one plane, one cell apart, in a nearly square grid."""
    count, height, width = planes.shape
    if count == 1:
        only: NDArray[np.float32] = planes[0]
        return only
    rows, columns = grid_shape(count)
    made = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1), np.float32)
    for at, plane in enumerate(planes):
        top, left = at // columns * (height + 1), at % columns * (width + 1)
        made[top : top + height, left : left + width] = plane
    return made


def _write_head(
    draw: ImageDraw.ImageDraw, legend: Legend, count: int, part: str, *, width: int
) -> None:
    across = width - 2 * MARGIN
    draw.text(
        (MARGIN, MARGIN - 8), shortened(draw, legend.node, font_of(26), across), INK, font_of(26)
    )
    images = "1 image" if count == 1 else f"{count} images"
    facts = [legend.network, f"recipe {legend.recipe.name}", images, *([part] if part else [])]
    line = shortened(draw, "  ·  ".join(facts), font_of(14), across)
    draw.text((MARGIN, MARGIN + 28), line, SOFT, font_of(14))


def _write_under(
    draw: ImageDraw.ImageDraw, entry: Entry, left_top: tuple[int, int], width: int
) -> None:
    left, top = left_top
    for at, (text, colour, size) in enumerate(_lines_under(entry)):
        cut = shortened(draw, text, font_of(size), width)
        draw.text((left, top + at * LINE + (2 if at else 0)), cut, colour, font_of(size))


def _lines_under(entry: Entry) -> list[tuple[str, str, int]]:
    """Return (text, colour, size of the font) of each line under an image."""
    told = entry.told
    title = "whole node" if told.channel is None else str(told.channel)
    if entry.name:
        title = f"{title}  {entry.name}" if told.channel is not None else entry.name
    lines = [(title, INK, 14), (_reached(told), SOFT, 12)]
    if told.answers:
        best = told.answers[0]
        lines.append((f"answer: {best.name}, {best.probability:.0%}", SOFT, 12))
    if told.note:
        lines.append((told.note, ALARM, 12))
    return lines


def _reached(told: MaximisedImage) -> str:
    text = f"{told.activation:.4g}"
    if told.rival is None:
        return text
    if told.activation > 0 and told.rival.activation > 0:
        ratio = told.activation / told.rival.activation
        return f"{text},  {ratio:.3g} x #{told.rival.channel}"
    return f"{text},  #{told.rival.channel}: {told.rival.activation:.3g}"


def _told(legend: Legend, colormap: str) -> Iterator[tuple[str, list[Line]]]:
    """Yield (title, lines) of the legend: every number there is."""
    spec = legend.input
    run = {
        "seed": legend.seed,
        "start": legend.start,
        "precision": legend.precision,
        "input": " x ".join(map(str, spec.shape)),
        **({"mean": spec.mean, "std": spec.std} if spec.mean else {}),
        **({} if spec.kind == "image" else {"colours": colormap}),
    }
    yield "Run", [(key, _number(value)) for key, value in run.items()]
    objective = legend.objective.model_dump(exclude={"also"})
    lines = [(key, _number(value)) for key, value in objective.items()]
    for at, term in enumerate(legend.objective.also):
        lines += [(f"also {at + 1} {key}", _number(value)) for key, value in dict(term).items()]
    yield "Objective", lines
    recipe = legend.recipe.model_dump(exclude={"transforms", "start"})
    yield (
        f"Recipe {legend.recipe.name}",
        [(key, _number(value)) for key, value in recipe.items() if key != "name"],
    )
    transforms = dict(legend.recipe.transforms)
    yield "Transforms", [(key, _number(value)) for key, value in transforms.items()]


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        shown = [f"{one:.4g}" if isinstance(one, float) else _number(one) for one in value[:4]]
        return ", ".join([*shown, *(["..."] if len(value) > 4 else [])]) or "none"
    return "none" if value is None else str(value)


def _columns(lines: Sequence[Line], across: int) -> list[tuple[int, Sequence[Line]]]:
    """Return (width, lines) of each column, in columns' widths: one with a long line takes two."""
    for deep in range(math.ceil(len(lines) / across), len(lines) + 1):
        parts = [lines[at : at + deep] for at in range(0, len(lines), deep)]
        spans = [2 if any(map(_is_long, part)) else 1 for part in parts]
        if sum(spans) <= across:
            break
    return list(zip(spans, parts, strict=True))


def _is_long(line: Line) -> bool:
    return _begin(line[0]) + math.ceil(font_of(12).getlength(plain(line[1]))) > _COLUMN - 6


def _begin(key: str) -> int:
    """Return where a value begins, pixels from its key's left."""
    return max(108, math.ceil(font_of(12).getlength(key)) + 10)


def _group_height(lines: Sequence[Line], across: int) -> int:
    return 22 + max(len(part) for _, part in _columns(lines, across)) * LINE + 14


def _write_group(
    draw: ImageDraw.ImageDraw,
    title: str,
    lines: Sequence[Line],
    left_top: tuple[int, int],
    across: int,
) -> None:
    """Write a part of the legend: a title, and lines in columns that are read downwards."""
    left, top = left_top
    draw.text((left, top), plain(title), INK, font_of(14))
    for span, part in _columns(lines, across):
        for row, (key, value) in enumerate(part):
            x, y = left + _begin(key), top + 22 + row * LINE
            draw.text((left, y), key, SOFT, font_of(12))
            cut = shortened(draw, value, font_of(12), span * _COLUMN - 6 - _begin(key))
            draw.text((x, y), cut, INK, font_of(12))
        left += span * _COLUMN


def parameters_json(legend: Legend) -> bytes:
    """Return the legend as a JSON file."""
    return (json.dumps(json.loads(legend.model_dump_json()), indent=1) + "\n").encode()

"""Draws all labels in one call: instanced glyphs from a signed distance field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, RecordTable, VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.glyphs import CAP_HEIGHT, SPREAD_PX, make_glyph_atlas
from layerwalk_client.gl.labels import (
    GROWN_PX,
    LEAST_ANGLE,
    PLANES,
    label_places,
    label_strengths,
)
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.residency import FADE_S
from layerwalk_client.gl.textures import make_texture_2d, write_texture_2d
from layerwalk_client.gl.typeset import Typesetter, anchor_shift
from layerwalk_client.gl.visibility import WallPlaces
from layerwalk_client.world.scene import Label

_GLYPH = np.dtype([("box", "<f4", 4), ("part", "<f4", 4), ("label", "<u4"), ("shown", "<f4")])
_UNIT_LABELS, _UNIT_ATLAS = 0, 1
CHOICE_S = 0.05
"""How often the labels that show are chosen while the eye moves; they fade over 0.12 s anyway."""


class TextPainter:
    """Labels on the GPU. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the program and make the glyphs.

        Raises:
            GraphicsError: the typeface is not installed.
        """
        atlas = make_glyph_atlas()
        self._setter = Typesetter(atlas)
        self._program = Program("text")
        self._program.use()
        self._program.set_int("labels", _UNIT_LABELS)
        self._program.set_int("atlas", _UNIT_ATLAS)
        self._program.set_floats("spread", SPREAD_PX)
        self._program.set_floats("least_angle", LEAST_ANGLE)
        self._program.set_floats("grown_px", GROWN_PX)
        height, width = atlas.distances.shape
        self._atlas = make_texture_2d(
            (width, height), internal=gl.GL_R8, layout=gl.GL_RED, kind=gl.GL_UNSIGNED_BYTE
        )
        write_texture_2d(self._atlas, atlas.distances, layout=gl.GL_RED, kind=gl.GL_UNSIGNED_BYTE)
        self._records = RecordTable()
        self._stream = VertexStream(
            [
                Attribute(0, 4, "f4", 0),
                Attribute(1, 4, "f4", 16),
                Attribute(2, 1, "u4", 32, True),
                Attribute(3, 1, "f4", 36),
            ],
            _GLYPH.itemsize,
            divisor=1,
        )
        self._labels: tuple[Label, ...] = ()
        self._glyphs: NDArray[np.void] = np.zeros(0, _GLYPH)
        self._starts: NDArray[np.intp] = np.zeros(1, np.intp)
        self._places = label_places((), np.zeros((0, 4), np.float32))
        self._strengths = np.zeros(0, np.float32)
        self._count = 0
        self._seen_from: tuple[bytes, tuple[int, int], float, WallPlaces] | None = None
        self._is_fading = False
        self._wanted = self._strengths
        self._waited_s = 0.0

    @property
    def is_fading(self) -> bool:
        """Some label has not reached its strength."""
        return self._is_fading

    def set_labels(self, labels: Sequence[Label]) -> None:
        """Put up other labels."""
        if tuple(labels) == self._labels:
            return
        old = dict(zip(self._labels, self._strengths, strict=True))
        # One that is only moved, with its wall, does not fade in anew.
        moved = {(label.text, label.plane): strength for label, strength in old.items()}
        self._labels = tuple(labels)
        ems = np.array([label.height for label in self._labels], np.float32) / CAP_HEIGHT
        lines = [
            self._setter.set_line(
                label.text,
                is_bold=label.is_bold,
                max_em=label.max_width / (label.height / CAP_HEIGHT),
            )
            for label in self._labels
        ]
        shifts = np.array(
            [
                anchor_shift(label.anchor, line.width)
                for label, line in zip(self._labels, lines, strict=True)
            ],
            np.float32,
        ).reshape(-1, 2)
        counts = [len(line.boxes) for line in lines]
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.intp)])
        self._glyphs = np.zeros(int(self._starts[-1]), _GLYPH)
        if counts:
            index = np.repeat(np.arange(len(counts)), counts)
            boxes = np.concatenate([line.boxes for line in lines])
            self._glyphs["box"] = (boxes + np.tile(shifts, 2)[index]) * ems[index, None]
            self._glyphs["part"] = np.concatenate([line.uvs for line in lines])
            self._glyphs["label"] = index
        widths = np.array([line.width for line in lines], np.float32)
        x, y = shifts.T
        edges = np.stack([x, y, x + widths, y + np.float32(CAP_HEIGHT)], axis=1) * ems[:, None]
        self._places = label_places(self._labels, edges)
        self._strengths = np.array(
            [old.get(label, moved.get((label.text, label.plane), 0.0)) for label in self._labels],
            np.float32,
        )
        records = np.zeros((len(self._labels), 4, 4), np.float32)
        for record, label in zip(records, self._labels, strict=True):
            record[0] = *label.position, PLANES[label.plane]
            yaw = label.yaw + (np.pi if label.plane == "back" else 0.0)
            record[1] = yaw, label.height, label.grows, label.slides
            record[2] = label.colour
        records[:, 3] = edges
        self._records.write(records)
        self._seen_from = None

    def draw(self, eye: Eye, walls: WallPlaces, *, dt: float) -> None:
        """Draw the labels. Expects blending and depth test on, depth writing off.

        Args:
            eye: sees them.
            walls: hide them.
            dt: seconds since the last frame; 0 shows every label at its final strength.
        """
        if not self._labels:
            return
        self._choose(eye, walls, dt)
        if not self._count:
            return
        self._stream.bind()
        self._records.bind(_UNIT_LABELS)
        gl.glActiveTexture(gl.GL_TEXTURE0 + _UNIT_ATLAS)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._atlas)
        self._program.use()
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, self._count)

    def _choose(self, eye: Eye, walls: WallPlaces, dt: float) -> None:
        """Choose anew which labels show, at most every `CHOICE_S` seconds while the eye moves."""
        seen_from = (eye.clip_from_world.tobytes(), eye.size_wh, eye.pixel_scale, walls)
        self._waited_s += dt
        has_moved = seen_from != self._seen_from
        if has_moved and (dt <= 0 or self._seen_from is None or self._waited_s >= CHOICE_S):
            self._seen_from = seen_from
            self._waited_s = 0.0
            self._wanted = label_strengths(self._places, walls, eye, before=self._strengths)
            has_moved = False
            self._fade(dt)
        elif self._is_fading:
            self._fade(dt)
        # A moved eye that has not been looked from yet keeps frames coming.
        self._is_fading = has_moved or not np.array_equal(self._strengths, self._wanted)

    def _fade(self, dt: float) -> None:
        """Move strengths towards what is wanted; write the glyphs of the labels that show."""
        wanted = self._wanted
        if dt <= 0:
            self._strengths = wanted
        else:
            step = np.float32(dt / FADE_S)
            self._strengths = self._strengths + np.clip(wanted - self._strengths, -step, step)
        shown = np.flatnonzero(self._strengths > 0)
        counts = self._starts[shown + 1] - self._starts[shown]
        self._count = int(counts.sum())
        if not self._count:
            return
        first = np.repeat(self._starts[shown], counts)
        within = np.arange(self._count) - np.repeat(np.cumsum(counts) - counts, counts)
        records = self._glyphs[first + within]
        records["shown"] = np.repeat(self._strengths[shown], counts)
        self._stream.write(records)

    def close(self) -> None:
        """Release every GL object."""
        self._program.close()
        self._records.close()
        self._stream.close()
        if self._atlas:
            gl.glDeleteTextures(1, [self._atlas])
            self._atlas = 0

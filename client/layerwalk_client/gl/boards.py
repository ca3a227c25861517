"""Draws boards: plain upright rectangles; those in one plane keep the order given."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, VertexStream
from layerwalk_client.gl.programs import Program
from layerwalk_client.world.scene import Board

_BOARD = np.dtype(
    [("place_yaw", "<f4", 4), ("shape", "<f4", 4), ("ground", "<f4", 4), ("edge", "<f4", 4)]
)
_SAME_PLANE_M = 0.01


def board_layers(boards: Sequence[Board]) -> list[int]:
    """Return for each board how many of those before it, in its plane, it lies upon."""
    found: list[int] = []
    planes: dict[tuple[int, int], list[tuple[float, float, float, float, int]]] = {}
    for board in boards:
        x, y, z = board.centre
        sine, cosine = math.sin(board.yaw), math.cos(board.yaw)
        depth = x * sine + z * cosine
        across = x * cosine - z * sine
        half_w, half_h = board.size_wh[0] / 2, board.size_wh[1] / 2
        box = (across - half_w, y - half_h, across + half_w, y + half_h)
        angle, place = round(board.yaw * 1e3), round(depth / _SAME_PLANE_M)
        under = [
            layer
            for step in (-1, 0, 1)
            for (x0, y0, x1, y1, layer) in planes.get((angle, place + step), ())
            if x0 < box[2] and box[0] < x1 and y0 < box[3] and box[1] < y1
        ]
        layer = max(under, default=-1) + 1
        planes.setdefault((angle, place), []).append((*box, layer))
        found.append(layer)
    return found


class BoardPainter:
    """Boards on the GPU. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the program."""
        self._program = Program("board")
        self._stream = VertexStream(
            [Attribute(item, 4, "f4", item * 16) for item in range(4)], _BOARD.itemsize, divisor=1
        )
        self._boards: tuple[Board, ...] = ()

    def set_boards(self, boards: tuple[Board, ...]) -> None:
        """Stand other boards in the world."""
        if boards == self._boards:
            return
        self._boards = boards
        records = np.zeros(len(boards), _BOARD)
        for record, board, layer in zip(records, boards, board_layers(boards), strict=True):
            record["place_yaw"] = *board.centre, board.yaw
            record["shape"] = *board.size_wh, board.border, layer
            record["ground"] = board.colour
            record["edge"] = board.border_colour
        self._stream.write(records)

    def draw(self) -> None:
        """Draw the boards. Expects blending and depth writing on."""
        if not self._boards:
            return
        self._stream.bind()
        self._program.use()
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, len(self._boards))

    def close(self) -> None:
        """Release every GL object."""
        self._program.close()
        self._stream.close()

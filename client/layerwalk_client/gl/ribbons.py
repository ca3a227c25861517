"""Draws the edges: ribbons on the floor whose light grows in the direction of the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, VertexStream
from layerwalk_client.gl.glows import UNIT_GLOWS, GlowTable
from layerwalk_client.gl.lighting import MOST, Lighting
from layerwalk_client.gl.programs import Program
from layerwalk_client.world.scene import Ribbon
from layerwalk_client.world.view import Marks

_VERTEX = np.dtype(
    [("centre", "<f4", 3), ("side", "<f4", 3), ("along", "<f4", 4), ("ends", "<i4", 4)]
)
_LARGEST_MITRE = 2.0


def ribbon_mesh(path: NDArray[np.float32], width: float) -> NDArray[np.void]:
    """Return the triangles of a ribbon, `[6 * (N - 1)]` records; `ends` is zero.

    Args:
        path: `[N, 3]` centre line; points that coincide are left out.
        width: metres.
    """
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    path = path[np.r_[True, steps > 1e-6]].astype(np.float64)
    if len(path) < 2:
        return np.zeros(0, _VERTEX)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.r_[0.0, np.cumsum(steps)]
    flat = np.diff(path, axis=0)[:, [0, 2]]
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    direction = np.divide(flat, lengths, out=np.tile([[0.0, -1.0]], (len(flat), 1)),
                          where=lengths > 1e-9)  # fmt: skip
    across = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    joined = np.concatenate([across[:1], across[:-1] + across[1:], across[-1:]])
    size = np.linalg.norm(joined, axis=1, keepdims=True)
    joined = np.divide(joined, size, out=np.concatenate([across, across[-1:]]), where=size > 1e-6)
    neighbour = np.concatenate([across[:1], across])
    mitre = 1.0 / np.clip(np.abs(np.einsum("ij,ij->i", joined, neighbour)), 1 / _LARGEST_MITRE, 1)
    side = np.zeros((len(path), 3))
    side[:, [0, 2]] = joined * mitre[:, None] * width / 2
    record = np.zeros((len(path), 2), _VERTEX)
    record["centre"] = path[:, None]
    record["side"] = side[:, None]
    record["along"][..., 0] = (-1.0, 1.0)
    record["along"][..., 1] = along[:, None]
    record["along"][..., 2] = along[-1]
    record["along"][..., 3] = width / 2
    first, second = record[:-1], record[1:]
    corners = [first[:, 0], first[:, 1], second[:, 0], second[:, 0], first[:, 1], second[:, 1]]
    return np.stack(corners, axis=1).reshape(-1)


class RibbonPainter:
    """Edges on the GPU. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the program."""
        self._program = Program("ribbon")
        self._vertices = VertexStream(
            [
                Attribute(0, 3, "f4", 0),
                Attribute(1, 3, "f4", 12),
                Attribute(2, 4, "f4", 24),
                Attribute(3, 4, "i4", 40, True),
            ],
            _VERTEX.itemsize,
        )
        self._networks: dict[str, int] = {}
        self._meshes: dict[Ribbon, NDArray[np.void]] = {}
        """Ribbons that stay, as walls are moved, need not be made anew."""
        self._count = 0
        self._lighting = Lighting()
        self._ribbons: tuple[Ribbon, ...] = ()

    def set_ribbons(self, ribbons: Sequence[Ribbon]) -> None:
        """Lay other ribbons."""
        if tuple(ribbons) == self._ribbons:
            return
        self._ribbons = tuple(ribbons)
        self._networks = {}
        parts = []
        before, self._meshes = self._meshes, {}
        for number, ribbon in enumerate(ribbons):
            part = before.get(ribbon)
            if part is None:
                part = ribbon_mesh(ribbon.path, ribbon.width)
            self._meshes[ribbon] = part
            network = self._networks.setdefault(ribbon.network, len(self._networks))
            part["ends"] = network, ribbon.source, ribbon.target, number
            parts.append(part)
        vertices = np.concatenate(parts) if parts else np.zeros(0, _VERTEX)
        self._count = len(vertices)
        self._vertices.write(vertices)

    @property
    def is_fading(self) -> bool:
        """Some edge is just being lit, or going out."""
        return self._lighting.is_fading

    def advance(self, marks: Marks, dt: float) -> None:
        """Light the edges of what is marked, within `dt` seconds as far as that goes; 0: wholly."""
        self._lighting.advance(marks, dt)

    def draw(self, glows: GlowTable) -> None:
        """Draw the ribbons, later ones over earlier ones. Expects blending on, depth writing off."""
        if not self._count:
            return
        rows = np.full((MOST, 3), -1, np.int32)
        for row, ((network, node), light) in zip(rows, self._lighting.lit, strict=False):
            row[:] = self._networks.get(network, -1), node, round(1000 * light)
        self._vertices.bind()
        self._program.use()
        gl.glUniform3iv(self._program.location("lit"), MOST, rows)
        glows.bind(UNIT_GLOWS)
        self._program.set_int("glows", UNIT_GLOWS)
        self._program.set_int("first_light", glows.first_ribbon)
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, self._count)

    def close(self) -> None:
        """Release every GL object."""
        self._program.close()
        self._vertices.close()

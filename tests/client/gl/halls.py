"""Goldens of whole halls: branches, skips, folded groups, lines that turn, crowds of names."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from client.gl.showroom import make_chain
from client.world.networks import densenet, described, inception, manifest, resnet, transformer
from layerwalk_client.app.stage.scenery import Scenery
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.world.options import LayoutOptions, Style
from layerwalk_client.world.palette import Theme
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Appearance, Camera, Look, Mark, Marks
from layerwalk_client.world.viewpoints import facing, home, overview
from layerwalk_shared.graph import Graph
from layerwalk_shared.tiles import BLOCK_CHANNELS, Tile, TileType

Eye = Callable[[Scene, float], Camera]
SIDE = 8
"""Texels of a made-up picture."""


def eye(x: float, y: float, z: float, yaw: float, pitch: float) -> Eye:
    """Return a place that a picture is taken from; angles in degrees."""
    return lambda scene, aspect: Camera((x, y, z), math.radians(yaw), math.radians(pitch))


def before(node: int) -> Eye:
    """Return the place before a node's wall."""
    return lambda scene, aspect: facing(scene.walls[node], aspect, scene=scene)


@dataclass(frozen=True)
class Hall:
    """A network, how it stands, and from where it is seen."""

    graph: Graph
    eye: Eye
    style: Style = "straight"
    appearance: Appearance = field(default_factory=lambda: Appearance(mode="node"))
    hover: str = ""
    selection: str = ""
    folded: tuple[str, ...] = ()


def paper(table: str = "coolblack") -> Appearance:
    """Return the looks of print."""
    return Appearance(table=table, mode="node", theme="paper")


HALLS: dict[str, Hall] = {
    "branches": Hall(inception(2), eye(-7, 4.5, -3.5, -38, -20)),
    "branches-paper": Hall(inception(2), eye(-7, 4.5, -3.5, -38, -20), appearance=paper()),
    "skips-lit": Hall(densenet((4, 3)), eye(-7.5, 5, -8, -48, -30), selection="denseblock1.denselayer2.cat"),
    "edges-hovered": Hall(resnet(), eye(-4.5, 3.2, -15, -48, -26), hover="layer1.1.add"),
    "rows": Hall(resnet(), overview, style="rows"),
    "serpentine": Hall(resnet(), overview, style="serpentine"),
    "spiral": Hall(resnet(), overview, style="spiral"),
    "groups-folded": Hall(
        resnet(), overview, folded=("layer1", "layer2", "layer4")
    ),
    "crowd-of-names": Hall(transformer(8), eye(4.5, 3.0, 1.5, 22, -12)),
    "down-the-hall": Hall(resnet(), lambda scene, aspect: home(scene)),
    "names-behind": Hall(resnet(), eye(0.4, 1.7, -9.2, 176, 0)),
    "cividis": Hall(resnet(), before(8), appearance=Appearance(table="cividis", mode="node")),
    "greys-paper": Hall(resnet(), before(8), appearance=paper("grey")),
}  # fmt: skip


def waves(wall: Wall, number: int) -> NDArray[np.float32]:
    """Return made-up pictures, `[C, 8, 8]`: each channel its own direction, some nearly silent."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    ways = rng.uniform(-7, 7, (wall.channels, 2, 1, 1))
    light = rng.uniform(0.1, 1.0, (wall.channels, 1, 1)) ** 2
    values = light * np.sin(ways[:, 0] * x + ways[:, 1] * y + number)
    return (np.maximum(values, 0) if number % 3 == 2 else values).astype(np.float32)


def overviews(scene: Scene) -> list[Tile]:
    """Return a tile of every block of every wall."""
    found = []
    for number, wall in enumerate(scene.walls):
        if wall.is_image:
            y, x = np.mgrid[0:32, 0:32] / 31
            colours = np.stack([0.3 + 0.6 * x, 0.2 + 0.5 * y, 0.9 - 0.6 * x * y], axis=-1)
            colours[np.hypot(x - 0.5, y - 0.55) < 0.25] = (1.0, 0.55, 0.15)
            found.append(make_chain(colours[None], node=wall.node, dtype=TileType.RGB8)[2])
            continue
        values = waves(wall, number)
        for first in range(0, wall.channels, BLOCK_CHANNELS):
            part = values[first : first + BLOCK_CHANNELS]
            found.append(make_chain(part, node=wall.node, block=first // BLOCK_CHANNELS)[0])
    return found


def draw_hall(hall: Hall, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the picture, `[H, W, 3]`; an OpenGL context is current."""
    network, told = described(hall.graph, classes=10), manifest(hall.graph, label="class 7")
    theme: Theme = hall.appearance.theme
    scenery = Scenery(LayoutOptions(style=hall.style, theme=theme, shows_answer=False))
    scenery.begin(hall.graph, keeps_folds=False)
    scenery.boxing.folded = frozenset(hall.folded)
    scenery.arrange(network, told)
    scene = scenery.scene
    camera = hall.eye(scene, size_wh[0] / size_wh[1])
    marks = Marks(
        *(Mark("net", hall.graph.index[node]) if node else None
          for node in (hall.hover, hall.selection))
    )  # fmt: skip
    with Renderer() as renderer, Target(size_wh) as target:
        renderer.set_scene(scene)
        renderer.put_overview("net", overviews(scene))
        renderer.draw(Look(camera, hall.appearance, marks), target)
        return target.read_rgb()

"""What helps to find the way, as pictures: the line, the map, the question, boxes, lists."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from client.world.networks import described, inception, manifest, resnet
from layerwalk_client.gl.panel import Panel, PanelTexture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.ui.bookmarks import BookmarksPanel
from layerwalk_client.ui.choices import Choices
from layerwalk_client.ui.hud import Hud, draw_hud
from layerwalk_client.ui.intents import GoToGroup
from layerwalk_client.ui.minimap import MapShown, draw_plan
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.search import SearchPanel
from layerwalk_client.ui.style import make_style
from layerwalk_client.world.bookmarks import Bookmark
from layerwalk_client.world.boxes import fold_groups, named_boxes, with_sides
from layerwalk_client.world.camera import looking_at
from layerwalk_client.world.folding import fold, unfolded_numbers
from layerwalk_client.world.layout import layout
from layerwalk_client.world.minimap import wall_line, whole_map, zoomed
from layerwalk_client.world.routes import routes
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.search import index_of, search
from layerwalk_client.world.view import Camera, Look
from layerwalk_client.world.whereabouts import whereabouts

SIZE = (640, 400)
Pixels = NDArray[np.uint8]


def hud(*, notches: float = 0.0) -> Pixels:
    """Return the line, the map (zoomed by so many notches) and the question over an empty hall."""
    graph = inception(3)
    network = described(graph)
    scene = layout(network, manifest(graph))
    node = graph.index["mixed1.branch3_1.relu"]
    view = whole_map(scene, largest_wh=(180, 260), smallest=90)
    view = zoomed(view, notches, (45.0, 130.0))
    wall = scene.walls[node]
    others = routes(scene, "net").after[node]
    with (
        Renderer() as renderer,
        Target(SIZE) as target,
        PanelTexture(view.size_wh, scale=0.75, setup=make_style) as plan,
        Panel(SIZE, scale=0.75, setup=make_style) as panel,
    ):
        plan.draw(lambda: draw_plan(plan.style, scene, view))
        renderer.draw(Look(), target)
        shown = MapShown(
            picture=Picture(plan.texture, size_wh=view.size_wh),
            eye=view.pixel(wall.centre[0], wall.centre[2] + 6),
            yaw=0.2,
            half_fov=0.7,
            selection=wall_line(wall, view),
            hover=wall_line(scene.walls[others[0]], view),
            name=graph.nodes[others[0]].id,
        )
        told = Hud(
            detail="china.jpg",
            whereabouts=whereabouts(network, routes(scene, "net"), node),
            hot=GoToGroup("mixed1"),
            map=shown,
            choices=Choices(
                f"from {graph.nodes[node].id} along",
                tuple(graph.nodes[one].id for one in others),
                chosen=1,
                note="1 to 9, or F4 for the one you look at",
            ),
        )
        panel.draw_onto(target, lambda: draw_hud(panel.style, told) and None)
        return target.read_rgb()


def box() -> Pixels:
    """Return a folded group among plain walls, from above and aside."""
    graph = resnet((2, 2))
    less, boxes = fold_groups(fold(described(graph), manifest(graph), ()), {"layer2.0"})
    laid = unfolded_numbers(layout(less.network, less.manifest), less)
    scene = with_sides(named_boxes(laid, boxes), boxes)
    wall = next(wall for wall in scene.walls if wall.node == boxes[0].node)
    x, y, z = wall.centre
    eye = Camera(position=(x + 6.5, y + 3.2, z + 6.0), fov=math.radians(50))
    return draw_scene(scene, looking_at(eye, (x, y - 0.4, z)))


def draw_scene(scene: Scene, camera: Camera) -> Pixels:
    """Return the picture of a scene without values."""
    with Renderer() as renderer, Target(SIZE, samples=4) as target:
        renderer.set_scene(scene)
        renderer.draw(Look(camera), target)
        renderer.draw(Look(camera), target)
        return target.read_rgb()


def search_panel() -> Pixels:
    """Return the search for something that is a group, a class, channels and walls."""
    names = ("layered cake", "motorbike")
    index = index_of(described(resnet((1, 1))).model_copy(update={"classes": names}))
    content = SearchPanel(index, recent=search(index, "fc"))
    content.type_text("layer1")
    content.step(2)
    return draw_panel(content)


def bookmarks_panel() -> Pixels:
    """Return the list of three bookmarks, one of which is being named."""
    content = BookmarksPanel()
    content.marks = (
        Bookmark(1, "layer2.0.conv1", Camera()),
        Bookmark(2, "the whole", Camera()),
        Bookmark(5, "", Camera((0.5, 1.6, -40.0))),
    )
    content.edited, content.text = 2, "the whol"
    return draw_panel(content)


WAYS: dict[str, Callable[[], Pixels]] = {
    "way-hud": hud,
    "way-map-zoomed": lambda: hud(notches=5.0),
    "way-box": box,
    "way-search": search_panel,
    "way-bookmarks": bookmarks_panel,
}

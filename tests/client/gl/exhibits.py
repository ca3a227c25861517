"""Pictures of exhibits and of panels about trainings and inputs, kept as goldens."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from client.gl import signals
from layerwalk_client.app.comparing.looks import ComparedLooks, signed
from layerwalk_client.app.desks.desk import course_of, health_of
from layerwalk_client.app.desks.input_pictures import picture_of_sound
from layerwalk_client.app.panels import Content
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.stage.training import TrainingRecord
from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.gl.panel import PanelPointer, PanelTexture
from layerwalk_client.gl.pictures import Images, Overlay
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.source.asking import Maximise, PutInput
from layerwalk_client.source.exhibits import EXHIBITS, Exhibit
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.source.rehearsal import histograms, metric_point, training_step
from layerwalk_client.ui.gradients import GradientsPanel
from layerwalk_client.ui.input import InputPanel
from layerwalk_client.ui.input_views import OnInput
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import make_style
from layerwalk_client.ui.timeline import TimelinePanel
from layerwalk_client.world.arranged import Arranged, Placed
from layerwalk_client.world.camera import looking_at
from layerwalk_client.world.comparison import Mode
from layerwalk_client.world.edited import EditedView
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance, Camera, Look
from layerwalk_client.world.viewpoints import home, overview
from layerwalk_shared.messages import (
    DatasetInput,
    EditedNode,
    MaximiseRequest,
    NamedInput,
    NetworkDescription,
    ScaleChannels,
)

Pixels = NDArray[np.uint8]
SCALE = 0.72
"""Of panels: small files, and letters that can still be read."""


@dataclass(frozen=True)
class Place:
    """Where an exhibit is seen from: a node's wall, "" is beside the input, "*" the whole."""

    exhibit: str
    node: str = ""
    steps: tuple[int, ...] = ()
    table: str = "coolblack"
    maximised: tuple[tuple[str, int], ...] = ()
    """Nodes, and of how many of their first units images are made."""
    previews: int = 1000
    arranged: Arranged = field(default_factory=Arranged)
    camera: Camera | None = None
    second: int | None = None
    """Item that the first is compared with."""
    mode: Mode = "difference"
    has_signal: bool = False
    """A made-up signal is followed."""
    silenced: tuple[int, ...] = ()
    """Channels of the node whose weights are silenced."""


ARRANGED = Arranged(
    {
        ("block1.relu", 0): Placed((3.6, 0.0, 1.0), math.radians(45), 1.2),
        ("block1.add", 0): Placed((-3.4, 0.6, 0.0), math.radians(15)),
        ("stem.relu", 1): Placed((1.8, 0.3, 0.6), math.radians(30), 0.7),
        ("nowhere", 0): Placed((1.0, 0.0, 0.0)),
    },
    frozenset({"block1.skip", "stem.conv"}),
)

PLACES: dict[str, Place] = {
    "arranged": Place(
        "", arranged=ARRANGED, camera=looking_at(Camera((6.5, 4.6, -1.0)), (0.6, 0.3, -6.5))
    ),
    "vit-hall": Place("vit"),
    "vit-grid": Place("vit", "blocks.0.add"),
    "vit-attention": Place("vit", "blocks.1.attention", table="magma"),
    "gpt-whole": Place("gpt", "*"),
    "gpt-logits": Place("gpt", "lm_head"),
    "lstm-hall": Place("lstm"),
    "sound-wall": Place("sound", "conv0"),
    "volume-slices": Place("volume", "input"),
    "frames": Place("volume", "frames", table="blue-orange"),
    "warned-wall": Place("", "block1.relu", steps=(1000,)),
    "maximised-near": Place("", "block1.relu", maximised=(("block1.relu", 32),)),
    "maximised-at-work": Place("", "block2.conv1", maximised=(("block2.conv1", 12),), previews=3),
    "maximised-hall": Place(
        "",
        "*",
        maximised=(("stem.relu", 16), ("block1.conv1", 32), ("block2.relu", 300), ("fc", 10)),
    ),
    "compared-difference": Place("", second=4),
    "compared-pair": Place("", "block1.conv1", second=4, mode="pair"),
    "compared-answers": Place("", "fc", second=4, table="magma"),
    "signal-hall": Place("", "*", has_signal=True),
    "signal-wall": Place("", "block1.add", has_signal=True),
    "edited-wall": Place("", "block1.conv1", silenced=(2, 9, 17)),
    "maximised-sounds": Place("sound", "conv1", maximised=(("conv1", 12),), table="blue-orange"),
}


def draw_place(place: Place, size_wh: tuple[int, int]) -> Pixels:
    """Return the picture of an exhibit once all that it shows is there."""
    source = MemorySource(place.exhibit)
    source.open()
    aspect = size_wh[0] / size_wh[1]
    with Renderer() as renderer, Target(size_wh, samples=4) as target:
        stage = Stage(source, renderer)
        stage.take(0.0)
        source.train(place.steps, serves=place.steps)
        assert stage.network is not None
        for node, count in place.maximised:
            request = MaximiseRequest(node=node, channels=tuple(range(count)))
            source.submit(Maximise(stage.network.id, request))
        source.work(place.previews)
        if place.silenced:
            edits = (ScaleChannels(channels=place.silenced),)
            stage.scenery.dress(EditedView((EditedNode(node=place.node, edits=edits),)))
        stage.arrange(place.arranged)
        if place.second is not None:
            image = DatasetInput(dataset="shapes", item=place.second)
            stage.submit(PutInput(stage.network.id, image, is_second=True))
        now_s = 0.0
        camera = Camera()
        for _ in range(60):
            now_s += 1.0
            stage.take(now_s)
            stage.comparing.set_mode(place.mode)
            assert stage.network is not None
            camera = _camera(place, stage.scene, stage.network, aspect)
            stage.plan(camera, size_wh, now_s=now_s, max_wishes=10_000)
            stage.step(now_s, 2**40)
            if stage.is_settled(now_s):
                break
        assert stage.is_settled(now_s)
        view, appearance = stage.comparing.view, Appearance(table=place.table)
        ranges = ComparedLooks().ranges(view, appearance)
        network = stage.network
        light = signals.glow(network.id, network.graph) if place.has_signal else None
        look = Look(camera, signed(appearance, view), ranges=ranges, glow=light)
        stage.draw(look, target, dt=1.0)
        stage.draw(look, target, dt=1.0)
        pixels = target.read_rgb()
    source.close()
    return pixels


def _camera(place: Place, scene: Scene, network: NetworkDescription, aspect: float) -> Camera:
    if place.camera is not None:
        return place.camera
    if not place.node:
        return home(scene)
    if place.node == "*":
        return overview(scene, aspect)
    wall = wall_of(scene, network.id, network.graph.index[place.node])
    assert wall is not None
    return facing_node(wall, scene, network, aspect=aspect)


def draw_panel(content: Content, pointers: Sequence[PanelPointer] = ()) -> Pixels:
    """Return the picture of a panel after the pointer was moved over it."""
    size_wh = (round(content.size_wh[0] * SCALE), round(content.size_wh[1] * SCALE))
    still = PanelPointer(None)
    with (
        Renderer() as renderer,
        Target(size_wh) as target,
        PanelTexture(size_wh, scale=SCALE, setup=make_style) as panel,
    ):
        for pointer in (still, still, still, *pointers):
            panel.draw(lambda: content.draw(panel.style), pointer=pointer, dt=1 / 60)
        renderer.set_scene(Scene())
        renderer.draw(Look(), target, overlays=[Overlay(panel.texture, (0, 0, *size_wh))])
        return target.read_rgb()


def rehearsed(*, points: int = 1200, every: int = 50) -> TrainingRecord:
    """Return a made-up training of the convolutional network."""
    graph = EXHIBITS["vit"]().graph
    record = TrainingRecord()
    record.begin()
    record.add_points([metric_point(step) for step in range(0, 4 * points, 4)])
    for step in range(0, 4 * points, every):
        record.add_step(training_step(graph, step, f"s{step}"))
    record.forget_snapshots([f"s{step}" for step in range(0, 1000, every)])
    record.take_gradients(histograms(graph, 1600))
    return record


def timeline(*, chosen: int | None = None, is_log: bool = False) -> TimelinePanel:
    """Return the panel of a made-up training."""
    panel = TimelinePanel()
    panel.course = course_of(rehearsed(), chosen=chosen, is_gone=False)
    panel.is_log = is_log
    return panel


def gradients(*, chosen: int = 1600) -> GradientsPanel:
    """Return the panel of gradients of a made-up training."""
    exhibit = EXHIBITS["vit"]()
    network = NetworkDescription(id="n", name="n", graph=exhibit.graph, input=exhibit.input)
    panel = GradientsPanel()
    panel.health = health_of(rehearsed(), network, chosen)
    return panel


def input_panel(name: str) -> InputPanel:
    """Return the panel of an exhibit's input."""
    exhibit: Exhibit = EXHIBITS[name]()
    panel = InputPanel([NamedInput(name="x", node="input", spec=exhibit.input)])
    panel.editor.shown = OnInput("the example", exhibit.example(0), exhibit.tokens)
    panel.editor.text = "A quiet hall at" if name == "gpt" else ""
    return panel


def _sound() -> Pixels:
    content = input_panel("sound")
    editor = content.editor
    assert editor.shown.values is not None
    pixels, highest_hz = picture_of_sound(editor.shown.values, editor.argument.spec)
    images = Images()
    texture = images.make(pixels, is_smooth=True)
    editor.shown = replace(editor.shown, picture=Picture(texture), highest_hz=highest_hz)
    try:
        return draw_panel(content)
    finally:
        images.close()


PANELS: dict[str, Callable[[], Pixels]] = {
    "panel-timeline": lambda: draw_panel(timeline(chosen=2000)),
    "panel-timeline-log": lambda: draw_panel(
        timeline(is_log=True), [PanelPointer((400.0, 60.0))] * 2
    ),
    "panel-gradients": lambda: draw_panel(gradients(), [PanelPointer((500.0, 120.0))] * 2),
    "panel-input-text": lambda: draw_panel(input_panel("gpt")),
    "panel-input-sound": _sound,
    "panel-input-series": lambda: draw_panel(
        input_panel("lstm"), [PanelPointer((300.0, 150.0))] * 2
    ),
    "panel-input-vector": lambda: draw_panel(
        input_panel("table"), [PanelPointer((300.0, 150.0))] * 2
    ),
}

"""Where panels stand, and where a ray meets them."""

import math

import pytest

from layerwalk_client.app.panels import Panels, panel_pixels, panel_scale, place_before
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.world.camera import forward, project, ray_from_pixel
from layerwalk_client.world.view import Camera

WINDOW = (1280, 720)


@pytest.mark.parametrize("near", [0.05, 0.3, 3.0, 20.0])
@pytest.mark.parametrize("free", [0.2, 1.0, 5.0, math.inf])
def test_a_panel_stands_between_the_near_plane_and_the_wall(near, free):
    camera = Camera(position=(1, 2, 3), yaw=0.4, pitch=-0.3, near=near)
    centre, _ = place_before(camera, (400, 300), window_wh=WINDOW, room=near + free)
    distance = math.dist(centre, camera.position)
    assert distance > near
    if free >= 0.3 * near + 0.3:
        assert distance < near + free


@pytest.mark.parametrize("near", [0.05, 4.0])
def test_a_pixel_of_a_new_panel_is_a_pixel_of_the_window(near):
    camera = Camera(near=near)
    centre, (_, height) = place_before(camera, (400, 300), window_wh=WINDOW)
    distance = math.dist(centre, camera.position)
    angle = 2 * math.atan(height / 2 / distance)
    assert 720 * math.tan(angle / 2) / math.tan(camera.fov / 2) == pytest.approx(300)


@pytest.mark.parametrize("pitch", [0.0, -0.6])
def test_a_low_panel_leaves_the_upper_part_of_the_view_free(pitch):
    camera = Camera(position=(1, 2, 3), yaw=0.4, pitch=pitch)
    centre, (_, height) = place_before(camera, (400, 300), window_wh=WINDOW, is_low=True)
    _, y, depth = project([centre], camera, WINDOW)[0]
    pixels = height / (2 * depth * math.tan(camera.fov / 2)) * 720
    assert pixels == pytest.approx(300)
    assert y - pixels / 2 > 340
    assert y + pixels / 2 == pytest.approx(720 * 0.9)


def test_a_panel_aside_covers_neither_the_title_nor_the_legend():
    """Both are 20 pixels from the edges; the title is 40 high, the legend 60 (`ui.hud`)."""
    camera = Camera()
    size_wh = MaximisePanel.size_wh
    assert panel_scale(size_wh, WINDOW) == 1.0
    centre, _ = place_before(camera, size_wh, window_wh=WINDOW, is_aside=True)
    x, y, _ = project([centre], camera, WINDOW)[0]
    assert x + size_wh[0] / 2 < WINDOW[0] / 2 + 1
    assert y - size_wh[1] / 2 >= 60 - 0.5
    assert y + size_wh[1] / 2 <= WINDOW[1] - 20 - 60


def test_a_panel_never_takes_more_than_its_share_of_the_window():
    for window in ((640, 360), (1280, 720), (3840, 2160), (600, 1200)):
        scale = panel_scale((900, 500), window)
        if scale > 0.5:
            assert 900 * scale <= window[0]
            assert 500 * scale <= window[1]


class Content:
    title = "test"
    size_wh = (400, 300)

    def draw(self, style):
        return []


class Texture:
    texture = 1

    def __init__(self, size_wh, **options):
        self.size_wh = size_wh
        self.closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def panels():
    return Panels(Texture)


CAMERA = Camera(position=(0, 1.6, 0), yaw=0.7, pitch=0.2)


@pytest.mark.parametrize(
    ("pixel", "expected"),
    [((640, 360), (200, 150)), ((441, 211), (1, 1)), ((740, 400), (300, 190))],
)
def test_the_ray_of_a_pixel_meets_the_same_pixel_of_a_new_panel(panels, pixel, expected):
    panels.open("a", Content(), CAMERA, window_wh=WINDOW)
    hit = panels.hit(ray_from_pixel(CAMERA, pixel, WINDOW), CAMERA)
    assert hit.pixel == pytest.approx(expected, abs=1e-3)


def test_a_ray_beside_or_from_behind_meets_nothing(panels):
    panels.open("a", Content(), CAMERA, window_wh=WINDOW)
    assert panels.hit(ray_from_pixel(CAMERA, (400, 360), WINDOW), CAMERA) is None
    x, y, z = (p + 3 * d for p, d in zip(CAMERA.position, forward(CAMERA), strict=True))
    behind = Camera(position=(x, y, z), yaw=CAMERA.yaw + math.pi, pitch=-CAMERA.pitch)
    assert panels.hit(ray_from_pixel(behind, (640, 360), WINDOW), behind) is None


def test_a_panel_at_hand_is_operated_through_what_stands_before_it_but_not_from_afar(panels):
    panels.open("a", Content(), CAMERA, window_wh=WINDOW)
    ray = ray_from_pixel(CAMERA, (640, 360), WINDOW)
    assert panels.hit(ray, CAMERA, room=0.1) is not None
    assert panels.pictures(CAMERA)[0].is_always_seen
    x, y, z = (p - 5 * d for p, d in zip(CAMERA.position, forward(CAMERA), strict=True))
    away = Camera(position=(x, y, z), yaw=CAMERA.yaw, pitch=CAMERA.pitch)
    ray = ray_from_pixel(away, (640, 360), WINDOW)
    assert panels.hit(ray, away) is not None
    assert panels.hit(ray, away, room=0.1) is None
    assert not panels.pictures(away)[0].is_always_seen


def test_a_new_panel_replaces_the_one_in_its_place_and_leaves_others(panels):
    panels.open("a", Content(), CAMERA, window_wh=WINDOW)
    aside = Camera(position=CAMERA.position, yaw=CAMERA.yaw + 1.5)
    panels.open("b", Content(), aside, window_wh=WINDOW)
    assert panels.kinds == ("a", "b")
    panels.open("c", Content(), aside, window_wh=WINDOW)
    assert panels.kinds == ("a", "c")


@pytest.mark.parametrize("window", [(1280, 720), (1920, 1080), (801, 451)])
@pytest.mark.parametrize("design", [(1120, 690), (540, 574), (333, 222)])
def test_pixels_of_a_panel_in_the_middle_lie_on_those_of_the_window(design, window):
    scale = panel_scale(design, window)
    found = panel_pixels(design, scale, window)
    for side, size, room in zip(found, design, window, strict=True):
        assert (room - side) % 2 == 0
        assert abs(side - size * scale) <= 1.5

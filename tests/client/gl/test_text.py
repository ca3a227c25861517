"""Letters are where labels say, sharp, shortened where there is no room, hidden where they must."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

from client.gl.showroom import make_wall
from layerwalk_client.gl.eye import eye_of
from layerwalk_client.gl.glyphs import (
    CAP_HEIGHT,
    CHARACTERS,
    SPREAD_PX,
    font_path,
    make_glyph_atlas,
    signed_distances,
)
from layerwalk_client.gl.labels import (
    LabelPlaces,
    label_places,
    label_strengths,
    screen_boxes,
    seen_from,
)
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.gl.typeset import Typesetter, anchor_shift
from layerwalk_client.gl.visibility import wall_places
from layerwalk_client.world.scene import Label, Scene, Wall
from layerwalk_client.world.view import Camera, Look

WHITE = (1.0, 1.0, 1.0, 1.0)
FOV = math.radians(40)


def test_distances_of_a_hard_shape_are_the_euclidean_ones() -> None:
    shape = np.zeros((60, 70), np.uint8)
    shape[12:40, 15:50] = 255
    shape[25:48, 30:36] = 255
    shape[20:24, 20:30] = 0
    found = signed_distances(shape, 8)
    inside = shape > 0
    # Between pixel centres; the outline lies half a pixel before the nearest one.
    expected = np.where(
        inside, distance_transform_edt(inside) - 0.5, 0.5 - distance_transform_edt(~inside)
    )
    np.testing.assert_allclose(found, np.clip(expected, -8, 8), atol=0.51)
    assert np.abs(found - np.clip(expected, -8, 8)).mean() < 0.3
    assert ((found > 0) == inside).mean() > 0.98


def test_distances_of_a_soft_disc_are_right_to_a_quarter_pixel() -> None:
    side, radius = 48, 14.3
    y, x = np.mgrid[0:side, 0:side] - (side - 1) / 2
    true = radius - np.hypot(x, y)
    found = signed_distances(np.rint(np.clip(true + 0.5, 0, 1) * 255).astype(np.uint8), 8)
    near = np.abs(true) < 6
    assert np.abs(found - true)[near].max() < 0.5
    assert np.abs(found - true)[near].mean() < 0.2


def test_every_character_has_a_glyph_in_both_weights() -> None:
    glyphs = make_glyph_atlas().glyphs
    for character in CHARACTERS + "→←↑↓●✓✕▲▼":
        assert (character, False) in glyphs
        assert (character, True) in glyphs


@cache
def setter_of_all_tests() -> Typesetter:
    """Return one typesetter: it learns widths and pairs once."""
    return Typesetter(make_glyph_atlas())


def test_lines_are_as_wide_as_the_font_says() -> None:
    setter = Typesetter(make_glyph_atlas())
    font = ImageFont.truetype(str(font_path(is_bold=False)), 2048)
    for text in ("layer1.0.conv1", "Conv2d · 64 × 56 × 56", "AVATAR", "To"):
        assert abs(setter.set_line(text).width - font.getlength(text) / 2048) < 0.02


@given(st.text(max_size=30), st.floats(0.5, 12))
@settings(max_examples=60)
def test_shortened_lines_fit_and_any_text_is_taken(text: str, room: float) -> None:
    setter = setter_of_all_tests()
    line = setter.set_line(text, max_em=room)
    whole = setter.set_line(text)
    assert len(line.boxes) == len(line.uvs)
    if whole.width <= room:
        assert line.text == whole.text
    else:
        assert line.text.endswith("…")
        assert line.width <= max(room, 1.0)


def test_anchors_move_the_box_of_capital_letters() -> None:
    assert anchor_shift("left-bottom", 4.0) == (0.0, 0.0)
    assert anchor_shift("right-top", 4.0) == (-4.0, -CAP_HEIGHT)
    assert anchor_shift("centre-centre", 4.0) == (-2.0, -CAP_HEIGHT / 2)


def draw_label(label: Label, *, size_wh: tuple[int, int] = (320, 200)) -> NDArray[np.uint8]:
    """Return the picture of a label seen straight on; 100 pixels are a metre, (0, 0) the middle."""
    away = size_wh[1] / 2 / math.tan(FOV / 2) / 100
    position = {"back": (0, 0, -away), "floor": (0, away, 0)}.get(label.plane, (0, 0, away))
    yaw = math.pi if label.plane == "back" else 0.0
    pitch = -math.pi / 2 if label.plane == "floor" else 0.0
    with Renderer() as renderer, Target(size_wh) as target:
        look = Look(Camera(position, yaw, pitch, FOV))
        renderer.set_scene(Scene())
        renderer.draw(look, target)
        bare = target.read_rgb().astype(int)
        renderer.set_scene(Scene(labels=(label,)))
        renderer.draw(look, target)
        # White letters over a ground that is not black: the share of white.
        share = (target.read_rgb().astype(int) - bare)[..., 1] / (255 - bare[..., 1])
        return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


@pytest.mark.usefixtures("clean_graphics")
@pytest.mark.parametrize("plane", ["wall", "back", "floor", "billboard"])
@pytest.mark.parametrize("anchor", ["left-bottom", "right-top", "centre-centre"])
def test_a_label_lies_where_its_anchor_says(plane: str, anchor: str) -> None:
    label = Label("HHH", (0.0, 0.0, 0.0), 0.5, WHITE, plane, anchor=anchor)  # type: ignore[arg-type]
    rows, columns = np.nonzero(draw_label(label) > 128)
    width = Typesetter(make_glyph_atlas()).set_line("HHH").width * 0.5 / CAP_HEIGHT
    x, y = anchor_shift(anchor, width / (0.5 / CAP_HEIGHT))
    left, bottom = x * 0.5 / CAP_HEIGHT, y * 0.5 / CAP_HEIGHT
    # An H has side bearings of about 0.07 em; letters end on the box's top and bottom.
    assert abs((columns.min() - 160) / 100 - left) < 0.08
    assert abs((columns.max() + 1 - 160) / 100 - (left + width)) < 0.08
    assert abs((100 - rows.max() - 1) / 100 - bottom) < 0.025
    assert abs((100 - rows.min()) / 100 - (bottom + 0.5)) < 0.025


@pytest.mark.usefixtures("clean_graphics")
def test_letters_look_as_the_font_draws_them() -> None:
    text, cap_px = "Layer4 relu", 40
    found = draw_label(
        Label(text, (0.0, 0.0, 0.0), cap_px / 100, WHITE, anchor="left-bottom"), size_wh=(640, 200)
    )
    font = ImageFont.truetype(str(font_path(is_bold=False)), cap_px / CAP_HEIGHT)
    image = Image.new("L", (640, 200))
    ImageDraw.Draw(image).text((320, 100), text, font=font, anchor="ls", fill=255)
    expected = np.asarray(image)
    overlap = (np.minimum(found, expected).sum() * 2) / (found.sum() + expected.sum(dtype=float))
    assert overlap > 0.9


def places_of(labels: list[Label]) -> LabelPlaces:
    """Return labels as arrays, their text set."""
    setter = setter_of_all_tests()
    boxes = []
    for label in labels:
        em = label.height / CAP_HEIGHT
        width = setter.set_line(label.text, is_bold=label.is_bold).width
        x, y = anchor_shift(label.anchor, width)
        boxes.append((x * em, y * em, (x + width) * em, (y + CAP_HEIGHT) * em))
    return label_places(labels, np.array(boxes, np.float32).reshape(-1, 4))


def strengths(labels: list[Label], walls: list[Wall], camera: Camera) -> list[float]:
    """Return how strongly each label shows."""
    found = label_strengths(places_of(labels), wall_places(walls), eye_of(camera, (640, 360)))
    return [float(strength) for strength in found]


LABEL = Label("conv1", (0.0, 1.6, -4.0), 0.2, WHITE, anchor="centre-centre")
EYE = Camera((0.0, 1.6, 0.0))


def test_labels_fade_with_distance_the_less_important_first() -> None:
    far = [replace(LABEL, position=(0.0, 1.6, -z)) for z in (4.0, 11.0, 40.0)]
    near, middle, gone = (strengths([label], [], EYE)[0] for label in far)
    assert near == 1
    assert 0 < middle < 1
    assert gone == 0
    assert strengths([replace(far[1], priority=3)], [], EYE)[0] > middle


def test_labels_are_hidden_by_walls_and_from_behind() -> None:
    wall = replace(make_wall(0, 64, (4, 4)), centre=(0.0, 1.3, -2.0))
    assert strengths([LABEL], [wall], EYE) == [0]
    assert strengths([LABEL], [replace(wall, centre=(0.0, 1.3, -6.0))], EYE) == [1]
    assert strengths([LABEL], [replace(wall, centre=(3.0, 1.3, -2.0))], EYE) == [1]
    assert strengths([replace(LABEL, plane="back")], [], EYE) == [0]
    assert strengths([replace(LABEL, plane="billboard")], [wall], EYE) == [0]
    assert strengths([LABEL], [], replace(EYE, yaw=math.pi)) == [0]


def test_walls_that_the_near_plane_cuts_away_hide_nothing() -> None:
    wall = replace(make_wall(0, 64, (4, 4)), centre=(0.0, 1.3, -2.0))
    assert strengths([LABEL], [wall], replace(EYE, near=3.0)) == [1]
    assert strengths([LABEL], [wall], replace(EYE, near=1.0)) == [0]
    assert strengths([LABEL], [], replace(EYE, near=5.0)) == [0]
    lying = replace(LABEL, plane="floor", position=(0.0, 0.0, -4.0), height=0.5)
    assert strengths([lying], [], replace(EYE, near=5.0)) == strengths([lying], [], EYE) == [1]


def test_of_colliding_labels_the_more_important_stays() -> None:
    behind = replace(LABEL, position=(0.1, 1.65, -5.0), text="layer2.1.conv2")
    assert strengths([LABEL, behind], [], EYE) == [1, 0]
    assert strengths([LABEL, replace(behind, priority=1)], [], EYE) == [0, 1]
    aside = replace(behind, position=(2.5, 1.6, -5.0))
    assert strengths([LABEL, aside], [], EYE) == [1, 1]


FLOOR = Label("HHHHHH", (0.0, 0.0, -4.0), 0.2, WHITE, "floor", is_bold=True)


@pytest.mark.usefixtures("clean_graphics")
def test_labels_are_drawn_where_it_is_decided_that_they_show() -> None:
    """What the shader does and what is calculated for collisions are one rule."""
    rng = np.random.default_rng(4)
    size_wh = (640, 360)
    with Renderer() as renderer, Target(size_wh) as target:
        seen = 0
        for plane in ("floor", "floor", "floor", "wall", "back", "column") * 12:
            label = replace(
                FLOOR, plane=plane, position=(*rng.uniform((-2, 0), (2, 1.5)), -6.0),
                yaw=float(rng.choice([0.0, 0.4, -0.7, math.pi])), grows=float(rng.choice([1, 2.5])),
                slides=float(rng.choice([0.0, 1.5])), height=float(rng.choice([0.06, 0.2])),
            )  # fmt: skip
            camera = Camera(
                (float(rng.uniform(-4, 4)), float(rng.uniform(0.4, 4)), float(rng.uniform(-2, 2)))
            )
            eye = eye_of(camera, size_wh)
            if strengths([label], [], camera) != [1.0]:
                continue
            box = screen_boxes(seen_from(places_of([label]), eye), np.array([0]), eye)[0]
            renderer.set_scene(Scene())
            renderer.draw(Look(camera), target)
            bare = target.read_rgb().astype(int)
            renderer.set_scene(Scene(labels=(label,)))
            renderer.draw(Look(camera), target)
            changed = (target.read_rgb().astype(int) - bare)[..., 1] > 90
            rows, columns = np.nonzero(changed)
            found = (
                columns.min() - 320, 180 - rows.max() - 1, columns.max() + 1 - 320, 180 - rows.min()
            )  # fmt: skip
            # The side bearings of H, and half a pixel.
            room = 1.2 + 0.05 * (box[2:] - box[:2]).max()
            np.testing.assert_allclose(found, np.clip(box, (-320, -180) * 2, (320, 180) * 2),
                                       atol=room)  # fmt: skip
            seen += 1
    assert seen >= 12


def test_what_lies_leans_towards_an_eye_that_sees_it_at_a_slant() -> None:
    low, high = (eye_of(Camera((0.6, y, 0.0)), (640, 360)) for y in (0.4, 40.0))
    places = places_of([FLOOR])
    leant = seen_from(places, low)
    to_eye = low.position - leant.position[0]
    angle = math.asin(float(leant.normal[0] @ to_eye) / float(np.linalg.norm(to_eye)))
    assert 26 < math.degrees(angle) < 34
    np.testing.assert_array_equal(leant.position, places.position)
    np.testing.assert_allclose(seen_from(places, high).up, places.up, atol=1e-6)


def test_what_lies_is_read_from_both_sides_at_one_place() -> None:
    eyes = [eye_of(Camera((0.6, 30.0, z)), (640, 360)) for z in (1.0, -9.0)]
    before, behind = (seen_from(places_of([FLOOR]), eye) for eye in eyes)
    np.testing.assert_allclose(behind.right, -before.right, atol=1e-6)
    np.testing.assert_allclose(behind.up, -before.up, atol=1e-6)
    corners = [
        np.sort([p.position[0] + p.right[0] * p.box[0, x] + p.up[0] * p.box[0, y]
                 for x, y in ((0, 1), (2, 3))], axis=0)
        for p in (before, behind)
    ]  # fmt: skip
    np.testing.assert_allclose(*corners, atol=1e-4)


def test_important_labels_stay_legible_where_others_are_gone() -> None:
    far = replace(LABEL, position=(0.0, 1.6, -22.0))
    assert strengths([far], [], EYE) == [0]
    assert strengths([replace(far, grows=3.0)], [], EYE) == [1]
    near = replace(LABEL, grows=3.0)
    eye = eye_of(EYE, (640, 360))
    np.testing.assert_array_equal(
        seen_from(places_of([near]), eye).box, seen_from(places_of([LABEL]), eye).box
    )


def test_a_group_name_slides_to_the_side_from_which_it_is_seen() -> None:
    label = replace(FLOOR, slides=3.0)
    width = float(places_of([label]).box[0, 2])
    lefts = [
        seen_from(places_of([label]), eye_of(Camera((x, 2.0, 0.0)), (640, 360))).position[0, 0]
        for x in (-5.0, 0.0, 3.0 + width, 3.5 + width, 9.0)
    ]
    assert lefts[0] == lefts[1] == lefts[2] == 0.0
    assert lefts[3] == pytest.approx(1.5, abs=1e-4)
    assert lefts[4] == 3.0


def test_quiet_labels_keep_off_the_walls_behind_them() -> None:
    label = replace(LABEL, position=(0.0, 1.6, -7.4))
    wall = replace(make_wall(0, 64, (4, 4)), centre=(0.0, 1.6, -9.0))
    assert strengths([label], [], EYE) == [1]
    assert strengths([label], [wall], EYE) == [0]
    assert strengths([replace(label, priority=3)], [wall], EYE) == [1]
    assert strengths([replace(label, height=0.4)], [wall], EYE) == [1]  # large enough
    own = replace(wall, centre=(0.0, 1.6, -7.42))
    assert strengths([label], [own], EYE) == [1]


def test_labels_that_leave_the_picture_fade() -> None:
    label = replace(LABEL, anchor="left-centre")
    shown = [
        strengths([replace(label, position=(x, 1.6, -4.0))], [], EYE)[0]
        for x in (3.0, 3.55, 3.75, 3.95)
    ]
    assert shown[0] == 1
    assert 0 < shown[2] < 1
    assert shown[3] == 0
    assert sorted(shown, reverse=True) == shown


def test_of_two_equals_the_one_that_shows_stays_while_the_eye_moves() -> None:
    pair = [LABEL, replace(LABEL, position=(0.1, 1.65, -4.2), text="conv2")]
    places, walls, eye = places_of(pair), wall_places([]), eye_of(EYE, (640, 360))
    first = label_strengths(places, walls, eye)
    other = np.array([0, 1], np.float32)
    assert first.tolist() == [1, 0]
    assert label_strengths(places, walls, eye, before=other).tolist() == [0, 1]


def test_no_labels_have_no_strengths() -> None:
    assert strengths([], [], EYE) == []


@pytest.mark.usefixtures("clean_graphics")
def test_labels_fade_in_over_time_and_at_once_without() -> None:
    with Renderer() as renderer, Target((640, 360)) as target:
        renderer.set_scene(Scene(labels=(LABEL,)))
        renderer.draw(Look(EYE), target, dt=0.03)
        first = int(target.read_rgb().max())
        assert renderer.is_animating
        for _ in range(5):
            renderer.draw(Look(EYE), target, dt=0.03)
        assert not renderer.is_animating
        last = int(target.read_rgb().max())
        renderer.set_scene(Scene(labels=(replace(LABEL, text="conv2"),)))
        renderer.draw(Look(EYE), target)
        assert not renderer.is_animating
    assert first < 160 < last


def test_the_spread_is_what_the_shader_divides_by() -> None:
    distances = make_glyph_atlas().distances
    assert distances.max() > 128 + 20
    assert (distances.min(), SPREAD_PX) == (1, 8)

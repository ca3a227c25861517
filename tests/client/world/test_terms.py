"""Every pixel of a wall is told in its tensor's own terms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from layerwalk.pyramid import arrange
from layerwalk_client.source.exhibits import arranged
from layerwalk_client.world.terms import kind_line, words
from layerwalk_client.world.tokens import quoted, readable
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.views import picture_shape, tensor_index


def node(view, shape, *, operation="Linear", kind="module"):
    channels, height, width = picture_shape(view, shape)
    return Node(
        id="n", name="n", kind=kind, operation=operation, shape=shape, view=view,
        channels=channels, height=height, width=width,
    )  # fmt: skip


SHAPES = [
    ("maps", (3, 4, 5)), ("maps", (2, 3, 4, 5)), ("vector", (7,)), ("vector", (2, 3)),
    ("vector", ()), ("tokens", (4, 6)), ("tokens", (2, 4, 6)), ("sequence", (9, 2)),
    ("grid", (9, 4)), ("grid", (10, 4)), ("attention", (3, 5, 5)), ("attention", (2, 3, 4, 5)),
    ("volume", (2, 5, 3, 4)), ("frames", (5, 2, 3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("view", "shape"), SHAPES)
def test_each_pixel_is_the_element_that_the_picture_was_made_of(view, shape):
    tensor = np.arange(1, math.prod(shape) + 1, dtype=np.float32).reshape(shape)
    described = node(view, shape)
    pictures = arranged(tensor, view)
    met = 0
    for channel in range(described.channels):
        for row in range(described.height):
            for column in range(described.width):
                index = tensor_index(view, shape, channel, row, column)
                shown = pictures[channel, row, column]
                assert shown == (0 if index is None else tensor[index])
                met += index is not None
    left_out = shape[1] if (view, shape) == ("grid", (10, 4)) else 0
    assert met == tensor.size - left_out


@pytest.mark.parametrize(
    ("view", "shape"), [case for case in SHAPES if case[0] not in ("volume", "frames")]
)
def test_the_pictures_are_those_of_the_server(view, shape):
    tensor = np.arange(1, math.prod(shape) + 1, dtype=np.float32).reshape(shape)
    assert (arranged(tensor, view) == arrange(torch.tensor(tensor), view).numpy()).all()


@pytest.mark.parametrize(
    ("view", "shape", "line"),
    [
        ("maps", (64, 56, 56), "Linear · 64 × 56 × 56"),
        ("grid", (197, 768), "Linear · 197 × 768 tokens, shown as 14 × 14 patches"),
        ("tokens", (24, 128), "Linear · 24 × 128 tokens"),
        ("attention", (12, 197, 197), "Linear · 12 heads of 197 × 197"),
        ("volume", (16, 8, 24, 24), "Linear · 16 × 8 × 24 × 24, shown as 8 slices"),
        ("frames", (8, 3, 24, 32), "Linear · 8 frames of 3 × 24 × 32"),
        ("sequence", (200, 4), "Linear · 200 × 4 sequence"),
    ],
)
def test_a_sign_says_what_the_axes_are(view, shape, line):
    assert kind_line(node(view, shape)) == line


SPEECH = InputSpec(kind="sound", shape=(1, 16000), sample_rate=8000, time_axis=1)
SERIES = InputSpec(kind="series", shape=(200, 3), sample_rate=50, names=("x", "y", "z"))
TEXT = InputSpec(kind="text", shape=(3,), vocabulary=9)
WORDS = ("The", " hall", ".")


@pytest.mark.parametrize(
    ("described", "index", "options", "text"),
    [
        (node("maps", (8, 4, 4)), (3, 1, 2), {}, "channel 3   row 1, column 2"),
        (node("image", (3, 4, 4)), (0, 1, 2), {}, "row 1, column 2"),
        (node("volume", (2, 5, 3, 4)), (1, 4, 0, 2), {}, "channel 1   slice 4   row 0, column 2"),
        (node("frames", (5, 2, 3, 4)), (4, 1, 0, 2), {}, "frame 4   channel 1   row 0, column 2"),
        (node("grid", (10, 4)), (6, 3), {}, "patch row 1, column 2   token 6   feature 3"),
        (node("grid", (3, 4, 8)), (2, 1, 5), {}, "patch row 2, column 1   feature 5"),
        (node("tokens", (3, 8)), (1, 5), {"texts": [WORDS]}, "token 1 “hall”   feature 5"),
        (node("tokens", (4, 8)), (1, 5), {"texts": [WORDS]}, "token 1   feature 5"),
        (node("tokens", (3, 9)), (2, 5), {"spec": TEXT, "texts": [WORDS]}, "token 2 “.”   entry 5"),
        (node("attention", (4, 3, 3)), (2, 2, 1), {"texts": [WORDS]},
         "head 2   token 2 “.” to token 1 “hall”"),
        (node("maps", (4, 3, 3)), (2, 2, 1), {"texts": [WORDS]},
         "channel 2   token 2 “.” to token 1 “hall”"),
        (node("tokens", (200, 3), kind="input"), (100, 1), {"spec": SERIES}, "step 100   2 s   y"),
        (node("vector", (3,), kind="input"), (1,), {"spec": TEXT, "texts": [WORDS]},
         "token 1 “hall”"),
        (node("vector", (3,)), (2,), {"classes": ("cat", "dog", "cow")}, "unit 2   cow"),
        (node("sequence", (200, 3), kind="input"), (100, 1), {"spec": SERIES}, "step 100   2 s   y"),
        (node("sequence", (50, 16)), (12, 1), {"spec": SERIES},
         "step 12   about 1 s   feature 1"),
        (node("sequence", (1, 16000), kind="input"), (0, 4000), {"spec": SPEECH},
         "sample 4000   0.5 s   channel 0"),
        (node("sequence", (16, 4000)), (3, 1000), {"spec": SPEECH},
         "step 1000   about 0.5 s   channel 3"),
    ],
)  # fmt: skip
def test_a_place_is_told_in_the_tensors_own_terms(described, index, options, text):
    assert words(described, index, **options) == text


def test_rows_are_steps_where_the_input_runs_in_time():
    assert kind_line(node("tokens", (50, 16)), SERIES) == "Linear · 50 × 16 sequence"
    assert kind_line(node("tokens", (50, 16)), TEXT) == "Linear · 50 × 16 tokens"


def test_spaces_of_tokens_are_seen():
    assert readable(" hall") == "·hall"
    assert readable("\u0120hall") == "·hall"
    assert readable("\u2581hall\n") == "·hall\\n"
    assert readable("  ") == "··"
    assert len(readable("x" * 100)) == 32
    assert quoted(" hall") == "“hall”"
    assert quoted(" ") == "“·”"

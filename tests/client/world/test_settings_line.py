"""A node's settings as a line: what is usual is not told."""

import pytest

from layerwalk_client.world.settings_line import settings_line
from layerwalk_shared.graph import Node

CONV = {
    "in_channels": 64, "out_channels": 128, "kernel_size": (3, 3), "stride": (2, 2),
    "padding": (1, 1), "dilation": (1, 1), "groups": 1, "padding_mode": "zeros", "bias": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "attributes", "line"),
    [
        ("Conv2d", CONV, "3 × 3, stride 2, padding 1, 64 to 128, bias"),
        ("Conv2d", CONV | {"kernel_size": (3, 1), "stride": (1, 1), "padding": (1, 0),
                           "groups": 64, "bias": False},
         "3 × 1, padding 1 × 0, 64 to 128, depthwise, no bias"),
        ("conv2d", {"stride": 1, "padding": 0}, ""),
        ("Linear", {"in_features": 512, "out_features": 1000, "bias": True}, "512 to 1000, bias"),
        ("MaxPool2d", {"kernel_size": 2, "stride": 2, "padding": 0}, "2 × 2"),
        ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, "3 × 3, stride 2, padding 1"),
        ("AdaptiveAvgPool2d", {"output_size": (1, 1)}, "to 1 × 1"),
        ("BatchNorm2d", {"num_features": 64, "eps": 1e-5, "affine": True}, "64 channels, ε 1e−05"),
        ("LayerNorm", {"normalized_shape": (768,), "eps": 1e-6}, "over 768, ε 1e−06"),
        ("GroupNorm", {"num_groups": 8, "num_channels": 64}, "64 channels, 8 groups"),
        ("MultiheadAttention", {"num_heads": 12, "embed_dim": 768, "dropout": 0.0},
         "12 heads, width 768"),
        ("LSTM", {"input_size": 12, "hidden_size": 6, "num_layers": 2, "bidirectional": True},
         "12 to 6, 2 layers, both directions"),
        ("Embedding", {"num_embeddings": 1000, "embedding_dim": 64}, "1000 entries of 64"),
        ("PReLU", {"num_parameters": 1, "init": 0.25}, "one slope"),
        ("LeakyReLU", {"negative_slope": 0.2}, "negative slope 0.2"),
        ("softmax", {"dim": -1}, "dim −1"),
        ("ReLU", {}, ""),
        ("Mine", {"a": 1, "b": False, "c": "x" * 40, "d": (1, 2), "e": 3.0, "f": "none", "g": 2},
         "a 1, d 1, 2, e 3, g 2"),
    ],
)  # fmt: skip
def test_a_line_says_what_is_not_usual(operation, attributes, line):
    node = Node(
        id="a", name="a", kind="module", operation=operation, shape=(4,), view="vector",
        channels=1, height=2, width=2, attributes=attributes,
    )  # fmt: skip
    assert settings_line(node) == line

"""The table of the zoo: each network's builder, input and classes, and a line about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn

from layerwalk_shared.messages import InputSpec

from . import coordinates, densenet, gpt, inception, lstm, mlp, pfnet, resnet, unet, vgg, vit

PICTURE: Final = InputSpec(kind="image", shape=(3, 224, 224))
CT_SCAN: Final = InputSpec(kind="image", shape=(3, 180, 250))
"""The CT scans of the dissertation's table 4.1 are 250 x 180."""
CALTECH: Final = InputSpec(kind="image", shape=(3, 150, 175))
"""The pictures of Caltech101 in table 4.1, 175 x 150."""
DIGIT: Final = InputSpec(kind="image", shape=(1, 28, 28))
PLANE: Final = InputSpec(
    kind="tensor", shape=(2, coordinates.DEFAULT_SIDE, coordinates.DEFAULT_SIDE)
)
TEXT: Final = InputSpec(kind="text", shape=(64,), vocabulary=len(gpt.CHARACTERS))
ROWS: Final = InputSpec(kind="series", shape=(8, 8), time_axis=0)
PROMPT: Final = '    """Give the shape of a layer, and what it is."""\n    return '
"""64 characters that the GPT begins with, in the manner of the text that it was trained on."""
CAT_HW: Final = (128, 192)
"""Height and width of the picture that `siren_cat` holds."""
THREE: Final = (
    (0.0, 0.0, 0.5, 0.9, 1.0, 0.7, 0.0, 0.0),
    (0.0, 0.2, 0.9, 0.6, 0.6, 1.0, 0.2, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 0.1, 0.0),
    (0.0, 0.0, 0.1, 0.8, 1.0, 0.8, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.2, 0.5, 1.0, 0.4, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.7, 0.0),
    (0.0, 0.3, 0.8, 0.3, 0.4, 1.0, 0.5, 0.0),
    (0.0, 0.0, 0.6, 1.0, 1.0, 0.7, 0.0, 0.0),
)
"""The rows of a three, drawn by hand, that the LSTM begins with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A network of the zoo.

    Attributes:
        build: Takes the number of classes (of colours, of tokens) and gives a network with random
            weights.
        input: What it takes.
        classes: Their default number.
        description: What it is, one line.
        example: Makes the arguments by name of one forward pass; gives none where noise will do.
        is_trained: Its weights are shipped.
    """

    build: Callable[[int], nn.Module]
    input: InputSpec
    classes: int
    description: str
    example: Callable[[], Mapping[str, Tensor]] = field(default=dict)
    is_trained: bool = False


def show_plane(
    height: int = coordinates.DEFAULT_SIDE, width: int = coordinates.DEFAULT_SIDE
) -> Mapping[str, Tensor]:
    """Give the places of a picture's pixels, for a coordinate network."""
    return {"x": coordinates.make_plane(height, width)}


def show_rows() -> Mapping[str, Tensor]:
    """Give the rows of a three, for the LSTM."""
    return {"x": torch.tensor(THREE).unsqueeze(0)}


def show_prompt() -> Mapping[str, Tensor]:
    """Give the ids of a sentence, for the character GPT."""
    return {"ids": gpt.encode(PROMPT).unsqueeze(0)}


ENTRIES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "auer_mlp": Entry(
            mlp.make_auer_mlp, DIGIT, 10, "Auer's fully connected network, 784-1250-...-32-10"
        ),
        "auer_mlp_mnist": Entry(
            mlp.make_auer_mlp,
            DIGIT,
            10,
            "Auer's fully connected network trained on digits of MNIST",
            is_trained=True,
        ),
        "coordinates_jasin": Entry(
            coordinates.make_jasin_network,
            PLANE,
            3,
            "coordinate network with a triangle wave (Kim's JaSIN)",
            show_plane,
        ),
        "coordinates_mrelu": Entry(
            coordinates.make_mrelu_network,
            PLANE,
            3,
            "coordinate network with the bounded mReLU",
            show_plane,
        ),
        "coordinates_relu": Entry(
            coordinates.make_relu_network, PLANE, 3, "coordinate network with ReLU", show_plane
        ),
        "coordinates_siren": Entry(
            coordinates.make_siren, PLANE, 3, "SIREN, a coordinate network with sines", show_plane
        ),
        "covid_densenet": Entry(
            densenet.make_covid_densenet,
            CT_SCAN,
            2,
            "CovidDenseNet, dense blocks of 6, 10, 2 and 1 layers",
        ),
        "covid_resnet": Entry(
            resnet.make_covid_resnet,
            CALTECH,
            101,
            "CovidResNet, basic blocks 2-1-1-1, with the classes of Caltech101",
        ),
        "densenet121": Entry(densenet.make_densenet121, PICTURE, 1000, "DenseNet121"),
        "densenet169": Entry(densenet.make_densenet169, PICTURE, 1000, "DenseNet169"),
        "gpt": Entry(
            gpt.make_gpt, TEXT, len(gpt.CHARACTERS), "character GPT, 4 blocks", show_prompt
        ),
        "gpt_layerwalk": Entry(
            gpt.make_gpt,
            TEXT,
            len(gpt.CHARACTERS),
            "character GPT trained on Layerwalk's own text",
            show_prompt,
            is_trained=True,
        ),
        "inception_v3": Entry(
            inception.make_inception_v3,
            InputSpec(kind="image", shape=(3, 299, 299)),
            1000,
            "Inception v3 with its auxiliary classifier",
        ),
        "lstm": Entry(lstm.make_lstm, ROWS, 10, "LSTM that reads a digit row by row", show_rows),
        "lstm_digits": Entry(
            lstm.make_lstm,
            ROWS,
            10,
            "LSTM trained on the rows of scikit-learn's digits",
            show_rows,
            is_trained=True,
        ),
        "pfdensenet121_k18": Entry(
            densenet.BUILDERS["pfdensenet121_k18"],
            PICTURE,
            200,
            "DenseNet121 of 18 pre-defined filters",
        ),
        "pfdensenet121_k9": Entry(
            densenet.BUILDERS["pfdensenet121_k9"],
            PICTURE,
            200,
            "DenseNet121 of 9 pre-defined filters",
        ),
        "pfnet18": Entry(
            pfnet.make_pfnet18, PICTURE, 101, "reduced PFNet18, 16 pre-defined filters, f = 1"
        ),
        "pfnet18_caltech101": Entry(
            pfnet.make_pfnet18,
            InputSpec(kind="image", shape=(3, 96, 96)),
            101,
            "reduced PFNet18 trained on Caltech101",
            is_trained=True,
        ),
        "pfnet18_k18": Entry(
            pfnet.BUILDERS["pfnet18_k18"], PICTURE, 200, "PFNet18 of 18 pre-defined filters"
        ),
        "pfnet18_k9": Entry(
            pfnet.BUILDERS["pfnet18_k9"], PICTURE, 200, "PFNet18 of 9 pre-defined filters"
        ),
        "resnet18": Entry(resnet.make_resnet18, PICTURE, 1000, "ResNet-18"),
        "resnet18_caltech101": Entry(
            resnet.make_resnet18_thin,
            InputSpec(kind="image", shape=(3, 128, 128)),
            101,
            "thin ResNet-18 trained on Caltech101",
            is_trained=True,
        ),
        "resnet34": Entry(resnet.make_resnet34, PICTURE, 1000, "ResNet-34"),
        "resnet50": Entry(resnet.make_resnet50, PICTURE, 1000, "ResNet-50"),
        "siren_cat": Entry(
            coordinates.make_siren,
            InputSpec(kind="tensor", shape=(2, *CAT_HW)),
            3,
            "SIREN that holds a photograph of a cat",
            partial(show_plane, *CAT_HW),
            is_trained=True,
        ),
        "unet": Entry(
            unet.make_unet,
            InputSpec(kind="image", shape=(3, 128, 128)),
            2,
            "small U-Net, 16 to 256 channels",
        ),
        "vgg13": Entry(vgg.make_vgg13, PICTURE, 100, "VGG13 with norms and 1024 hidden neurons"),
        "vit_tiny": Entry(vit.make_vit_tiny, PICTURE, 1000, "vision transformer ViT-Ti/16"),
    }
)
"""Name -> network."""


def make_example(entry: Entry, *, batch: int = 1) -> Mapping[str, Tensor]:
    """Make the arguments by name of one forward pass: the entry's example, else seeded noise.

    The noise stands under the name "x"; every network of the zoo but the GPT calls its input so.
    """
    example = entry.example()
    if example:
        return {name: tensor.repeat_interleave(batch, dim=0) for name, tensor in example.items()}
    generator = torch.Generator().manual_seed(0)
    return {"x": torch.rand(batch, *entry.input.shape, generator=generator)}

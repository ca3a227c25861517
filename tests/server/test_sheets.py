"""Sheets show every image, and say how they were made so that it can be done again."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from layerwalk.sheets import (
    Entry,
    Legend,
    draw_sheet,
    images_npz,
    parameters_json,
    picture_of,
    read_legend,
)
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import ClassScore, InputSpec, MaximisedImage, Rival
from layerwalk_shared.recipes import RECIPES, Objective

SPEC = InputSpec(kind="image", shape=(3, 8, 8), mean=(0.5,) * 3, std=(0.25,) * 3)
LEGEND = Legend(
    network="small",
    node="layer1.0.conv",
    channels=(4, 7),
    recipe=RECIPES["fourier"],
    objective=Objective(kind="percentile", share=0.07),
    start="random spectrum",
    seed=11,
    precision="float32",
    input=SPEC,
    fingerprint="f" * 64,
    arguments=("small", "layer1.0.conv", "4,7"),
)


def entry(channel: int, colour: tuple[float, float, float]) -> Entry:
    told = MaximisedImage(
        channel=channel,
        activation=3.0,
        rival=Rival(channel=1, activation=1.5),
        answers=(ClassScore(index=0, name="Käfer", probability=0.5, logit=1.0),),
    )
    planes = (np.array(colour, np.float32) - 0.5) / 0.25
    return Entry(told, np.broadcast_to(planes[:, None, None], (3, 8, 8)).copy(), "名前 Größe")


ENTRIES = [entry(4, (1.0, 0.0, 0.0)), entry(7, (0.0, 0.0, 1.0))]


def test_every_image_is_on_the_sheet_in_its_colour_and_side_by_side() -> None:
    pixels = np.array(Image.open(BytesIO(draw_sheet(ENTRIES, LEGEND))))
    boxes = []
    for colour in ((255, 0, 0), (0, 0, 255)):
        rows, columns = np.nonzero((pixels == colour).all(2))
        box = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        assert len(rows) == (box[1] - box[0]) * (box[3] - box[2]) == 144 * 144
        boxes.append(box)
    assert boxes[0][:2] == boxes[1][:2]
    assert boxes[0][3] < boxes[1][2]


def test_a_sheet_and_its_json_tell_how_they_were_made() -> None:
    assert read_legend(draw_sheet(ENTRIES, LEGEND)) == LEGEND
    assert read_legend(parameters_json(LEGEND)) == LEGEND


def test_exact_images_are_in_the_npz() -> None:
    with np.load(BytesIO(images_npz(ENTRIES, LEGEND)), allow_pickle=False) as found:
        assert np.array_equal(found["images"], np.stack([one.image for one in ENTRIES]))
        assert found["channels"].tolist() == [4, 7]
        assert found["rival_activations"].tolist() == [1.5, 1.5]
        assert read_legend(str(found["parameters"]).encode()) == LEGEND


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((12,), "vector"), ((2, 30), "sound"), ((5, 6, 7), "tensor"), ((1, 3, 4, 4), "volume")],
)
def test_inputs_that_are_no_pictures_are_painted(shape: tuple[int, ...], kind: str) -> None:
    values = np.zeros(shape, np.float32)
    values.flat[1] = 2.0
    spec = InputSpec.model_validate({"kind": kind, "shape": shape})
    found = picture_of(values, spec)
    assert found.shape[2] == 3
    assert (found == 255).all(2).sum() == 1, "the largest value has the colour of the table's end"


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"\x89PNG nothing", b'{"version": 2}', parameters_json(LEGEND)[:-40]],
)
def test_what_is_no_legend_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequestError, match=r"no (legend|sheet)"):
        read_legend(data)


def test_a_picture_that_is_no_sheet_is_told() -> None:
    stream = BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    with pytest.raises(InvalidRequestError, match="does not say how it was made"):
        read_legend(stream.getvalue())

"""What a source without a server shows: the made-up convolutional network, or an exhibit."""

from __future__ import annotations

import io
import wave
import zlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.exhibits import Exhibit, answer_of, arranged, tensors_of
from layerwalk_client.source.synthetic import (
    CLASSES,
    SIDE,
    Floats,
    SyntheticValues,
    synthetic_graph,
    synthetic_item,
    synthetic_values,
)
from layerwalk_shared.errors import InputError, NotFoundError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    ExampleInput,
    InputReference,
    InputSpec,
    NetworkSummary,
    NoiseInput,
    TextInput,
)

DATASET = "shapes"
ITEMS = 240
Held = Callable[[str], SyntheticValues]
"""Returns the values of a snapshot, or raises that it is gone."""


class Showcase(Protocol):
    """A made-up network, whatever its kind."""

    name: str
    graph: Graph
    input: InputSpec
    classes: tuple[str, ...]

    def first(self) -> tuple[Floats, InputReference]:
        """Return what is on the input at the beginning."""

    def given(self, wish: PutInput, held: Held) -> tuple[Floats, InputReference]:
        """Return what a wish puts on the input.

        Raises:
            LayerwalkError: it cannot be.
        """

    def forward(self, given: Floats, *, step: int) -> SyntheticValues:
        """Return the values of every node."""


class PictureShowcase:
    """The made-up convolutional network; inputs are `[SIDE, SIDE, 3]` in 0..1."""

    name = "synthetic"
    input = InputSpec(kind="image", shape=(3, SIDE, SIDE))
    classes: tuple[str, ...] = CLASSES

    def __init__(self) -> None:
        self.graph = synthetic_graph()

    def first(self) -> tuple[Floats, InputReference]:
        reference = InputReference(kind="dataset", title="shapes 0", dataset=DATASET, item=0)
        return _unit(synthetic_item(0)), reference

    def forward(self, given: Floats, *, step: int) -> SyntheticValues:
        return synthetic_values(self.graph, given, turn=0.003 * step)

    def given(self, wish: PutInput, held: Held) -> tuple[Floats, InputReference]:
        image = wish.image
        if isinstance(image, ExampleInput):
            return self.first()
        if isinstance(image, DatasetInput):
            check_item(image)
            reference = InputReference(
                kind="dataset", title=f"shapes {image.item}", dataset=DATASET, item=image.item,
                label=CLASSES[image.item % len(CLASSES)],
            )  # fmt: skip
            return _unit(synthetic_item(image.item)), reference
        if isinstance(image, NoiseInput):
            noise = np.random.default_rng(image.seed).normal(0.5, image.amplitude, (SIDE, SIDE, 3))
            pixels = np.rint(np.clip(noise, 0, 1) * 255).astype(np.uint8)
            return _unit(pixels), InputReference(kind="noise", title=f"{image.noise} noise")
        if isinstance(image, ChannelInput):
            part = held(image.snapshot).nodes[self.graph.index[image.node]]
            plane = part[image.channel] if part.ndim == 3 else part.mean(axis=2)
            span = float(np.ptp(plane)) or 1.0
            grey = np.rint((plane - plane.min()) / span * 255).astype(np.uint8)
            pixels = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE)).convert("RGB"))
            return _unit(pixels), InputReference(
                kind="channel", title=f"{image.node} {image.channel}"
            )
        if not isinstance(image, bytes):
            raise InputError("this network takes pictures, no words")
        try:
            with Image.open(io.BytesIO(image)) as picture:
                pixels = np.asarray(picture.convert("RGB").resize((SIDE, SIDE)))
        except OSError as error:
            raise InputError(f"{wish.title or 'the file'} is no image: {error}") from error
        return _unit(pixels), InputReference(kind="image", title=wish.title or "image")


class ExhibitShowcase:
    """An exhibit; inputs are tensors of its input's shape."""

    def __init__(self, exhibit: Exhibit) -> None:
        self._exhibit = exhibit
        self.name = exhibit.name
        self.graph = exhibit.graph
        self.input = exhibit.input
        self.classes = exhibit.classes

    def first(self) -> tuple[Floats, InputReference]:
        return self._exhibit.example(0), self._reference("example", "the example")

    def forward(self, given: Floats, *, step: int) -> SyntheticValues:
        tensors = tensors_of(self._exhibit, given, step=step)
        pictures = tuple(
            arranged(tensor, node.view)
            for tensor, node in zip(tensors, self.graph.nodes, strict=True)
        )
        return SyntheticValues(given, pictures, answer_of(self._exhibit, tensors), tensors)

    def given(self, wish: PutInput, held: Held) -> tuple[Floats, InputReference]:
        image, example = wish.image, self._exhibit.example
        if isinstance(image, ExampleInput):
            return self.first()
        if isinstance(image, DatasetInput):
            check_item(image)
            reference = InputReference(
                kind="dataset", title=f"item {image.item}", dataset=DATASET, item=image.item,
                tokens=self._exhibit.tokens,
            )  # fmt: skip
            return example(image.item), reference
        if isinstance(image, TextInput):
            if self.input.kind != "text":
                raise InputError(f"this network takes {self.input.kind}, no words")
            words = [f" {word}" if place else word for place, word in enumerate(image.text.split())]
            count = self.input.shape[0]
            tokens = tuple((words + [""] * count)[:count])
            ids = [zlib.crc32(token.encode()) % 1000 for token in tokens]
            reference = InputReference(kind="text", title=image.text[:60], tokens=tokens)
            return np.array(ids, np.float32), reference
        if isinstance(image, bytes) and self.input.kind == "sound":
            return self._sound(image, wish.title), self._reference("sound", wish.title or "sound")
        if isinstance(image, NoiseInput):
            values = np.random.default_rng(image.seed).normal(0, image.amplitude, self.input.shape)
            return np.asarray(values, np.float32), self._reference("noise", f"{image.noise} noise")
        raise InputError(f"{wish.title or 'this'} is nothing for an input of {self.input.kind}")

    def _reference(self, kind: str, title: str) -> InputReference:
        return InputReference(kind=kind, title=title, tokens=self._exhibit.tokens)  # type: ignore[arg-type]

    def _sound(self, content: bytes, title: str) -> Floats:
        try:
            with wave.open(io.BytesIO(content)) as file:
                if file.getsampwidth() != 2:
                    raise InputError(f"{title}: {8 * file.getsampwidth()} bits, expected 16")
                frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
                first = frames.reshape(-1, file.getnchannels())[:, 0]
        except (wave.Error, EOFError) as error:
            raise InputError(f"{title} is no sound: {error}") from error
        samples = np.zeros(self.input.shape[-1], np.float32)
        count = min(len(samples), len(first))
        samples[:count] = first[:count] / 32768
        return samples[None]


def summary_of(showcase: Showcase) -> NetworkSummary:
    """Return how a session names a network."""
    return NetworkSummary(
        id=showcase.name,
        name=showcase.name,
        nodes=len(showcase.graph.nodes),
        classes=len(showcase.classes),
        parameters=0,
    )


def check_item(item: DatasetInput) -> None:
    """Refuse an item that there is not.

    Raises:
        NotFoundError: there is no such item.
    """
    if item.dataset != DATASET or item.item >= ITEMS:
        raise NotFoundError(f"item {item.item} of data set {item.dataset!r}")


def _unit(pixels: NDArray[np.uint8]) -> Floats:
    return np.asarray(pixels / np.float32(255), np.float32)

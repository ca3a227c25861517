"""What a person asks for through a panel, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import ExampleInput, NoiseInput, TextInput


@dataclass(frozen=True, slots=True)
class ClosePanel:
    """Take the panel away that this comes from."""


@dataclass(frozen=True, slots=True)
class PickItem:
    """Pick up an item of a data set."""

    dataset: str
    item: int
    title: str


@dataclass(frozen=True, slots=True)
class PickNoise:
    """Pick up a noise image."""

    noise: NoiseInput


@dataclass(frozen=True, slots=True)
class PickChannel:
    """Pick up one channel of a node."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class GoTo:
    """Fly to a node's wall and select it."""

    node: int


@dataclass(frozen=True, slots=True)
class SetAppearance:
    """Show values like this."""

    appearance: Appearance


@dataclass(frozen=True, slots=True)
class ChooseStep:
    """Look at a step of the training; None: follow the newest."""

    step: int | None


@dataclass(frozen=True, slots=True)
class PutOn:
    """Put something on the input; `argument` names one of several, None: the shown one."""

    image: TextInput | NoiseInput | ExampleInput
    title: str
    argument: str | None = None


Intent = ClosePanel | PickItem | PickNoise | PickChannel | GoTo | SetAppearance | ChooseStep | PutOn

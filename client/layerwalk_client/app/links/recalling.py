"""What lies on the input, said so that it can be put there again: in scripts and in links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.source.asking import Puttable
from layerwalk_shared.errors import NotFoundError, nearest_hint
from layerwalk_shared.links import LinkedInput
from layerwalk_shared.messages import (
    DatasetInput,
    ExampleInput,
    NoiseInput,
    SessionDescription,
    TextInput,
)

if TYPE_CHECKING:
    from layerwalk_client.app.stage.stage import Stage


def on_the_input(stage: Stage) -> LinkedInput | None:
    """Return what the shown snapshot was taken of; None where it cannot be said again: a file, a
    feature map, something that another client has put there."""
    shown, session = stage.shown, stage.state.session
    if shown is None or session is None:
        return None
    found, put = shown.input, stage.last_put
    if found.kind == "dataset":
        name = next((one.name for one in session.datasets if one.id == found.dataset), None)
        return None if not name or found.item is None else f"{name}:{found.item}"
    if found.kind == "example":
        return ExampleInput()
    if found.kind == "noise" and isinstance(put, NoiseInput) and put.seed == found.seed:
        return put
    if found.kind == "text" and isinstance(put, TextInput):
        return put
    return None


def puttable(session: SessionDescription | None, said: LinkedInput) -> Puttable:
    """Return what is put on the input, from what was said.

    Raises:
        NotFoundError: there is no such data set or item.
    """
    if not isinstance(said, str):
        return said
    dataset, _, item = said.rpartition(":")
    return find_item(session, dataset, int(item))


def find_item(session: SessionDescription | None, dataset: str, item: int) -> DatasetInput:
    """Return the item of a data set, named by its name or id.

    Raises:
        NotFoundError: there is no such data set or item.
    """
    known = session.datasets if session is not None else ()
    for one in known:
        if dataset in (one.id, one.name):
            if item >= one.count:
                raise NotFoundError(
                    f"item {item} is not in data set {dataset!r} (0 to {one.count - 1})"
                )
            return DatasetInput(dataset=one.id, item=item)
    raise NotFoundError(
        f"data set {dataset!r} is not served" + nearest_hint(dataset, [one.name for one in known])
    )

"""What lies on the input, said so that it can be put there again: in scripts and in links."""

from __future__ import annotations

from layerwalk_client.app.stage import Stage
from layerwalk_shared.messages import ExampleInput, NoiseInput, TextInput

Recalled = str | NoiseInput | TextInput | ExampleInput
"""`DATASET:NUMBER`, noise, words, or the example."""


def on_the_input(stage: Stage) -> Recalled | None:
    """Return what the shown snapshot was taken of; None where it cannot be said again: a file, a
    feature map, something that another client has put there."""
    shown, session = stage.shown, stage.state.session
    if shown is None or session is None:
        return None
    found, put = shown.input, stage.last_put
    if found.kind == "dataset":
        name = next((one.name for one in session.datasets if one.id == found.dataset), None)
        return None if name is None or found.item is None else f"{name}:{found.item}"
    if found.kind == "example":
        return ExampleInput()
    if found.kind == "noise" and isinstance(put, NoiseInput) and put.seed == found.seed:
        return put
    if found.kind == "text" and isinstance(put, TextInput):
        return put
    return None

"""What lies on the arguments of a network: titles, specs and texts by argument and by node."""

from __future__ import annotations

from collections.abc import Sequence

from layerwalk_shared.messages import (
    InputReference,
    InputSpec,
    NamedInput,
    NetworkDescription,
    SnapshotManifest,
)

Texts = Sequence[Sequence[str]]
"""What each position of each text on the input reads."""


def arguments(network: NetworkDescription) -> tuple[NamedInput, ...]:
    """Return the arguments that something can be put on, the shown one first."""
    if network.inputs:
        return network.inputs
    node = next((node.id for node in network.graph.nodes if node.kind == "input"), None)
    return (NamedInput(name=node or "input", node=node, spec=network.input),)


def lying(
    network: NetworkDescription, manifest: SnapshotManifest
) -> tuple[tuple[NamedInput, InputReference], ...]:
    """Return each argument with what lies on it in a snapshot."""
    found = arguments(network)
    if len(manifest.inputs) != len(found):
        return ((found[0], manifest.input),)
    return tuple(zip(found, manifest.inputs, strict=True))


def argument_at(network: NetworkDescription, node: str | None) -> NamedInput | None:
    """Return the argument of an input node."""
    return next((one for one in arguments(network) if node and one.node == node), None)


def spec_at(network: NetworkDescription, node: str) -> InputSpec:
    """Return what an input node takes; of other nodes the spec of the shown input."""
    found = argument_at(network, node)
    return network.input if found is None else found.spec


def titles(network: NetworkDescription, manifest: SnapshotManifest | None) -> dict[str, str]:
    """Return node id -> what lies on it, for people."""
    if manifest is None:
        return {}
    return {one.node: reference.title for one, reference in lying(network, manifest) if one.node}


def texts_at(network: NetworkDescription, manifest: SnapshotManifest, node: str) -> Texts:
    """Return the texts that the positions of a node may be those of.

    On an input node it is its own; further on any text that was put on.
    """
    found = lying(network, manifest)
    own = [reference.tokens for one, reference in found if one.node == node]
    return own or [reference.tokens for _, reference in found if reference.tokens]


def fitting_text(texts: Texts, count: int) -> Sequence[str]:
    """Return the text with that many positions; () where there is none, or nobody can tell which."""
    found = {tuple(text) for text in texts if len(text) == count and count}
    return found.pop() if len(found) == 1 else ()

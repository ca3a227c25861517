"""Laws of every network of the zoo: its answer's shape, its card, its graph and its values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk.targets import open_target
from layerwalk_models import catalogue, zoo
from layerwalk_models.card import Card

SIDES = {"inception_v3": 80, "vit_tiny": 224}
"""Sides of the pictures here, where 32 will not do."""


def make_small_example(name: str) -> Mapping[str, Tensor]:
    """Make the entry's example, pictures smaller than published where the network takes any."""
    entry = catalogue.ENTRIES[name]
    example = catalogue.make_example(entry, batch=2)
    if entry.input.kind == "image" and entry.input.shape[0] == 3:
        side = SIDES.get(name, 32)
        return {"x": example["x"][..., :side, :side]}
    if entry.input.kind == "tensor":
        return {"x": example["x"][..., ::4, ::4]}  # the plane of places, coarser
    return example


def find_answer_shape(name: str, example: Mapping[str, Tensor]) -> tuple[int, ...]:
    entry = catalogue.ENTRIES[name]
    if name.startswith("gpt"):
        return (2, 64, entry.classes)
    if name == "unet" or entry.input.kind == "tensor":
        return (2, entry.classes, *example["x"].shape[2:])
    return (2, entry.classes)


def record_outputs(network: nn.Module, example: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Give each module's first output of the first item, copied in a plain hook."""
    outputs: dict[str, np.ndarray] = {}
    handles = []

    def hook(name: str, output: Tensor | tuple[Tensor, ...]) -> None:
        tensor = output[0] if isinstance(output, tuple) else output
        outputs.setdefault(name, tensor[0].clone().numpy())

    for name, module in network.named_modules():
        handles.append(
            module.register_forward_hook(lambda _m, _i, output, name=name: hook(name, output))
        )
    with torch.no_grad():
        answer = network(**example)
    for handle in handles:
        handle.remove()
    outputs[""] = answer[0].numpy()
    return outputs


@pytest.mark.parametrize("name", sorted(catalogue.ENTRIES))
def test_a_network_answers_in_its_shape_and_its_nodes_hold_what_hooks_see(name: str) -> None:
    network = zoo.NETWORKS[name]()
    assert_card_fits(name, network.layerwalk_card)
    example = make_small_example(name)
    expected = record_outputs(network, example)
    assert (2, *expected[""].shape) == find_answer_shape(name, example)
    assert np.isfinite(expected[""]).all()

    glance = layerwalk.snapshot(network, (), example)

    assert glance.error is None
    modules = [node for node in glance.graph.nodes if node.id in expected]
    leaves = [path for path, module in network.named_modules() if not list(module.children())]
    assert len(modules) > 0.8 * len(leaves) - 1
    for node in modules:
        np.testing.assert_allclose(
            glance[node.id].values, expected[node.id], rtol=1e-4, atol=1e-5, err_msg=node.id
        )


def assert_card_fits(name: str, card: object) -> None:
    entry = catalogue.ENTRIES[name]
    assert isinstance(card, Card)
    assert card.name == name
    assert card.input.model_copy(update={"mean": (), "std": ()}) == entry.input
    assert len(card.classes) in (0, entry.classes)
    assert len(entry.description) in range(5, 80)
    assert card.description == entry.description
    for tensor in card.example.values():
        assert tuple(tensor.shape) == (1, *card.input_shape)


def test_every_network_is_an_attribute_too() -> None:
    assert set(zoo.NETWORKS) == set(catalogue.ENTRIES) <= set(dir(zoo))
    model, card = open_target("layerwalk_models.zoo:lstm")
    assert isinstance(model, nn.Module)
    assert (card.name, card.input_shape) == ("lstm", (8, 8))
    with pytest.raises(AttributeError, match="no attribute 'resnet81'"):
        _ = zoo.resnet81

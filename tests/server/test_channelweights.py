"""The weights of a channel: read off the tensors by hand, followed through what keeps channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk.channelweights import channel_weights
from layerwalk.session import Session
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.messages import ChannelWeights, InputSpec


class Branches(nn.Module):
    """Convolutions (grouped, transposed), a concatenation, a flattened map, a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.grouped = nn.Conv2d(4, 6, 1, groups=2, bias=False)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.wide = nn.Conv2d(4, 3, 1)
        self.narrow = nn.Conv2d(5, 2, 3)
        self.head = nn.Linear(2 * 8 * 8, 3)
        self.odd = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.first(x)))
        self.grouped(y)
        both = torch.cat(
            [self.wide(y).repeat_interleave(2, 2).repeat_interleave(2, 3), self.up(y)], 1
        )
        z = self.narrow(torch.nn.functional.max_pool2d(both, 2))
        return self.odd(self.head(torch.flatten(z, 1)))


@pytest.fixture(scope="module")
def model() -> Branches:
    torch.manual_seed(0)
    return Branches().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def session(model: Branches) -> Iterator[Session]:
    with Session() as made:
        made.add_network(model, input_spec=InputSpec(kind="image", shape=(3, 10, 10)))
        yield made


def ask(session: Session, node: str, channel: int, most: int = 500) -> ChannelWeights:
    return channel_weights(session.network("n1"), node, channel, most=most)


def check(link: object, kernel: Tensor) -> None:
    values = kernel.detach().double().numpy()
    assert link.shape == values.shape  # type: ignore[attr-defined]
    assert np.allclose(link.kernel, values.reshape(-1))  # type: ignore[attr-defined]
    assert link.norm == pytest.approx(float(np.sqrt((values**2).sum())), rel=1e-5)  # type: ignore[attr-defined]
    assert link.total == pytest.approx(float(values.sum()), rel=1e-4, abs=1e-6)  # type: ignore[attr-defined]


def test_a_channel_comes_from_all_it_reads_the_strongest_first(
    session: Session, model: Branches
) -> None:
    found = ask(session, "first", 2)
    assert found.layer == "first"
    assert found.bias == pytest.approx(float(model.first.bias[2]))  # type: ignore[index]
    assert sorted(one.channel for one in found.incoming) == [0, 1, 2]
    norms = [one.norm for one in found.incoming]
    assert norms == sorted(norms, reverse=True)
    for one in found.incoming:
        assert one.node == "input"
        check(one, model.first.weight[2, one.channel])
    assert ask(session, "first", 2, most=1).incoming == found.incoming[:1]
    assert ask(session, "first", 2, most=1).incoming_count == 3


def test_it_is_followed_through_what_keeps_channels(session: Session, model: Branches) -> None:
    assert ask(session, "relu", 1).layer == "first"
    assert ask(session, "norm", 1).bias == pytest.approx(float(model.first.bias[1]))  # type: ignore[index]
    found = ask(session, "first", 3)
    by_layer: dict[str, list[int]] = {}
    for one in found.outgoing:
        by_layer.setdefault(one.layer, []).append(one.channel)
    assert {layer: sorted(channels) for layer, channels in by_layer.items()} == {
        "grouped": [3, 4, 5],  # channel 3 is in the second group
        "up": [0, 1],
        "wide": [0, 1, 2],
    }
    for one in found.outgoing:
        if one.layer == "grouped":
            check(one, model.grouped.weight[one.channel, 1])
        elif one.layer == "up":
            check(one, model.up.weight[3, one.channel])
        else:
            check(one, model.wide.weight[one.channel, 3])


def test_groups_and_transposed_convolutions_are_read_right(
    session: Session, model: Branches
) -> None:
    found = ask(session, "grouped", 4)
    assert sorted(one.channel for one in found.incoming) == [2, 3]
    for one in found.incoming:
        check(one, model.grouped.weight[4, one.channel - 2])
    assert found.bias is None
    for one in ask(session, "up", 1).incoming:
        assert one.node == "relu"
        check(one, model.up.weight[one.channel, 1])


def test_it_is_followed_through_concatenation_and_pooling(
    session: Session, model: Branches
) -> None:
    found = ask(session, "up", 1)  # the fifth of what is joined
    assert {one.layer for one in found.outgoing} == {"narrow"}
    for one in found.outgoing:
        check(one, model.narrow.weight[one.channel, 4])


def test_a_flattened_map_is_read_back_as_a_map(session: Session, model: Branches) -> None:
    weight = model.head.weight.detach().reshape(3, 2, 8, 8)
    found = ask(session, "head", 1)
    assert [one.node for one in found.incoming] == ["narrow", "narrow"]
    for one in found.incoming:
        check(one, weight[1, one.channel])
    for one in ask(session, "narrow", 1).outgoing:
        check(one, weight[one.channel, 1])
    [single] = [one for one in ask(session, "head", 2).outgoing if one.channel == 1]
    check(single, model.odd.weight[1, 2])


def test_where_nothing_learned_stands_the_answer_is_empty(session: Session) -> None:
    found = ask(session, "input", 0)
    assert (found.layer, found.incoming) == (None, ())
    assert {one.layer for one in found.outgoing} == {"first"}
    assert ask(session, "odd", 0).outgoing == ()
    with pytest.raises(NotFoundError, match=r"channel 4 is not in node 'first' \(0 to 3\)"):
        ask(session, "first", 4)

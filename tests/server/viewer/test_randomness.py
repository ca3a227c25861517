"""What is drawn within `OwnRandom` leaves the process's random numbers where they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from layerwalk.training.randomness import OwnRandom

X = torch.full((4, 6), 0.5)
DRAWS: dict[str, Callable[[], Tensor]] = {
    "rand": lambda: torch.rand(3, 4),
    "randn": lambda: torch.randn(3),
    "randint": lambda: torch.randint(2, 900, (4,)),
    "randperm": lambda: torch.randperm(40),
    "rand_like": lambda: torch.rand_like(X),
    "randn_like": lambda: torch.randn_like(X),
    "randint_like": lambda: torch.randint_like(X, 2, 900),
    "normal": lambda: torch.normal(X, X),
    "normal_": lambda: X.clone().normal_(),
    "uniform_": lambda: X.clone().uniform_(-3, 3),
    "bernoulli": lambda: torch.bernoulli(X),
    "multinomial": lambda: torch.multinomial(X, 2),
    "poisson": lambda: torch.poisson(X * 20),
    "dropout": lambda: fn.dropout(X, 0.5, training=True),
    "alpha_dropout": lambda: fn.alpha_dropout(X, 0.5, training=True),
    "dropout2d": lambda: fn.dropout2d(torch.ones(1, 20, 2, 2), 0.5, training=True),
    "attention": lambda: fn.scaled_dot_product_attention(X[None], X[None], X[None], dropout_p=0.3),
    "rrelu": lambda: fn.rrelu(-X, training=True),
    "gumbel": lambda: fn.gumbel_softmax(X),
    "Normal": lambda: torch.distributions.Normal(X, X).sample(),
    "LSTM": lambda: nn.LSTM(6, 6, 2, dropout=0.5)(X[None])[0],
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", DRAWS)
def test_it_draws_and_nobody_else_notices(name: str) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    own = OwnRandom()
    with torch.no_grad(), own:
        first, second = DRAWS[name](), DRAWS[name]()
    assert own.draws >= 2
    assert own.strangers == set()
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, second), "it does not draw"
    with torch.no_grad(), OwnRandom():
        assert torch.equal(DRAWS[name](), first), "it is not repeatable"


def test_dropout_keeps_the_mean_and_the_share() -> None:
    values = torch.ones(40_000)
    with torch.no_grad(), OwnRandom():
        dropped = fn.dropout(values, 0.25, training=True)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.01)


def test_what_draws_nothing_stays_as_it_is() -> None:
    own = OwnRandom()
    with torch.no_grad(), own:
        found = fn.dropout(X, 0.5, training=False) @ X.T
    assert torch.equal(found, X @ X.T)
    assert own.draws == 0

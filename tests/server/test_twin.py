"""The twin is a copy; examples of every kind become arguments; answers become classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk.answers import top_classes
from layerwalk.inputkinds import guess_spec, spec_of
from layerwalk.twin import initialise, main_weight, make_example, make_twin, weights_of
from layerwalk_shared.errors import InputError, ModelError


def test_the_twin_is_in_eval_mode_and_the_users_model_stays_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout())
    twin = make_twin(model)
    initialise(twin, make_example(torch.zeros(1, 3)))
    assert not twin.training
    assert not any(parameter.requires_grad for parameter in twin.parameters())
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    with torch.no_grad():
        model[0].weight.zero_()
    assert twin[0].weight.abs().sum() > 0


def test_what_cannot_be_copied_or_moved_is_a_model_error() -> None:
    class Stubborn(nn.Module):
        def __deepcopy__(self, memo: object) -> nn.Module:
            raise TypeError("one of a kind")

    with pytest.raises(ModelError, match=r"Stubborn cannot be copied to 'cpu': .*one of a kind"):
        make_twin(Stubborn())
    with pytest.raises(ModelError, match="'nowhere'"):
        make_twin(nn.Linear(1, 1), device="nowhere")


def test_lazy_modules_are_filled_by_the_example() -> None:
    twin = make_twin(nn.Sequential(nn.Flatten(), nn.LazyLinear(2)))
    initialise(twin, make_example(torch.zeros(1, 3, 4)))
    assert twin[1].weight.shape == (2, 12)
    with pytest.raises(ModelError, match="lazy modules"):
        initialise(make_twin(nn.LazyConv2d(1, 3)), make_example(torch.zeros(1, 3)))


@pytest.mark.parametrize(
    ("example", "slot"),
    [
        (torch.ones(4, 3, 2, 2), (0,)),
        ((torch.ones(4, 3, 2, 2), 5), (0,)),
        ([7, torch.ones(4, 3, 2, 2)], (1,)),
        ({"scale": 2, "pixels": torch.ones(4, 3, 2, 2)}, ("pixels",)),
        (({"pixels": torch.ones(4, 3, 2, 2), "n": 2}, 1), (0, "pixels")),
        ({"batch": [{"n": 2}, (torch.ones(4, 3, 2, 2),)]}, ("batch", 1, 0)),
    ],
)
def test_the_first_tensor_of_an_example_is_the_input_and_one_of_a_batch_is_taken(
    example: object, slot: tuple[int | str, ...]
) -> None:
    made = make_example(example)
    assert made.slot == slot
    assert made.shown.shape == (1, 3, 2, 2)
    values = np.full((3, 2, 2), 9, np.float32)
    args, kwargs = made.with_values(values)
    first, *rest = slot
    found = args[first] if isinstance(first, int) else kwargs[first]
    for step in rest:
        found = found[step]
    assert (found == 9).all()
    assert (made.shown == 1).all()
    found.zero_()
    assert (values == 9).all()


@pytest.mark.parametrize("example", ["text", (), {}, torch.zeros(()), torch.zeros(0, 3), (1, 2)])
def test_an_example_without_a_batch_is_refused(example: object) -> None:
    with pytest.raises(InputError, match=r"tensor \[N, ...\] is expected"):
        make_example(example)


def test_the_kind_of_input_is_read_off_the_example() -> None:
    assert spec_of(make_example(torch.zeros(2, 3, 8, 9))).kind == "image"
    assert spec_of(make_example(torch.zeros(2, 4, 8, 9))).kind == "tensor"
    assert spec_of(make_example(torch.zeros(2, 4))).kind == "vector"
    assert spec_of(make_example(torch.zeros(2, 1, 4, 8, 9))).kind == "volume"
    assert spec_of(make_example(torch.zeros(2, 5, 4, 8, 9))).kind == "tensor"
    assert spec_of(make_example(torch.zeros(2, 4, dtype=torch.bool))).kind == "tensor"
    assert spec_of(make_example(torch.zeros(2, 3, 4, dtype=torch.long))).kind == "tensor"
    with pytest.raises(InputError, match=r"shape \[0\]: there is nothing in it"):
        spec_of(make_example(torch.zeros(2, 0)))


def test_the_first_layer_says_what_the_shape_leaves_open() -> None:
    series = make_example(torch.zeros(1, 6, 50))
    assert spec_of(series, model=nn.Linear(50, 2)).time_axis == 0
    assert spec_of(series, model=nn.Sequential(nn.ReLU(), nn.Conv1d(6, 2, 3))).time_axis == 1
    assert spec_of(make_example(torch.zeros(1, 6)), model=nn.Embedding(9, 2)).kind == "vector"
    assert guess_spec((6,), nn.Embedding(9, 2)).kind == "text"
    assert guess_spec((6,), nn.Embedding(9, 2)).vocabulary == 9
    assert guess_spec((6,), nn.Linear(6, 2)).kind == "vector"


def test_the_vocabulary_is_that_of_the_first_embedding_that_has_the_ids() -> None:
    model = nn.ModuleList([nn.Embedding(4, 2), nn.Embedding(50, 2), nn.Embedding(90, 2)])
    tokens = make_example(torch.tensor([[3, 49, 0]]))
    assert tokens.is_integer
    found = spec_of(tokens, model=model)
    assert (found.kind, found.shape, found.vocabulary) == ("text", (3,), 50)
    assert spec_of(tokens).vocabulary is None


def test_weights_are_read_only_and_the_modules_own() -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 1), nn.ReLU(), nn.BatchNorm1d(4))
    model.register_buffer("filters", torch.ones(5, 1, 3, 3))
    found = weights_of(model)
    assert set(found) == {"", "0", "2"}
    assert (main_weight(found["0"]) == model[0].weight.detach().numpy()).all()
    assert main_weight(found[""]).shape == (5, 1, 3, 3)
    assert main_weight(found["2"]).shape == (4,)
    assert not main_weight(found["0"]).flags.writeable
    assert weights_of(nn.Linear(2, 2).bfloat16())[""]["weight"].dtype == np.float32


def test_the_answer_is_the_softmax_of_a_vector_by_rank() -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    found = top_classes(logits, ("a", "b", "c"))
    weights = np.exp([1, 3, 2])
    assert [score.name for score in found] == ["b", "c", "a"]
    assert [score.index for score in found] == [1, 2, 0]
    assert [score.probability for score in found] == pytest.approx(
        sorted(weights / weights.sum(), reverse=True)
    )
    assert [score.logit for score in found] == [3, 2, 1]


def test_a_distribution_is_left_alone_and_ten_are_enough() -> None:
    shares = torch.softmax(torch.arange(12.0), 0)[None]
    found = top_classes(shares, ())
    assert len(found) == 10
    assert [score.name for score in found[:2]] == ["class 11", "class 10"]
    assert [score.probability for score in found] == pytest.approx(
        shares[0].sort(descending=True).values[:10].tolist()
    )


@pytest.mark.parametrize(
    "outputs",
    [
        None,
        "text",
        torch.zeros(1, 3, 4),
        torch.zeros(2, 5),
        torch.zeros(1, 1),
        torch.tensor([[1.0, float("nan")]]),
        torch.zeros(1, 3, dtype=torch.long),
        (),
    ],
)
def test_what_is_no_vector_has_no_classes(outputs: object) -> None:
    assert top_classes(outputs, ("a", "b")) == ()


def test_the_first_tensor_of_several_outputs_is_the_answer() -> None:
    answer = torch.tensor([[0.0, 1.0]])
    outputs: list[object] = [(answer, torch.zeros(1, 9)), [answer], {"logits": answer}]
    for several in outputs:
        assert top_classes(several, ("a", "b"))[0].name == "b"
    more: Tensor = torch.cat([answer, answer], 1)
    assert top_classes(more, ("a", "b"))[0].name == "class 1"

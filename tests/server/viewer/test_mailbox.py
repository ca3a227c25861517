"""What a step leaves: exact weights, exact norms, even samples; newest wins; memory is bounded."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk.training.mailbox import Mailbox, held
from layerwalk.training.samples import RUN, RUNS, flat, histogram, sample
from layerwalk_shared.errors import ModelError
from layerwalk_shared.training import GRADIENT_BINS


def twins() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    source = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    return source, copy.deepcopy(source)


def change(model: nn.Module, value: float) -> None:
    with torch.no_grad():
        for tensor in model.state_dict(keep_vars=True).values():
            tensor.fill_(value)


def is_at(model: nn.Module, value: float) -> bool:
    return all(bool((tensor == value).all()) for tensor in model.state_dict().values())


def test_parameters_and_buffers_arrive_in_the_twin() -> None:
    source, twin = twins()
    box = Mailbox(source, twin, threading.RLock())
    change(source, 3)
    box.write(7)
    published = box.read()
    assert published is not None
    assert published.step == 7
    assert is_at(twin, 3)
    assert box.read() is None


def on_another_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_while_the_twin_is_held_the_newest_waits_beside_it_and_then_wins() -> None:
    source, twin = twins()
    lock = threading.RLock()
    box = Mailbox(source, twin, lock)
    change(twin, 1)

    def publish() -> None:
        for step in (2, 3):
            change(source, step)
            box.write(step)

    with lock:
        on_another_thread(publish)
        assert is_at(twin, 1)
        assert box.staged_bytes == sum(one.nbytes for one in source.state_dict().values())
        published = box.read()
    assert published is not None
    assert published.step == 3
    assert is_at(twin, 3)
    assert box.staged_bytes == 0


def test_a_newer_step_replaces_one_that_waited() -> None:
    source, twin = twins()
    lock = threading.RLock()
    box = Mailbox(source, twin, lock)
    change(source, 5)
    with lock:
        on_another_thread(lambda: box.write(5))
    change(source, 6)
    box.write(6)
    assert box.staged_bytes == 0
    published = box.read()
    assert published is not None
    assert published.step == 6
    assert is_at(twin, 6)


def test_norms_of_gradients_are_exact_and_absent_where_there_are_none() -> None:
    source, twin = twins()
    box = Mailbox(source, twin, threading.RLock())
    source[0].weight.grad = torch.arange(12.0).reshape(3, 4)
    source[0].bias.grad = torch.tensor([3.0, 0.0, 4.0])
    box.write(0)
    published = box.read()
    assert published is not None
    assert set(published.norms) == {"0"}
    assert [float(norm) for norm in published.norms["0"]] == pytest.approx([np.sqrt(506), 5])
    assert published.samples["0"][0].tolist() == list(range(12))
    source[0].weight.grad.fill_(9)
    assert published.samples["0"][0].tolist() == list(range(12)), "it is no copy"


def test_a_model_with_other_parameters_is_told_of() -> None:
    source, twin = twins()
    box = Mailbox(source, twin, threading.RLock())
    source[2] = nn.Linear(3, 5)
    with pytest.raises(ModelError, match="call watch"):
        box.write(0)


def test_a_sample_is_all_of_few_values_and_spread_evenly_over_many() -> None:
    few = torch.arange(100.0)
    assert torch.equal(sample(few), few)
    many = torch.arange(1_000_000.0)
    found = sample(many)
    assert found.numel() == RUNS * RUN
    assert float(found[0]) == 0
    assert float(found[-1]) >= 999_000
    starts = found[::RUN].diff()
    assert bool((starts == starts[0]).all())


def test_memory_formats_are_read_without_a_copy() -> None:
    images = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    assert flat(images).data_ptr() == images.data_ptr()
    assert sorted(flat(images).tolist()) == sorted(images.reshape(-1).tolist())


def test_a_sample_estimates_the_norm() -> None:
    values = torch.randn(300_000, generator=torch.Generator().manual_seed(4))
    found = sample(values)
    estimate = float(found.norm()) * np.sqrt(values.numel() / found.numel())
    assert estimate == pytest.approx(float(values.norm()), rel=0.05)


def test_histograms_count_each_gradient_in_its_decade() -> None:
    low, high, bins = GRADIENT_BINS
    width = (high - low) / bins
    gradients = np.array([0.0, 0.0, 1e-30, 2e-12, -0.5, 0.5, 1.0, 1e30, np.nan, np.inf])
    counts, zeros = histogram(gradients)
    expected = [0] * bins
    for value in (1e-30, 2e-12, 0.5, 0.5, 1.0, 1e30):
        place = int(np.floor((np.log10(value) - low) / width))
        expected[min(max(place, 0), bins - 1)] += 1
    assert list(counts) == expected
    assert zeros == 2
    assert sum(counts) == 6


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), torch.tensor(3.0), torch.tensor([3])])
def test_a_metric_is_one_number(value: object) -> None:
    assert held(value, "loss") == 3.0


@pytest.mark.parametrize("value", ["high", torch.zeros(3), None, [1, 2]])
def test_what_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="accuracy"):
        held(value, "accuracy")

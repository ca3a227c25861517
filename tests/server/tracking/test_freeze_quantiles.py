"""Percentiles of a manifest: of the values themselves, between nothing and the largest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk.tracking import Recorder, freeze, trace
from layerwalk_shared.messages import QUANTILES


def test_percentiles_are_those_of_the_absolute_values() -> None:
    model = nn.Sequential(nn.Identity())
    x = torch.randn(1, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    found = trace(model, (x,))
    with Recorder(model, found) as recorder:
        statistics = freeze(recorder.record((x,)), found.graph).statistics[0]
    expected = np.percentile(np.abs(x.numpy().astype(np.float64)), QUANTILES)
    np.testing.assert_allclose(statistics.quantiles, expected, rtol=1e-6)
    assert statistics.percentile(0) == 0
    assert statistics.percentile(100) == statistics.scale


def test_percentiles_of_many_values_are_close_and_ordered() -> None:
    x = torch.randn(1, 1, 400, 400, generator=torch.Generator().manual_seed(2))
    model = nn.Identity()
    found = trace(model, (x,))
    with Recorder(model, found) as recorder:
        statistics = freeze(recorder.record((x,)), found.graph).statistics[0]
    exact = np.percentile(np.abs(x.numpy()), 50)
    assert statistics.percentile(50) == pytest.approx(exact, rel=0.05)
    assert list(statistics.quantiles) == sorted(statistics.quantiles)

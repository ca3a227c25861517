"""What a tensor comes from, against a table with one entry for each element of the memory."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from layerwalk.tracking.provenance import Provenance, union

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["slice", "column", "transpose", "flat", "write", "read"]),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=25,
)


def _view(tensor: Tensor, how: str, first: int, second: int) -> Tensor:
    if how == "transpose":
        return tensor.mT if tensor.ndim > 1 else tensor[:]
    if how == "flat":
        return tensor.reshape(-1) if tensor.is_contiguous() else tensor[...]
    axis = (0 if how == "slice" else 1) % tensor.ndim
    size = tensor.shape[axis]
    low, high = sorted((first % size, second % size))
    return tensor.narrow(axis, low, high - low + 1)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_views_and_writes_agree_with_a_table_of_elements(
    steps: list[tuple[str, int, int]],
) -> None:
    provenance: Provenance[int] = Provenance()
    base = torch.zeros(5, 4)
    table = torch.zeros(5 * 4, dtype=torch.int64)
    provenance.set(base, (0,))
    tensors = [base]
    for number, (what, first, second) in enumerate(steps, start=1):
        tensor = tensors[first % len(tensors)]
        shown = table.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
        if what == "write":
            provenance.write(tensor, (number,))
            shown.fill_(number)
        elif what != "read":
            view = _view(tensor, what, first, second)
            assert provenance.set_view(view, tensor)
            tensors.append(view)
        for other in tensors:
            shown = table.as_strided(other.shape, other.stride(), other.storage_offset())
            assert set(provenance.sources(other)) == set(shown.unique().tolist())


def test_views_made_out_of_sight_come_from_their_memory() -> None:
    provenance: Provenance[str] = Provenance()
    base = torch.zeros(4)
    provenance.set(base, ("made",))
    hidden = base[1:3]
    assert provenance.sources(hidden) == ("made",)
    assert not provenance.is_unexplained(hidden)
    assert provenance.sources(torch.from_numpy(base.numpy())) == ("made",)


def test_constants_come_from_nothing() -> None:
    provenance: Provenance[str] = Provenance()
    constant = torch.zeros(4)
    assert provenance.sources(constant) == ()
    assert provenance.is_unexplained(constant)


def test_an_address_used_again_is_other_memory() -> None:
    provenance: Provenance[str] = Provenance()
    addresses = set()
    for number in range(50):
        tensor = torch.zeros(10)
        assert provenance.sources(tensor) == (), "an address was taken for what it used to hold"
        provenance.write(tensor, (str(number),))
        addresses.add(tensor.data_ptr())
        del tensor
    assert len(addresses) < 50, "no address was used again, so nothing was tested"


def test_memory_outlives_the_tensors_that_are_known() -> None:
    provenance: Provenance[str] = Provenance()
    known = torch.zeros(4)
    hidden = known.detach()
    provenance.set(known, ("made",))
    del known
    assert provenance.sources(hidden) == ("made",)


def test_values_written_over_are_spoilt() -> None:
    provenance: Provenance[str] = Provenance()
    first, second = torch.zeros(4), torch.zeros(4)
    for name, tensor in (("first", first), ("second", second)):
        provenance.set(tensor, (name,))
        provenance.show(tensor, name)
    provenance.write(first[:2], ("write",))
    assert provenance.spoilt == {"first"}
    assert provenance.shown_beside(second[1:]) == ("second",)


def test_a_union_keeps_order_and_drops_repeats() -> None:
    assert union([("b", "a"), (), ("a", "c")]) == ("b", "a", "c")

"""Edits of a twin's weights: laid on top of what it has, and taken off again; never the user's own.

They are kept by module, upon the weights as they were. A training overwrites the twin's weights at
every publish; before the next run the edits are laid on top again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk_shared.errors import InputError, InvalidRequestError, NotFoundError
from layerwalk_shared.messages import ScaleChannels, ScaleInputs, SetKernel, WeightEdit

_AXES: tuple[tuple[type[nn.Module] | tuple[type[nn.Module], ...], int, int | None], ...] = (
    (nn.modules.conv._ConvTransposeNd, 1, 0),
    (nn.modules.conv._ConvNd, 0, 1),
    (nn.Linear, 0, 1),
    (nn.Embedding, 1, None),
    ((nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.PReLU), 0, None),
)
"""Kinds of modules -> axis of the weight that counts what they make, and what they read."""


@dataclass(slots=True)
class _Edited:
    """What is changed of one tensor of the twin.

    Attributes:
        base: its values without edits.
        replaced: what stands in for the base; None: nothing.
        edits: laid on top, one after another.
        laid: place and count of writes of the tensor after the edits were laid on it; another one
            says that somebody wrote it since.
    """

    base: Tensor
    replaced: Tensor | None = None
    edits: tuple[WeightEdit, ...] = ()
    laid: tuple[int, int] | None = None


@dataclass(slots=True)
class _Module:
    weight: str
    tensors: dict[str, _Edited] = field(default_factory=dict)


class Edits:
    """The edits of one network's twin. Mutable; owned by the model thread but for `check`.

    Args:
        twin: whose weights; it keeps its parameters, only their values are exchanged, so that whoever
            holds an array of the values before holds them still.

    Attributes:
        revision: another number after each change.
    """

    def __init__(self, twin: nn.Module) -> None:
        self._twin = twin
        self._modules: dict[str, _Module] = {}
        self.revision = 0

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the modules that are edited."""
        return tuple(self._modules)

    def edits_of(self, path: str) -> tuple[tuple[WeightEdit, ...], bool]:
        """Return the edits of a module, and whether its whole weight was replaced."""
        module = self._modules.get(path)
        if module is None:
            return (), False
        found = module.tensors[module.weight]
        return found.edits, found.replaced is not None

    def check(self, path: str, edits: Sequence[WeightEdit], *, node: str) -> None:
        """See that edits fit a module; any thread.

        Raises:
            NotFoundError: the module has no weight, or no such channel.
            InvalidRequestError: its channels cannot be told from its weight, a kernel is of another
                size, or another module that is edited has the very same weight.
        """
        module = self._twin.get_submodule(path)
        weight = getattr(module, main_name(module, node))
        self._check_alone(path, weight, node)
        for edit in edits:
            _checked(module, weight, edit, node=node)

    def check_array(self, path: str, values: NDArray[np.generic], *, node: str) -> None:
        """See that an array can stand in for a module's weight; any thread.

        Raises:
            NotFoundError: the module has no weight.
            InputError: another shape, no real numbers, or some that are not finite.
        """
        module = self._twin.get_submodule(path)
        name = main_name(module, node)
        weight = getattr(module, name)
        self._check_alone(path, weight, node)
        if values.dtype.kind not in "fiub":
            raise InputError(
                f"weights of node {node!r}: the array is of {values.dtype}, expected real numbers"
            )
        if tuple(values.shape) != tuple(weight.shape):
            raise InputError(
                f"weights of node {node!r}: the array has shape {list(values.shape)}, "
                f"{name} is {list(weight.shape)}"
            )
        if not np.isfinite(values).all():
            raise InputError(f"weights of node {node!r}: not all numbers are finite")

    def put(self, path: str, edits: Sequence[WeightEdit], *, node: str) -> None:
        """Set the edits of a module, in place of those before; a replaced weight stays."""
        module = self._begun(path, node)
        for edited in module.tensors.values():
            edited.edits = tuple(edits)
            edited.laid = None
        self._changed()

    def replace(self, path: str, values: NDArray[np.generic], *, node: str) -> None:
        """Put a whole weight in the place of a module's; edits before it are gone."""
        module = self._begun(path, node)
        for name, edited in module.tensors.items():
            edited.edits, edited.laid = (), None
            if name == module.weight:
                edited.replaced = torch.from_numpy(np.array(values, np.float64)).to(
                    edited.base.device, edited.base.dtype
                )
        self._changed()

    def drop(self, path: str | None = None) -> bool:
        """Put a module's weights back, or all of them; return whether there was anything."""
        paths = self.paths if path is None else tuple(one for one in self.paths if one == path)
        for one in paths:
            for name, edited in self._modules.pop(one).tensors.items():
                tensor = self._tensor(one, name)
                if edited.laid == _mark(tensor):  # else a publish has put it back already
                    _exchange(tensor, edited.base)
        if paths:
            self.revision += 1
        return bool(paths)

    def lay(self) -> None:
        """Lay the edits on top of what the twin has, where they do not lie there already."""
        for path, module in self._modules.items():
            for name, edited in module.tensors.items():
                tensor = self._tensor(path, name)
                if edited.laid == _mark(tensor):
                    continue
                if edited.laid is not None:  # a publish has written it since
                    edited.base = tensor.detach().clone()
                values = (edited.base if edited.replaced is None else edited.replaced).clone()
                for edit in edited.edits:
                    _apply(self._twin.get_submodule(path), values, edit, name == module.weight)
                _exchange(tensor, values)
                edited.laid = _mark(tensor)

    def _check_alone(self, path: str, weight: Tensor, node: str) -> None:
        """Refuse a weight that two modules share where the other one is edited already."""
        for other, module in tuple(self._modules.items()):
            if other != path and self._tensor(other, module.weight) is weight:
                raise InvalidRequestError(
                    f"node {node!r} has the very weight of module {other!r}, which is edited already; "
                    "edit that one, or reset it first"
                )

    def _begun(self, path: str, node: str) -> _Module:
        found = self._modules.get(path)
        if found is not None:
            self._refreshed(path, found)
            return found
        module = self._twin.get_submodule(path)
        weight = main_name(module, node)
        found = self._modules[path] = _Module(weight)
        for name in (weight, "bias"):
            tensor = getattr(module, name, None)
            if isinstance(tensor, Tensor) and (name == weight or name in module._parameters):
                found.tensors[name] = _Edited(tensor.detach().clone())
        return found

    def _refreshed(self, path: str, module: _Module) -> None:
        """Take what a publish has written meanwhile as what lies below the edits."""
        for name, edited in module.tensors.items():
            tensor = self._tensor(path, name)
            if edited.laid is not None and edited.laid != _mark(tensor):
                edited.base = tensor.detach().clone()

    def _changed(self) -> None:
        self.revision += 1
        self.lay()

    def _tensor(self, path: str, name: str) -> Tensor:
        found: Tensor = getattr(self._twin.get_submodule(path), name)
        return found


def main_name(module: nn.Module, node: str) -> str:
    """Return the name of the learned tensor that stands for a module.

    Raises:
        NotFoundError: it learns nothing.
    """
    own: Mapping[str, Tensor | None] = module._parameters
    found = {name: one for name, one in own.items() if one is not None and one.is_floating_point()}
    if not found:
        raise NotFoundError(f"node {node!r} ({type(module).__name__}) has no weights")
    if "weight" in found:
        return "weight"
    return max(found, key=lambda name: found[name].ndim)


def _axes_of(module: nn.Module, node: str) -> tuple[int, int | None]:
    for kinds, made, read in _AXES:
        if isinstance(module, kinds):
            return made, read
    raise InvalidRequestError(
        f"node {node!r} ({type(module).__name__}): its channels cannot be told from its weight; put "
        "the whole tensor"
    )


def _groups(module: nn.Module) -> int:
    return int(getattr(module, "groups", 1)) if isinstance(module, nn.modules.conv._ConvNd) else 1


def _sizes(module: nn.Module, weight: Tensor, node: str) -> tuple[int, int | None]:
    """Return how many channels a module makes, and reads."""
    made, read = _axes_of(module, node)
    groups = _groups(module)
    is_transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
    outs = weight.shape[made] * (groups if is_transposed else 1)
    if read is None:
        return outs, None
    return outs, weight.shape[read] * (1 if is_transposed else groups)


def _checked(module: nn.Module, weight: Tensor, edit: WeightEdit, *, node: str) -> None:
    outs, ins = _sizes(module, weight, node)
    named: list[tuple[str, int, int]] = []
    if isinstance(edit, ScaleChannels):
        named = [("channel", one, outs) for one in edit.channels]
    else:
        if ins is None:
            raise InvalidRequestError(
                f"node {node!r} ({type(module).__name__}) has one weight for each channel, no inputs"
            )
        if isinstance(edit, ScaleInputs):
            named = [("input channel", one, ins) for one in edit.channels]
        else:
            named = [("channel", edit.channel, outs), ("input channel", edit.input, ins)]
    for what, one, count in named:
        if one >= count:
            raise NotFoundError(f"{what} {one} is not in node {node!r} (0 to {count - 1})")
    if isinstance(edit, SetKernel):
        size = weight[0, 0].numel()
        if len(edit.values) != size:
            raise InvalidRequestError(
                f"a kernel of {len(edit.values)} numbers, those of node {node!r} have {size} "
                f"({list(weight.shape[2:]) or 'one'})"
            )
        if _kernel_of(module, weight, edit) is None:
            raise InvalidRequestError(
                f"channel {edit.channel} of node {node!r} does not read input channel {edit.input}: "
                f"it is in another of {_groups(module)} groups"
            )


def _kernel_of(module: nn.Module, weight: Tensor, edit: SetKernel) -> tuple[int, int] | None:
    """Return where a kernel is among the first two axes of a weight."""
    groups = _groups(module)
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        per_out, per_in = weight.shape[1], weight.shape[0] // groups
        is_together = edit.channel // per_out == edit.input // per_in
        return (edit.input, edit.channel % per_out) if is_together else None
    per_out, per_in = weight.shape[0] // groups, weight.shape[1]
    is_together = edit.channel // per_out == edit.input // per_in
    return (edit.channel, edit.input % per_in) if is_together else None


def _apply(module: nn.Module, values: Tensor, edit: WeightEdit, is_weight: bool) -> None:  # noqa: FBT001
    """Write an edit into a copy of a module's weight, or of its bias."""
    if not is_weight:
        if isinstance(edit, ScaleChannels):
            values[list(edit.channels)] *= edit.factor
        return
    made, _ = _axes_of(module, "")
    groups = _groups(module)
    is_transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
    if isinstance(edit, SetKernel):
        place = _kernel_of(module, values, edit)
        assert place is not None
        kernel = torch.tensor(edit.values, dtype=values.dtype, device=values.device)
        values[place] = kernel.reshape(values[place].shape)
    elif isinstance(edit, ScaleChannels):
        if is_transposed and groups > 1:
            rows = values.shape[0] // groups
            for channel in edit.channels:
                group, within = divmod(channel, values.shape[1])
                values[group * rows : (group + 1) * rows, within] *= edit.factor
        else:
            values.movedim(made, 0)[list(edit.channels)] *= edit.factor
    elif is_transposed:
        values[list(edit.channels)] *= edit.factor
    else:
        rows, columns = values.shape[0] // groups, values.shape[1]
        for channel in edit.channels:
            group, within = divmod(channel, columns)
            values[group * rows : (group + 1) * rows, within] *= edit.factor


def _mark(tensor: Tensor) -> tuple[int, int]:
    return tensor.data_ptr(), tensor._version


def _exchange(tensor: Tensor, values: Tensor) -> None:
    """Give a parameter other values in other memory; it stays the same parameter."""
    with torch.no_grad():
        tensor.data = values.clone()

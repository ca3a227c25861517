"""Random numbers of a thread's own, so that a twin that draws does not move the training's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

SEED = 5570


class OwnRandom(TorchDispatchMode):
    """Within it, what this thread draws from torch comes from generators of its own.

    torch's default generators belong to the process: a draw on one thread changes what the next
    draw gives on every other. Operations that draw are told apart by torch's own tag
    (`nondeterministic_seeded`); where they take a generator they are given one, else they are put
    together of operations that do.

    Attributes:
        draws: operations that drew so far.
        strangers: names of those that could not be given a generator and drew from the process's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.draws = 0
        self.strangers: set[str] = set()
        self._generators: dict[torch.device, torch.Generator] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Answer torch: no wrapper that keeps the compiler away; it loads all of it (2 seconds)."""
        return False

    @classmethod
    def ignore_compile_internals(cls) -> bool:
        """Answer torch: what compiled code does on other threads is none of this mode's business."""
        return True

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        found = self._drawn(func, args, kwargs)
        if found is None:
            return func(*args, **kwargs)
        self.draws += 1
        return found

    def _drawn(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what the operation gives with our generator, or None where it draws nothing."""
        name = func._schema.name
        if name == "aten::native_dropout":
            return self._dropout(*args, **kwargs)
        remade = _REMADE.get(name)
        if remade is not None:
            like = {key: value for key, value in kwargs.items() if value is not None}
            made = torch.empty_like(args[0], **like)
            return remade(made, self._generator(made.device), args[1:])
        takes = _with_generator(func)
        if takes is None:
            if name == "aten::dropout":
                return None
            self.strangers.add(name)
            self.draws += 1
            return func(*args, **kwargs)
        tensors = [value for value in args if isinstance(value, Tensor)]
        device = kwargs.get("device") or (tensors[0].device if tensors else torch.device("cpu"))
        kwargs["generator"] = kwargs.get("generator") or self._generator(torch.device(device))
        return takes(*args, **kwargs)

    def _dropout(self, values: Tensor, p: float, train: bool | None) -> Any:  # noqa: FBT001
        if train is False:
            return values.clone(), torch.ones_like(values, dtype=torch.bool)
        kept = torch.empty_like(values).bernoulli_(1 - p, generator=self._generator(values.device))
        scale = 0.0 if p == 1 else 1 / (1 - p)
        return values * kept * scale, kept.bool()

    def _generator(self, device: torch.device) -> torch.Generator:
        found = self._generators.get(device)
        if found is None:
            found = self._generators[device] = torch.Generator(device)
            found.manual_seed(SEED)
        return found


def _with_generator(func: OpOverload) -> OpOverload | None:
    if any(argument.name == "generator" for argument in func._schema.arguments):
        return func
    packet = func.overloadpacket
    base = func._overloadname
    wanted = "generator" if base == "default" else f"{base}_generator"
    for name in (wanted, f"generator_{base}"):
        if name in packet.overloads():
            found: OpOverload = getattr(packet, name)
            return found
    return None


Remake = Callable[[Tensor, torch.Generator, tuple[Any, ...]], Tensor]


def _integers(made: Tensor, generator: torch.Generator, rest: tuple[Any, ...]) -> Tensor:
    low, high = (0, rest[0]) if len(rest) == 1 else rest[:2]
    return made.random_(low, high, generator=generator)


_REMADE: dict[str, Remake] = {
    "aten::rand_like": lambda made, generator, _: made.uniform_(generator=generator),
    "aten::randn_like": lambda made, generator, _: made.normal_(generator=generator),
    "aten::randint_like": _integers,
}
"""Operations that take no generator, and how they are put together of ones that do."""

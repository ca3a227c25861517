"""What a step of a maximisation costs, beside the bare step, the predecessor's loop and torch-lucent.

All on one ResNet-18 at 224 x 224 with random weights whose normalisations have seen noise, batch 32,
float32. One step of each is timed in turn, so a drifting machine moves all of them. torch-lucent is
compared where it can be imported (`pip install torch-lucent kornia`); it is no dependency.
"""

from __future__ import annotations

import importlib.util
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

import layerwalk
from benchmarks.measure import Result, interleave
from layerwalk.maximisation.run import Step
from layerwalk.maximisation.truncated import Precision, precision_for
from layerwalk.targets import open_target
from layerwalk_models.zoo import resnet18
from layerwalk_shared.messages import InputSpec, MaximiseRequest, NoiseInput
from layerwalk_shared.recipes import RECIPES

SIDE = 224
BATCH = 32
PAIRS = 7
LAST, FIRST = "layer4.1", "layer1.1"
CLIMBED = {LAST: "layer4.1.relu:2", FIRST: "layer1.1.relu:2"}


def make_model() -> nn.Module:
    """Return the network, its normalisations calibrated."""
    torch.manual_seed(0)
    model = resnet18().train()
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(4, 3, SIDE, SIDE))
    return model.eval().requires_grad_(False)


def results() -> Iterator[Result]:
    """Yield the lines of the table; facts that are no ratios go to standard error."""
    model = make_model()
    timed = partial(interleave, pairs=PAIRS, warm_up=1)
    blocks = {name: _last_node(model, name) for name in (LAST, FIRST)}
    bare = Bare(model, LAST)
    predecessor = Predecessor(model, LAST)
    ours = Ours(model, blocks[LAST])
    yield timed(
        f"`walk`, {BATCH} channels of the last block, per step",
        floor=("forward to the node, backward to the input", bare),
        subject=ours,
        goal="1.10",
        limit=1.10,
    )
    yield timed(
        "the same",
        floor=("the predecessor's loop: whole forward, one draw for the batch", predecessor),
        subject=ours,
        goal="0.6",
        limit=0.6,
    )
    if precision_for(torch.device("cpu")) is torch.bfloat16:
        yield timed(
            "`walk` in bfloat16, per step",
            floor=("the predecessor's loop in float32, as above", predecessor),
            subject=Ours(model, blocks[LAST], precision="bfloat16"),
            goal="0.25",
            limit=0.25,
        )
        _print_reached()
    else:
        print("no quick bfloat16 on this machine: not measured", file=sys.stderr)
    cut = Truncated(model, FIRST)
    first = Ours(model, blocks[FIRST])
    yield timed(
        "`walk` on the first block",
        floor=("forward to the first block and back, as above", cut),
        subject=first,
        goal="1.20",
        limit=1.20,
    )
    if importlib.util.find_spec("lucent") is None:
        print("torch-lucent is not installed: not compared", file=sys.stderr)
    else:
        yield timed(
            "steps with plain transforms",
            floor=("torch-lucent's render_vis, same node, batch, steps", Lucent(make_model())),
            subject=Ours(model, blocks[LAST], recipe="fourier"),
            goal="0.5",
            limit=0.5,
        )
    yield from _served(model, blocks[LAST])


def _last_node(model: nn.Module, block: str) -> str:
    """Return the id of the last node of a block."""
    from layerwalk.tracking import trace

    graph = trace(model, torch.zeros(1, 3, SIDE, SIDE)).graph
    return [node.id for node in graph.nodes if node.id.startswith(block)][-1]


class Bare:
    """The floor: a hook ends forward at the block; gradient to the input; nothing else."""

    def __init__(self, model: nn.Module, block: str) -> None:
        self.model, self.block = model, model.get_submodule(block)
        self.x = torch.randn(BATCH, 3, SIDE, SIDE)

    def __call__(self) -> Tensor:
        found: list[Tensor] = []

        def stop(_module: nn.Module, _args: object, output: Tensor) -> None:
            found.append(output)
            raise StopIteration

        x = self.x.requires_grad_(True)
        handle = self.block.register_forward_hook(stop)
        try:
            self.model(x)
        except StopIteration:
            pass
        finally:
            handle.remove()
        rows = torch.arange(BATCH)
        (gradient,) = torch.autograd.grad(found[0][rows, rows].mean((1, 2)).sum(), [x])
        return gradient


class Truncated(Bare):
    """The same floor in the layout and with the folding that a truncated network has."""

    def __init__(self, model: nn.Module, block: str) -> None:
        from torch.nn.utils.fusion import fuse_conv_bn_eval

        folded = make_model()
        for module in folded.modules():
            names = dict(module.named_children())
            for number in ("1", "2"):
                conv, norm = names.get(f"conv{number}"), names.get(f"bn{number}")
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    setattr(module, f"conv{number}", fuse_conv_bn_eval(conv, norm))
                    setattr(module, f"bn{number}", nn.Identity())
        folded = folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(folded, block)
        self.x = self.x.contiguous(memory_format=torch.channels_last)


class Predecessor:
    """DeepVisionVR's loop: whole forward, float32, one random draw for all images of the batch."""

    def __init__(self, model: nn.Module, block: str) -> None:
        self.model, self.block = model, model.get_submodule(block)
        self.x = torch.randn(BATCH, 3, SIDE, SIDE)
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self) -> Tensor:
        self.x = self._transformed(self.x)
        found: list[Tensor] = []
        handle = self.block.register_forward_hook(lambda *parts: found.append(parts[2]))
        x = self.x.detach().requires_grad_(True)
        self.model(x)
        handle.remove()
        rows = torch.arange(BATCH)
        loss = -found[0][rows, rows].mean((1, 2)).sum()
        (gradient,) = torch.autograd.grad(loss, [x])
        norm = gradient.flatten(1).norm(dim=1)[:, None, None, None]
        self.x = x.detach() - 20 * gradient / (norm + 1e-6)
        return self.x

    def _draw(self) -> float:
        return float(torch.rand((), generator=self.generator))

    def _transformed(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (10, 10, 10, 10), mode="replicate")
        if self._draw() < 0.3:
            angle = (self._draw() * 20 - 10) * torch.pi / 180
            x = _affine(x, angle, 1.0)
        if self._draw() < 0.05:
            x = _affine(x, 0.0, 1 / (1 + 0.05 * self._draw()))
        taps = torch.exp(-((torch.arange(5) - 2) ** 2) / (2 * 0.5**2))
        kernel = (taps[:, None] * taps / taps.sum() ** 2).expand(3, 1, 5, 5).contiguous()
        x = functional.conv2d(functional.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)
        x = x[..., 10:-10, 10:-10]
        if self._draw() < 0.3:
            x = x.roll((int(self._draw() * 11) - 5, int(self._draw() * 11) - 5), (2, 3))
        mean, std = x.mean((1, 2, 3), keepdim=True), x.std((1, 2, 3), keepdim=True)
        return 0.95 * x + 0.05 * (x - mean) / std


def _affine(x: Tensor, angle: float, scale: float) -> Tensor:
    turn = torch.tensor(angle)
    row = torch.stack((torch.cos(turn) * scale, -torch.sin(turn) * scale, torch.zeros(())))
    other = torch.stack((torch.sin(turn) * scale, torch.cos(turn) * scale, torch.zeros(())))
    grid = functional.affine_grid(
        torch.stack((row, other)).expand(len(x), 2, 3), list(x.shape), align_corners=False
    )
    return functional.grid_sample(x, grid, mode="nearest", align_corners=False)


class Ours:
    """One step of a run, taken from the library's own generator."""

    def __init__(
        self, model: nn.Module, node: str, *, recipe: str = "walk", precision: Precision = "float32"
    ) -> None:
        wanted = RECIPES[recipe].model_copy(update={"steps": 10_000})
        example = torch.zeros(1, 3, SIDE, SIDE)
        self._steps = layerwalk.maximise(
            model, node, range(BATCH), wanted, example=example, batch=BATCH, precision=precision
        )

    def __call__(self) -> Step:
        return next(self._steps)


class Lucent:
    """One step of torch-lucent: its defaults, a batch of images at the input's size."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __call__(self) -> object:
        from layerwalk.targets.shim import import_torchvision

        import_torchvision()
        import kornia
        from kornia.geometry import transform

        for name in ("get_rotation_matrix2d", "warp_affine"):  # lucent asks where they once were
            setattr(kornia, name, getattr(transform, name))
        from lucent.optvis import objectives, param, render

        wanted = sum(
            (objectives.channel("layer4_1", row, batch=row) for row in range(BATCH)),
            start=objectives.Objective(lambda _: 0.0),
        )
        return render.render_vis(
            self.model,
            wanted,
            lambda: param.image(SIDE, batch=BATCH),
            thresholds=(1,),
            progress=False,
            show_image=False,
        )


def _served(model: nn.Module, node: str) -> Iterator[Result]:
    """Yield what the first preview and a forward pass in between wait for, in a real session."""
    spec = InputSpec(kind="image", shape=(3, SIDE, SIDE))
    with layerwalk.Session() as session:
        network = session.add_network(model, input_spec=spec)
        seeds = itertools.count()
        step = Ours(model, node, precision="auto")  # as the session climbs

        def preview() -> float:
            after = session.events.last
            began = time.perf_counter()
            wish = MaximiseRequest(node=node, channels=tuple(range(BATCH)), seed=next(seeds))
            job = session.studio.submit(network, wish)
            while not session.jobs.job(job.id).partial:
                after = session.events.after(after, wait_s=1.0).last
            told = time.perf_counter() - began
            session.jobs.cancel(job.id)
            session.jobs.wait(job.id, 60)
            return told

        preview()
        pairs = [(_seconds(step), preview()) for _ in range(PAIRS)]
        floors, subjects = zip(*pairs, strict=True)
        yield Result(
            "click to first preview told", "one step", "150 ms more", 150, "extra", floors, subjects
        )
        job = session.studio.submit(
            network,
            MaximiseRequest(
                node=node,
                channels=tuple(range(BATCH)),
                recipe=RECIPES["walk"].model_copy(update={"steps": 10_000}),
            ),
        )
        waits: list[float] = []
        for seed in range(PAIRS):
            began = time.perf_counter()
            session.jobs.wait(session.put(network, NoiseInput(seed=seed)).id, 60)
            waits.append(time.perf_counter() - began)
        session.jobs.cancel(job.id)
        session.jobs.wait(job.id, 60)
        one = statistics.median(_seconds(step) for _ in range(3))
        print(
            f"a forward pass while a job runs: {statistics.median(waits):.2f} s (longest "
            f"{max(waits):.2f}), one step {one:.2f} s",
            file=sys.stderr,
        )


def _print_reached() -> None:
    """Tell what whole runs reach in bfloat16 beside float32, measured in float32 both."""
    model, card = open_target("resnet18_caltech101")
    model.eval()
    example = torch.zeros(1, *(card.input_shape or ()))
    reached: dict[str, Tensor] = {}
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        *_, last = layerwalk.maximise(
            model, "layer3.0.conv1", range(16), example=example, mean=card.mean, std=card.std,
            precision=precision,
        )  # fmt: skip
        reached[precision] = _own_channels(model, "layer3.0.conv1", last.images)
    shares = (reached["bfloat16"] / reached["float32"]).sort().values
    print(
        f"reached in bfloat16 after 200 steps, as a share of float32's, 16 channels: median "
        f"{shares.median():.3f}, least {shares[0]:.3f}; sum over sum "
        f"{reached['bfloat16'].sum() / reached['float32'].sum():.3f}",
        file=sys.stderr,
    )


def _own_channels(model: nn.Module, module: str, images: Tensor) -> Tensor:
    """Return the mean of channel k of a module's output for image k, `[N]`."""
    found: list[Tensor] = []
    handle = model.get_submodule(module).register_forward_hook(
        lambda _module, _args, output: found.append(output)
    )
    with torch.no_grad():
        model(images)
    handle.remove()
    return found[0].mean((2, 3)).diagonal()


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began

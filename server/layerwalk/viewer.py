"""`watch`: a viewer of a model that trains in this process.

```python
with layerwalk.watch(model, example) as viewer:
    for step, (x, y) in enumerate(loader):
        ...
        viewer.publish(step=step, loss=loss)
```

The training is neither slowed, changed nor stopped by it: whatever goes wrong is one warning at the
user's line, and the training goes on.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import cast

import torch
from torch import nn

from layerwalk.complaints import Complaints
from layerwalk.http.security import is_loopback
from layerwalk.http.serving import Server, bind
from layerwalk.inputs.datasets import Dataset, open_dataset
from layerwalk.limits import Limits
from layerwalk.pyramid import run_serially
from layerwalk.session import Session
from layerwalk.tracking import Detail
from layerwalk.training.care import TrainingCare
from layerwalk.training.course import Course
from layerwalk.training.mailbox import Metric, held
from layerwalk.training.pictures import IndexedPictures
from layerwalk.training.priority import lower_priority
from layerwalk.twin import Example, batch_of, make_example
from layerwalk_shared.errors import ClosedError, InvalidRequestError, PortInUseError
from layerwalk_shared.graph import View
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.routes import DEFAULT_PORT

SHARE = 0.03
"""Of the time, on average, that showing steps takes. Meanwhile the training gets on at half its pace
at worst, so it is slowed by 2 % at most."""
ITEMS, ITEMS_AT_ONCE = 32, 8
"""Items of the example that are looked at for dead units, and how many in one forward pass."""
LAST_STEP_S = 10.0
"""Longest wait of `close` for the last step to be on disk."""
_WRAPPERS = ("DistributedDataParallel", "DataParallel")


def watch(
    model: nn.Module,
    example: object,
    *,
    classes: Sequence[str] = (),
    dataset: object = None,
    port: int | None = None,
    host: str = "127.0.0.1",
    token: str | None = None,
    name: str | None = None,
    detail: Detail | None = None,
    input_spec: InputSpec | None = None,
    views: Mapping[str, View] | None = None,
    argument: int | str | None = None,
    tokenizer: object = None,
    keep: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    share: float = SHARE,
    strict: bool = False,
    complaints: Complaints | None = None,
) -> Viewer:
    """Serve a model that trains in this process; return the viewer to publish steps to.

    The model is copied and traced once. It is not changed, and not run again. In a distributed
    training, rank 0 serves; on the others the viewer does nothing.

    Args:
        model: any module, on any one device; DistributedDataParallel and compiled ones are looked
            into.
        example: what the network is shown with: a tensor `[N, ...]`, or a tuple or mapping of
            arguments that begins with one. Its first item is what people see; up to 32 are looked
            at for dead units.
        classes: names of the outputs.
        dataset: to pick inputs from: anything with `len` and `[i]` that gives `(picture, label)`,
            or what `layerwalk serve --data` takes, one name or several.
        port: None takes 5570, or any that is free where that is taken (said in a warning). A port
            that is named and taken is a warning, and nothing is served.
        host: beyond this machine a token is needed; it is made and printed where none is given.
        token: that every request has to bear.
        name: for people; the class name by default.
        detail: of the graph: "trackers", "modules" or "operations".
        input_spec: normalisation of the input; read off the example by default.
        views: node id or pattern of ids -> how it is shown, where that is not as guessed.
        argument: which tensor of the example is the input that is shown; the first by default.
        tokenizer: of a text: a callable str -> ids, or what Hugging Face calls one.
        keep: folder that the snapshots of all steps are kept in, beyond what memory holds.
        limits: of memory, requests and histories.
        share: of the time that showing steps may take on average. Steps that come faster are
            skipped, the newest is shown; 1 shows as many as possible.
        strict: raise instead of warning.
        complaints: how trouble is said; for integrations.

    Raises:
        LayerwalkError: with `strict` only.
    """
    complaints = complaints or Complaints(is_strict=strict)
    if rank() != 0:
        return Viewer(complaints)
    with complaints.minded("watch"):
        with ExitStack() as made:
            if not 0 < share <= 1:
                raise InvalidRequestError(f"share is {share}, expected more than 0, at most 1")
            source = unwrapped(model)
            session = made.enter_context(
                Session(limits=limits, device=_device(source), on_start=_begin_thread)
            )
            token = token or (None if is_loopback(host) else secrets.token_urlsafe(24))
            server = _bind(session, complaints, host=host, port=port, token=token)
            made.callback(server.close)
            if keep is not None:
                session.gallery.keep_on_disk(Path(keep))
            care = TrainingCare()
            with care.pause.given():
                network = session.add_network(
                    source,
                    example,
                    name=name,
                    classes=classes,
                    input_spec=input_spec,
                    detail=detail,
                    views=views,
                    argument=argument,
                    tokenizer=tokenizer,
                    care=care,
                )
            course = Course(
                session,
                network,
                source=source,
                care=care,
                more=_more(example, _device(source)),
                share=share,
                complaints=complaints,
            )
            _add_datasets(session, dataset, classes, complaints)
            server.start()
            made.pop_all()
        viewer = Viewer(complaints, session=session, server=server, course=course, token=token)
        stopped = session.network(network).trace.error
        if stopped is not None:
            complaints.note("forward", f"forward stopped, so what is shown ends there: {stopped}")
        for reason in care.reasons:
            complaints.note("pause", reason)
        said = f"layerwalk: watching {session.network(network).name} on {server.url}"
        print(said + (f", token {token}" if token else ""), file=sys.stderr, flush=True)
        try:
            complaints.repeat()
        except BaseException:
            viewer.close()
            raise
        return viewer
    return Viewer(complaints)


class Viewer:
    """What a training publishes its steps to. Belongs to the training thread; made by `watch`."""

    def __init__(
        self,
        complaints: Complaints,
        *,
        session: Session | None = None,
        server: Server | None = None,
        course: Course | None = None,
        token: str | None = None,
    ) -> None:
        self._complaints = complaints
        self._session = session
        self._server = server
        self._course = course
        self._token = token
        self._is_closed = False
        self._step: int | None = None
        self._offset = 0
        if session is not None:
            atexit.register(self.close)

    @property
    def is_active(self) -> bool:
        """Whether something is served: not on other ranks, after trouble, or once closed."""
        return self._course is not None and not self._is_closed

    @property
    def url(self) -> str | None:
        """Where clients connect to; None where nothing is served."""
        return self._server.url if self._server is not None and self.is_active else None

    @property
    def token(self) -> str | None:
        """What every request has to bear, if anything."""
        return self._token

    @property
    def session(self) -> Session | None:
        """What is served, for tools in the same process."""
        return self._session

    def publish(self, *, step: int | None = None, loss: object = None, **metrics: object) -> None:
        """Show the model as it is now, and what is told of it.

        Call it after `optimizer.step()` and before the next `zero_grad()`: then gradients are
        there, too. It copies the weights and returns; on a GPU nothing is waited for. It never
        raises, unless the viewer is strict.

        Args:
            step: of the training; one more than before by default.
            loss: a number, or a tensor of one element.
            metrics: more of those, by name.
        """
        if self._course is None:
            return
        if self._is_closed:
            error = ClosedError("publish() after close(): nothing is shown")
            self._complaints.say("closed", str(error), error)
            return
        with self._complaints.minded("publish"):
            place = self._place(step)
            given = {} if loss is None else {"loss": loss}
            values: dict[str, Metric] = {}
            for name, value in (given | metrics).items():
                with self._complaints.minded(f"metric {name!r}"):
                    values[name] = held(value, name)
            self._course.publish(place, values)
        self._complaints.repeat()

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything published so far is shown; return whether it was in time."""
        if not self.is_active or self._course is None:
            return True
        done = False
        with self._complaints.minded("flush"):
            done = self._course.flush(timeout_s)
        self._complaints.repeat()
        return done

    def close(self) -> None:
        """Stop serving; leave no thread, socket or file open. May be called again."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._session is None or self._server is None or self._course is None:
            return
        atexit.unregister(self.close)
        with self._complaints.minded("close"), ExitStack() as ending:
            ending.callback(self._session.close)
            ending.callback(self._server.close)
            ending.callback(self._course.close)
            if self._session.gallery.is_on_disk:
                self._course.flush(LAST_STEP_S)
        self._complaints.repeat()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _place(self, step: int | None) -> int:
        """Return the step to count on with, which never goes back."""
        last = -1 if self._step is None else self._step
        if step is None:
            place = last + 1
        else:
            place = int(step) + self._offset
            if place < max(0, last):
                self._offset = last + 1 - int(step)
                self._complaints.say(
                    "step",
                    f"step {step} after {last}: steps grow, so it is counted on as {last + 1}",
                )
                place = last + 1
        self._step = place
        return place


def rank() -> int:
    """Return which process of a distributed training this is; 0 where there is none."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank()
    try:
        return int(os.environ.get("RANK", "0"))
    except ValueError:
        return 0


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the user's own module in what distributes or compiles it."""
    while True:
        wraps = type(model).__name__
        inner = model._modules.get("module" if wraps in _WRAPPERS else "_orig_mod")
        if inner is None or wraps not in (*_WRAPPERS, "OptimizedModule"):
            return model
        model = inner


def _begin_thread() -> None:
    run_serially()
    lower_priority()


def _device(model: nn.Module) -> str:
    tensor = next(chain(model.parameters(), model.buffers()), None)
    return "cpu" if tensor is None else str(tensor.device)


def _bind(
    session: Session, complaints: Complaints, *, host: str, port: int | None, token: str | None
) -> Server:
    try:
        return bind(session, host=host, port=DEFAULT_PORT if port is None else port, token=token)
    except PortInUseError:
        if port is not None:
            raise
        server = bind(session, host=host, port=0, token=token)
        complaints.note("port", f"port {DEFAULT_PORT} is taken; serving on {server.url}")
        return server


def _more(example: object, device: str) -> list[Example]:
    """Return the example beyond its first item, in batches."""
    count = min(ITEMS, batch_of(example))
    starts = range(1, count, ITEMS_AT_ONCE)
    return [
        make_example(example, device=device, items=slice(start, min(count, start + ITEMS_AT_ONCE)))
        for start in starts
    ]


def _add_datasets(
    session: Session, dataset: object, classes: Sequence[str], complaints: Complaints
) -> None:
    if dataset is None:
        return
    spec = session.networks()[0].input
    names = isinstance(dataset, list | tuple) and all(isinstance(one, str) for one in dataset)
    for one in cast(Sequence[str], dataset) if names else [dataset]:
        with complaints.minded("dataset"):
            if isinstance(one, str):
                session.add_dataset(open_dataset(one))
            elif hasattr(one, "item") and hasattr(one, "name"):
                session.add_dataset(cast(Dataset, one))
            elif hasattr(one, "__len__") and hasattr(one, "__getitem__"):
                name = type(one).__name__
                session.add_dataset(IndexedPictures(one, name=name, classes=classes, spec=spec))
            else:
                raise InvalidRequestError(
                    f"dataset is a {type(one).__name__}, expected one with len() and [i]"
                )

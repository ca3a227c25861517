"""What a picture without a window compares: named in words, waited for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from layerwalk_client.app.handling.hand import hold_file
from layerwalk_client.app.links.recalling import find_item
from layerwalk_client.app.output.staging import Staging
from layerwalk_client.source.asking import PutInput
from layerwalk_client.world.comparison import Mode, Subject
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError, NotFoundError, nearest_hint
from layerwalk_shared.messages import NoiseInput

FORMS = "a file, DATASET:NUMBER, noise:SEED, step:NUMBER or network:NAME"


@dataclass(frozen=True, slots=True)
class SecondWish:
    """What is compared with, in words, and how both are seen."""

    text: str
    mode: Mode = "difference"


def compare(staging: Staging, wish: SecondWish) -> None:
    """Compare what is shown with what the words name, and wait until that is known.

    Raises:
        InvalidRequestError: the words name nothing of that kind.
        LayerwalkError: it cannot be had.
    """
    stage = staging.stage
    kind, _, rest = wish.text.rpartition(":")
    if kind == "network":
        _link(staging, rest)
    elif kind == "step":
        stage.comparing.compare_with(_step(staging, rest))
    else:
        network = stage.network
        assert network is not None
        if kind == "noise":
            put = PutInput(network.id, NoiseInput(seed=_number(rest, wish.text)), is_second=True)
        elif kind:
            item = find_item(stage.state.session, kind, _number(rest, wish.text))
            put = PutInput(network.id, item, is_second=True)
        else:
            held = hold_file(Path(wish.text))
            put = PutInput(network.id, held.image, title=held.title, is_second=True)
        stage.submit(put)
    staging.wait(lambda: _is_known(staging))
    stage.comparing.set_mode(wish.mode)


def _is_known(staging: Staging) -> bool:
    comparing = staging.stage.comparing
    if comparing.failure:
        raise LayerwalkError(comparing.failure)
    return comparing.view is not None and not comparing.is_waiting


def _link(staging: Staging, name: str) -> None:
    session, shown = staging.stage.state.session, staging.stage.network
    known = () if session is None else session.networks
    for one in known:
        if name in (one.id, one.name) and (shown is None or one.id != shown.id):
            wish = staging.stage.comparing.link(one.id)
            assert wish is not None  # something is shown
            staging.stage.submit(wish)
            return
    others = [one.name for one in known if shown is None or one.id != shown.id]
    raise NotFoundError(
        f"network {name!r} is not another one of this server ({', '.join(others) or 'none is'})"
        + nearest_hint(name, others)
    )


def _step(staging: Staging, text: str) -> Subject:
    state, network = staging.stage.state, staging.stage.network
    assert network is not None
    staging.wait(lambda: state.training.is_loaded)
    number = _number(text, f"step:{text}")
    known = state.training.step(number)
    if known is None or known.snapshot is None:
        raise NotFoundError(f"step {number} of the training was not served, or is gone")
    return Subject(network.id, known.snapshot)


def _number(text: str, whole: str) -> int:
    if not text.isdecimal():
        raise InvalidRequestError(f"--compare {whole!r}, expected {FORMS}")
    return int(text)

"""Following a folder of checkpoints: whole files only, in order, broken ones said and passed over."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from layerwalk.session import Session
from layerwalk.training.care import TrainingCare
from layerwalk.training.checkpoints import CheckpointFolder, Follower, step_of
from layerwalk_shared.errors import InvalidRequestError
from server.viewer.conftest import Small
from server.viewer.test_neutral import paths


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("model-step=1200.ckpt", 1200),
        ("epoch=3-step=1200.ckpt", 1200),
        ("checkpoint_07.pt", 7),
        ("step_000300.safetensors", 300),
        ("resnet18_v2_40.pth", 40),
        ("last.ckpt", None),
    ],
)
def test_the_step_is_in_the_name(name: str, step: int | None) -> None:
    assert step_of(Path(name)) == step


def test_a_file_is_told_of_once_when_it_has_stopped_growing(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    path = tmp_path / "step-5.pt"
    assert folder.look() == ()
    path.write_bytes(b"half")
    assert folder.look() == ()
    path.write_bytes(b"half and more")
    assert folder.look() == ()
    assert [one.step for one in folder.look()] == [5]
    assert folder.look() == ()
    path.write_bytes(b"written again, longer")
    assert folder.look() == ()
    assert [one.step for one in folder.look()] == [5]


def test_empty_files_and_others_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "step-1.pt").write_bytes(b"")
    (tmp_path / "step-2.txt").write_bytes(b"text")
    (tmp_path / "step-3.pt.tmp").write_bytes(b"half")
    folder = CheckpointFolder(tmp_path)
    assert folder.look() == folder.look() == ()


def test_there_has_to_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no such folder"):
        CheckpointFolder(tmp_path / "none")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def follower(
    no_thread_left: None, model: Small, example: Tensor, tmp_path: Path, said: list[str]
) -> Iterator[Follower]:
    care = TrainingCare(is_alone=True)
    with Session() as session:
        network = session.add_network(model, example, care=care)
        following = Follower(
            session,
            network,
            care=care,
            folder=tmp_path,
            say=said.append,
        )
        following.session = session  # type: ignore[attr-defined]
        yield following
        following.close()


def write(model: nn.Module, path: Path, value: float) -> nn.Module:
    """Write a checkpoint whose convolution is `value`, in the way its suffix asks for."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.conv.weight.fill_(value)
    state = changed.state_dict()
    if path.suffix == ".safetensors":
        save_file(state, path)
    elif path.suffix == ".ckpt":
        torch.save({"state_dict": state, "epoch": 3}, path)
    elif path.suffix == ".pth":
        torch.save({"model": {f"module.{key}": one for key, one in state.items()}}, path)
    else:
        torch.save(state, path)
    return changed.eval()


def test_each_checkpoint_becomes_a_step(
    follower: Follower, model: Small, example: Tensor, tmp_path: Path, said: list[str]
) -> None:
    suffixes = (".safetensors", ".ckpt", ".pth", ".pt")
    session: Session = follower.session  # type: ignore[attr-defined]
    expected = {}
    for number, suffix in enumerate(suffixes, 1):
        changed = write(model, tmp_path / f"step-{number * 10}{suffix}", number / 10)
        with torch.no_grad():
            expected[number * 10] = changed(example[:1])[0].numpy()
        assert follower.look() == 0
        assert follower.look() == 1
    assert said == []
    steps = session.gallery.training("n1").steps
    assert [step.step for step in steps] == [10, 20, 30, 40]
    for step in steps:
        snapshot = session.snapshot(str(step.snapshot))
        found = snapshot.node_values(snapshot.graph.index["head"])
        assert (found == expected[step.step]).all()
    assert any(node.update for node in steps[-1].nodes)


def test_a_broken_file_is_said_and_the_next_one_shown(
    follower: Follower, model: Small, tmp_path: Path, said: list[str]
) -> None:
    session: Session = follower.session  # type: ignore[attr-defined]
    (tmp_path / "step-1.pt").write_bytes(b"PK no zip at all")
    torch.save({"conv.weight": torch.zeros(2)}, tmp_path / "step-2.pt")
    whole = tmp_path / "step-3.safetensors"
    write(model, whole, 0.5)
    (tmp_path / "step-4.safetensors").write_bytes(whole.read_bytes()[:-100])
    follower.look()
    assert follower.look() == 1
    assert len(said) == 3
    for text, name in zip(said, ("step-1.pt", "step-2.pt", "step-4.safetensors"), strict=True):
        assert name in text
    assert [step.step for step in session.gallery.training("n1").steps] == [3]


def test_code_in_a_checkpoint_is_not_run(
    follower: Follower, tmp_path: Path, said: list[str]
) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "sprung",))  # type: ignore[return-value]

    torch.save({"state_dict": Trap()}, tmp_path / "step-1.pt")
    follower.look()
    assert follower.look() == 0
    assert not (tmp_path / "sprung").exists()
    assert "not unpickled" in said[0]


SCRIPT = """
import torch
from torch import nn


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU())
"""


def test_serve_follows_a_folder(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SCRIPT)
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    torch.save(model.state_dict(), folder / "step-70.pt")
    (folder / "step-80.pt").write_bytes(b"no checkpoint")
    command = [sys.executable, "-m", "layerwalk_shared.command", "serve", "net.py:make"]
    options = ["--input", "4", "--port", "0", "--follow", str(folder)]
    process = subprocess.Popen(
        [*command, *options],
        cwd=tmp_path,
        env={**paths(), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        kinds: list[str] = []
        after = 0
        while "training-stepped" not in kinds:
            path = f"{url}/api/v1/events?after={after}&wait=20"
            with urllib.request.urlopen(path, timeout=30) as answer:
                batch = json.load(answer)
            after = batch["last"]
            kinds += [event["kind"] for event in batch["events"]]
        with urllib.request.urlopen(f"{url}/api/v1/networks/n1/training", timeout=30) as answer:
            told = json.load(answer)
        assert [step["step"] for step in told["steps"]] == [70]
        assert process.stderr is not None
        assert "step-80.pt" in process.stderr.readline()
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()

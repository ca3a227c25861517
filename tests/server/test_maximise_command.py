"""`layerwalk maximise`: files, what is made again and what is not, and what goes wrong."""

from __future__ import annotations

import errno
import os
import signal
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerwalk.commands import production
from layerwalk.commands.progress import ProgressLine
from layerwalk.maximisation.executors import LocalExecutor
from layerwalk.sheets import read_legend
from layerwalk_shared.command import main

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.conv = nn.Conv2d(3, 6, 3)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        found = self.conv(x)
        sharp = torch.sign(found.detach())
        return self.head(found.mean((2, 3))) + 0 * sharp.mean()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path


def run(*words: str, output: str = "out") -> int:
    return main(["maximise", *words, "--precision", "float32", "-o", output])


NET = ("net.py:Net", "--input", "3x9x9", "--steps", "2")


def test_a_node_gives_a_sheet_exact_images_and_parameters(folder: Path) -> None:
    assert run(*NET, "conv", "0-2,5", "--images", "--set", "transforms.rotate_deg=3") == 0
    made = folder / "out" / "conv"
    assert {one.name for one in made.iterdir()} == {
        "sheet.png", "images.npz", "parameters.json", "images"
    }  # fmt: skip
    assert sorted(one.name for one in (made / "images").iterdir()) == [
        "00000.png", "00001.png", "00002.png", "00005.png"
    ]  # fmt: skip
    with np.load(made / "images.npz") as found:
        assert found["images"].shape == (4, 3, 9, 9)
        assert found["channels"].tolist() == [0, 1, 2, 5]
    legend = read_legend((made / "sheet.png").read_bytes())
    assert legend == read_legend((made / "parameters.json").read_bytes())
    assert (legend.recipe.steps, legend.recipe.transforms.rotate_deg) == (2, 3)
    with Image.open(made / "images" / "00005.png") as picture:
        assert picture.size == (9, 9)


@pytest.mark.parametrize("name", ["sheet.png", "parameters.json"])
def test_a_sheet_is_made_again_from_itself(folder: Path, name: str) -> None:
    assert run(*NET, "conv", "1,4", "--seed", "5", "--start", "noise:0.2") == 0
    before = folder / "out" / "conv"
    assert run("--again", str(before / name), "--cache", "none", output="other") == 0
    with (
        np.load(before / "images.npz") as first,
        np.load(folder / "other" / "conv" / "images.npz") as second,
    ):
        assert np.array_equal(first["images"], second["images"])
        assert second["channels"].tolist() == [1, 4]


def test_a_direction_with_a_further_term_is_made_and_made_again(folder: Path) -> None:
    words = ("--objective", "direction", "--direction", "1, 4*-0.5", "--also", "head#2*0.1")
    assert run(*NET, "conv", *words) == 0
    sheet = folder / "out" / "conv" / "sheet.png"
    objective = read_legend(sheet.read_bytes()).objective
    assert objective.direction == (0.0, 1.0, 0.0, 0.0, -0.5, 0.0)
    assert [(one.node, one.channel, one.weight) for one in objective.also] == [("head", 2, 0.1)]
    assert run("--again", str(sheet), "--cache", "none", output="other") == 0
    with (
        np.load(folder / "out" / "conv" / "images.npz") as first,
        np.load(folder / "other" / "conv" / "images.npz") as second,
    ):
        assert np.array_equal(first["images"], second["images"])


def test_what_is_said_beside_a_sheet_goes_before_it(folder: Path) -> None:
    assert run(*NET, "conv", "1", "--rate", "7") == 0
    sheet = str(folder / "out" / "conv" / "sheet.png")
    assert run("--again", sheet, "--steps", "3", output="other") == 0
    legend = read_legend((folder / "other" / "conv" / "sheet.png").read_bytes())
    assert (legend.recipe.steps, legend.recipe.rate) == (3, 7.0)


def test_images_come_from_the_cache_and_a_folder_that_is_whole_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*NET, "conv", "0-1") == 0
    assert run(*NET, "conv", "0-2") == 0
    assert run(*NET, "conv", "0-2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "conv: 2 images", "conv: 3 images, 2 from the cache", "conv: 3 images, there already"
    ]  # fmt: skip


def test_a_node_that_cannot_be_climbed_is_left_out_of_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*NET, "--all-nodes", "--detail", "operations") == 0
    told = capsys.readouterr()
    assert "'sign' is left out: node 'sign' passes no gradient back" in told.err
    assert (folder / "out" / "conv" / "sheet.png").is_file()
    legend = read_legend((folder / "out" / "head" / "sheet.png").read_bytes())
    assert legend.channels == (0, 1, 2, 3)
    sheet = str(folder / "out" / "head" / "sheet.png")
    assert run("--again", sheet, output="other") == 0
    assert [one.name for one in (folder / "other").iterdir()] == ["head"]


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    own = LocalExecutor.run

    def interrupted(self: LocalExecutor, *args: object, **kwargs: object) -> object:
        for one in own(self, *args, **kwargs):  # type: ignore[arg-type]
            yield one
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(LocalExecutor, "run", interrupted)
        assert run(*NET, "conv", "0-3", "--batch", "1") == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopped: 1 of 4 images of 'conv' are written; the same command goes on there" in (
        capsys.readouterr().err
    )
    with np.load(folder / "out" / "conv" / "images.npz") as found:
        assert found["channels"].tolist() == [0]
    assert run(*NET, "conv", "0-3", "--batch", "1") == 0
    assert capsys.readouterr().out == "conv: 4 images, 1 from the cache\n"


def test_a_full_disk_is_said_and_leaves_no_half_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(production.os, "fsync", full)
    assert run(*NET, "conv", "0", "--cache", "none") == 1
    error = capsys.readouterr().err
    assert "sheet.png cannot be written: No space left on device" in error
    assert list((folder / "out" / "conv").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("conv", "--recipe", "wolk"), "nearest: 'walk'"),
        (("conv", "--set", "transforms.rotat_deg=3"), "nearest: 'transforms.rotate_deg'"),
        (("conv", "--steps", "0"), "steps is 0: Input should be greater than or equal to 1"),
        (("conv", "--steps", "1000000000"), "less than or equal to 10000"),
        (("conv", "5-2"), "expected all, or such as 0-15,40"),
        (("conv", "--penalty", "-1"), "penalty is -1.0"),
        (("conv", "--objective", "direction"), "a direction names units and weights"),
        (("conv", "--objective", "direction", "--direction", "6"), "there are 0 to 5"),
        (("conv", "--direction", "1"), "--objective is 'channel'"),
        (("conv", "--also", "head heavy"), "expected NODE#UNIT"),
        (("--all-nodes", "--objective", "direction", "--direction", "1"), "of one node"),
        ((), "TARGET and NODE are needed"),
        (("conv", "--all-nodes"), "TARGET and --all-nodes"),
        (("conv", "--executor", "slurm"), "expected local, ray"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run("net.py:Net", "--input", "3x9x9", *words)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("convv",), "nearest: 'conv'"),
        (("conv", "6"), "channel 6 is not in node 'conv' (0 to 5)"),
        (("conv", "--start", "noise:x"), "--start noise:x"),
        (("conv", "--start", "nothing.png"), "No such file"),
        (("conv", "--again", "net.py"), "no legend of a sheet"),
        (("conv", "--executor", "ray:nowhere"), "expected auto or HOST:PORT"),
        (("conv", "1", "--objective", "layer"), "takes no channels"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_exits_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    if "ray:nowhere" in words:
        pytest.importorskip("ray")
    assert run("net.py:Net", "--input", "3x9x9", "--steps", "1", *words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_a_start_may_be_a_file(folder: Path) -> None:
    np.save("start.npy", np.full((3, 9, 9), 0.25, np.float32))
    assert (
        run(*NET, "conv", "0", "--start", "start.npy", "--recipe", "plain", "--rate", "1e-9") == 0
    )
    with np.load(folder / "out" / "conv" / "images.npz") as found:
        np.testing.assert_allclose(found["images"], 0.25, atol=1e-5)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_a_line_elsewhere() -> None:
    now = [0.0]
    terminal, plain = Terminal(), StringIO()
    for stream in (terminal, plain):
        now[0] = 0.0
        line = ProgressLine(stream, clock=lambda: now[0])
        line.begin("conv")
        for step in range(1, 41):
            now[0] = step
            line.advance(step, 80)
        line.say("done")
    assert plain.getvalue().splitlines()[0] == "conv: step 10 of 80, 1:10 to go"
    assert len(plain.getvalue().splitlines()) == 5
    last = terminal.getvalue().split("\r")[-3]
    assert last == "conv [############------------] step 40 of 80, 0:40 to go"
    assert terminal.getvalue().endswith("\rdone\n")

"""`layerwalk serve` and `layerwalk graph` as processes: lines, exit codes, a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from layerwalk.cli import read_classes, serve, tags
from layerwalk.targets import open_target
from layerwalk_shared.command import main
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph

MODEL = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 64, 3))

    def forward(self, x):
        return self.head(self.conv(x).relu())

class Raises(Net):
    def forward(self, x):
        raise RuntimeError(f"odd input {tuple(x.shape)}")
"""
ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join(str(ROOT / part) for part in ("server", "client", "shared", "models"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "layerwalk_shared.command", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("serve", *arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(url: str, **headers: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return json.load(answer)


def run(*arguments: str) -> int:
    """Run a verb in this process; return its exit code."""
    try:
        return main(arguments)
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        return ended.code


def test_serve_prints_its_address_answers_and_ends_cleanly(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "names.txt").write_text("cup\nface\n\npagoda\n")
    arguments = ("net.py:Net", "--input", "3x8x8", "--port", "0", "--classes", "names.txt")
    extra = ("--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25", "--name", "mine")
    weights = open_target("net.py:Net")[0].state_dict()
    torch.save(weights, folder / "w.pt")
    with serving(folder, *arguments, *extra, "--weights", "w.pt") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"layerwalk: serving mine on (http://127\.0\.0\.1:(\d+))\n", line)
        assert match is not None, process.stderr.read()
        network = get(f"{match[1]}/api/v1/networks/n1")
        assert network["classes"] == ["cup", "face", "pagoda"]
        assert network["input"]["std"] == [0.25] * 3
        assert network["snapshot"]["top"][0]["name"] in network["classes"]
        stats = get(f"{match[1]}/api/v1/networks/n1/nodes/conv/weights/stats")
        assert stats["maximum"] == pytest.approx(weights["conv.weight"].max().item())
        assert run("serve", "gone.py:Net", "--port", match[2]) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"layerwalk serve: port {match[2]} on 127.0.0.1 is taken")
        assert "--port" in told
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""


def test_a_child_ends_with_its_parent_where_that_is_wished(folder: Path) -> None:
    arguments = ("net.py:Net", "--input", "3x8x8", "--port", "0", "--until-stdin-closes")
    with serving(folder, *arguments) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert get(f"{url}/api/v1/session")["networks"]
        process.stdin.close()
        assert process.wait(30) == 0
        process.stdin = None


def test_beyond_this_machine_a_token_is_made_and_a_broken_forward_is_served_up_to_there(
    folder: Path,
) -> None:
    arguments = ("net.py:Raises", "--input", "3x8x8", "--port", "0", "--host", "0.0.0.0")
    with serving(folder, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[-1]
        token = process.stdout.readline().removeprefix("layerwalk: token ").strip()
        assert len(token) >= 32
        assert "odd input (1, 3, 8, 8)" in process.stderr.readline()
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            get(f"{url}/api/v1/networks/n1")
        refused.value.close()
        network = get(f"{url}/api/v1/networks/n1", Authorization=f"Bearer {token}")
        assert "odd input" in network["error"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_graph_prints_text_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("graph", "net.py:Net", "--input", "3x8x8") == 0
    text = capsys.readouterr().out
    assert text.startswith("Net: ")
    assert re.search(r"conv\s+Conv2d\s+4 x 8 x 8\s+<- input", text)
    assert re.search(r"^  head\.1\s+Linear\s+3\s+<- head\.0$", text, re.MULTILINE)
    assert run("graph", "net.py:Net", "--input", "3x8x8", "--json") == 0
    graph = Graph.model_validate_json(capsys.readouterr().out)
    assert [node.id for node in graph.nodes][:2] == ["input", "conv"]
    assert run("graph", "net.py:Raises", "--input", "3x8x8") == 0
    assert "forward stopped: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("graph", "net.py:Nut"), 1, "layerwalk graph: 'net.py:Nut': net has no 'Nut'; nearest"),
        (("graph", "net.py:Net", "--weights", "no.pt"), 1, "'no.pt' does not exist"),
        (("graph", "net.py:Net", "--classes", "no.txt"), 1, "classes file 'no.txt'"),
        (("graph", "net.py:Net", "--input", "3x8x8", "--mean", "1,2"), 1, "mean has 2 numbers"),
        (("graph", "net.py:Net", "--input", "3x8x8", "--mean", "1,2,3"), 1, "both or none"),
        (("graph", "net.py:Net", "--device", "nowhere"), 1, "device 'nowhere' cannot be used"),
        (("serve", "net.py:Net", "--port", "0", "--data", "nowhere/"), 1, "data set 'nowhere/'"),
        (("serve", "net.py:Net", "--origin", "*", "--port", "0"), 1, "origin '*'"),
        (("serve", "net.py:Net", "--host", "192.0.2.1", "--port", "0"), 1, "192.0.2.1"),
        (("serve",), 2, "TARGET"),
        (("serve", "net.py:Net", "--input", "axb"), 2, "3x224x224"),
        (("serve", "net.py:Net", "--snapshot-memory", "lots"), 2, "512M"),
        (("serve", "net.py:Net", "--token", "short"), 2, "8 ASCII"),
        (("serve", "net.py:Net", "--port", "x"), 2, "--port"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    no_thread_left: None,
    *,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    assert run(*arguments) == code
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.out == ""
    if code == 1:
        assert told.err.count("\n") == 1


def test_a_broken_first_picture_is_told_and_the_network_begins_with_noise(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos").mkdir()
    (folder / "photos" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    arguments = ("net.py:Net", "--input", "3x8x8", "--port", "0", "--data", "photos")
    with serving(folder, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "beginning with noise" in process.stderr.readline()
        url = process.stdout.readline().split()[-1]
        assert get(f"{url}/api/v1/networks/n1")["snapshot"]["input"]["kind"] == "noise"


def test_classes_are_lines_or_a_json_list(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(" cup \n\nchaise longue\n", encoding="utf-8")
    (tmp_path / "list.json").write_text('["cup", "tasse à café"]', encoding="utf-8")
    (tmp_path / "odd.json").write_text('["cup", 3]', encoding="utf-8")
    assert read_classes(tmp_path / "lines.txt") == ("cup", "chaise longue")
    assert read_classes(tmp_path / "list.json") == ("cup", "tasse à café")
    with pytest.raises(InvalidRequestError, match=r"odd\.json"):
        read_classes(tmp_path / "odd.json")


def test_importing_layerwalk_loads_neither_torch_nor_flask(folder: Path) -> None:
    script = (
        "import sys, layerwalk, layerwalk_shared.command;"
        "sys.exit(bool({'torch', 'flask', 'pygame', 'numpy'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=environment(), check=False, cwd=folder
    )
    assert loaded.returncode == 0


def test_two_weights_of_one_target_are_two_networks_with_one_input(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    for name in ("before", "after"):
        model, _ = open_target("net.py:Net")
        torch.save(model.state_dict(), folder / f"{name}.pt")
    weights = ("--weights", "before.pt", "--weights", "after.pt")
    with serving(folder, "net.py:Net", *weights, "--input", "3x8x8", "--port", "0") as process:
        assert process.stdout is not None
        match = re.search(r"serving Net before, Net after on (http\S+)", process.stdout.readline())
        assert match is not None
        networks = get(f"{match[1]}/api/v1/session")["networks"]
        shown = [get(f"{match[1]}/api/v1/networks/{one['id']}")["snapshot"] for one in networks]
        assert shown[0]["nodes"][0] == shown[1]["nodes"][0]
        assert shown[0]["nodes"][1] != shown[1]["nodes"][1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a", "b", "--weights", "c.pt"), "2 targets and 1 --weights"),
        (("a", "b", "--name", "c"), "--name 'c' for 2 networks"),
        (("a", "b", "--follow", "c"), "--follow shows one network"),
    ],
)
def test_networks_that_contradict_their_options_are_wrong_usage(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        serve(arguments)
    assert left.value.code == 2
    assert words in capsys.readouterr().err


def test_files_are_told_apart_by_as_little_as_is_needed() -> None:
    assert tags([Path("runs/a/best.pt"), Path("runs/b/best.pt")]) == ["a/best", "b/best"]
    assert tags([Path("a.pt"), Path("b.safetensors")]) == ["a", "b"]

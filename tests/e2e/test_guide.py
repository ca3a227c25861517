"""The guide "your own model" is followed word for word: its files, its commands, its requests."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import torch
from torch import nn

from layerwalk.cli import _fill, _offer, _serve_parser, wished_networks
from layerwalk.http.app import make_app
from layerwalk.session import Session
from layerwalk_shared.command import main
from layerwalk_shared.messages import SnapshotManifest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-model.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)
PATHS = [str(ROOT / part) for part in ("server", "client", "shared", "models")]
NEEDS_A_SCREEN = "layerwalk view"


class Follower:
    """Does what the page says, in one folder; a server is an app without a socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session: Session | None = None
        self.names: dict[str, object] = {"torch": torch, **self._given()}
        self.done: list[str] = []
        self.taken: list[SnapshotManifest] = []

    def _given(self) -> dict[str, object]:
        """What the page takes for granted: a model of yours and a batch for it."""
        block = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 4, 3)))
        model = nn.Sequential(OrderedDict(layer1=nn.Sequential(block)))
        return {"model": model, "x": torch.zeros(2, 3, 8, 8)}

    def python(self, text: str) -> None:
        named = re.match(r"# (\w+\.py)", text)
        if named:
            (self.folder / named[1]).write_text(text)
        else:
            exec(compile(text, "docs/your-model.md", "exec"), self.names)

    def shell(self, text: str) -> None:
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:2] == ["layerwalk", "serve"]:
                self.serve(words[2:])
            elif words[:2] == ["layerwalk", "graph"]:
                assert main(words[1:]) == 0
            elif words and words[0] == "curl":
                self.request(words[1:])
            elif line.startswith(NEEDS_A_SCREEN):
                continue
            else:
                self.run(line)
            self.done.append(words[0] if words else "")

    def serve(self, arguments: list[str]) -> None:
        self.close()
        self.session = Session()
        options = _serve_parser().parse_args(arguments)
        datasets = _offer(self.session, options)
        for wish in wished_networks(options):
            _fill(self.session, options, wish, datasets)
        described = self.session.describe_network("n1")
        assert described.error is None
        assert described.snapshot is not None
        assert described.snapshot.error is None

    def request(self, words: list[str]) -> None:
        method, data, headers, url = "", None, {}, ""
        rest = iter(words)
        for word in rest:
            if word == "-X":
                method = next(rest)
            elif word == "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            elif word in ("-d", "--data-binary"):
                found = next(rest)
                data = Path(found[1:]).read_bytes() if found[0] == "@" else found.encode()
            elif word != "-s":
                url = word
        assert self.session is not None
        parts = urlsplit(url.replace("$B", "http://localhost/api/v1"))
        web = make_app(self.session).test_client()
        answer = web.open(
            f"{parts.path}?{parts.query}",
            method=method or ("POST" if data is not None else "GET"),
            data=data,
            headers=headers,
        )
        assert answer.status_code in (200, 202), (words, answer.text)
        if answer.status_code == 202:
            self.session.jobs.call(lambda: None)
            job = self.session.jobs.job(answer.json["id"])
            assert job.state == "done", job
            manifest = self.session.snapshot(str(job.snapshot)).manifest
            assert manifest.error is None
            self.taken.append(manifest)

    def run(self, line: str) -> None:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        subprocess.run(["bash", "-c", line], check=True, cwd=self.folder, env=environment)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()


@pytest.fixture
def follower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follower]:
    from PIL import Image
    from safetensors.torch import save_file

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *PATHS, *sys.path])
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "photos" / "a.png")
    weights = {"0.weight": torch.zeros(16, 3, 3, 3), "0.bias": torch.zeros(16)}
    weights |= {"3.weight": torch.zeros(10, 14400), "3.bias": torch.zeros(10)}
    save_file(weights, tmp_path / "w.safetensors")
    made = Follower(tmp_path)
    yield made
    made.close()


def test_every_block_of_the_page_works_as_it_stands(
    follower: Follower, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(BLOCKS) > 15
    taken: list[SnapshotManifest] = []
    for language, text in BLOCKS:
        (follower.python if language == "python" else follower.shell)(text)
        taken += follower.taken
        follower.taken.clear()
    assert follower.done.count("layerwalk") >= 8
    assert follower.done.count("curl") >= 7
    assert "has_tokenizer=True" in capsys.readouterr().out
    with pytest.raises(AssertionError):
        follower.request(["-s", "$B/networks/n9"])
    assert [one.input.title for one in taken] == [
        "a flower", "walk with me", "sound", "table (first 24 rows)", "random tokens, seed 3",
    ]  # fmt: skip
    maxima = [one.nodes[0].maximum for one in taken[:4]]
    assert maxima == pytest.approx([5.1, ord("w"), 20000 / 32768, (63 - 50) / 20], rel=0.01)

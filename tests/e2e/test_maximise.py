"""A person maximises on a real server: a process of its own, over a socket, seen in a window."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pygame
import pytest

from layerwalk.sheets import read_legend
from layerwalk_client.app import overlay
from layerwalk_client.app.maximising.results import maximised_of
from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.source.http import HttpSource
from layerwalk_client.ui import intents as asked

NODE, UNIT = "conv2", 3
STEPS = 40
PATIENCE_S = 30.0
SERVER = """
import threading
import torch
torch.set_num_threads(1)
from contextlib import closing
from e2e.conftest import make_session
from layerwalk.http.serving import serve
session, _ = make_session()
with closing(serve(session, port=0)) as running:
    print(running.url, flush=True)
    threading.Event().wait()
"""


def started():
    """A server in a process of its own; gives the process and its URL."""
    path = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, "PYTHONPATH": path, "PYGAME_HIDE_SUPPORT_PROMPT": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def ended(process):
    process.kill()
    process.wait(10)
    process.stdout.close()


@pytest.fixture(scope="module")
def remote():
    process, url = started()
    yield url
    ended(process)


class Person:
    """A walk before a wall, with the panel of maximisation."""

    def __init__(self, hand):
        self.hand, self.walker = hand, hand.walker
        self.stage, self.tools = hand.walker.stage, hand.walker.tools
        hand.settle()
        self.index = self.stage.network.graph.index[NODE]
        wall = wall_of(self.stage.scene, self.stage.network.id, self.index)
        camera = facing_node(wall, self.stage.scene, self.stage.network, aspect=16 / 9)
        self.walker.journey.place(camera)
        hand.settle()
        hand.frames(3)

    @property
    def panel(self):
        return self.tools.panels.content("maximise")

    @property
    def view(self):
        return self.panel.studio

    @property
    def shown(self):
        """The result that hangs on the wall."""
        return self.stage.gallery.manifest_of(self.index)

    def open(self):
        self.tools.open_maximise(self.index, None)
        self.hand.frames(2)

    def ask(self, intent):
        self.tools.carry_out("maximise", intent)
        self.hand.frames(2)

    def maximise(self, **texts):
        draft = self.panel.form.draft
        for path, text in texts.items():
            draft = draft.put(path.replace("__", "."), text)
        self.panel.form.draft = draft
        request = self.panel.form.order(self.view.subject).request
        self.ask(asked.Maximise((request,)))
        return request

    def is_final(self):
        return self.shown is not None and maximised_of(self.shown).is_final


@pytest.fixture
def person_at(hand_on, tmp_path):
    def start(url, name="pictures"):
        return Person(
            hand_on(lambda ring: HttpSource(url, on_arrival=ring), pictures=tmp_path / name)
        )

    return start


def test_a_unit_is_maximised_looked_at_put_on_the_input_and_exported(remote, person_at, tmp_path):
    person = person_at(remote)
    person.open()
    steps, sides = [], set()

    def is_done():
        if person.shown is not None:
            steps.append(maximised_of(person.shown).step)
            sides.add(person.shown.nodes[person.index].pictures)
        return person.is_final()

    person.maximise(extent="some", units=f"{UNIT}, 5", recipe__steps=str(STEPS))
    person.hand.until(is_done)
    assert steps == sorted(steps)
    assert steps[0] < STEPS == steps[-1], "previews hung before the final result"
    assert sides == {(2, 32, 32)}
    person.hand.settle()
    person.panel.tab = "results"
    person.hand.until(lambda: person.view.shown.picture.picture is not None)
    reached = person.view.shown.pictures[0].activation
    assert reached > person.view.shown.picture.rival[1]

    person.ask(asked.LookAt(picture=0))
    person.ask(asked.PickPicture())
    held = person.tools.hand.holding
    assert (held.image.node, held.image.channel) == (NODE, UNIT)
    person.hand.click(person.hand.pixel_of(person.hand.face("input").centre))
    person.hand.until(lambda: person.stage.shown.input.kind == "channel")
    person.open()
    person.hand.until(lambda: person.view.shown.fired != "")
    shown = person.view.shown
    assert shown.fires
    assert f"unit {UNIT} fires: " in shown.fired
    words = shown.fired.split()
    found, told = float(words[words.index("fires:") + 1]), float(words[words.index("the") + 1])
    assert found == pytest.approx(told, rel=0.02)
    assert told == pytest.approx(reached, rel=0.01)

    written = {}
    for form in ("png", "npz"):
        person.ask(asked.ExportRun(form))
        person.hand.until(lambda form=form: f".{form}" in person.view.shown.said)
        (written[form],) = (tmp_path / "pictures").glob(f"*.{form}")
    legend = read_legend(written["png"].read_bytes())
    assert (legend.node, legend.channels, legend.recipe.steps) == (NODE, (UNIT, 5), STEPS)
    with np.load(written["npz"], allow_pickle=False) as arrays:
        assert arrays["images"].shape == (2, 3, 32, 32)
        assert arrays["activations"][0] == pytest.approx(reached, rel=1e-4)

    later = person_at(remote, "later")
    later.hand.until(lambda: later.stage.state.results.runs(NODE))
    later.open()
    later.ask(asked.ShowOnWall("images"))
    later.hand.until(later.is_final)
    assert later.shown.id == person.shown.id
    assert later.view.shown.pictures[0].activation == reached


def test_a_job_that_is_cancelled_leaves_its_pictures(remote, person_at):
    person = person_at(remote)
    person.open()
    person.maximise(extent="some", units="1", recipe__steps="10000", seed="7")
    person.hand.until(lambda: any(job.is_running for job in person.view.jobs))
    (job,) = person.view.jobs
    person.hand.until(lambda: person.shown is not None and maximised_of(person.shown).job == job.id)
    person.ask(asked.CancelRun(job.id))
    person.hand.until(lambda: not person.view.jobs)
    (run,) = [run for run in person.view.runs if run.id == job.id]
    assert run.state == "cancelled"
    assert not maximised_of(person.shown).is_final


def test_a_server_that_dies_in_the_middle_leaves_the_walk_with_its_banner(person_at):
    process, url = started()
    try:
        person = person_at(url)
        person.open()
        person.maximise(extent="all", recipe__steps="10000")
        person.hand.until(lambda: person.shown is not None)
        process.kill()
        walker = person.walker
        person.hand.until(lambda: overlay.hud_of(walker, person.hand.now_s).banner)
        assert "server" in overlay.hud_of(walker, person.hand.now_s).banner
        assert person.shown is not None
        person.hand.key(pygame.K_ESCAPE)
        person.hand.frames(5)
    finally:
        ended(process)


NETWORK = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x):
        return self.conv(x)
"""


def test_a_run_that_is_killed_goes_on_from_its_cache(tmp_path):
    (tmp_path / "net.py").write_text(NETWORK)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "XDG_CACHE_HOME": str(tmp_path / "caches"),
    }
    words = ["-m", "layerwalk_shared.command", "maximise", "net.py:Net", "conv", "0-5"]
    words += ["--input", "3x24x24", "--batch", "1", "--precision", "float32", "-o", "out"]
    command = [sys.executable, *words, "--steps", "300"]
    kept = tmp_path / "caches"
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while len(list(kept.rglob("*.safetensors"))) < 2:
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline, "nothing was kept"
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert not (tmp_path / "out" / "conv" / "sheet.png").exists()
    again = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.fullmatch(r"conv: 6 images, (\d) from the cache\n", again.stdout)
    assert found is not None, again.stdout
    assert 1 <= int(found[1]) <= 5
    with np.load(tmp_path / "out" / "conv" / "images.npz") as arrays:
        assert arrays["channels"].tolist() == list(range(6))

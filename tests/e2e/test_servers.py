"""Several servers and networks: found, shown, gone to without leaving the window."""

from contextlib import closing

import numpy as np
import pygame
import pytest
from torch import nn

from e2e.conftest import CLASSES, make_session
from layerwalk.http.serving import serve
from layerwalk_client.app import view
from layerwalk_client.source.finding import Finder
from layerwalk_client.source.http import HttpSource
from layerwalk_client.ui.intents import GoElsewhere
from layerwalk_client.ui.servers import ServersPanel
from layerwalk_shared.messages import InputSpec

pytestmark = pytest.mark.gl


@pytest.fixture
def other():
    """Another server, of two networks."""
    session, _ = make_session()
    session.add_network(
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5)).eval(),
        name="flat",
        classes=CLASSES,
        input_spec=InputSpec(kind="image", shape=(3, 8, 8)),
        first=None,
    )
    with closing(session), closing(serve(session, port=0)) as running:
        yield running


def test_servers_that_answer_are_found_and_others_are_told_of(server, other):
    asked = [(server.url, None), ("http://127.0.0.1:9", None), (other.url, None)]
    finder = Finder(asked, client="me")
    finder.close()
    found = finder.found()
    assert [one.url for one in found] == [url for url, _ in asked]
    assert [[network.name for network in one.networks] for one in found] == [
        ["small"], [], ["small", "flat"],
    ]  # fmt: skip
    assert "no server at http://127.0.0.1:9" in found[1].problem
    assert not finder.is_waiting


def test_the_panel_shows_them_and_a_click_ends_this_walk(hand_on, server, other):
    hand = hand_on(
        lambda ring: HttpSource(server.url, on_arrival=ring), known_servers=lambda: (other.url,)
    )
    hand.settle()
    hand.key(pygame.K_o, mod=pygame.KMOD_CTRL)
    panel = hand.walker.tools.panels.content("servers")
    assert isinstance(panel, ServersPanel)
    hand.until(lambda: not panel.is_waiting)
    mine, others = (
        next(one for one in panel.servers if one.url == url) for url in (server.url, other.url)
    )
    assert panel.servers[0] == mine
    assert [line.is_here for line in mine.networks] == [True]
    assert [(line.name, line.is_here) for line in others.networks] == [
        ("small", False), ("flat", False),
    ]  # fmt: skip
    hand.walker.tools.carry_out("servers", GoElsewhere(other.url, "n2"))
    assert hand.walker.is_over
    assert hand.walker.destination == (other.url, "n2")


def test_a_walk_goes_on_in_another_network_and_comes_back_where_none_answers(
    window, server, other, tmp_path, monkeypatch
):
    """`run_view` itself, with a person who goes to the other server, to none, and leaves."""
    from layerwalk_client.app.walker import Walker

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(view, "window_context", lambda *_, **__: _Given(window))
    seen = []
    ways = iter([(other.url, "n2"), ("http://127.0.0.1:9", "n1"), None])

    def run(walker):
        while walker.stage.shown is None:
            walker.frame(pygame.event.get())
        seen.append((walker.address, walker.stage.network.name, walker.notice.text))
        walker.destination = next(ways)

    monkeypatch.setattr(Walker, "run", run)
    assert view.run_view(view.ViewOptions(url=server.url, shows_intro=False)) == 0
    assert [(address, name) for address, name, _ in seen] == [
        (server.url, "small"), (other.url, "flat"), (other.url, "flat"),
    ]  # fmt: skip
    assert "no server at http://127.0.0.1:9" in seen[2][2]
    known = (tmp_path / "layerwalk" / "servers.txt").read_text().split()
    assert known == [other.url, server.url]


class _Given:
    """A window that is there already, and stays."""

    def __init__(self, window):
        self.window = window

    def __enter__(self):
        return self.window

    def __exit__(self, *_):
        assert np.isfinite(self.window.size_wh()).all()

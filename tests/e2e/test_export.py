"""A node's maps as files: from the command line without any OpenGL, and from the window."""

import io

import numpy as np
import pygame
import pytest
from PIL import Image

from layerwalk_client import cli
from layerwalk_client.source.http import HttpSource
from layerwalk_client.ui.export import ONE, ExportPanel
from layerwalk_client.ui.intents import ExportNode
from layerwalk_shared.errors import InvalidRequestError, NotFoundError


def values_of(session, node):
    shown = session.describe_network("n1").snapshot
    found = session.snapshot(shown.id)
    return np.asarray(found.node_values(found.graph.index[node]), np.float32)


def test_exact_values_and_a_sheet_are_written(server, session, tmp_path, capsys):
    def export(name, *words):
        out = tmp_path / name
        assert cli.export([str(out), "stem.0", server.url, *words]) == 0
        assert f"{out}: stem.0 of " in capsys.readouterr().out
        return out

    expected = values_of(session, "stem.0")
    assert (np.load(export("a.npy")) == expected).all()
    assert (np.load(export("b.npy", "--channels", "2-4")) == expected[2:5]).all()
    with np.load(export("c.npz", "--channels", "6,0-1", "--network", "small")) as found:
        assert (found["values"] == expected[[6, 0, 1]]).all()
        assert str(found["network"]) == "small"
    with Image.open(export("d.png", "--table", "magma", "--item", "squares:2")) as sheet:
        assert min(sheet.size) > 300


def test_what_cannot_be_exported_is_one_sentence(server, tmp_path):
    def export(name, node, *words):
        cli.export([str(tmp_path / name), node, server.url, *words])

    with pytest.raises(InvalidRequestError, match=r"maps end in \.png, \.npy or \.npz"):
        export("a.jpg", "stem.0")
    with pytest.raises(NotFoundError, match="conv9"):
        export("a.png", "conv9")
    with pytest.raises(NotFoundError, match=r"channel 8 is not in node 'stem\.0'"):
        export("a.png", "stem.0", "--channels", "3,8")
    with pytest.raises(InvalidRequestError, match="one slice"):
        export("a.npy", "stem.0", "--channels", "3,5")
    with pytest.raises(SystemExit):
        export("a.npy", "stem.0", "--channels", "5-3")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gl
def test_the_window_writes_the_wall_under_the_pointer(hand_on, server, session, tmp_path):
    hand = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring), pictures=tmp_path)
    hand.settle()
    hand.face("conv1")
    hand.settle()
    hand.key(pygame.K_e, mod=pygame.KMOD_CTRL)
    panel = hand.walker.tools.panels.content("export")
    assert isinstance(panel, ExportPanel)
    assert panel.node.id == "conv1"
    assert panel.unit is not None
    panel.part = ONE
    index = hand.walker.stage.network.graph.index["conv1"]
    for form, unit in (("npy", panel.unit), ("npz", None), ("png", None)):
        hand.walker.tools.carry_out("export", ExportNode(index, form, unit))
        hand.until(lambda: "written" in panel.said)
        panel.said = ""
    written = {path.suffix: path for path in tmp_path.iterdir()}
    shown = session.snapshot(hand.walker.stage.shown.id)
    expected = np.asarray(shown.node_values(index), np.float32)
    assert (np.load(written[".npy"]) == expected[panel.unit : panel.unit + 1]).all()
    assert written[".npy"].name.startswith(f"small-conv1-channel-{panel.unit}-")
    with np.load(written[".npz"]) as found:
        assert (found["values"] == expected).all()
    Image.open(io.BytesIO(written[".png"].read_bytes())).verify()

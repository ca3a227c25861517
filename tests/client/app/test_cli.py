"""Words on the command line: what they become, and the sentence for what they cannot."""

import math
import subprocess
import sys

import pytest

from layerwalk_client import cli
from layerwalk_client.app import doctor
from layerwalk_client.app.output import shot
from layerwalk_client.app.travel.places import OVERVIEW
from layerwalk_client.world.view import Camera
from layerwalk_shared import command
from layerwalk_shared.errors import InvalidRequestError


@pytest.fixture
def asked(monkeypatch):
    """What `shot` would be asked to do."""
    found = []
    monkeypatch.setattr(shot, "run_shot", lambda options: found.append(options) or "made")
    return found


def test_a_shot_is_asked_for_in_words(asked, capsys):
    words = "a.png http://h:1 --size 640x360 --camera=-1,2,3,90,-45 --item d:3 --table magma"
    assert cli.shot(words.split()) == 0
    (options,) = asked
    assert options.size_wh == (640, 360)
    assert options.where.url == "http://h:1"
    assert options.put == "d:3"
    assert options.appearance.table == "magma"
    assert options.place == Camera(
        position=(-1, 2, 3), yaw=math.radians(90), pitch=math.radians(-45)
    )
    assert capsys.readouterr().out == "made\n"


def test_a_place_is_a_camera_a_node_or_the_whole(asked):
    cli.shot(["a.png", "--overview"])
    cli.shot(["a.png", "--node", "conv1"])
    cli.shot(["a.png"])
    assert [options.place for options in asked] == [OVERVIEW, "conv1", None]


def test_a_layout_is_one_of_four(asked):
    cli.shot(["a.png"])
    cli.shot(["a.png", "--layout", "rows"])
    assert [options.layout for options in asked] == ["straight", "rows"]


def test_a_link_stands_for_a_server_and_what_is_seen_there(asked):
    link = "layerwalk://h:7/net?camera=1,2,3,90,0&input=d:3&node=a&channel=2&step=5&table=magma"
    cli.shot(["a.png", link + "&layout=rows&theme=paper"])
    cli.shot(
        ["a.png", link, "--overview", "--item", "d:4", "--table", "grey", "--layout", "spiral"]
    )
    first, second = asked
    assert first.where.url == second.where.url == "http://h:7"
    assert first.where.network == "net"
    assert first.place == Camera((1, 2, 3), math.pi / 2, 0.0)
    assert (first.put, first.step, first.selected) == ("d:3", 5, ("a", 2))
    assert (first.appearance.table, first.appearance.theme) == ("magma", "paper")
    assert first.layout == "rows"
    # What is said in words goes before the link.
    assert (second.place, second.put, second.layout) == (OVERVIEW, "d:4", "spiral")
    assert second.appearance.table == "grey"
    with pytest.raises(InvalidRequestError, match="no 'nod' in a link; nearest: 'node'"):
        cli.shot(["a.png", "layerwalk://h/net?nod=a"])
    with pytest.raises(InvalidRequestError, match="layout 'row' in the link"):
        cli.shot(["a.png", "layerwalk://h/net?layout=row"])


def test_the_token_comes_from_the_environment_too(asked, monkeypatch):
    monkeypatch.setenv("LAYERWALK_TOKEN", "secret")
    cli.shot(["a.png"])
    cli.shot(["a.png", "--token", "other"])
    assert [options.where.token for options in asked] == ["secret", "other"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("a.bmp", "a picture ends in one of .png"),
        ("a", "a picture ends in one of .png"),
        ("a.png --size 100", "expected WIDTHxHEIGHT"),
        ("a.png --size 100000x100000", "expected sides of 16 to 8192"),
        ("a.png --camera 1,2,3", "expected X,Y,Z,YAW,PITCH"),
        ("a.png --camera 1,2,nan,0,0", "finite numbers"),
        ("a.png --camera 1,2,3,0,90", "a pitch of -89 to 89"),
        ("a.png --node a --overview", "not allowed with"),
        ("a.png --layout curly", "invalid choice: 'curly'"),
        ("a.png --item d", "expected DATASET:NUMBER"),
        ("a.png --input a.png --item d:0", "not allowed with"),
    ],
)
def test_wrong_words_are_explained_and_leave_with_2(words, sentence, capsys, asked):
    with pytest.raises(SystemExit) as left:
        cli.shot(words.split())
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err
    assert asked == []


def test_what_cannot_be_written_is_refused_before_any_work(tmp_path):
    with pytest.raises(InvalidRequestError, match="there is no folder"):
        shot.check_writable(tmp_path / "none" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InvalidRequestError, match="is a folder"):
        shot.check_writable(tmp_path / "folder.png")


def test_a_picture_replaces_the_old_file_whole(tmp_path):
    import numpy as np
    from PIL import Image

    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    shot.write_picture(path, pixels)
    assert np.array_equal(np.asarray(Image.open(path)), pixels)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_no_server_is_one_sentence_and_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert command.main(["view", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == (
        "layerwalk view: no server at http://127.0.0.1:9: Connection refused\n"
    )
    assert command.main(["view", "ftp://x"]) == 1
    assert "expected http://HOST:PORT" in capsys.readouterr().err


def test_wrong_settings_are_one_sentence_and_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "layerwalk").mkdir()
    (tmp_path / "layerwalk" / "settings.toml").write_text("speeed = 1")
    assert command.main(["view"]) == 1
    assert "no setting 'speeed'; nearest: 'speed'" in capsys.readouterr().err


def test_the_client_never_imports_torch_or_flask():
    code = (
        "import sys, layerwalk_client.cli, layerwalk_client.app.view, "
        "layerwalk_client.app.walker, layerwalk_client.app.output.shot, layerwalk_client.app.doctor; "
        "print({'torch', 'flask', 'OpenGL'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "set()"


WORKS = {
    "offscreen": {"version": "4.5", "renderer": "card", "is_software": False},
    "window": {"version": "4.5", "renderer": "card", "is_software": False, "driver": "x11"},
}
TORCH = doctor.Finding("torch", "2.13")


@pytest.mark.parametrize(
    ("broken", "code"),
    [((), 0), (("window",), 0), (("offscreen",), 0), (("window", "offscreen"), 1)],
)
def test_the_doctor_says_what_lacks_with_its_fix(broken, code, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    graphics = {kind: {"problem": "none"} if kind in broken else WORKS[kind] for kind in WORKS}
    findings = doctor.examine(graphics=lambda: graphics, torch=lambda: TORCH)
    assert doctor.verdict(findings) == code
    assert all(finding.fix for finding in findings if finding.is_lacking)
    lacking = {finding.name for finding in findings if finding.is_lacking}
    assert {f"{kind} GL" for kind in broken} <= lacking
    text = doctor.as_text(findings)
    assert text.count("fix: ") == len(lacking)


def test_the_doctor_finds_wrong_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "layerwalk").mkdir()
    (tmp_path / "layerwalk" / "settings.toml").write_text("speed = 1000")
    findings = doctor.examine(graphics=lambda: WORKS, torch=lambda: TORCH)
    assert doctor.verdict(findings) == 1
    assert "speed = 1000" in doctor.as_text(findings)

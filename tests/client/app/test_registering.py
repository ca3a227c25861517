"""The desktop entry for links: written, quoted, taken away; a link told in lines."""

import shlex
import stat
import sys

import pytest

from layerwalk_client.app.links import registering
from layerwalk_shared import command


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder, and desktop tools that only note what they were asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("xdg-mime", "update-desktop-database"):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/asked\n')
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return tmp_path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries are Linux's")
def test_the_desktop_is_told_and_untold(home, capsys):
    assert command.main(["link", "--register"]) == 0
    path = home / ".local/share/applications/layerwalk-link.desktop"
    text = path.read_text()
    assert "MimeType=x-scheme-handler/layerwalk;x-scheme-handler/layerwalks;\n" in text
    assert (
        "xdg-mime default layerwalk-link.desktop x-scheme-handler/layerwalk\n"
        in (home / "asked").read_text()
    )
    assert command.main(["link", "--unregister"]) == 0
    assert not path.exists()
    assert command.main(["link", "--unregister"]) == 0
    assert "there is no" in capsys.readouterr().out


@pytest.mark.parametrize("python", ["/usr/bin/python3", '/opt/my "odd" $dir/py%thon', "/a\\b"])
def test_the_command_starts_the_interpreter_whatever_its_path(python):
    line = next(
        one for one in registering.entry_text(python).splitlines() if one.startswith("Exec=")
    )
    # As the specification says: first the value of a string (\\\\ is \\), then field codes and quotes.
    value = line.removeprefix("Exec=").replace("\\\\", "\\")
    words = shlex.split(value.replace("\\$", "$"))
    assert words[0].replace("%%", "%") == python
    assert words[1:] == ["-m", "layerwalk_shared.command", "view", "%u"]


def test_a_link_is_told_in_lines(capsys):
    assert command.main(["link", "layerwalk://h/net?node=a&camera=0,1,2,3,4"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "server: http://h:5570",
        "network: net",
        "camera: (0.0, 1.0, 2.0, 3.0, 4.0)",
        "node: a",
    ]
    assert command.main(["link", "nothing"]) == 1
    assert "expected layerwalk://HOST:PORT" in capsys.readouterr().err

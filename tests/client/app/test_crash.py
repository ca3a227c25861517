"""A crash is one sentence, a code of 1, and a file that says all but secrets."""

import pytest

from layerwalk_client.app import crash, doctor
from layerwalk_client.app.trace import Trace
from layerwalk_shared import command
from layerwalk_shared.errors import NotFoundError


@crash.reported
def breaks(argv):
    with Trace(None, lambda: 0.0) as trace:
        trace.note("window", driver="x11")
        try:
            raise ZeroDivisionError("a view without height\nand more")
        except ZeroDivisionError as error:
            error.add_note(trace.recent())
            raise


@crash.reported
def tells(argv):
    raise NotFoundError("no such node")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("torch", "2.13")])
    monkeypatch.setitem(command.VERBS, "view", (f"{__name__}:breaks", ""))
    monkeypatch.setitem(command.VERBS, "shot", (f"{__name__}:tells", ""))
    return tmp_path / "state" / "layerwalk" / "crashes"


def test_a_crash_leaves_a_report_without_secrets(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "config" / "layerwalk").mkdir(parents=True)
    (tmp_path / "config" / "layerwalk" / "settings.toml").write_text("speed = 2.0")
    monkeypatch.setenv("LAYERWALK_TOKEN", "hush-hush")
    assert command.main(["view", "http://h:1", "--token", "s3cret", "--node", "hush-hush"]) == 1
    (report,) = folder.iterdir()
    said = capsys.readouterr().err
    assert said == (
        "layerwalk view: crashed (ZeroDivisionError: a view without height); "
        f"a report for its makers is {report}\n"
    )
    text = report.read_text()
    assert "s3cret" not in text
    assert "hush-hush" not in text
    for part in ("http://h:1 --token (hidden)", "in breaks", "speed = 2.0", "torch", "numpy",
                 '"event": "window"'):  # fmt: skip
        assert part in text


def test_what_is_told_as_an_error_leaves_none(folder, capsys):
    assert command.main(["shot"]) == 1
    assert capsys.readouterr().err == "layerwalk shot: no such node\n"
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_told_with_the_traceback(folder, capsys):
    folder.parent.parent.write_text("a file in its place")
    assert command.main(["view"]) == 1
    said = capsys.readouterr().err
    assert "no report could be written" in said
    assert "in breaks" in said


def test_a_broken_doctor_keeps_nobody_from_reporting(folder, monkeypatch):
    def examine():
        raise OSError("no disk")

    monkeypatch.setattr(doctor, "examine", examine)
    assert command.main(["view"]) == 1
    (report,) = folder.iterdir()
    assert "the doctor crashed, too" in report.read_text()


def test_only_the_newest_reports_stay(folder):
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"crash-2001{number:02d}.txt").touch()
    command.main(["view"])
    kept = sorted(one.name for one in folder.iterdir())
    assert len(kept) == crash.KEPT
    assert kept[0] == "crash-200111.txt"
    assert not kept[-1].startswith("crash-2001")

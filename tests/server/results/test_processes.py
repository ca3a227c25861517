"""What is kept survives kills at any moment, other processes, and disks that are full."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from server.results.processes import run


def test_writers_killed_at_random_leave_whole_results_and_nothing_else(tmp_path: Path) -> None:
    done = run("kill_at_random", tmp_path)
    assert done["kills"] == 15
    assert done["puts"] > 15


def test_a_writer_killed_at_any_line_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    assert run("kill_at_every_line", tmp_path)["lines"] > 80


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    assert run("be_two", tmp_path)["left"] == 3


def test_what_a_live_process_writes_is_not_swept(tmp_path: Path) -> None:
    done = run("sweep_beside_a_writer", tmp_path)
    assert (done["parts"], done["left"]) == (1, 3)
    assert "channel 2 cannot be kept in" in done["sentence"]
    assert "another process is writing there" in done["sentence"]


def test_a_write_that_fails_breaks_nothing(tmp_path: Path) -> None:
    done = run("write_little", tmp_path)
    assert "File too large" in done["sentences"]
    assert len(done["sentences"]) > 1  # the index could not be written either
    assert done["kept"] == 7


NAMESPACE = ("unshare", "--mount", "--map-root-user")


def can_mount() -> bool:
    try:
        made = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return made.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs user namespaces; RLIMIT_FSIZE is tried above")
def test_a_full_disk_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    done = run("fill_a_disk", tmp_path / "disk", prefix=NAMESPACE)
    assert done["kept"] > 10
    assert done["reason"] in done["sentence"] or "full" in done["sentence"]
    assert f"cannot be kept in {tmp_path / 'disk'}" in done["sentence"]

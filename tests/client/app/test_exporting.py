"""Files are written whole, under names of their own, or not at all."""

import pytest

from layerwalk_client.app.output.exporting import write_file
from layerwalk_shared.errors import InvalidRequestError


def test_a_second_file_of_a_name_does_not_replace_the_first(tmp_path):
    folder = tmp_path / "pictures"
    first = write_file(folder, "conv1 walk seed 0", b"one", ending="png")
    second = write_file(folder, "conv1 walk seed 0", b"two", ending="png")
    assert first.name == "conv1-walk-seed-0.png"
    assert second.name == "conv1-walk-seed-0-2.png"
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert sorted(folder.iterdir()) == sorted([first, second])


def test_names_never_lead_elsewhere(tmp_path):
    path = write_file(tmp_path, "../../a/b: c?", b"x", ending="npz")
    assert path.parent == tmp_path
    assert write_file(tmp_path, "///", b"x", ending="npz").name == "result.npz"


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(InvalidRequestError, match=r"file.x\.png cannot be written"):
        write_file(blocked, "x", b"1", ending="png")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]

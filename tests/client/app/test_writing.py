"""Files and folders appear whole, or not at all; a bar tells how far a long work is."""

import io

import av
import numpy as np
import pytest

from layerwalk_client.app.output.film_writing import check_film, film_sink
from layerwalk_client.app.output.progress import Progress
from layerwalk_client.app.output.writing import drafted, drafted_folder
from layerwalk_shared.errors import InvalidRequestError


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_when_work_is_broken_off(tmp_path, error):
    for make in (drafted, drafted_folder):
        with pytest.raises(error), make(tmp_path / "a.mp4"):
            raise error
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["film.mp4", "frames"])
def test_a_film_that_is_broken_off_leaves_what_was_there(tmp_path, name):
    out = tmp_path / name
    if out.suffix:
        out.write_bytes(b"before")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), film_sink(out, (32, 16), 10) as sink:
        sink.add(np.zeros((16, 32, 3), np.uint8))
        raise KeyboardInterrupt
    assert sorted(tmp_path.iterdir()) == before
    assert not out.suffix or out.read_bytes() == b"before"


def test_colours_survive_an_mp4(tmp_path):
    colours = np.array([(255, 0, 0), (0, 255, 0), (11, 59, 255), (5, 7, 11), (255, 180, 84)])
    pixels = np.repeat(np.repeat(colours, 16, axis=0)[None], 32, axis=0).astype(np.uint8)
    with film_sink(tmp_path / "a.mp4", (80, 32), 25) as sink:
        for _ in range(3):
            sink.add(pixels)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == 25
        found = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(found) == 3
    assert np.abs(found[1][16, 8::16].astype(int) - colours).max() <= 4


def test_a_folder_takes_its_place_only_where_nothing_is(tmp_path):
    out = tmp_path / "frames"
    for _ in range(2):
        with film_sink(out, (3, 2), 10) as sink:
            sink.add(np.full((2, 3, 3), 7, np.uint8))
        assert [one.name for one in out.iterdir()] == ["frame-00000.png"]
        (out / "frame-00000.png").unlink()  # an empty folder may be written in again
    (out / "kept").touch()
    with pytest.raises(InvalidRequestError, match="holds something already"), drafted_folder(out):
        pass
    assert (out / "kept").exists()


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("a.avi", (64, 64), "a film is an .mp4 file"),
        ("a.mp4", (64, 63), "even sides"),
        ("none/a.mp4", (64, 64), "no folder"),
        ("none/a", (64, 64), "no folder"),
        ("full", (64, 64), "holds something already"),
        ("full.mp4", (64, 64), "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path, name, size, sentence):
    for full in ("full", "full.mp4"):
        (tmp_path / full).mkdir()
        (tmp_path / full / "x").touch()
    with pytest.raises(InvalidRequestError, match=sentence):
        check_film(tmp_path / name, size)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_and_a_file_ten_lines():
    times = iter(range(1000))
    lines, bar = io.StringIO(), Terminal()
    for stream in (lines, bar):
        with Progress(stream, total=40, unit="frames", clock=lambda: float(next(times))) as told:
            for number in range(40):
                told.note(number + 1)
    assert len(lines.getvalue().splitlines()) == 10
    assert lines.getvalue().splitlines()[4] == "20 of 40 frames, 0:20 to go"
    assert bar.getvalue().count("\r") == 41
    assert bar.getvalue().endswith("\r\x1b[K")

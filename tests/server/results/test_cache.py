"""What was put comes back as it was, or not at all; too much goes, least recently used first."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerwalk.results import Result, ResultCache, ResultKey, canonical_json, default_folder
from layerwalk_shared.errors import (
    ClosedError,
    InvalidRequestError,
    StorageError,
    TooLargeError,
)
from server.results.sample import check_equal, check_folder, key, result

SIZE = 6100
"""A little more than the bytes of one result's file."""


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResultCache]:
    with ResultCache(tmp_path / "a" / "cache") as made:
        yield made


def files(cache: ResultCache) -> list[Path]:
    return sorted((cache.folder / "files").iterdir())


def test_a_result_comes_back_as_it_was(cache: ResultCache) -> None:
    of = key(3)
    assert cache.get(of) is None
    assert not cache.contains(of)
    cache.put(of, result(of))
    assert cache.contains(of)
    check_equal(cache.get(of), result(of))
    assert cache.get(of).image.flags.writeable is False  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("image", "frames"),
    [
        (np.float32([[1e-45, -0.0], [np.inf, np.nan]]), None),
        (np.zeros((), np.float32), None),
        (np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float16)),
        (np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1), None),
        (np.arange(4, dtype=">f4").astype(np.float32), np.ones((2, 1, 5, 5), np.float16)),
    ],
)
def test_images_of_any_shape_come_back_to_the_bit(
    cache: ResultCache, image: np.ndarray, frames: np.ndarray | None
) -> None:
    steps = () if frames is None else tuple(range(len(frames)))
    wanted = Result(image, {"of": "ü"}, frames=frames, frame_steps=steps)
    cache.put(key(None), wanted)
    check_equal(cache.get(key(None)), wanted)


def test_it_is_there_the_next_time(tmp_path: Path) -> None:
    for channel in range(3):
        with ResultCache(tmp_path) as cache:
            cache.put(key(channel), result(key(channel)))
    assert check_folder(tmp_path, budget_bytes=10**6) == {0: 0, 1: 0, 2: 0}


RECIPE = {"name": "walk", "rate": 20.0, "steps": 200}
CHANGES: list[dict[str, object]] = [
    {"fingerprint": "f2"},
    {"node": "layer1.0.conv2"},
    {"channel": 1},
    {"channel": None},
    {"recipe": canonical_json({**RECIPE, "rate": 20.000000000000004})},
    {"recipe": canonical_json({**RECIPE, "slope": 0.0})},
    {"start": "constant"},
    {"seed": 1},
    {"shape": (3, 16, 17)},
    {"shape": (16, 16, 3)},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_any_change_of_the_key_is_a_miss(cache: ResultCache, change: dict[str, object]) -> None:
    cache.put(key(), result(key()))
    other = replace(key(), **change)
    assert other.digest != key().digest
    assert cache.get(other) is None
    assert not cache.contains(other)


def test_the_spelling_of_a_recipe_does_not_matter(cache: ResultCache) -> None:
    cache.put(key(), result(key()))
    other = key(recipe='{"steps":200,   "rate":20.0,\n"name":"walk"}')
    assert other == key()
    check_equal(cache.get(other), result(key()))
    numpy_ints = key(np.int64(0), seed=np.uint8(0), shape=tuple(np.array([3, 16, 16])))  # type: ignore[arg-type]
    assert numpy_ints.digest == key().digest
    assert ResultKey.from_text(key().text) == key()


def test_a_later_result_takes_the_place_of_an_earlier_one(cache: ResultCache) -> None:
    for version in range(3):
        cache.put(key(), result(key(), version))
    assert len(cache) == len(files(cache)) == 1
    check_equal(cache.get(key()), result(key(), 2))


def test_what_was_not_used_longest_goes_first(tmp_path: Path) -> None:
    with ResultCache(tmp_path, budget_bytes=3 * SIZE) as cache:
        for channel in range(3):
            cache.put(key(channel), result(key(channel)))
        assert len(cache) == 3
        assert cache.get(key(0)) is not None
        cache.put(key(3), result(key(3)))
        assert [cache.contains(key(channel)) for channel in range(4)] == [True, False, True, True]
        cache.put(key(2), result(key(2), 1))  # a new version is a use
        cache.put(key(4), result(key(4)))
        cache.put(key(5), result(key(5)))
        left = [one.key.channel for one in cache.find()]
        assert left == [2, 4, 5]
        assert len(files(cache)) == 3
    with ResultCache(tmp_path, budget_bytes=2 * SIZE) as cache:
        assert [one.key.channel for one in cache.find()] == [4, 5]
    check_folder(tmp_path, budget_bytes=2 * SIZE)


def test_a_result_that_no_budget_would_hold_is_refused_and_pushes_nothing_out(
    tmp_path: Path,
) -> None:
    with ResultCache(tmp_path, budget_bytes=SIZE) as cache:
        cache.put(key(), result(key()))
        large = Result(np.zeros((3, 64, 64), np.float32))
        with pytest.raises(TooLargeError, match=r"channel 1 has \d+ bytes, the cache keeps 6100"):
            cache.put(key(1), large)
        check_equal(cache.get(key()), result(key()))
    with pytest.raises(InvalidRequestError, match="budget of 0 bytes"):
        ResultCache(tmp_path, budget_bytes=0)


def test_results_are_listed_without_their_images(cache: ResultCache) -> None:
    keys = [key(2), key(10), key(None), key(1, node="fc"), key(1, fingerprint="f2")]
    for one in keys:
        cache.put(one, result(one, 7))
    for path in files(cache):  # listing needs their sizes alone
        path.write_bytes(bytes(path.stat().st_size))
    found = cache.find(fingerprint="f1", node="layer1.0.conv1")
    assert [one.key for one in found] == [keys[2], keys[0], keys[1]]
    assert found[0].record == result(keys[2], 7).record
    assert [one.key.fingerprint for one in cache.find(node="layer1.0.conv1")].count("f2") == 1
    assert [one.key for one in cache.find(node="fc")] == [keys[3]]
    assert len(cache.find()) == 5
    assert cache.find(fingerprint="f3") == ()


def spoil(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "a folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {
                "empty": b"",
                "cut": data[:-1],
                "longer": data + b"\0",
                "one bit": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
                "header": b"\xff" * 8 + data[8:],
                "noise": bytes(range(256)) * 8,
            }[how]
        )


@pytest.mark.parametrize(
    "how", ["missing", "a folder", "empty", "cut", "longer", "one bit", "header", "noise"]
)
def test_a_damaged_file_is_a_miss_and_goes(cache: ResultCache, how: str) -> None:
    cache.put(key(0), result(key(0)))
    damaged = files(cache)[0]
    cache.put(key(1), result(key(1)))
    spoil(damaged, how)
    assert cache.get(key(0)) is None
    assert not cache.contains(key(0))
    assert [one.key.channel for one in cache.find()] == [1]
    cache.put(key(0), result(key(0), 1))
    check_equal(cache.get(key(0)), result(key(0), 1))
    check_equal(cache.get(key(1)), result(key(1)))


def test_files_that_were_exchanged_are_not_taken_for_each_other(cache: ResultCache) -> None:
    for channel in range(2):
        cache.put(key(channel), result(key(channel)))
    one, other = files(cache)
    one_data, other_data = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_data)
    other.write_bytes(one_data)
    assert cache.get(key(0)) is None
    assert cache.get(key(1)) is None


@pytest.mark.parametrize("cache_is", ["closed", "open"])
@pytest.mark.parametrize(
    "garbage",
    [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, b"", None, "middle", "rows"],
)
def test_a_broken_index_is_made_again_from_the_files(
    tmp_path: Path, garbage: bytes | str | None, cache_is: str
) -> None:
    cache = ResultCache(tmp_path)
    for channel in range(8):
        cache.put(key(channel), result(key(channel), channel))
    if cache_is == "closed":
        cache.close()
    damaged = next((tmp_path / "files").iterdir())
    damaged.write_bytes(b"damaged")
    path = tmp_path / "index.sqlite"
    data = path.read_bytes()
    if garbage == "middle":
        garbage = data[:4096] + b"\x13" * 4096 + data[8192:]
    elif garbage == "rows":
        garbage = data[:100] + bytes(len(data) - 100)
    if garbage is None:
        path.unlink()
    else:
        path.write_bytes(garbage)  # type: ignore[arg-type]
    if cache_is == "closed":
        cache = ResultCache(tmp_path)
    with cache:
        found = {channel for channel in range(8) if cache.get(key(channel)) is not None}
        assert len(found) == 7
        cache.put(key(99), result(key(99), 99))
    versions = check_folder(tmp_path, budget_bytes=10**6)
    assert versions == {channel: channel for channel in (*sorted(found), 99)}


def test_an_index_of_another_version_is_made_again(tmp_path: Path) -> None:
    with ResultCache(tmp_path) as cache:
        cache.put(key(), result(key()))
    database = sqlite3.connect(tmp_path / "index.sqlite")
    database.execute("PRAGMA user_version = 77")
    database.execute("DROP TABLE results")
    database.close()
    assert check_folder(tmp_path, budget_bytes=10**6) == {0: 0}


def test_a_folder_that_is_deleted_meanwhile_is_made_again(cache: ResultCache) -> None:
    cache.put(key(0), result(key(0)))
    shutil.rmtree(cache.folder)
    assert cache.get(key(0)) is None
    cache.put(key(1), result(key(1)))
    shutil.rmtree(cache.folder)
    cache.put(key(2), result(key(2)))
    check_equal(cache.get(key(2)), result(key(2)))


def test_leftovers_are_swept_and_other_files_are_not(tmp_path: Path) -> None:
    with ResultCache(tmp_path) as cache:
        cache.put(key(), result(key()))
        (whole,) = files(cache)
    folder = tmp_path / "files"
    mine = [f"{'a' * 64}-{'b' * 16}.part", f"{'a' * 64}-{'b' * 16}.safetensors"]
    theirs = ["model.safetensors", "notes.part", f"{'A' * 64}-{'b' * 16}.part"]
    for name in (*mine, *theirs):
        (folder / name).write_bytes(b"1")
    with ResultCache(tmp_path):
        pass
    assert {path.name for path in folder.iterdir()} == {whole.name, *theirs}


def test_clearing_removes_every_file(cache: ResultCache) -> None:
    for channel in range(3):
        cache.put(key(channel), result(key(channel)))
    cache.clear()
    assert (len(cache), cache.nbytes, files(cache), cache.find()) == (0, 0, [], ())
    assert cache.get(key(0)) is None
    cache.put(key(0), result(key(0)))
    assert cache.contains(key(0))


def test_a_closed_cache_answers_no_more(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path)
    cache.close()
    cache.close()
    for ask in (lambda: cache.get(key()), lambda: cache.put(key(), result(key())), cache.find):
        with pytest.raises(ClosedError, match="is closed"):
            ask()


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "odd" / "index.sqlite").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "odd"):
        with pytest.raises(StorageError, match=rf"the result cache {folder} cannot be opened: ."):
            ResultCache(folder)
    assert (tmp_path / "file").is_file()
    assert (tmp_path / "odd" / "index.sqlite").is_dir()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("recipe", "walk", "recipe of a result is no JSON"),
        ("recipe", '{"rate": NaN}', "not a JSON value"),
        ("fingerprint", "", "is empty"),
        ("node", "\ud800", "node of a result is no text"),
        ("node", 3, "expected a string"),
        ("channel", -1, "channel of a result has -1"),
        ("channel", True, "channel of a result has True"),
        ("seed", 0.5, "seed of a result has 0.5"),
        ("shape", (3, -1), "shape of a result has -1"),
    ],
)
def test_a_key_that_says_nothing_clear_is_refused(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidRequestError, match=sentence):
        key(**{field: value})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"image": np.zeros(3)}, "image of a result is float64"),
        ({"record": {"a": np.nan}}, "not a JSON value"),
        ({"record": {"a": np.zeros(2)}}, "not a JSON value"),
        ({"record": [1]}, "expected a JSON object"),
        ({"frames": np.zeros((2, 3), np.float32), "frame_steps": (0, 1)}, "frames .* float32"),
        ({"frames": np.zeros((2, 3), np.uint8), "frame_steps": (0,)}, "1 steps for frames"),
        ({"frame_steps": (0,)}, "1 steps for frames"),
    ],
)
def test_a_result_that_cannot_be_kept_is_refused(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequestError, match=sentence):
        Result(**{"image": np.zeros(3, np.float32), **fields})  # type: ignore[arg-type]


def test_threads_read_while_another_writes(cache: ResultCache) -> None:
    stop = threading.Event()
    troubles: list[BaseException] = []
    reads = [0]

    def read() -> None:
        try:
            while not stop.is_set():
                for channel in range(4):
                    found = cache.get(key(channel))
                    if found is not None:
                        check_equal(found, result(key(channel), found.record["version"]))
                        reads[0] += 1
                cache.find()
        except BaseException as error:  # noqa: BLE001
            troubles.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in range(8):
        for channel in range(4):
            cache.put(key(channel), result(key(channel), version))
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not troubles
    assert reads[0] > 0


def test_the_folder_is_where_users_keep_such_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    home = {"HOME": "/home/me"}
    assert default_folder(home) == Path("/home/me/.cache/layerwalk/results")
    assert default_folder({**home, "XDG_CACHE_HOME": "/c"}) == Path("/c/layerwalk/results")
    assert default_folder({**home, "XDG_CACHE_HOME": "c"}) == default_folder(home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ResultCache() as cache:
        assert cache.folder == tmp_path / "layerwalk" / "results"

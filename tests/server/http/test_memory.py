"""Bytes that are sent from where they are: every read is a view, the end is told once."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwalk.http.memory import MemoryFile, Piece


@given(st.lists(st.binary(max_size=9), max_size=5), st.data())
@settings(max_examples=80, deadline=None)
def test_a_file_over_several_parts_reads_as_their_sum(parts: list[bytes], data) -> None:
    whole = b"".join(parts)
    file = MemoryFile(parts)
    place = 0
    for _ in range(data.draw(st.integers(0, 12))):
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(whole)))
            way = data.draw(st.sampled_from((os.SEEK_SET, os.SEEK_CUR, os.SEEK_END)))
            base = {os.SEEK_SET: 0, os.SEEK_CUR: file.tell(), os.SEEK_END: len(whole)}[way]
            assert file.seek(place - base, way) == place
        else:
            size = data.draw(st.integers(-1, 12))
            found = bytes(file.read(size))
            assert whole[place : place + len(found)] == found
            assert found or place == len(whole) or size == 0
            place += len(found)
        assert file.tell() == place


def test_reading_copies_nothing() -> None:
    values = np.arange(100, dtype=np.uint8)
    file = MemoryFile([b"head", values.data])
    file.seek(10)
    view = np.frombuffer(file.read(20), np.uint8)
    assert np.shares_memory(view, values)
    assert view.tolist() == list(range(6, 26))


def test_closing_is_told_once() -> None:
    closed: list[int] = []
    file = MemoryFile([b"abc"], on_close=lambda: closed.append(1))
    file.close()
    file.close()
    assert closed == [1]
    assert file.read() == b""


def test_a_piece_is_itself_where_a_server_cuts_all_of_it() -> None:
    sent: list[int] = []
    piece = Piece(memoryview(b"abcdef"), lambda: sent.append(1))
    assert piece[:6] is piece
    assert piece[:99] is piece
    assert piece[:2] == b"ab"
    assert (len(piece), bool(piece)) == (6, True)
    assert sent == []
    file = piece.file()
    assert bytes(file.read()) == b"abcdef"
    assert sent == []
    file.close()
    assert sent == [1]

"""Servers that one was at: the last first, each once, whatever stands in the file."""

from layerwalk_client.app.known_servers import KEPT, note_known, read_known


def test_the_last_one_comes_first_and_few_are_kept(tmp_path):
    path = tmp_path / "state" / "servers.txt"
    assert read_known(path) == ()
    for port in [*range(1, KEPT + 4), 5]:
        note_known(path, f"localhost:{port}")
    kept = read_known(path)
    assert kept[0] == "http://localhost:5"
    assert len(kept) == len(set(kept)) == KEPT


def test_what_is_no_address_is_passed_over(tmp_path):
    path = tmp_path / "servers.txt"
    path.write_bytes(b"http://a:1\n\xff\xfe\nftp://b\n\nhttps://c:2/path\nhttp://a:1\n")
    assert read_known(path) == ("http://a:1", "https://c:2")


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path):
    (tmp_path / "state").write_text("a file")
    note_known(tmp_path / "state" / "servers.txt", "http://a:1")
    assert read_known(tmp_path / "state" / "servers.txt") == ()

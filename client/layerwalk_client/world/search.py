"""Finding what one means by a few letters: walls, groups, classes, channels. Pure.

The index is made once for a network: all names as one run of bytes, so that a keystroke is a few
comparisons of arrays, however many names there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.terms import kind_line
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkDescription

Kind = Literal["wall", "group", "class", "channel"]
Scores = NDArray[np.uint8]

EXACT, PREFIX, WORD, FACT, INSIDE, FACT_INSIDE, LETTERS = 100, 80, 60, 50, 40, 30, 20
"""How well a word fits: the whole name, its beginning, the beginning of a word of it, of its
operation or shape, within it, within those, its letters in order with gaps."""
LIMIT = 9
MOST_CHANNELS = 5
_SEPARATOR = b"\n"
_CHANNEL = re.compile(r"^(?P<base>.*\S)(?P<mark>[\s:#]+)(?P<number>\d{1,6})$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be found.

    Attributes:
        kind: what it is.
        text: its name, which is searched.
        detail: told beside it; the name of its operation and its shape are searched, too.
        number: index of the node, of the class, or of the channel of `node`.
        node: for a channel, its node.
        group: for a group, its id.
    """

    kind: Kind
    text: str
    detail: str = ""
    number: int = 0
    node: int = 0
    group: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SearchIndex:
    """Entries with what is searched of them; made by `index_of`.

    Attributes:
        entries: nodes in order of execution, then groups, then classes.
        nodes: of the network, for channels.
        names, facts: what is searched.
    """

    entries: tuple[Entry, ...]
    nodes: tuple[Node, ...]
    names: _Texts
    facts: _Texts


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Lower-case texts in one run of bytes.

    Attributes:
        joined: all of them, each ended by a separator.
        codes: `[B]` the same as an array.
        starts: `[N]` where each begins; lengths: `[N]` bytes of each.
        is_word: `[B]` whether a word begins there.
    """

    joined: bytes
    codes: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    is_word: NDArray[np.bool_] = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Texts:
        rows = [text.lower().replace("\n", " ").encode() for text in texts]
        joined = b"".join(row + _SEPARATOR for row in rows)
        lengths = np.array([len(row) for row in rows], np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths + 1)[:-1]]) if rows else lengths
        codes = np.frombuffer(joined, np.uint8)
        is_letter = _IS_LETTER[codes]
        is_word = is_letter & ~np.concatenate([[False], is_letter[:-1]]) if rows else is_letter
        return cls(joined, codes, starts, lengths, is_word)

    def find(self, word: bytes) -> NDArray[np.int64]:
        """Return every place where a word stands, rising."""
        room = len(self.codes) - len(word) + 1
        if room <= 0:
            return np.zeros(0, np.int64)
        is_there = self.codes[:room] == word[0]
        for place, code in enumerate(word[1:], 1):
            is_there &= self.codes[place : place + room] == code
        return np.flatnonzero(is_there)

    def owner(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which text each place is in."""
        found: NDArray[np.int64] = np.searchsorted(self.starts, places, side="right") - 1
        return found

    def with_letters(self, word: bytes) -> NDArray[np.int64]:
        """Return the texts that have the letters of a word in order, with gaps."""
        letters = [re.escape(bytes([code])) for code in word]
        gaps = [b"[^\\n" + letter + b"]*" + letter for letter in letters[1:]]
        pattern = re.compile(letters[0] + b"".join(gaps))
        places = [found.start() for found in pattern.finditer(self.joined)]
        return self.owner(np.array(places, np.int64))


_IS_LETTER = np.array(
    [chr(code).isalnum() if code < 128 else True for code in range(256)], np.bool_
)


def index_of(network: NetworkDescription) -> SearchIndex:
    """Return the index of a network."""
    graph = network.graph
    members: dict[str, int] = {}
    parents = {group.id: group.parent for group in graph.groups}
    for node in graph.nodes:
        inside = node.group
        while inside is not None:
            members[inside] = members.get(inside, 0) + 1
            inside = parents[inside]
    entries = [
        Entry("wall", node.id, kind_line(node), number=place)
        for place, node in enumerate(graph.nodes)
    ]
    facts = [
        f"{node.operation} {'x'.join(map(str, node.shape))} {node.name}" for node in graph.nodes
    ]
    for group in graph.groups:
        count = members.get(group.id, 0)
        told = f"{group.operation} · {count} walls" if group.operation else f"{count} walls"
        entries.append(Entry("group", group.name, told, group=group.id))
        facts.append(group.operation)
    for place, name in enumerate(network.classes):
        told = f"class {place} of {len(network.classes)}"
        entries.append(Entry("class", name, told, number=place))
        facts.append("class")
    names = _Texts.of([entry.text for entry in entries])
    return SearchIndex(tuple(entries), graph.nodes, names, _Texts.of(facts))


def search(index: SearchIndex, text: str, *, limit: int = LIMIT) -> tuple[Entry, ...]:
    """Return what fits a text, the best first.

    Every word must fit: the better it fits the earlier an entry comes, then the shorter name, then
    the order of the network. A number behind a colon, or behind words, means a channel, too:
    `layer3.0.conv1:17`, `conv 17`.
    """
    words = text.lower().split()
    if not words:
        return index.entries[:limit]
    found = _ranked(index, words, limit)
    channels = _channels(index, text.strip(), limit)
    if not channels:
        return found
    is_whole = bool(found) and found[0].text.lower() == text.lower().strip()
    head = found[:1] if is_whole else ()
    return (*head, *channels, *found[len(head) :])[:limit]


def completed(found: Sequence[Entry], text: str, chosen: int = 0) -> str:
    """Return `text` lengthened to what the names found that begin with it have in common; where
    that is nothing more, the chosen name."""
    if not found:
        return text
    names = [one.text for one in found if one.text.lower().startswith(text.lower())]
    if not text or not names:
        return found[min(chosen, len(found) - 1)].text
    common = names[0]
    for other in names[1:]:
        while not other.lower().startswith(common.lower()):
            common = common[:-1]
    return common if len(common) > len(text) else found[min(chosen, len(found) - 1)].text


def _ranked(index: SearchIndex, words: Sequence[str], limit: int) -> tuple[Entry, ...]:
    total = np.zeros(len(index.entries), np.int64)
    fits = np.ones(len(index.entries), np.bool_)
    for word in words:
        scores = _scores(index, word.encode())
        if len(word) > 1 and np.count_nonzero(fits & (scores > 0)) < limit:
            loose = index.names.with_letters(word.encode())
            scores[loose] = np.maximum(scores[loose], LETTERS)
        fits &= scores > 0
        total += scores
    hits = np.flatnonzero(fits)
    order = np.lexsort((hits, index.names.lengths[hits], -total[hits]))
    return tuple(index.entries[place] for place in hits[order[:limit]].tolist())


def _scores(index: SearchIndex, word: bytes) -> Scores:
    """Return how well a word fits each entry, 0 for not at all, `[N]`."""
    scores: Scores = np.zeros(len(index.entries), np.uint8)
    spoken = word.replace("\N{MULTIPLICATION SIGN}".encode(), b"x")
    facts, names = index.facts, index.names
    places = facts.find(spoken)
    owners = facts.owner(places)
    scores[owners] = FACT_INSIDE
    inside = names.find(word)
    scores[names.owner(inside)] = INSIDE
    scores[owners[facts.is_word[places]]] = FACT
    scores[names.owner(inside[names.is_word[inside]])] = WORD
    owners = names.owner(inside)
    first = owners[names.starts[owners] == inside]
    scores[first] = PREFIX
    scores[first[names.lengths[first] == len(word)]] = EXACT
    return scores


def _channels(index: SearchIndex, text: str, limit: int) -> tuple[Entry, ...]:
    parts = _CHANNEL.match(text)
    if parts is None:
        return ()
    number = int(parts["number"])
    walls = [
        one
        for one in _ranked(index, parts["base"].lower().split(), 4 * limit)
        if one.kind == "wall" and number < unit_count(index.nodes[one.number])
    ]
    return tuple(
        Entry("channel", f"{one.text}:{number}", one.detail, number=number, node=one.number)
        for one in walls[:MOST_CHANNELS]
    )


def unit_count(node: Node) -> int:
    """Return how many channels of a node can be flown to: pictures, or units of a vector."""
    if node.view == "vector" and node.channels == 1:
        count = 1
        for size in node.shape:
            count *= size
        return count
    return node.channels

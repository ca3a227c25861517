"""Arrangements of walls as files: one for each network in the platform's folder, or wherever a person
wants one. JSON, by ids of nodes, so that it can be read, written and kept by hand."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from layerwalk_client.app.output.writing import drafted
from layerwalk_client.world.arranged import Arranged, Placed, Stand
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import NetworkDescription

LARGEST_BYTES = 16 * 2**20
_NAME = 60


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StoodWall(_Strict):
    """One wall of a file: `copy` is 0 for the node's own, metres, degrees."""

    node: str
    copy_number: int = Field(default=0, ge=0, alias="copy")
    move: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: float = 0.0
    scale: float = 1.0


class ArrangementFile(_Strict):
    """What such a file holds; `network` and `graph` say for which it was written."""

    layerwalk_arrangement: Literal[1]
    network: str = ""
    graph: str = ""
    walls: tuple[StoodWall, ...] = ()
    hidden: tuple[str, ...] = ()


def graph_hash(graph: Graph) -> str:
    """Return 16 hexadecimal digits that another set of nodes and edges would hardly have."""
    told = [[node.id for node in graph.nodes], [(e.source, e.target) for e in graph.edges]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def as_json(arranged: Arranged, network: NetworkDescription) -> str:
    """Return the text of a file."""
    walls = tuple(
        StoodWall(
            node=node,
            copy=number,
            move=place.move,
            turn_degrees=math.degrees(place.turn),
            scale=place.scale,
        )
        for (node, number), place in sorted(arranged.placed.items())
    )
    told = ArrangementFile(
        layerwalk_arrangement=1,
        network=network.name,
        graph=graph_hash(network.graph),
        walls=walls,
        hidden=tuple(sorted(arranged.hidden)),
    )
    return told.model_dump_json(indent=1, by_alias=True) + "\n"


def from_json(text: str | bytes) -> Arranged:
    """Return the arrangement that a text tells.

    Raises:
        InvalidRequestError: it is no such text; tells which field is wrong.
    """
    try:
        told = ArrangementFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise InvalidRequestError(f"no arrangement: {said}") from error
    placed: dict[Stand, Placed] = {}
    for wall in told.walls:
        stand = wall.node, wall.copy_number
        if stand in placed:
            which = f"copy {wall.copy_number} of {wall.node!r}" if wall.copy_number else wall.node
            raise InvalidRequestError(f"no arrangement: {which} stands there twice")
        turn = math.remainder(math.radians(wall.turn_degrees), math.tau)
        try:
            placed[stand] = Placed(wall.move, turn, wall.scale)
        except InvalidRequestError as error:
            raise InvalidRequestError(f"no arrangement: {wall.node}: {error}") from error
    return Arranged(placed, frozenset(told.hidden))


def read_arrangement(path: Path) -> Arranged:
    """Return the arrangement in a file.

    Raises:
        InvalidRequestError: it cannot be read, is too large, or is none.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise InvalidRequestError(
                f"{path} has {size / 2**20:.0f} MiB, an arrangement at most {LARGEST_BYTES >> 20}"
            )
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return from_json(content)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{path}: {error}") from error


class Arrangements:
    """The arrangements of all networks, one file each. Holds nothing that changes.

    Args:
        folder: where they are kept; None: nowhere.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, network: NetworkDescription) -> Arranged:
        """Return the arrangement of a network: that of its graph, else the newest of its name.

        Raises:
            InvalidRequestError: the file is none.
        """
        if self._folder is None:
            return Arranged()
        exact = self._path(network)
        if exact.is_file():
            return read_arrangement(exact)
        ours = f"{_stem(network)}-*.json"
        older = [path for path in self._folder.glob(ours) if _is_named(path, _stem(network))]
        newest = max(older, key=lambda path: path.stat().st_mtime, default=None)
        return Arranged() if newest is None else read_arrangement(newest)

    def save(self, network: NetworkDescription, arranged: Arranged) -> Path | None:
        """Keep the arrangement of a network; return the file, None where none is kept.

        Raises:
            InvalidRequestError: it cannot be written.
        """
        if self._folder is None:
            return None
        path = self._path(network)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidRequestError(f"{self._folder} cannot be made: {error.strerror}") from error
        with drafted(path) as draft:
            draft.write_text(as_json(arranged, network), encoding="utf-8")
        return path

    def _path(self, network: NetworkDescription) -> Path:
        assert self._folder is not None
        return self._folder / f"{_stem(network)}-{graph_hash(network.graph)}.json"


def _stem(network: NetworkDescription) -> str:
    """Return a network's name as file systems like it; others that read alike differ in digits."""
    read = re.sub(r"[^A-Za-z0-9_.]+", "-", network.name).strip("-.")[:_NAME]
    return f"{read}-{hashlib.sha256(network.name.encode()).hexdigest()[:6]}".lstrip("-")


def _is_named(path: Path, stem: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{16}", path.stem.removeprefix(f"{stem}-")) is not None

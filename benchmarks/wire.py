"""Tiles over a real socket: a ResNet-50 in a server process, the client's own connection here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.measure import Result, interleave
from layerwalk_client.app.demo import served
from layerwalk_client.source.buffers import BufferPool
from layerwalk_client.source.connection import Address, Connection
from layerwalk_shared import routes
from layerwalk_shared.messages import NetworkDescription, SessionDescription, TileRequest
from layerwalk_shared.tiles import Tile, TileKey, block_count, decode

NETWORK = "resnet50"
BODY_BYTES = 32 * 2**20
"""Float16 bytes asked for at once: bodies of this size keep both ends busy at the same time."""
CONNECTIONS = 2


class Peer:
    """A client's connections to a server, and what it knows of the served network."""

    def __init__(self, url: str) -> None:
        buffers = BufferPool()
        self.lines = [
            Connection(Address.parse(url), client="benchmark", buffers=buffers)
            for _ in range(CONNECTIONS)
        ]
        self.pool = ThreadPoolExecutor(CONNECTIONS)
        session = SessionDescription.model_validate_json(
            bytes(self.lines[0].exchange("GET", routes.SESSION.url()).body)
        )
        self.network_id = session.networks[0].id
        network = self.network()
        assert network.snapshot is not None
        self.manifest = network.snapshot
        self.parts = list(_parts(network))

    def network(self) -> NetworkDescription:
        reply = self.lines[0].exchange("GET", routes.NETWORK.url(network=self.network_id))
        return NetworkDescription.model_validate_json(bytes(reply.body))

    def fetch(self, part: list[TileKey], line: Connection) -> list[Tile]:
        request = TileRequest(
            tiles=tuple((key.node, key.block, key.level) for key in part), dtype="float16"
        )
        reply = line.exchange(
            "POST",
            routes.TILES.url(snapshot=self.manifest.id),
            body=request.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
        )
        return decode(reply.body)

    def everything(self) -> list[Tile]:
        """Return every level-0 tile: the parts are shared out over the connections."""

        def share(number: int) -> list[Tile]:
            line = self.lines[number]
            return [
                tile for part in self.parts[number::CONNECTIONS] for tile in self.fetch(part, line)
            ]

        shares = list(self.pool.map(share, range(CONNECTIONS)))
        return [tile for found in shares for tile in found]

    def first_sight(self) -> list[Tile]:
        """Return the overview as a client gets it after connecting: three requests."""
        line = self.lines[0]
        SessionDescription.model_validate_json(
            bytes(line.exchange("GET", routes.SESSION.url()).body)
        )
        network = self.network()
        assert network.snapshot is not None
        path = routes.TILES.url(snapshot=network.snapshot.id) + "?overview=8"
        return decode(line.exchange("POST", path).body)

    def nothing(self) -> None:
        """One round trip of an answer with next to nothing in it."""
        self.lines[0].exchange("GET", routes.HEALTH.url())

    def close(self) -> None:
        self.pool.shutdown()
        for line in self.lines:
            line.close()


def _parts(network: NetworkDescription) -> Iterator[list[TileKey]]:
    """Yield the keys of all level-0 tiles, each distinct tensor once, in bodies of similar size."""
    part: list[TileKey] = []
    size = 0
    assert network.snapshot is not None
    for index, node in enumerate(network.graph.nodes):
        if network.snapshot.nodes[index].same_as is not None:
            continue
        for block in range(block_count(node.channels)):
            part.append(TileKey(index, block, 0))
            size += 2 * min(256, node.channels) * node.height * node.width
            if size >= BODY_BYTES:
                yield part
                part, size = [], 0
    if part:
        yield part


def results() -> Iterator[Result]:
    """Yield the lines of the wire."""
    with served(NETWORK) as url:
        peer = Peer(url)
        try:
            tiles = peer.everything()
            count = sum(tile.values.size for tile in tiles)
            source = np.concatenate([tile.floats().ravel() for tile in tiles])
            del tiles
            yield interleave(
                f"all level-0 tiles of {NETWORK} ({count / 1e6:.1f} M values), to client arrays",
                floor=("one memcpy as float32", source.copy),
                subject=peer.everything,
                goal="at most 2",
                limit=2.0,
                pairs=21,
            )
            yield interleave(
                f"overview of {NETWORK}, first sight",
                floor=("one empty round trip", peer.nothing),
                subject=peer.first_sight,
                goal="at most 60 ms more",
                limit=60.0,
                kind="extra",
                pairs=21,
            )
        finally:
            peer.close()

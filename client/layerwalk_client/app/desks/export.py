"""Keeps the panel that writes a node's maps to files: asks for them, and writes what comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from layerwalk_client.app.output.exporting import write_file
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, FileArrived, RequestFailed
from layerwalk_client.source.files import NodeFile
from layerwalk_client.ui.export import ExportPanel
from layerwalk_client.ui.intents import ExportNode, Intent
from layerwalk_client.world.view import Appearance
from layerwalk_shared.errors import LayerwalkError


class ExportDesk:
    """Mutable, owned by the main thread.

    Args:
        stage: whose network and snapshot are exported.
        source: is asked for the files.
        appearance: tells how values look now.
        folder: where files are written.
        tell: notes what happened, for the trace.
    """

    kind = "export"

    def __init__(
        self,
        stage: Stage,
        source: Source,
        *,
        appearance: Callable[[], Appearance],
        folder: Path,
        tell: Callable[..., None],
    ) -> None:
        self._stage = stage
        self._source = source
        self._appearance = appearance
        self._folder = folder
        self._tell = tell
        self._panel: ExportPanel | None = None
        self._names: dict[NodeFile, str] = {}

    def content(self, *, node: int | None, unit: int | None) -> ExportPanel | None:
        """Return the panel for a node, and for one of its channels beside all."""
        network = self._stage.network
        if network is None or node is None:
            return None
        self._panel = ExportPanel(network.graph.nodes[node], node, unit)
        return self._panel

    def refresh(self) -> bool:
        """Nothing changes by itself."""
        return False

    def take(self, arrival: Arrival) -> bool:
        """Write a file that has come."""
        if isinstance(arrival, FileArrived) and isinstance(arrival.fetch, NodeFile):
            self._write(arrival.fetch, arrival.content)
            return True
        failed = arrival.request if isinstance(arrival, RequestFailed) else None
        if isinstance(arrival, RequestFailed) and isinstance(failed, NodeFile):
            self._names.pop(failed, None)
            self._say(" ".join(str(arrival.error).split()), is_wrong=True)
            return True
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Ask for a file."""
        network, shown = self._stage.network, self._stage.shown
        if not isinstance(intent, ExportNode):
            return False
        if network is None or shown is None:
            self._say("there is nothing to export yet", is_wrong=True)
            return True
        node, looks = network.graph.nodes[intent.node].id, self._appearance()
        fetch = NodeFile(
            shown.id,
            node,
            intent.form,
            channels=() if intent.unit is None else ((intent.unit, intent.unit + 1),),
            table=looks.table,
            mode=looks.mode,
            manual=looks.manual,
            percentile=looks.percentile,
        )
        step = "" if shown.step is None else f" step {shown.step}"
        channel = "" if intent.unit is None else f" channel {intent.unit}"
        self._names[fetch] = f"{network.name} {node}{channel} {shown.input.title}{step}"
        self._source.fetch(fetch)
        self._say(f"{node} is being fetched", is_wrong=False)
        return True

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        self._panel = None
        self._names.clear()

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, fetch: NodeFile, content: bytes) -> None:
        name = self._names.pop(fetch, fetch.node)
        try:
            path = write_file(self._folder, name, content, ending=fetch.form)
        except LayerwalkError as error:
            self._say(" ".join(str(error).split()), is_wrong=True)
        else:
            self._say(f"written: {path.name}", is_wrong=False)
            self._tell("exported", path=str(path), node=fetch.node)

    def _say(self, text: str, *, is_wrong: bool) -> None:
        if self._panel is not None:
            self._panel.said, self._panel.is_wrong = text, is_wrong

"""A node's maps as a file without a window: a sheet with its legend, or exact arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from layerwalk_client.app.demo import serving
from layerwalk_client.app.handling.hand import hold_file
from layerwalk_client.app.links.recalling import puttable
from layerwalk_client.app.output.writing import check_writable, drafted
from layerwalk_client.app.served import Served
from layerwalk_client.source.files import NodeFile, NodeForm
from layerwalk_client.source.reading import Reader
from layerwalk_client.world.view import Appearance
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.links import LinkedInput


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and where.

    Attributes:
        out: file; its ending names the form: PNG, NPY, NPZ.
        node: id.
        where: the network.
        channels: (first, behind) of each slice; () all.
        step: of a training; None: the newest.
        put: a file, or what was said, to put on the input first.
        appearance: how values become colours on a sheet.
    """

    out: Path
    node: str
    where: Served = field(default_factory=Served)
    channels: tuple[tuple[int, int], ...] = ()
    step: int | None = None
    put: Path | LinkedInput | None = None
    appearance: Appearance = field(default_factory=lambda: Appearance(mode="percentile"))


def form_of(path: Path) -> NodeForm:
    """Return the form that a file's ending names.

    Raises:
        InvalidRequestError: it names none of ours.
    """
    for form in get_args(NodeForm):
        if path.suffix.lower() == f".{form}":
            found: NodeForm = form
            return found
    raise InvalidRequestError(
        f"{path}: maps end in .png, .npy or .npz, not in {path.suffix or 'nothing'!r}"
    )


def run_export(options: ExportOptions) -> str:
    """Write the file; return what was written, for people.

    Raises:
        LayerwalkError: no server, no such node or channel, or the file cannot be written.
    """
    form = form_of(options.out)
    check_writable(options.out)
    if form == "npy" and len(options.channels) > 1:
        raise InvalidRequestError("an NPY file holds one slice of channels: NPZ and PNG hold lists")
    where, looks = options.where, options.appearance
    with (
        serving(where) as url,
        Reader(url, token=where.token, network=where.network) as reader,
    ):
        if options.step is not None:
            reader.choose_step(options.step)
        if isinstance(options.put, Path):
            held = hold_file(options.put)
            reader.put(held.image, title=held.title)
        elif options.put is not None:
            reader.put(puttable(reader.session, options.put))
        if reader.shown is None:
            raise NotFoundError(f"network {reader.network.name!r} has no snapshot yet")
        reader.network.graph.node(options.node)
        content = reader.file(
            NodeFile(
                reader.shown.id, options.node, form, options.channels,
                table=looks.table, mode=looks.mode,
                manual=looks.manual, percentile=looks.percentile,
            )
        )  # fmt: skip
        title = reader.shown.input.title
    with drafted(options.out) as draft:
        draft.write_bytes(content)
    return f"{options.out}: {options.node} of {title}, {len(content):,} bytes"

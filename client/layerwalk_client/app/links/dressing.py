"""How values look, changed in parts by words: on the command line, in scripts, in links."""

from __future__ import annotations

from dataclasses import replace

from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import describe_table
from layerwalk_shared.links import RangeMode, Themes


def dressed(
    appearance: Appearance,
    *,
    table: str | None = None,
    mode: RangeMode | None = None,
    limit: float | None = None,
    theme: Themes | None = None,
) -> Appearance:
    """Return an appearance of which some is another; None leaves what there is.

    Raises:
        InvalidRequestError: there is no such table.
    """
    if table is not None:
        describe_table(table)
    return replace(
        appearance,
        table=appearance.table if table is None else table,
        mode=appearance.mode if mode is None else mode,
        manual=appearance.manual if limit is None else limit,
        theme=appearance.theme if theme is None else theme,
    )

"""The link that opens what a walk shows now; `opening` reads such links."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from layerwalk_client.app.links.recalling import on_the_input
from layerwalk_client.app.news import selected_id
from layerwalk_client.world.view import Camera
from layerwalk_shared.links import Link
from layerwalk_shared.messages import NetworkDescription, SessionDescription

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

USUAL_NEAR = Camera().near


def link_of(walker: Walker) -> Link | None:
    """Return the link that opens what a walk shows now; None before there is a network."""
    network, session = walker.stage.network, walker.stage.state.session
    if network is None or session is None:
        return None
    address = urlsplit(walker.address)
    appearance, mark = walker.tools.appearance, walker.selection
    node = selected_id(walker)
    return Link(
        address.hostname or "",
        address.port or 0,
        address.scheme == "https",
        network=_name_of(network, session),
        camera=_numbers(walker.journey.camera),
        node=node,
        channel=None if node is None or mark is None or mark.channel < 0 else mark.channel,
        input=on_the_input(walker.stage),
        step=walker.stage.state.chosen,
        table=appearance.table,
        range=appearance.mode,
        limit=appearance.manual if appearance.mode == "manual" else None,
        layout=walker.stage.scenery.style,
        theme=appearance.theme,
    )


def _numbers(camera: Camera) -> tuple[float, ...]:
    angles = (math.degrees(camera.yaw), math.degrees(camera.pitch))
    found = tuple(round(value, 4) for value in (*camera.position, *angles))
    return found if camera.near <= USUAL_NEAR else (*found, round(camera.near, 4))


def _name_of(network: NetworkDescription, session: SessionDescription) -> str:
    """Return a network's name, its id where two bear that name."""
    same = [one for one in session.networks if one.name == network.name]
    return network.name if len(same) == 1 and network.name else network.id

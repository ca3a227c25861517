"""Which panels a walk has beside those of the toolbox's own desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.desks.answer import AnswerDesk
from layerwalk_client.app.desks.channel import ChannelDesk
from layerwalk_client.app.desks.colours import ColourDesk
from layerwalk_client.app.desks.compare import CompareDesk
from layerwalk_client.app.desks.export import ExportDesk
from layerwalk_client.app.desks.jobs import JobDesk
from layerwalk_client.app.desks.keys import KeyDesk
from layerwalk_client.app.desks.saliency import SaliencyDesk
from layerwalk_client.app.desks.servers import ServerDesk
from layerwalk_client.app.desks.settings import SettingDesk
from layerwalk_client.app.following import Followed
from layerwalk_client.app.preferences import change, current
from layerwalk_client.devices.rebinding import Changes

if TYPE_CHECKING:
    from layerwalk_client.app.desks.thumbnails import Textures
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.source import Source


def furnish(walker: Walker, source: Source, images: Textures) -> KeyDesk:
    """Give a walk's toolbox its desks, which make textures by `images`; return the one that
    listens for keys."""
    tools, stage = walker.tools, walker.stage

    def keep_keys(changes: Changes) -> None:
        change(walker, "keys", changes)
        walker.keep(walker.settings)

    keys = KeyDesk(changes=lambda: walker.settings.keys, keep=keep_keys)
    settings = SettingDesk(
        current=lambda: current(walker),
        change=lambda name, value: change(walker, name, value),
        keep=lambda: walker.keep(walker.settings),
        place=walker.start.settings_place,
    )

    colours = ColourDesk(
        stage,
        source,
        tools.locks,
        appearance=lambda: tools.appearance,
        looked_at=lambda: None if walker.pointed is None else walker.pointed.wall.node,
        selected=lambda: None if walker.selection is None else walker.selection.node,
    )

    def go_elsewhere(url: str, network: str) -> None:
        """End this walk, for one through a network of another server or of this one."""
        walker.destination = (url, network)
        walker.is_over = True

    def follow(node: int, channel: int) -> None:
        """Follow the signal to a channel."""
        network = stage.network
        if network is not None:
            walker.signals.follow(Followed(network.graph.nodes[node].id, channel))

    desks = (
        walker.guide,
        colours,
        ChannelDesk(
            stage,
            source,
            images,
            tools.thumbnails,
            table=lambda: tools.appearance.table,
            edited=lambda: walker.editing.nodes,
            silence=lambda node, channel: walker.say(walker.editing.silence(node, channel)),
            follow=follow,
        ),
        CompareDesk(stage, look_at=walker.look_at, choose_step=walker.choose_step),
        SaliencyDesk(stage, source, images, followed=lambda: walker.signals.followed),
        JobDesk(stage, source, ask=lambda one: tools.carry_out("jobs", one)),
        ExportDesk(
            stage,
            source,
            appearance=lambda: tools.appearance,
            folder=walker.start.pictures,
            tell=walker.trace.note,
        ),
        ServerDesk(
            stage,
            here=(walker.address, walker.start.token),
            client=source.client,
            known=walker.start.known_servers,
            ring=walker.start.ring,
            go=go_elsewhere,
        ),
        keys,
        settings,
        walker.handheld.webcam,
        walker.bookmarks,
    )
    for desk in desks:
        tools.desks.add(desk)
    answers = AnswerDesk(
        stage, source, follow=lambda node, unit: walker.signals.follow(Followed(node, unit))
    )
    tools.desks.add(answers, is_watching=True)
    return keys

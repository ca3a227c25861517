"""The hand, the panels, and what a person asks for through them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from layerwalk_client.app.desks.browsing import Browsing
from layerwalk_client.app.desks.desk import Desk
from layerwalk_client.app.desks.node import NodeDesk
from layerwalk_client.app.desks.panel_desk import Desks
from layerwalk_client.app.desks.thumbnails import Textures, ThumbnailStore
from layerwalk_client.app.handling.hand import (
    Hand,
    Holding,
    argument_of,
    hold_channel,
    hold_noise,
    hold_result,
)
from layerwalk_client.app.handling.loupe import Loupe
from layerwalk_client.app.letters import write, writer_of
from layerwalk_client.app.maximising.maximising import Maximising
from layerwalk_client.app.panels import Content, Panels
from layerwalk_client.app.range_locks import RangeLocks
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.devices.actions import Typed
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, PictureArrived
from layerwalk_client.source.asking import ItemPicture, PutInput
from layerwalk_client.ui.hud import Carried
from layerwalk_client.ui.input import InputPanel
from layerwalk_client.ui.intents import (
    ChooseStep,
    ClosePanel,
    GoTo,
    GoToChannel,
    GoToClass,
    GoToGroup,
    Intent,
    OpenChannel,
    OpenMaximise,
    PickChannel,
    PickItem,
    PickNoise,
    PickPicture,
    PutOn,
    SetAppearance,
    ShowAll,
    StudioIntent,
    TravelIntent,
)
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Appearance, Camera
from layerwalk_shared.errors import LayerwalkError, NotFoundError
from layerwalk_shared.messages import DatasetInput


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a panel is called: the eye, the window's pixels, metres to what stands before it."""

    camera: Camera
    window_wh: tuple[int, int]
    room: float = math.inf


class Toolbox:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network and snapshot the tools are about.
        source: is asked for pictures and facts.
        images: makes textures.
        appearance: how values look at the beginning.
        travel: takes the eye where a panel asks.
        choose_step: looks at a step of the training.
        outlook: tells where a panel would appear.
        folder: for files that are exported.
        tell: notes what happened, for the trace.
    """

    def __init__(
        self,
        stage: Stage,
        source: Source,
        images: Textures,
        *,
        appearance: Appearance,
        travel: Callable[[TravelIntent], None],
        choose_step: Callable[[int | None], None],
        outlook: Callable[[], Outlook],
        folder: Path,
        tell: Callable[..., None],
    ) -> None:
        self._stage = stage
        self._source = source
        self._travel = travel
        self._choose_step = choose_step
        self._outlook = outlook
        self._tell = tell
        self.appearance = appearance
        self.hand = Hand()
        self.panels = Panels()
        self.desk = Desk(stage, source, images, self.panels)
        self.desks = Desks(self.panels)
        self.locks = RangeLocks()
        self._browsing = Browsing(stage, source, images)
        self.desks.add(self._browsing)
        self.desks.add(NodeDesk(stage, source, images, table=lambda: self.appearance.table))
        self.maximising = Maximising(
            stage, source, images,
            hold=self._hold, holding=lambda: self.hand.holding,
            table=lambda: self.appearance.table, folder=folder,
        )  # fmt: skip
        self._loupe = Loupe(self.hand, images, channel=self.channel)

    @property
    def thumbnails(self) -> ThumbnailStore:
        """Thumbnails of the data sets."""
        return self._browsing.thumbnails

    @property
    def is_typing(self) -> bool:
        """Whether an open panel takes text."""
        return writer_of(self.panels) is not None

    @property
    def loupe(self) -> Holding | None:
        """What is held to the eye without being picked up."""
        return self._loupe.holding

    @property
    def looked_at(self) -> Holding | None:
        """What is held to the eye, picked up or not."""
        return self._loupe.holding or (self.hand.holding if self.hand.is_magnifying else None)

    # Panels.

    def toggle(
        self, kind: str, outlook: Outlook, *, node: int | None = None, unit: int | None = None
    ) -> bool:
        """Open a panel before the eye, or close it; return whether it is open now."""
        if self.panels.close(kind):
            self._tell("panel-closed", panel=kind)
            return False
        if self.desks.keeps(kind):
            content = self.desks.content(kind, node=node, unit=unit)
        else:
            content = self.desk.content(kind)
        return self._open(kind, content, outlook)

    def open_maximise(self, node: int, unit: int | None) -> bool:
        """Open the panel of maximisation about a node or one of its units; one that is open stays
        where it is. Return whether there is one."""
        return self._turn("maximise", lambda: self.maximising.open(node, unit))

    def open_channel(self, node: int, channel: int) -> bool:
        """Open the panel of a channel; one that is open turns to it. Return whether there is one."""
        return self._turn("channel", lambda: self.desks.content("channel", node=node, unit=channel))

    def _turn(self, kind: str, make: Callable[[], Content | None]) -> bool:
        before, content = self.panels.content(kind), make()
        if content is not None and before is content:
            self.panels.touch(kind)
            return True
        return self._open(kind, content, self._outlook())

    def _open(self, kind: str, content: Content | None, outlook: Outlook) -> bool:
        if content is None:
            return False
        self.panels.open(
            kind, content, outlook.camera, window_wh=outlook.window_wh, room=outlook.room
        )
        self._tell("panel-opened", panel=kind)
        return True

    def close_panels(self) -> bool:
        """Close every panel; return whether one was open."""
        kinds = self.panels.kinds
        for kind in kinds:
            self._tell("panel-closed", panel=kind)
        self.panels.close_all()
        return bool(kinds)

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        self.close_panels()
        self.desk.renew()
        self.desks.renew()
        self.maximising.renew()

    def forget_nodes(self) -> None:
        """Close what is about nodes that may be gone: the graph has changed."""
        for kind in ("node", "channel", "search", "input", "maximise"):
            self.carry_out(kind, ClosePanel())
        self.desk.renew()
        self.desks.renew()
        self.maximising.renew()

    def refresh(self) -> bool:
        """Bring open panels up to date; return whether one changed."""
        self.maximising.watch()
        if has_changed := "maximise" in self.panels.kinds and self.maximising.refresh():
            self.panels.touch("maximise")
        return self.desk.refresh() | self.desks.refresh() | has_changed

    def type(self, typed: Sequence[Typed]) -> None:
        """Hand text to the panel that takes it."""
        write(self.panels, typed, self.carry_out)

    def carry_out(self, kind: str, intent: Intent) -> None:
        """Do what was asked for through a panel."""
        methods: dict[type, Callable[[str, Any], object]] = {
            ClosePanel: self._close,
            GoTo: self._go,
            GoToGroup: self._go,
            GoToChannel: self._go,
            GoToClass: self._go,
            ShowAll: self._go,
            SetAppearance: lambda _, one: setattr(self, "appearance", one.appearance),
            ChooseStep: lambda _, one: self._choose_step(one.step),
            PutOn: lambda _, one: self.put_on(one),
            PickItem: self._pick_item,
            PickNoise: self._pick_noise,
            PickChannel: lambda _, one: self.pick_channel(one.node, one.channel),
            OpenMaximise: lambda _, one: self.open_maximise(one.node, one.unit),
            OpenChannel: lambda _, one: self.open_channel(one.node, one.channel),
        }
        method = methods.get(type(intent))
        if method is not None:
            method(kind, intent)
        elif isinstance(intent, StudioIntent):
            self.maximising.carry_out(intent)
            if isinstance(intent, PickPicture):
                self._close(kind, ClosePanel())  # it would stand before the input
            self.refresh()
        else:
            self.desks.carry_out(intent)

    def _go(self, _: str, intent: TravelIntent) -> None:
        self._travel(intent)

    def _close(self, kind: str, _: ClosePanel) -> None:
        if self.panels.close(kind):
            self._tell("panel-closed", panel=kind)

    def _pick_item(self, kind: str, intent: PickItem) -> None:
        self.pick_item(intent.dataset, intent.item, intent.title)
        if kind == "dataset":
            self._close(kind, ClosePanel())  # it would stand before the input

    def _pick_noise(self, kind: str, intent: PickNoise) -> None:
        if self._stage.network is not None:
            self._hold(hold_noise(intent.noise, self._stage.network.input))
            self._close(kind, ClosePanel())

    # The hand.

    def pick_item(self, dataset: str, item: int, title: str) -> None:
        """Pick up an item of a data set; its full picture follows."""
        self._hold(Holding(DatasetInput(dataset=dataset, item=item), title))
        self._source.fetch(ItemPicture(dataset, item))

    def channel(self, node: int, channel: int, *, wall: Wall | None = None) -> Holding | None:
        """Return a channel of what is shown as a thing to carry."""
        network = self._stage.network
        manifest = self._stage.manifest_of(node, wall=wall)
        if network is None or manifest is None:
            return None
        if manifest.maximised is not None:
            tile = self._stage.finest(node, channel)
            return hold_result(manifest, channel, tile=tile, table=self.appearance.table)
        return hold_channel(
            manifest,
            node=network.graph.nodes[node].id,
            channel=channel,
            tile=self._stage.finest(node, channel, wall=wall),
            table=self.appearance.table,
        )

    def pick_channel(self, node: int, channel: int, *, wall: Wall | None = None) -> bool:
        """Pick up a channel from its wall; return whether that was possible."""
        held = self.channel(node, channel, wall=wall)
        if held is not None:
            self._hold(held)
        return held is not None

    def put(self, node: int | None = None, *, is_second: bool = False) -> bool:
        """Put what is held on an input's node (None: the shown one); return whether there was
        something. `is_second`: to compare with it."""
        network = self._stage.network
        at = None if network is None or node is None else network.graph.nodes[node].id
        wish = None if network is None else self.hand.put_on(network, at)
        if wish is None:
            return False
        self._tell("put", title=wish.title)
        self._stage.submit(replace(wish, is_second=is_second))
        self.hand.put_away()
        return True

    def put_held(self, held: Holding, *, node: int | None = None) -> str:
        """Put something that need not be in the hand on the argument that the panel of inputs shows, else on an input's node (None:
        the shown one); return its name.

        Raises:
            NotFoundError: there is no network.
        """
        network = self._stage.network
        if network is None:
            raise NotFoundError("there is no network to put a picture on")
        content = self.panels.content("input")
        if isinstance(content, InputPanel):
            argument = content.argument
        else:
            argument = argument_of(network, None if node is None else network.graph.nodes[node].id)
        self._tell("put", title=held.title)
        self._stage.submit(PutInput(network.id, held.image, title=held.title, argument=argument))
        return held.title

    def put_on(self, wish: PutOn) -> None:
        """Put words, noise or the example on an argument."""
        network = self._stage.network
        if network is not None:
            self._tell("put", title=wish.title)
            self._stage.submit(
                PutInput(network.id, wish.image, title=wish.title, argument=wish.argument)
            )
            if self.hand.holding is not None and self.hand.holding.image == wish.image:
                self.hand.put_away()  # the first of two clicks took it up

    def pick_up(self, holding: Holding) -> None:
        """Take something in the hand."""
        self._hold(holding)

    def put_away(self) -> bool:
        """Empty the hand; return whether there was something in it."""
        had = self.hand.put_away()
        if had:
            self._tell("put-away")
        return had

    def hold_again(self, holding: Holding | None) -> None:
        """Have in the hand what was there before."""
        if holding is None:
            self.put_away()
        elif holding is not self.hand.holding:
            self._hold(holding)

    def look_closer(self, node: int | None, channel: int | None, *, is_looking: bool) -> bool:
        """Hold what is carried, or else a channel under the pointer, to the eye; return whether
        what is seen has changed."""
        return self._loupe.look(node, channel, is_looking=is_looking)

    def carried(self) -> Carried | None:
        """Return what is in the hand, or before the eye, for the HUD."""
        return self._loupe.carried()

    # Arrivals.

    def take(self, arrival: Arrival) -> bool:
        """Take in pictures and facts; return whether something on the screen changes."""
        if isinstance(arrival, PictureArrived) and isinstance(arrival.fetch, ItemPicture):
            fetch = arrival.fetch
            image = DatasetInput(dataset=fetch.dataset, item=fetch.item)
            return self.hand.show(image, arrival.pixels)
        if self.maximising.take(arrival):
            self.panels.touch("maximise")
            return self.refresh()
        return self.desk.take(arrival) | self.desks.take(arrival)

    def close(self) -> None:
        """Release every texture and panel."""
        self.panels.close_all()
        self.desk.close()
        self.desks.close()
        self.maximising.close()
        self._loupe.close()

    def _hold(self, holding: Holding) -> None:
        self.hand.pick_up(holding)
        self._tell("picked", title=holding.title)


def reason(error: LayerwalkError) -> str:
    """Return an error as one line for people."""
    return " ".join(str(error).split())

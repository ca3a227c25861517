"""The loupe: what is in the hand, or a channel under the pointer, held to the eye."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.handling.hand import Hand, Holding
from layerwalk_client.ui.hud import Carried
from layerwalk_client.ui.pictures import Picture
from layerwalk_shared.messages import ChannelInput


class Loupe:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        hand: what it holds goes before a channel.
        images: makes textures.
        channel: returns a channel of what is shown as a thing to carry, by (node, channel).
    """

    def __init__(
        self, hand: Hand, images: Textures, *, channel: Callable[[int, int], Holding | None]
    ) -> None:
        self._hand = hand
        self._images = images
        self._channel = channel
        self._holding: Holding | None = None
        self._drawn = -1
        self._picture: Picture | None = None

    @property
    def holding(self) -> Holding | None:
        """What is held to the eye without being picked up."""
        return self._holding

    def look(self, node: int | None, channel: int | None, *, is_looking: bool) -> bool:
        """Hold what is carried, or else a channel under the pointer, to the eye.

        Returns:
            Whether what is seen has changed.
        """
        hand = self._hand
        was = (hand.is_magnifying, self._holding)
        hand.is_magnifying = is_looking and hand.holding is not None
        if not is_looking or hand.holding is not None:
            self._holding = None
        elif node is not None and channel is not None:
            is_same = self._holding is not None and self._is_of(self._holding, node, channel)
            if self._holding is None or is_same:
                self._holding = self._closer(node, channel)
        if was != (hand.is_magnifying, self._holding):
            hand.revision += 1
            return True
        return False

    def carried(self) -> Carried | None:
        """Return what is in the hand, or before the eye, for the HUD."""
        held = self._holding or self._hand.holding
        if self._drawn != self._hand.revision:
            self._drawn = self._hand.revision
            self.close()
            if held is not None and held.pixels is not None:
                height, width = held.pixels.shape[:2]
                texture = self._images.make(held.pixels, is_smooth=False)
                self._picture = Picture(texture, size_wh=(width, height))
        if held is None:
            return None
        is_magnified = self._hand.is_magnifying or self._holding is not None
        return Carried(self._picture, held.title, held.note, is_magnified)

    def close(self) -> None:
        """Release the texture."""
        if self._picture is not None:
            self._images.drop(self._picture.texture)
            self._picture = None

    def _is_of(self, held: Holding, node: int, channel: int) -> bool:
        found, image = self._channel(node, channel), held.image
        return (
            found is not None
            and isinstance(image, ChannelInput)
            and isinstance(found.image, ChannelInput)
            and (image.node, image.channel) == (found.image.node, found.image.channel)
        )

    def _closer(self, node: int, channel: int) -> Holding | None:
        """Return the channel to look at, the one already looked at while it is no finer."""
        found = self._channel(node, channel)
        before = self._holding
        if found is None or before is None or found.pixels is None or before.pixels is None:
            return found or before
        return found if found.pixels.shape > before.pixels.shape else before

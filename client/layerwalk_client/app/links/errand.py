"""What a link asks of a walk that is possible only once things have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.links.recalling import puttable
from layerwalk_client.app.toolbox import reason
from layerwalk_client.source.asking import PutInput
from layerwalk_client.world.view import Mark
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.links import Link

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


class Errand:
    """Mutable, owned by the main thread.

    Args:
        link: None: there is nothing to do.
    """

    def __init__(self, link: Link | None) -> None:
        self._link = link
        self._step = None if link is None else link.step

    def begin(self, walker: Walker) -> None:
        """Select, and put on the input, what the link says; its network has just been laid out."""
        link, self._link = self._link, None
        network = walker.stage.network
        if link is None or network is None:
            return
        try:
            if link.node is not None:
                node = network.graph.node(link.node)
                index = network.graph.index[node.id]
                walker.selection = Mark(network.id, index, _channel(link, walker, index))
            if link.input is not None:
                walker.stage.submit(
                    PutInput(network.id, puttable(walker.stage.state.session, link.input))
                )
        except LayerwalkError as error:
            walker.say(reason(error), is_warning=True)

    def follow(self, walker: Walker) -> None:
        """Look at the link's step of the training, once it is known what was served."""
        training = walker.stage.state.training
        if self._step is None or not training.is_loaded:
            return
        step, self._step = self._step, None
        if training.step(step) is None:
            walker.say(f"step {step} of the training was not served", is_warning=True)
        else:
            walker.choose_step(step)


def _channel(link: Link, walker: Walker, node: int) -> int:
    """Return the channel to select; -1 where there is none, or it is beyond the wall's last."""
    channels = (wall.channels for wall in walker.stage.scene.walls if wall.node == node)
    if link.channel is None or link.channel >= next(channels, 0):
        return -1
    return link.channel

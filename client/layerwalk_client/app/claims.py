"""What the wheel and the mouse mean while something is in the hand: not the walk's any more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerwalk_client.devices.actions import Actions

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def claimed(walker: Walker, actions: Actions) -> Actions:
    """Give a frame's actions to the wall that is carried and to the magnifier; return what is left
    for the walk."""
    turn = math.radians(walker.settings.mouse_degrees)
    return walker.magnifier.claim(
        walker.arranger.claim(actions),
        walker.screen.size_wh,
        radians_per_pixel=(turn, -turn if walker.settings.inverts_y else turn),
        is_captured=walker.desktop.is_captured,
    )

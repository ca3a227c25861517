"""What is on the clipboard goes to where it fits; what is held or pointed at goes to the clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from layerwalk_client.app.handling.hand import Holding, argument_of, hold_file, hold_pixels
from layerwalk_client.devices.actions import Typed
from layerwalk_client.ui.intents import PutOn
from layerwalk_client.world.inputs import spec_at
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.messages import TextInput

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

TITLE = "clipboard"
NOTHING = "the clipboard holds no picture, no file and no text"
LONGEST_SHOWN = 24
LONGEST_PATH = 4096
LONGEST_TEXT = 100_000


def paste(walker: Walker) -> None:
    """Take what is on the clipboard: text to where one writes, a file or a picture to the input, words
    to an input of words."""
    text = walker.handheld.clipboard.text()
    if text and walker.tools.is_typing:
        walker.tools.type([Typed(text=letter) for letter in text if letter.isprintable()])
        return
    try:
        said = _put_text(walker, text) if text else _put_other(walker)
    except LayerwalkError as error:
        walker.say(" ".join(str(error).split()), is_warning=True)
    else:
        walker.say(said)


def _put_text(walker: Walker, text: str) -> str:
    path = path_of(text)
    if path is not None:
        return _put(walker, hold_file(path))
    network = walker.stage.network
    node = _input_pointed(walker)
    name = None if network is None or node is None else network.graph.nodes[node].id
    spec = None
    if network is not None:
        spec = network.input if name is None else spec_at(network, name)
    if len(text) > LONGEST_TEXT:
        return f"the clipboard holds {len(text)} letters, an input of words takes {LONGEST_TEXT}"
    if network is not None and spec is not None and spec.kind == "text":
        title = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
        words = PutOn(TextInput(text=text), title, argument_of(network, name))
        walker.tools.put_on(words)
        return f"{title} goes to the input"
    return "the clipboard holds words, which this input does not take"


def _put_other(walker: Walker) -> str:
    files = walker.handheld.clipboard.files()
    if files:
        return _put(walker, hold_file(files[0]))
    pixels = walker.handheld.clipboard.picture()
    return NOTHING if pixels is None else _put(walker, hold_pixels(pixels, TITLE))


def _put(walker: Walker, held: Holding) -> str:
    title = walker.tools.put_held(held, node=_input_pointed(walker))
    walker.lesson.has_picked = walker.lesson.has_put = True
    return f"{title} goes to the input"


def _input_pointed(walker: Walker) -> int | None:
    return walker.pointed.wall.node if walker.pointed and walker.pointed.is_input else None


def path_of(text: str) -> Path | None:
    """Return the file that a text names, as a path or a file:// address; None where it is none."""
    line = text.strip().strip("\"'")
    if not line or "\n" in line or len(line) > LONGEST_PATH:
        return None
    if line.startswith("file://"):
        line = url2pathname(urlsplit(line).path)
    path = Path(line).expanduser()
    try:
        return path if path.is_absolute() and path.is_file() else None
    except (OSError, ValueError):
        return None


def copy(walker: Walker) -> None:
    """Put what is held to the eye, in the hand, or under the pointer on the clipboard."""
    held = walker.tools.looked_at or walker.tools.hand.holding
    pointed = walker.pointed
    if held is None and pointed is not None and pointed.hit.channel is not None:
        held = walker.tools.channel(pointed.wall.node, pointed.hit.channel, wall=pointed.wall)
    if held is None or held.pixels is None:
        walker.say("point at a picture first" if held is None else f"{held.title} is not here yet")
        return
    try:
        walker.handheld.clipboard.put_picture(held.pixels)
    except LayerwalkError as error:
        walker.say(" ".join(str(error).split()), is_warning=True)
        return
    height, width = held.pixels.shape[:2]
    walker.say(f"{held.title} is on the clipboard, {width} \N{MULTIPLICATION SIGN} {height}")
    walker.trace.note("copied", title=held.title)

"""Tokens as people read them."""

from __future__ import annotations

SPACE = "\N{MIDDLE DOT}"
_MARKS = {
    "\u0120": SPACE,  # byte-level BPE writes a space as G with a dot above,
    "\u010a": "\\n",  # a line's end as C with a dot above,
    "\u2581": SPACE,  # SentencePiece a space as a low block
    "\n": "\\n",
    "\t": "\\t",
}
LONGEST = 32


def readable(token: str) -> str:
    """Return a token for a chip or a line: spaces at its ends are seen, whatever wrote them."""
    for mark, text in _MARKS.items():
        token = token.replace(mark, text)
    inner = token.strip(" ")
    ahead = len(token) - len(token.lstrip(" "))
    behind = len(token) - len(token.rstrip(" ")) if inner else 0
    shown = SPACE * ahead + inner + SPACE * behind
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def spoken(token: str) -> str:
    """Return a token as a word beside a row: without the space before it."""
    text = readable(token)
    return text.strip(SPACE) or text


def quoted(token: str) -> str:
    """Return a token between quotes, as it stands in a sentence."""
    text = readable(token)
    return f"“{text.removeprefix(SPACE) or text}”"

"""The form of a maximisation: recipe, numbers, objective, start, units; all numbers behind a fold."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import (
    ENTRY_HIGH,
    Writing,
    button,
    choice,
    combo,
    dice,
    entry,
    label,
    nudged,
)
from layerwalk_client.ui.drafts import (
    MIDDLE,
    RECIPE,
    Draft,
    Order,
    Subject,
    label_of,
    new_draft,
    order_of,
)
from layerwalk_client.ui.intents import Intent, Maximise
from layerwalk_client.ui.recipe_fields import NO, YES, Field
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import small, text_font
from layerwalk_client.world.terms import product
from layerwalk_shared.messages import MaximiseRequest
from layerwalk_shared.recipes import RECIPES, Recipe

RECIPE_TEXTS = {
    "walk": "turned, scaled, blurred and rolled at random while it climbs",
    "proxygrad": "gradients pass through silent ReLUs: higher and steadier",
    "smooth": "few steps in 0..1, kept smooth and sparse",
    "plain": "gradient ascent alone, as in 2009",
    "fourier": "climbs in frequencies with decorrelated colours",
    "maco": "phases only, the spectrum is that of data",
}
OBJECTIVES = (
    ("channel", "mean"),
    ("neuron", "one neuron"),
    ("percentile", "strongest"),
    ("layer", "whole layer"),
    ("direction", "direction"),
)
STARTS = {
    "recipe": "as the recipe says",
    "noise": "grey with noise",
    "constant": "one value",
    "present": "what is on the input",
    "hand": "what the hand holds",
    "result": "a picture of the results",
}
SEEDS = 10_000
"""The dice throws below this."""
COUNTED = frozenset({"seed"})
_LABEL = 84
_CHOSEN_FIRST = ("steps", "rate", "slope")


class Form:
    """Mutable, owned by the main thread: what is written, and where letters go."""

    def __init__(self, draft: Draft | None = None) -> None:
        self.draft = draft or new_draft()
        self.writing = Writing()
        self.is_open = False
        self._help = ""
        self._order: tuple[object, Order] | None = None

    # Writing.

    def write(self, change: Callable[[Writing], None]) -> None:
        """Let letters change the field that is written in."""
        path = self.writing.path
        if path is None:
            return
        change(self.writing)
        self.draft = self.draft.put(path, self.writing.text)

    def nudge(self, by: int) -> None:
        """Make the number that is written in larger or smaller."""
        path = self.writing.path
        if path is not None:
            text = nudged(self.writing.text, by, is_counted=path in COUNTED)
            self.draft = self.draft.put(path, text)
            self.writing.text = text

    def order(self, subject: Subject) -> Order:
        """Return what the form asks for."""
        key = (self.draft, subject)
        if self._order is None or self._order[0] != key:
            self._order = (key, order_of(self.draft, subject))
        return self._order[1]

    # Drawing.

    def draw(self, style: Style, subject: Subject, *, below: float) -> list[Intent]:
        """Draw the form and its buttons.

        Args:
            subject: what is maximised.
            below: pixels to leave free under it.
        """
        order = self.order(subject)
        self._help = ""
        foot = style.px(2 * 18 + ENTRY_HIGH + 22)
        room = imgui.get_content_region_avail()
        imgui.begin_child("form", (room.x, room.y - below - foot))
        self._recipe(style, order)
        self._numbers(style, order)
        self._objective(style, subject, order)
        self._start(style, subject, order)
        self._units(style, subject, order)
        self._all_numbers(style, order)
        imgui.end_child()
        return self._foot(style, subject, order)

    def _set(self, path: str, text: str | None) -> None:
        if text is not None:
            self.draft = self.draft.put(path, text)
            self.writing.end()

    def _entry(
        self, style: Style, path: str, order: Order, *, width: float, hint: str = "",
        told: str = "",
    ) -> None:  # fmt: skip
        entry(
            style, path, self.draft.texts.get(path, ""), writing=self.writing, width=width,
            is_wrong=path in order.complaints, hint=hint,
        )  # fmt: skip
        if told and imgui.is_item_hovered():
            self._help = told

    def _complain(self, style: Style, order: Order, *paths: str) -> None:
        """Write what is wrong with fields of this row, in the model's words."""
        for path in paths:
            said = order.complaints.get(path)
            if said:
                imgui.dummy((style.px(_LABEL), 1))
                imgui.same_line(0, 0)
                name = path.rpartition(".")[2].replace("_", " ")
                _wrapped(style, f"{name}: {said}", look.DANGER)

    def _recipe(self, style: Style, order: Order) -> None:
        label(style, "recipe", width=style.px(_LABEL))
        options = [(name, name, RECIPE_TEXTS.get(name, "")) for name in RECIPES]
        pressed = combo(style, "recipe", options, self.draft.base, width=style.px(180))
        if pressed is not None:
            self.draft = self.draft.with_recipe(RECIPES[pressed])
            self.writing.end()
        changed = self._changed(order)
        if changed:
            imgui.same_line(0, style.px(10))
            if button(style, "reset to the recipe"):
                self.draft = self.draft.reset()
                self.writing.end()
        imgui.dummy((style.px(_LABEL), 1))
        imgui.same_line(0, 0)
        told = changed or RECIPE_TEXTS.get(self.draft.base, "")
        small(style, told, colour=look.MARK if changed else look.QUIET)

    def _changed(self, order: Order) -> str:
        """Return which numbers are not the recipe's, "" where all are."""
        base = RECIPES.get(self.draft.base)
        if base is None or self.draft.with_recipe(base).texts == self.draft.texts:
            return ""
        recipe = None if order.request is None else order.request.recipe
        return label_of(recipe) if isinstance(recipe, Recipe) else f"{self.draft.base}, changed"

    def _numbers(self, style: Style, order: Order) -> None:
        told = {field.path: field.help for field in self.draft.fields}
        label(style, "steps", width=style.px(_LABEL))
        for place, name in enumerate(_CHOSEN_FIRST):
            if place:
                imgui.same_line(0, style.px(12))
                label(style, name, width=style.px(44))
            self._entry(
                style,
                RECIPE + name,
                order,
                width=style.px(66),
                told=f"{name}: {told.get(name, '')}",
            )
        imgui.same_line(0, style.px(12))
        label(style, "seed", width=style.px(44))
        self._entry(style, "seed", order, width=style.px(62), told="seed: of every random number.")
        imgui.same_line(0, style.px(4))
        if dice(style, "seed"):
            self._set("seed", str(secrets.randbelow(SEEDS)))
        self._complain(style, order, *(RECIPE + name for name in _CHOSEN_FIRST), "seed")

    def _objective(self, style: Style, subject: Subject, order: Order) -> None:
        kind = self.draft.texts["objective"]
        label(style, "objective", width=style.px(_LABEL))
        self._set("objective", choice(style, "objective", OBJECTIVES, kind))
        self._indent(style)
        self._pair(
            style, "penalty", "penalty", order, width=(54, 58),
            told="penalty: the mean of the other units is taken off, times this.",
        )  # fmt: skip
        if kind in ("neuron", "percentile"):
            imgui.same_line(0, style.px(14))
        if kind == "neuron":
            axes = product(subject.positions) if subject.positions else "one"
            told = f"position: {MIDDLE}, or indices; positions are {axes}."
            self._pair(style, "position", "position", order, width=(66, 84), told=told)
        if kind == "percentile":
            told = "share: of the values, the strongest."
            self._pair(style, "share of values", "share", order, width=(108, 58), told=told)
        if kind == "direction":
            self._indent(style)
            told = "direction: units with their weights, 3, 7*-0.5; scaled to length 1."
            self._pair(
                style, "units", "direction", order, width=(54, 250), told=told, hint="3, 7*-0.5"
            )
        self._indent(style)
        told = (
            "and: further terms, NODE#UNIT*WEIGHT; separated by semicolons. Without a unit the "
            "image's own; neuron@3,4, percentile@0.05 or layer before the weight."
        )
        self._pair(style, "and", "also", order, width=(54, 250), told=told, hint="fc#3*-1")
        self._complain(style, order, "position", "share", "penalty", "direction", "also")

    def _indent(self, style: Style) -> None:
        """Begin a line below the first label's right end."""
        imgui.dummy((style.px(_LABEL), style.px(ENTRY_HIGH)))
        imgui.same_line(0, 0)

    def _pair(
        self, style: Style, text: str, path: str, order: Order, *, told: str,
        width: tuple[float, float], hint: str = "",
    ) -> None:  # fmt: skip
        label(style, text, width=style.px(width[0]))
        self._entry(style, path, order, width=style.px(width[1]), told=told, hint=hint)

    def _start(self, style: Style, subject: Subject, order: Order) -> None:
        chosen = self.draft.texts["start"]
        label(style, "start", width=style.px(_LABEL))
        options = [] if self.draft.origin is None else [("before", "as that run began", "")]
        for key, text in STARTS.items():
            offer = subject.offers.get(key)
            options.append((key, text, "" if offer is None else offer.title))
        self._set("start", combo(style, "start", options, chosen, width=style.px(230)))
        numbers = {"noise": ("amplitude", "strength"), "constant": ("value", "value")}
        if chosen in numbers:
            path, text = numbers[chosen]
            imgui.same_line(0, style.px(16))
            label(style, text, width=style.px(66))
            self._entry(style, path, order, width=style.px(70))
        elif chosen in subject.offers:
            imgui.same_line(0, style.px(12))
            label(style, subject.offers[chosen].title, width=1, colour=look.TEXT)
            imgui.new_line()
        self._complain(style, order, "start", "amplitude", "value")

    def _units(self, style: Style, subject: Subject, order: Order) -> None:
        if self.draft.texts["objective"] in ("layer", "direction"):
            return
        extent = self.draft.texts["extent"]
        label(style, "channels", width=style.px(_LABEL))
        options = [("all", f"all {subject.units}")]
        if subject.unit is not None:
            options.append(("one", f"this one, {subject.unit}"))
        options.append(("some", "some"))
        self._set("extent", choice(style, "extent", options, extent))
        if extent == "some":
            imgui.same_line(0, style.px(12))
            self._entry(style, "units", order, width=style.px(150), hint="0-15, 40")
        self._complain(style, order, "units")

    def _all_numbers(self, style: Style, order: Order) -> None:
        imgui.dummy((1, style.px(2)))
        mark = "\N{MINUS SIGN}" if self.is_open else "+"
        if button(style, f"{mark}  all numbers of the recipe", name="all numbers"):
            self.is_open = not self.is_open
            self.writing.end()
            imgui.set_scroll_here_y(0.0 if self.is_open else 1.0)
        hidden = [path for path in order.complaints if path.startswith(RECIPE)]
        hidden = [path for path in hidden if path.removeprefix(RECIPE) not in _CHOSEN_FIRST]
        if not self.is_open:
            self._complain(style, order, *hidden)
            return
        fields = [field for field in self.draft.fields if field.path not in _CHOSEN_FIRST]
        self._complain(style, order, *hidden)
        if imgui.begin_table("all", 2):
            for field in _by_columns(fields):
                imgui.table_next_column()
                if field is not None:
                    self._field(style, field, order)
            imgui.end_table()

    def _field(self, style: Style, field: Field, order: Order) -> None:
        path = RECIPE + field.path
        text = self.draft.texts.get(path, "")
        told = f"{field.path}: {order.complaints.get(path, field.help)}"
        name = "start" if field.path == "start.kind" else field.name
        is_wrong = path in order.complaints
        label(style, name, width=style.px(128), colour=look.DANGER if is_wrong else look.QUIET)
        wide = style.px(128)
        if field.kind == "choice":
            options = [(one, one, "") for one in field.choices]
            pressed = combo(style, path, options, text, width=wide)
            if pressed is not None and field.path == "start.kind":
                self._restart(pressed)
            else:
                self._set(path, pressed)
        elif field.kind == "flag":
            self._set(path, choice(style, path, ((YES, YES), (NO, NO)), text))
        else:
            self._entry(style, path, order, width=wide, told=told)
        if imgui.is_item_hovered():
            self._help = told

    def _restart(self, kind: str) -> None:
        """Let the recipe's own start be of another kind, with that kind's usual numbers."""
        texts = {**self.draft.texts, f"{RECIPE}start.kind": kind}
        texts.setdefault(f"{RECIPE}start.amplitude", "0.1")
        texts.setdefault(f"{RECIPE}start.value", "0.01")
        self.draft = replace(self.draft, texts=texts)

    def _foot(self, style: Style, subject: Subject, order: Order) -> list[Intent]:
        intents: list[Intent] = []
        corner = imgui.get_cursor_screen_pos()
        said = order.complaints.get("", "")
        if said or self._help:
            _wrapped(style, said or self._help, look.DANGER if said else look.QUIET, lines=2)
        imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(2 * 18 + 4)))
        if button(
            style, "maximise", is_main=True, is_on=order.request is not None, width=style.px(120),
            pixels=16,
        ) and order.request is not None:  # fmt: skip
            intents.append(Maximise((order.request,)))
            self.writing.end()
        imgui.same_line(0, style.px(14))
        told = summary(order.request, subject) if order.request is not None else ""
        wrong = len(order.complaints)
        text = told or f"{wrong} field{'s' * (wrong != 1)} to be put right"
        label(style, text, width=1, colour=look.TEXT if told else look.DANGER)
        imgui.new_line()
        return intents


def summary(request: MaximiseRequest, subject: Subject) -> str:
    """Return a request in one line."""
    recipe = RECIPES[request.recipe] if isinstance(request.recipe, str) else request.recipe
    count = subject.units if request.channels is None else len(request.channels)
    if not request.objective.has_units:
        count = 1
    return f"{count} image{'s' * (count != 1)}, {recipe.steps} steps each"


def _by_columns(fields: Sequence[Field]) -> list[Field | None]:
    """Return the fields so that a table of two columns, filled by rows, reads down."""
    rows = -(-len(fields) // 2)
    found: list[Field | None] = []
    for row in range(rows):
        found += [fields[row], fields[row + rows] if row + rows < len(fields) else None]
    return found


def _wrapped(style: Style, text: str, colour: tuple[float, ...], *, lines: int = 3) -> None:
    """Write a quiet text over at most so many lines."""
    with text_font(style, 13):
        room = imgui.get_content_region_avail().x
        high = lines * imgui.get_text_line_height()
        corner = imgui.get_cursor_screen_pos()
        wide = imgui.calc_text_size(text, False, room)
        ink = imgui.get_window_draw_list()
        ink.push_clip_rect(corner, (corner.x + room, corner.y + high + 2), True)
        packed_colour = imgui.get_color_u32(imgui.ImVec4(*colour))
        ink.add_text(
            imgui.get_font(), imgui.get_font_size(), corner, packed_colour, text, wrap_width=room
        )
        ink.pop_clip_rect()
        imgui.dummy((room, min(high, wide.y)))

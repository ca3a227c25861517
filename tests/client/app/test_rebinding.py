"""Keys can be changed, swapped and put back; what comes out always is a table that holds."""

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwalk_client.app.desks.keys import KeyDesk
from layerwalk_client.devices.actions import Command, Ordered
from layerwalk_client.devices.bindings import BINDINGS, NUMBERED, rebound
from layerwalk_client.devices.desktop import Desktop
from layerwalk_client.devices.rebinding import KeyTakenError, owner_of, rebind, with_usual
from layerwalk_client.devices.strokes import key_name
from layerwalk_client.ui.desk_intents import Rebind, ResetKeys
from layerwalk_shared.errors import InvalidRequestError

ACTIONS = [one.name for one in BINDINGS if one.name not in NUMBERED]
KEYS = ["f", "w", "n", "F8", "F15", "ctrl+f", "ctrl+shift+z", "SPACE", "LEFT", "alt+INSERT", "1"]


def keys_of(changes, name):
    return next(one.keys for one in rebound(changes) if one.name == name)


def test_another_key_takes_the_place_of_the_first():
    changes = rebind({}, "press", "KP_PLUS")
    assert keys_of(changes, "press") == ("KP_PLUS", "KP_ENTER")
    assert rebind(changes, "press", "RETURN") == {}, "as usual again, nothing is kept"
    assert keys_of(rebind({}, "press", "KP_ENTER"), "press") == ("KP_ENTER",)


def test_a_key_of_another_action_is_told_and_may_be_swapped():
    with pytest.raises(KeyTakenError, match="F is"):
        rebind({}, "noise", "f")
    changes = rebind({}, "noise", "f", swaps=True)
    assert keys_of(changes, "noise") == ("f",)
    assert keys_of(changes, "fold") == ("g",)
    assert owner_of(changes, "f").name == "noise"
    assert rebind(changes, "noise", "g", swaps=True) == {}


def test_keys_that_do_not_fit_are_refused():
    with pytest.raises(InvalidRequestError, match="without modifiers"):
        rebind({}, "forward", "ctrl+KP_PLUS")
    with pytest.raises(InvalidRequestError, match="nine"):
        rebind({}, "noise", "1", swaps=True)


def test_one_action_or_all_are_put_back():
    changes = rebind(rebind({}, "noise", "f", swaps=True), "home", "F15")
    assert with_usual(changes, "home") == {name: changes[name] for name in ("noise", "fold")}
    with pytest.raises(KeyTakenError):
        with_usual(changes, "noise")  # fold has its key
    assert with_usual(changes, None) == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(KEYS), st.booleans())))
def test_whatever_is_pressed_the_table_holds(presses):
    changes = {}
    for name, key, swaps in presses:
        try:
            changes = rebind(changes, name, key, swaps=swaps)
        except InvalidRequestError:
            continue
        assert owner_of(changes, key).name == name
    table = rebound(changes)
    keys = [key for one in table for key in one.keys]
    assert len(keys) == len(set(keys))


def down(key, mod=0):
    return pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod)


def up(key, mod=0):
    return pygame.event.Event(pygame.KEYUP, key=key, mod=mod)


def listening():
    desktop = Desktop(BINDINGS, size_wh=(800, 450))
    desktop.set_listening(is_listening=True)
    return desktop


def test_while_listening_a_key_says_which_it_is_and_does_nothing():
    actions = listening().read([down(pygame.K_w)], 0)
    assert (actions.stroke, actions.move, actions.ordered) == ("w", (0, 0, 0), ())
    actions = listening().read([down(pygame.K_F1)], 0)
    assert (actions.stroke, actions.ordered) == ("F1", ())
    chord = [down(pygame.K_LCTRL), down(pygame.K_z, pygame.KMOD_LCTRL | pygame.KMOD_LSHIFT)]
    assert listening().read(chord, 0).stroke == "ctrl+shift+z"


def test_a_modifier_alone_is_meant_itself_once_it_is_let_go():
    desktop = listening()
    assert desktop.read([down(pygame.K_RSHIFT)], 0).stroke == ""
    assert desktop.read([up(pygame.K_RSHIFT)], 0).stroke == "RSHIFT"
    assert desktop.read([down(pygame.K_f)], 0).ordered == (Ordered(Command.FOLD),)


def test_every_bound_key_has_a_name_that_binds_it():
    for binding in BINDINGS:
        for key in binding.keys:
            code = getattr(pygame, f"K_{key.split('+')[-1]}")
            assert getattr(pygame, f"K_{key_name(code)}") == code
    assert key_name(123456789) == ""


class Page:
    """A desk of keys that keeps what it is told."""

    def __init__(self):
        self.changes = {}
        self.desk = KeyDesk(changes=lambda: self.changes, keep=self.keep)
        self.panel = self.desk.content(node=None, unit=None)

    def keep(self, changes):
        self.changes = changes


def test_the_page_listens_asks_and_swaps():
    page = Page()
    assert not page.desk.is_listening
    page.panel.listening = "noise"
    assert page.desk.is_listening
    page.desk.press("f")
    assert page.changes == {}
    assert page.panel.taken == ("noise", "f", owner_of({}, "f").text)
    assert page.desk.carry_out(Rebind("noise", "f", swaps=True))
    assert set(page.changes) == {"noise", "fold"}
    assert page.panel.taken is None
    page.panel.listening = "forward"
    page.desk.press("ctrl+KP_PLUS")
    assert "without modifiers" in page.panel.problem
    page.panel.listening = "home"
    page.desk.press("ESCAPE")
    assert not page.desk.is_listening
    assert page.desk.carry_out(ResetKeys(None))
    assert page.changes == {}
    assert not page.desk.carry_out(object())

"""Posted events become the actions that a hand would have made."""

import math

import pygame
import pytest

from layerwalk_client.devices.actions import Command, Key, Ordered, Typed
from layerwalk_client.devices.bindings import (
    BINDINGS,
    MOVES,
    NUMBERED,
    Binding,
    rebound,
    shown_keys,
)
from layerwalk_client.devices.chords import Chord, Modifier, parse_chord
from layerwalk_client.devices.desktop import TURN_RATE, Desktop
from layerwalk_client.devices.strokes import Strokes
from layerwalk_shared.errors import InvalidRequestError

SIZE = (800, 400)


@pytest.fixture
def desktop():
    return Desktop(BINDINGS, size_wh=SIZE, radians_per_pixel=0.01)


def down(key, mod=0):
    return pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod)


def up(key):
    return pygame.event.Event(pygame.KEYUP, key=key, mod=0)


def motion(position, relative):
    return pygame.event.Event(pygame.MOUSEMOTION, pos=position, rel=relative, buttons=(0, 0, 0))


def press(button=1, position=(400, 200)):
    return pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=button, pos=position)


def release(button=1, position=(400, 200)):
    return pygame.event.Event(pygame.MOUSEBUTTONUP, button=button, pos=position)


def test_a_held_key_moves_until_it_is_let_go(desktop):
    assert desktop.read([down(pygame.K_w)], 0.0).move == (0, 0, 1)
    assert desktop.read([], 0.1).move == (0, 0, 1)
    assert desktop.read([down(pygame.K_d), down(pygame.K_LSHIFT)], 0.2).move == (1, 0, 1)
    assert desktop.read([], 0.3).is_running
    assert desktop.read([up(pygame.K_w), up(pygame.K_d)], 0.4).move == (0, 0, 0)


def test_opposite_keys_cancel(desktop):
    assert desktop.read([down(pygame.K_w), down(pygame.K_s)], 0.0).move == (0, 0, 0)


def test_two_keys_for_one_direction_are_not_twice_as_fast(desktop):
    assert desktop.read([down(pygame.K_w)], 0.0).move == (0, 0, 1)


def test_a_captured_mouse_turns_the_eye_and_the_crosshair_points(desktop):
    desktop.capture(captures=True)
    actions = desktop.read([motion((0, 0), (10, 0)), motion((0, 0), (0, 5))], 0.0)
    assert actions.look == pytest.approx((-0.10, -0.05))  # right is negative yaw, down is down
    assert actions.pointer == (0, 0)


def test_a_free_mouse_points_and_turns_only_when_dragged(desktop):
    actions = desktop.read([motion((800, 0), (10, 0))], 0.0)
    assert actions.look == (0, 0)
    assert actions.pointer == (1, 1)
    actions = desktop.read([press(), motion((420, 200), (20, 0)), release()], 0.1)
    assert actions.look == pytest.approx((0.20, 0))
    assert actions.clicks == 0


def test_a_drag_on_a_panel_does_not_turn_the_eye(desktop):
    desktop.set_over_panel(is_over_panel=True)
    assert desktop.read([press(), motion((420, 200), (20, 0))], 0.1).look == (0, 0)
    wheel = pygame.event.Event(pygame.MOUSEWHEEL, y=2, x=0)
    actions = desktop.read([wheel], 0.2)
    assert (actions.wheel, actions.speed_steps) == (2, 0)


def test_a_press_and_release_within_one_frame_is_a_click(desktop):
    actions = desktop.read([press(), release()], 0.0)
    assert actions.primary == (True, False)
    assert (actions.clicks, actions.is_double_click) == (1, False)
    assert not actions.is_primary_down


def test_two_quick_clicks_are_a_double_click_and_a_third_is_not(desktop):
    assert not desktop.read([press(), release()], 0.0).is_double_click
    assert desktop.read([press(), release()], 0.2).is_double_click
    assert not desktop.read([press(), release()], 0.4).is_double_click
    assert not desktop.read([press(), release()], 5.0).is_double_click


def test_two_quick_clicks_in_different_places_are_two_clicks(desktop):
    assert not desktop.read([press(), release()], 0.0).is_double_click
    far = (500, 300)
    assert not desktop.read([press(position=far), release(position=far)], 0.1).is_double_click
    desktop.capture(captures=True)
    desktop.read([press(), release()], 5.0)
    actions = desktop.read([motion((0, 0), (30, 0)), press(), release()], 5.1)
    assert not actions.is_double_click


def test_the_other_button_is_held(desktop):
    assert desktop.read([press(3)], 0.0).is_secondary_down
    actions = desktop.read([release(3)], 1.0)
    assert (actions.is_secondary_down, actions.secondary) == (False, (False,))


MASKS = {
    Modifier.CTRL: pygame.KMOD_LCTRL,
    Modifier.ALT: pygame.KMOD_LALT,
    Modifier.SHIFT: pygame.KMOD_RSHIFT,
}
REDO = Binding(Command.HUD, ("ctrl+shift+z",), "", "View")
UNDO = Binding(Command.FULL_SCREEN, ("ctrl+z",), "", "View")
PLAIN = Binding(Command.HELP, ("z",), "", "View")
FORWARD = Binding("forward", ("w",), "", "Move")
RUNNING = Binding("run", ("LSHIFT",), "", "Move")


def mask_of(modifiers):
    return sum(MASKS[modifier] for modifier in modifiers)


def ordered_by(bindings, key, *modifiers):
    desktop = Desktop(bindings, size_wh=SIZE)
    ordered = desktop.read([down(key, mask_of(modifiers))], 0.0).ordered
    return [one.command for one in ordered]


def test_every_bound_stroke_orders_its_command(desktop):
    for stroke, deed in Strokes(BINDINGS).items():
        strike = [down(stroke.code, mask_of(stroke.modifiers)), up(stroke.code)]
        ordered = desktop.read(strike, 0.0).ordered
        if deed.name in set(Command):
            assert ordered == (Ordered(Command(deed.name), deed.number),)
        else:
            assert ordered == ()


def test_a_key_obeys_exactly_the_modifiers_held_with_it():
    table = (PLAIN, UNDO, REDO)
    ctrl, alt, shift = Modifier.CTRL, Modifier.ALT, Modifier.SHIFT
    assert ordered_by(table, pygame.K_z) == [Command.HELP]
    assert ordered_by(table, pygame.K_z, ctrl) == [Command.FULL_SCREEN]
    assert ordered_by(table, pygame.K_z, ctrl, shift) == [Command.HUD]
    assert ordered_by(table, pygame.K_z, alt) == []
    assert ordered_by((PLAIN,), pygame.K_z, ctrl) == []
    assert ordered_by((PLAIN, UNDO), pygame.K_z, ctrl, shift) == []


def test_one_who_runs_may_use_every_other_key():
    assert ordered_by((PLAIN, UNDO), pygame.K_z, Modifier.SHIFT) == [Command.HELP]
    shifted = Binding(Command.HUD, ("shift+z",), "", "View")
    assert ordered_by((PLAIN, shifted), pygame.K_z, Modifier.SHIFT) == [Command.HUD]


@pytest.mark.parametrize("mod", [pygame.KMOD_LSHIFT, pygame.KMOD_LCTRL, pygame.KMOD_LALT])
def test_moves_go_on_whatever_is_held(desktop, mod):
    for name, direction in MOVES.items():
        key = getattr(pygame, "K_" + next(b.keys[0] for b in BINDINGS if b.name == name))
        if not desktop.read([down(key, mod)], 0.0).ordered:
            assert desktop.read([], 0.0).move == direction
        desktop.read([up(key)], 0.0)


def test_a_command_on_a_key_of_a_move_does_not_move():
    copy = Binding(Command.HUD, ("ctrl+w",), "", "Tools")
    desktop = Desktop((FORWARD, copy), size_wh=SIZE)
    actions = desktop.read([down(pygame.K_w, pygame.KMOD_LCTRL)], 0.0)
    assert (actions.move, actions.ordered) == ((0, 0, 0), (Ordered(Command.HUD),))
    assert desktop.read([down(pygame.K_w)], 0.1).move == (0, 0, 1)


def test_a_modifiers_own_key_is_not_held_with_it():
    desktop = Desktop((RUNNING, Binding(Command.HELP, ("RCTRL",), "", "View")), size_wh=SIZE)
    assert desktop.read([down(pygame.K_LSHIFT, pygame.KMOD_LSHIFT)], 0.0).is_running
    assert desktop.read([down(pygame.K_RCTRL, pygame.KMOD_RCTRL)], 0.1).ordered == (
        Ordered(Command.HELP),
    )


def test_modifiers_are_told_with_the_click(desktop):
    actions = desktop.read([down(pygame.K_LSHIFT), press(), release(), up(pygame.K_LSHIFT)], 0.0)
    assert actions.click_modifiers == {Modifier.SHIFT}
    assert actions.modifiers == frozenset()
    assert desktop.read([down(pygame.K_RCTRL)], 0.1).modifiers == {Modifier.CTRL}
    gone = desktop.read([pygame.event.Event(pygame.WINDOWFOCUSLOST)], 0.2)
    assert gone.modifiers == frozenset()


@pytest.mark.parametrize(
    ("text", "chord"),
    [
        ("z", Chord("z")),
        ("ctrl+SPACE", Chord("SPACE", frozenset({Modifier.CTRL}))),
        ("Shift+CTRL+z", Chord("z", frozenset({Modifier.CTRL, Modifier.SHIFT}))),
    ],
)
def test_chords_are_read_in_any_order_and_written_in_one(text, chord):
    assert parse_chord(text) == chord
    assert parse_chord(str(chord)) == chord
    assert str(parse_chord("shift+ctrl+z")) == "ctrl+shift+z"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"help": ("ctrl+",)}, "help: 'ctrl\\+': expected a key"),
        ({"help": ("crtl+z",)}, "no modifier 'crtl', expected ctrl, alt or shift; nearest: 'ctrl'"),
        ({"help": ("ctrl+ctrl+z",)}, "a modifier comes twice"),
        ({"help": ("shift+ctrl+4",)}, None),
        ({"help": ("Ctrl+q",)}, "'Ctrl\\+q' is bound|'ctrl\\+q' is bound"),
        ({"forward": ("ctrl+z",)}, "forward: 'ctrl\\+z', expected a key without modifiers"),
        ({"help": ("shift+w",)}, "'shift\\+w' is running 'forward'"),
        ({"help": ("shift+w",), "run": ("RALT",)}, None),
    ],
)
def test_what_cannot_be_bound_is_told(changes, told):
    if told is None:
        assert len(rebound(changes)) == len(BINDINGS)
        return
    with pytest.raises(InvalidRequestError, match=told):
        rebound(changes)


def test_keys_are_shown_as_people_write_them():
    assert shown_keys(REDO) == "Ctrl Shift Z"
    assert shown_keys(Binding(Command.HUD, (), "", "View")) == "-"
    shown = {binding.name: shown_keys(binding) for binding in BINDINGS}
    assert [shown[name] for name in sorted(NUMBERED)] == ["1 ... 9", "Ctrl 1 ... 9"]
    assert shown[Command.QUIT] == "Ctrl Q"


def test_bookmarks_take_their_numbers_from_the_order_of_their_keys():
    desktop = Desktop(rebound({"bookmark": ("F13", "F14")}), size_wh=SIZE)
    assert desktop.read([down(pygame.K_F14)], 0).ordered == (Ordered(Command.BOOKMARK, 2),)
    assert desktop.read([down(pygame.K_2)], 0).ordered == ()


def test_digits_call_bookmarks_and_control_sets_them(desktop):
    assert desktop.read([down(pygame.K_3)], 0).ordered == (Ordered(Command.BOOKMARK, 3),)
    assert desktop.read([down(pygame.K_3, pygame.KMOD_LCTRL)], 0).ordered == (
        Ordered(Command.SET_BOOKMARK, 3),
    )


def test_typing_is_text_and_does_not_walk(desktop):
    desktop.read([down(pygame.K_w)], 0.0)
    desktop.set_typing(is_typing=True)
    text = pygame.event.Event(pygame.TEXTINPUT, text="w")
    actions = desktop.read([down(pygame.K_w), text, down(pygame.K_RETURN)], 0.1)
    assert actions.move == (0, 0, 0)
    assert actions.ordered == ()
    assert actions.typed == (Typed(text="w"), Typed(key=Key.ENTER))


def test_the_key_that_opened_a_panel_writes_nothing_into_it(desktop):
    desktop.read([down(pygame.K_i)], 0.0)
    desktop.set_typing(is_typing=True)
    letter = pygame.event.Event(pygame.TEXTINPUT, text="i")
    assert desktop.read([letter, letter], 0.1).typed == ()
    released = pygame.event.Event(pygame.KEYUP, key=pygame.K_i, mod=0)
    assert desktop.read([released, letter], 0.2).typed == (Typed(text="i"),)


def test_losing_focus_lets_everything_go(desktop):
    desktop.read([down(pygame.K_w), press(3)], 0.0)
    actions = desktop.read([pygame.event.Event(pygame.WINDOWFOCUSLOST)], 0.1)
    assert actions.move == (0, 0, 0)
    assert not actions.is_secondary_down


def test_dropped_files_and_the_closed_window_arrive(desktop):
    actions = desktop.read(
        [
            pygame.event.Event(pygame.DROPFILE, file="a.png"),
            pygame.event.Event(pygame.QUIT),
        ],
        0.0,
    )
    assert actions.dropped == ("a.png",)
    assert actions.ordered == (Ordered(Command.QUIT),)


def test_control_q_leaves(desktop):
    assert Ordered(Command.QUIT) not in desktop.read([down(pygame.K_q)], 0.0).ordered
    assert desktop.read([down(pygame.K_q, pygame.KMOD_LCTRL)], 0.0).ordered == (
        Ordered(Command.QUIT),
    )
    desktop.set_typing(is_typing=True)
    assert desktop.read([down(pygame.K_q, pygame.KMOD_LCTRL)], 0.0).ordered == (
        Ordered(Command.QUIT),
    )


def test_an_empty_frame_changes_nothing(desktop):
    actions = desktop.read([], 0.0)
    assert not actions.is_any
    assert not actions.is_moving


def test_keys_can_be_bound_anew():
    changed = rebound({"forward": ("z",), "silence": ("KP5",)})
    desktop = Desktop(changed, size_wh=SIZE)
    assert desktop.read([down(pygame.K_z)], 0.0).move == (0, 0, 1)
    assert desktop.read([up(pygame.K_z), down(pygame.K_w)], 0.0).move == (0, 0, 0)


def test_a_key_that_does_not_exist_is_named():
    with pytest.raises(InvalidRequestError, match="forward: no key 'hyper'"):
        Strokes(rebound({"forward": ("hyper",)}))


def test_an_inverted_mouse_looks_up_when_pulled():
    desktop = Desktop(BINDINGS, size_wh=SIZE, radians_per_pixel=0.01, inverts_y=True)
    desktop.capture(captures=True)
    assert desktop.read([motion((0, 0), (0, 5))], 0.0).look == pytest.approx((0, 0.05))
    assert math.isfinite(desktop.read([], 0.0).pointer[0])


def test_arrows_turn_the_eye_at_a_steady_rate(desktop):
    desktop.read([down(pygame.K_LEFT)], 10.0)
    yaws = [desktop.read([], 10.0 + k / 60).look for k in range(1, 61)]
    assert sum(yaw for yaw, _ in yaws) == pytest.approx(TURN_RATE, rel=1e-6)
    assert all(pitch == 0 for _, pitch in yaws)
    desktop.read([up(pygame.K_LEFT), down(pygame.K_DOWN), down(pygame.K_LSHIFT)], 11.0)
    actions = desktop.read([], 11.05)
    assert actions.look == (0, pytest.approx(-2 * TURN_RATE * 0.05))
    assert actions.is_any
    desktop.read([up(pygame.K_DOWN), up(pygame.K_LSHIFT)], 11.1)
    assert desktop.read([], 20.0).look == (0, 0)


def test_a_key_that_was_waited_for_does_not_leap(desktop):
    desktop.read([], 0.0)
    assert 0 < desktop.read([down(pygame.K_RIGHT)], 50.0).look[0] * -1 <= TURN_RATE * 0.1 + 1e-9


def test_enter_presses_what_the_crosshair_is_on(desktop):
    pressed = desktop.read([down(pygame.K_RETURN)], 1.0)
    assert pressed.primary == (True,)
    assert pressed.is_primary_down
    released = desktop.read([up(pygame.K_RETURN)], 1.1)
    assert released.primary == (False,)
    assert (released.clicks, released.is_double_click) == (1, False)
    desktop.read([down(pygame.K_RETURN)], 1.2)
    assert desktop.read([up(pygame.K_RETURN)], 1.3).is_double_click
    desktop.read([down(pygame.K_SEMICOLON)], 2.0)
    assert desktop.read([], 2.1).is_secondary_down
    assert desktop.read([up(pygame.K_SEMICOLON)], 2.2).secondary == (False,)


def test_enter_lets_go_although_typing_has_begun_meanwhile(desktop):
    desktop.read([down(pygame.K_RETURN)], 1.0)
    desktop.set_typing(is_typing=True)
    released = desktop.read([up(pygame.K_RETURN)], 1.1)
    assert released.primary == (False,)
    assert not released.is_primary_down

"""Titles of two that are compared say what tells them apart, and the modes go round."""

import pytest

from layerwalk_client.world.compared_answer import points
from layerwalk_client.world.comparison import CYCLE, is_of, next_mode, second_of, titles_of
from layerwalk_shared.messages import ClassChange, Compared


def compared(first, second):
    return Compared(
        first="s1", second="s2", first_network="n1", second_network="n2",
        first_title=first, second_title=second,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        (("cup", "face"), ("cup", "face")),
        (("shapes 0", "shapes 4"), ("shapes 0", "shapes 4")),
        (("step 10, cup", "step 300, cup"), ("step 10", "step 300")),
        (("resnet18 trained, cup", "resnet18 noisy, cup"), ("trained", "noisy")),
        (("resnet18, cup", "vgg, face"), ("resnet18, cup", "vgg, face")),
        (("cup", "cup"), ("cup", "cup")),
        (("noise, seed 5", "noise, seed 0"), ("noise, seed 5", "noise, seed 0")),
    ],
)
def test_titles_are_as_short_as_they_can_be(titles, told):
    assert titles_of(compared(*titles)) == told


def test_the_modes_go_round():
    seen = ["difference"]
    for _ in CYCLE:
        seen.append(next_mode(seen[-1]))
    assert seen[0] == seen[-1]
    assert set(seen) == set(CYCLE)


def test_the_second_is_of_the_same_network():
    assert is_of("n1", "n1")
    assert is_of(second_of("n1"), "n1")
    assert not is_of(second_of("n2"), "n1")


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (0.2, 0.51, "+31"), (0.5, 0.496, "\N{MINUS SIGN}0.4"), (0.3, 0.3, "0"),
        (0.1, 0.10001, "0"), (None, 0.4, "?"),
    ],
)  # fmt: skip
def test_changes_are_told_in_points(first, second, text):
    assert points(ClassChange(index=0, name="cup", first=first, second=second)) == text

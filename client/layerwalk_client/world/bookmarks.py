"""Places that one comes back to: a number, a name, a camera; kept under their network's name. Pure.

In the settings a bookmark is `"NETWORK NUMBER" = [x, y, z, yaw, pitch]`, metres and degrees, and its
name stands under the same key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from layerwalk_client.world.view import Camera

NUMBERS = range(1, 10)
Places = Mapping[str, tuple[float, ...]]
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place of one network."""

    number: int
    name: str
    camera: Camera


def bookmarks(places: Places, names: Names, network: str) -> tuple[Bookmark, ...]:
    """Return the bookmarks of a network by their numbers."""
    found = []
    for number in NUMBERS:
        key = f"{network} {number}"
        if key in places:
            x, y, z, yaw, pitch = places[key]
            camera = Camera((x, y, z), yaw=math.radians(yaw), pitch=math.radians(pitch))
            found.append(Bookmark(number, " ".join(names.get(key, ())), camera))
    return tuple(found)


def free_number(places: Places, network: str) -> int | None:
    """Return the lowest number that is free, None where all are taken."""
    return next((number for number in NUMBERS if f"{network} {number}" not in places), None)


def with_bookmark(
    places: Places, names: Names, network: str, bookmark: Bookmark
) -> tuple[Places, Names]:
    """Return the places and names with one more, or another one of that number."""
    key, camera = f"{network} {bookmark.number}", bookmark.camera
    turned = math.degrees(camera.yaw), math.degrees(camera.pitch)
    named = {**names, key: (bookmark.name,)} if bookmark.name else _without(names, key)
    return {**places, key: (*camera.position, *turned)}, named


def without_bookmark(
    places: Places, names: Names, network: str, number: int
) -> tuple[Places, Names]:
    """Return the places and names without one."""
    key = f"{network} {number}"
    return {one: place for one, place in places.items() if one != key}, _without(names, key)


def _without(names: Names, key: str) -> Names:
    return {one: name for one, name in names.items() if one != key}

"""One OpenGL context for all tests here; errors and GL names are counted around each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client.gl.showroom import Showroom, make_showroom
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import GraphicsInfo, offscreen_context

_SCANNED_NAMES = 4096


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the context."""
    for item in items:
        if "graphics" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.gl)


@pytest.fixture(scope="session")
def graphics() -> Iterator[GraphicsInfo]:
    """The context of this test run, with errors asked for after each call."""
    with offscreen_context(checks=True) as info:
        yield info


def live_names() -> dict[str, set[int]]:
    """Return the names that OpenGL itself says exist, by kind."""
    kinds = {
        "buffer": gl.glIsBuffer,
        "framebuffer": gl.glIsFramebuffer,
        "program": gl.glIsProgram,
        "renderbuffer": gl.glIsRenderbuffer,
        "shader": gl.glIsShader,
        "texture": gl.glIsTexture,
        "vertex array": gl.glIsVertexArray,
    }
    return {
        kind: {name for name in range(1, _SCANNED_NAMES) if exists(name)}
        for kind, exists in kinds.items()
    }


@pytest.fixture
def clean_graphics(graphics: GraphicsInfo) -> Iterator[GraphicsInfo]:
    """The context; afterwards no GL error is pending and no GL name is left."""
    assert gl.glGetError() == gl.GL_NO_ERROR
    before = live_names()
    yield graphics
    assert gl.glGetError() == gl.GL_NO_ERROR
    left = {kind: names - before[kind] for kind, names in live_names().items()}
    assert not any(left.values()), f"GL names left behind: {left}"


@pytest.fixture(scope="session")
def showroom() -> Showroom:
    """The made-up network."""
    return make_showroom()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that makes goldens anew; look at them before committing."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write the golden pictures instead of comparing",
    )

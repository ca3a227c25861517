"""`gl`: PyOpenGL's functions and constants, imported when the first one is used.

So a module that draws can be imported anywhere, at any time: the platform is chosen when a
context is made (`gl.boot`), not by whoever happens to be imported first.
"""

from __future__ import annotations

from typing import Any


class Bindings:
    """`OpenGL.GL`, name by name. Mutable (a cache of names), used by the main thread."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith(("gl", "GL_")):
            # Whoever merely looks at this object (inspect, pytest) must not start OpenGL.
            raise AttributeError(f"{name!r} is not a name of OpenGL")
        import OpenGL.GL

        value = getattr(OpenGL.GL, name)
        setattr(self, name, value)
        return value


gl = Bindings()


def raise_errors(where: str) -> None:
    """Raise `RuntimeError` when OpenGL has recorded an error since it was last asked.

    With checks off this is the only way an error shows; call it once a frame at most.
    """
    found = []
    while (code := gl.glGetError()) != gl.GL_NO_ERROR:
        found.append(f"0x{code:04X}")
        if len(found) == 8:
            break
    if found:
        raise RuntimeError(f"OpenGL errors {', '.join(found)} {where}")

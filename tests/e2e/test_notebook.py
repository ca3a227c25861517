"""Pictures and films in a notebook, asked for as IPython asks; the kernel owns no OpenGL."""

import base64
import io
import re
import subprocess
import sys

import av
import pytest
from PIL import Image

from layerwalk_client import notebook
from layerwalk_shared.errors import LayerwalkError, NotFoundError


def size_of(png):
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        return picture.size


def test_a_node_is_shown_without_any_opengl(server, tmp_path):
    link = f"layerwalk://127.0.0.1:{server.port}/small"
    some = notebook.node("stem.0", link, channels=[5, 1], table="magma")
    every = notebook.node("stem.0", server.url)
    assert size_of(some._repr_png_()) != size_of(every._repr_png_())
    assert size_of(some.save(tmp_path / "a.png").read_bytes()) == size_of(some.png)
    with pytest.raises(NotFoundError, match="conv9"):
        notebook.node("conv9", server.url)


@pytest.mark.gl
def test_a_scene_and_a_film_are_drawn_in_processes_of_their_own(server, tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYOPENGL_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    shown = notebook.scene(server.url, "--node", "conv1", size_wh=(160, 90))
    assert size_of(shown._repr_png_()) == (160, 90)
    with pytest.raises(LayerwalkError, match="node 'conv9' is not in the graph"):
        notebook.scene(server.url, "--node", "conv9", size_wh=(64, 64))
    (tmp_path / "walk.toml").write_text('[[keyframes]]\ntime = 0.2\nplace = "home"\n')
    film = notebook.film(tmp_path / "walk.toml", server.url, "--size", "64x64", "--fps", "10")
    page = film._repr_mimebundle_()["text/html"]
    data = base64.b64decode(re.search(r'base64,([^"]+)"', page)[1])
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_the_module_needs_neither_torch_nor_opengl_nor_ipython():
    code = (
        "import sys, layerwalk_client.notebook; "
        "print({'torch', 'OpenGL', 'pygame', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "set()"

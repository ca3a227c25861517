"""What stands in the world beside the scene: boards over sounds, words at walls of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.stage.sound_boards import SoundBoards
from layerwalk_client.app.stage.wording import Wording
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, RequestFailed, ValuesArrived
from layerwalk_client.world.palette import Theme
from layerwalk_client.world.scene import Label, Scene
from layerwalk_client.world.view import Camera
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest


class Decor:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        source: is asked for the values of sounds.
        images: makes textures.
        theme: of grounds and letters.
    """

    def __init__(self, source: Source, images: Textures, theme: Theme) -> None:
        self._sounds = SoundBoards(source, images)
        self._wording = Wording(images, theme)

    def restyle(self, theme: Theme) -> None:
        """Look otherwise from now on."""
        self._wording.restyle(theme)

    @property
    def is_waiting(self) -> bool:
        """Whether something of it is on its way."""
        return self._sounds.is_waiting

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another network or graph."""
        self._sounds.begin(network)

    def show(self, network: NetworkDescription, manifest: SnapshotManifest) -> None:
        """Be of another snapshot."""
        self._sounds.show(network, manifest)

    def take(self, arrival: Arrival) -> bool:
        """Take in values that were asked for here; return whether they were."""
        if isinstance(arrival, RequestFailed):
            self._sounds.fail(arrival)
        return isinstance(arrival, ValuesArrived) and self._sounds.take(arrival)

    def pictures(self, scene: Scene) -> Sequence[Picture]:
        """Return the boards over sounds and the grounds of words."""
        return (*self._sounds.pictures(scene), *self._wording.pictures)

    def follow(
        self,
        network: NetworkDescription | None,
        manifest: SnapshotManifest | None,
        scene: Scene,
    ) -> None:
        """Be of what is shown now."""
        self._wording.follow(network, manifest, scene)

    def words(
        self, camera: Camera, height_px: int, pointed: tuple[int, int] | None
    ) -> tuple[Label, ...]:
        """Return the words that can be read.

        Args:
            camera: the eye.
            height_px: of the view.
            pointed: (node, channel) under the pointer.
        """
        return self._wording.look(camera, height_px=height_px, pointed=pointed)

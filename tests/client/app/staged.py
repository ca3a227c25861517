"""A stage without a renderer, for desks that look at a network and ask about it."""

from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache


class FakeStage:
    """A stage as far as browsing looks at it."""

    def __init__(self, source):
        self.source = source
        self.state = SceneState(TileCache(2**20), client=source.client)

    @property
    def network(self):
        return self.state.network

    @property
    def shown(self):
        return self.state.shown

    def submit(self, wish):
        self.state.note_sent()
        self.source.submit(wish)


class NoTextures:
    def make(self, pixels, *, is_smooth):
        return 1

    def drop(self, texture):
        pass

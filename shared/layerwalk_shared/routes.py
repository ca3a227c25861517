"""Every URL of the HTTP API, once: the server registers these, the client fills them in.

A route is written in Flask's rule syntax. `int` parts take no sign, so a negative number is no such
route. `path` parts let module names keep a slash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

API_PREFIX = "/api/v1"
DEFAULT_PORT = 5570
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"

_PART = re.compile(r"<(?:(?:int|path):)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One URL: `rule` for the server, `url(...)` for the client."""

    name: str
    rule: str

    def url(self, **parts: str | int) -> str:
        """Return the path with every part filled in and quoted.

        Raises:
            KeyError: a part is missing.
        """
        return _PART.sub(lambda match: quote(str(parts[match[1]]), safe=""), self.rule)


def _api(name: str, rule: str) -> Route:
    return Route(name, API_PREFIX + rule)


HOME = Route("home", "/")
HEALTH = Route("health", "/healthz")
DOCS = Route("docs", "/docs")
OPENAPI = _api("openapi", "/openapi.json")
SESSION = _api("session", "/session")
NETWORK = _api("network", "/networks/<network>")
INPUT = _api("input", "/networks/<network>/input")
SNAPSHOTS = _api("snapshots", "/networks/<network>/snapshots")
VIEW = _api("view", "/networks/<network>/nodes/<path:node>/view")
WEIGHTS = _api("weights", "/networks/<network>/nodes/<path:node>/weights.npy")
EDITED_WEIGHTS = _api("edited_weights", "/networks/<network>/weights")
NODE_WEIGHTS = _api("node_weights", "/networks/<network>/nodes/<path:node>/weights")
WEIGHT_STATS = _api("weight_stats", "/networks/<network>/nodes/<path:node>/weights/stats")
KERNELS = _api("kernels", "/networks/<network>/nodes/<path:node>/weights/kernels.png")
CHANNEL_WEIGHTS = _api(
    "channel_weights", "/networks/<network>/nodes/<path:node>/weights/channel/<int:channel>"
)
SCORE = _api("score", "/networks/<network>/score")
EXCITE = _api("excite", "/networks/<network>/excite")
EXCITING = _api("exciting", "/networks/<network>/nodes/<path:node>/excite")
TRAINING = _api("training", "/networks/<network>/training")
GRADIENTS = _api("gradients", "/networks/<network>/training/<int:step>/gradients")
MAXIMISE = _api("maximise", "/networks/<network>/maximise")
ATTRIBUTE = _api("attribute", "/networks/<network>/attribute")
RECIPES = _api("recipes", "/recipes")
SNAPSHOT = _api("snapshot", "/snapshots/<snapshot>")
TILES = _api("tiles", "/snapshots/<snapshot>/tiles")
TILE = _api("tile", "/snapshots/<snapshot>/tiles/<path:node>/<int:block>/<int:level>")
VALUES = _api("values", "/snapshots/<snapshot>/nodes/<path:node>/values.npy")
VALUES_NPZ = _api("values_npz", "/snapshots/<snapshot>/nodes/<path:node>/values.npz")
NODE_SHEET = _api("node_sheet", "/snapshots/<snapshot>/nodes/<path:node>/sheet.png")
CHANNEL = _api("channel", "/snapshots/<snapshot>/nodes/<path:node>/channels/<int:channel>.png")
STATS = _api("stats", "/snapshots/<snapshot>/nodes/<path:node>/stats")
PICTURES_SHEET = _api("pictures_sheet", "/snapshots/<snapshot>/maximised/sheet.png")
PICTURES_NPZ = _api("pictures_npz", "/snapshots/<snapshot>/maximised/images.npz")
COMPARISONS = _api("comparisons", "/comparisons")
COMPARISON = _api("comparison", "/comparisons/<comparison>")
CONTRIBUTIONS = _api("contributions", "/snapshots/<snapshot>/contributions.npz")
JOBS = _api("jobs", "/jobs")
JOB = _api("job", "/jobs/<job>")
EVENTS = _api("events", "/events")
DATASETS = _api("datasets", "/datasets")
ITEMS = _api("items", "/datasets/<dataset>/items")
ITEM = _api("item", "/datasets/<dataset>/items/<int:item>.png")
SHEET = _api("sheet", "/datasets/<dataset>/sheet.png")

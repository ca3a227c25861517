"""What a person asks for through a panel, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layerwalk_client.ui.desk_intents import DeskIntent
from layerwalk_client.world.comparison import Mode as CompareMode
from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import (
    AttributionMethod,
    DatasetInput,
    ExampleInput,
    MaximiseRequest,
    NoiseInput,
    TextInput,
)


@dataclass(frozen=True, slots=True)
class ClosePanel:
    """Take the panel away that this comes from."""


@dataclass(frozen=True, slots=True)
class PickItem:
    """Pick up an item of a data set."""

    dataset: str
    item: int
    title: str


@dataclass(frozen=True, slots=True)
class PickNoise:
    """Pick up a noise image."""

    noise: NoiseInput


@dataclass(frozen=True, slots=True)
class PickChannel:
    """Pick up one channel of a node."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class GoTo:
    """Fly to a node's wall and select it."""

    node: int


@dataclass(frozen=True, slots=True)
class GoToGroup:
    """Fly to where the whole of a group is seen."""

    group: str


@dataclass(frozen=True, slots=True)
class GoToChannel:
    """Fly to one channel of a node's wall, or one unit of a vector, and select it."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class GoToClass:
    """Fly to where the answer tells of a class."""

    number: int


@dataclass(frozen=True, slots=True)
class ShowAll:
    """Fly to where the whole network is seen."""


@dataclass(frozen=True, slots=True)
class AskSaliency:
    """Show what of the input made the answer, by another method."""

    method: AttributionMethod


@dataclass(frozen=True, slots=True)
class SetAppearance:
    """Show values like this."""

    appearance: Appearance


@dataclass(frozen=True, slots=True)
class ChooseStep:
    """Look at a step of the training; None: follow the newest."""

    step: int | None


@dataclass(frozen=True, slots=True)
class PutOn:
    """Put something on the input; `argument` names one of several, None: the shown one."""

    image: TextInput | NoiseInput | ExampleInput | DatasetInput
    title: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class OpenMaximise:
    """Open the panel of maximisation for a node, or for one of its units."""

    node: int
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreDataset:
    """Score a data set with the network."""

    dataset: str


@dataclass(frozen=True, slots=True)
class FindExciting:
    """Look for the items of a data set that excite the channels of a node most."""

    node: str
    dataset: str


@dataclass(frozen=True, slots=True)
class CancelSurvey:
    """Stop a scoring or a search."""

    job: str


@dataclass(frozen=True, slots=True)
class SearchIn:
    """Look for exciting items in another data set."""

    dataset: str


@dataclass(frozen=True, slots=True)
class SilenceChannel:
    """Set the weights that make a channel to zero in the server's copy, or put them back."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class FollowChannel:
    """Follow the signal to a channel through the network."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """Open the panel of one channel of a node."""

    node: int
    channel: int


@dataclass(frozen=True, slots=True)
class Maximise:
    """Begin runs; `compares`: and show them side by side."""

    requests: tuple[MaximiseRequest, ...]
    compares: bool = False


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Stop a job."""

    job: str


@dataclass(frozen=True, slots=True)
class ChooseRun:
    """Look at a run."""

    run: str


@dataclass(frozen=True, slots=True)
class CompareRun:
    """Put a run beside the others, or take it away."""

    run: str


@dataclass(frozen=True, slots=True)
class LookAt:
    """Look at another picture (its number) of the run, or at another of its steps (a place among
    those that are kept)."""

    picture: int | None = None
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class ShowOnWall:
    """Let the node's wall show values, the run's images, or both in turn."""

    mode: Literal["values", "images", "both"]


@dataclass(frozen=True, slots=True)
class PickPicture:
    """Pick up the picture that is looked at."""


@dataclass(frozen=True, slots=True)
class PutPicture:
    """Put the picture that is looked at on the input of a network."""

    network: str


@dataclass(frozen=True, slots=True)
class ExportRun:
    """Write the run that is looked at to a file."""

    form: Literal["png", "npz"]


@dataclass(frozen=True, slots=True)
class ChooseFirst:
    """Show a snapshot of the network again: it is A."""

    snapshot: str


@dataclass(frozen=True, slots=True)
class ChooseSecond:
    """Compare with a snapshot; "": with what another network makes of the same input."""

    network: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class SetCompareMode:
    """See both that are compared otherwise."""

    mode: CompareMode


@dataclass(frozen=True, slots=True)
class SwapCompared:
    """Let A and B change places."""


@dataclass(frozen=True, slots=True)
class EndCompare:
    """Compare nothing any more."""


CompareIntent = ChooseFirst | ChooseSecond | SetCompareMode | SwapCompared | EndCompare
"""What the panel of comparing asks for."""


@dataclass(frozen=True, slots=True)
class TakeFrame:
    """Take what the camera sees in the hand."""


@dataclass(frozen=True, slots=True)
class PutFrame:
    """Put what the camera sees on the input."""


@dataclass(frozen=True, slots=True)
class SetLive:
    """Let the network see what the camera sees, or stop that."""

    is_live: bool


@dataclass(frozen=True, slots=True)
class SetMirrored:
    """See the camera's pictures as in a mirror, or as they are."""

    is_mirrored: bool


WebcamIntent = TakeFrame | PutFrame | SetLive | SetMirrored
"""What the panel of the camera asks for."""


@dataclass(frozen=True, slots=True)
class RepeatRun:
    """Load the numbers of the run that is looked at into the form."""


@dataclass(frozen=True, slots=True)
class GoElsewhere:
    """Walk through a network (its id) of a server instead of this one."""

    url: str
    network: str


@dataclass(frozen=True, slots=True)
class ExportNode:
    """Write a node's maps, or one channel of it (None: all), to a file."""

    node: int
    form: Literal["png", "npy", "npz"]
    unit: int | None = None


StudioIntent = (
    Maximise | CancelRun | ChooseRun | CompareRun | LookAt | ShowOnWall | PickPicture | PutPicture
    | ExportRun | RepeatRun
)  # fmt: skip
"""What the panel of maximisation asks for."""
ChannelIntent = SilenceChannel | FollowChannel
"""What is asked for about one channel."""
SurveyIntent = ScoreDataset | FindExciting | SearchIn | CancelSurvey
"""What is asked for about whole data sets."""


@dataclass(frozen=True, slots=True)
class GoToBookmark:
    """Fly to a bookmark."""

    number: int


@dataclass(frozen=True, slots=True)
class SetBookmark:
    """Set a bookmark where the eye is."""


@dataclass(frozen=True, slots=True)
class NameBookmark:
    """Call a bookmark otherwise."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class DropBookmark:
    """Take a bookmark away."""

    number: int


BookmarkIntent = GoToBookmark | SetBookmark | NameBookmark | DropBookmark
"""What the list of bookmarks asks for."""
TravelIntent = GoTo | GoToGroup | GoToChannel | GoToClass | ShowAll
"""Where one asks to be taken."""
Intent = (
    ClosePanel | PickItem | PickNoise | PickChannel | BookmarkIntent | TravelIntent | SetAppearance | ChooseStep | PutOn
    | OpenMaximise | ExportNode | GoElsewhere | OpenChannel | ChannelIntent | SurveyIntent
    | StudioIntent | CompareIntent | DeskIntent | WebcamIntent | AskSaliency
)  # fmt: skip

"""What is asked to be put on an input, found and made ready: an item, noise, a channel or words."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk.gallery import Gallery
from layerwalk.inputs.datasets import Dataset
from layerwalk.inputs.prepared import (
    Argument,
    PreparedInput,
    from_channel,
    from_item,
    from_noise,
    from_snapshot,
    from_text,
)
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    ExampleInput,
    InputRequest,
    SnapshotInput,
    TextInput,
)


def prepare_request(
    request: InputRequest,
    argument: Argument,
    *,
    dataset: Callable[[str], Dataset],
    gallery: Gallery,
    largest_side: int,
) -> PreparedInput:
    """Return the values of a request, in the shape of an argument.

    Args:
        request: what is asked for.
        argument: what it is put on.
        dataset: finds a data set by its id.
        gallery: holds the snapshots that channels are of.
        largest_side: pixels of a side of an image at most.

    Raises:
        NotFoundError, GoneError, InputError, DatasetError: as the request says.
        InvalidRequestError: the example is asked for, which only a network knows.
    """
    if isinstance(request, DatasetInput):
        found = dataset(request.dataset)
        return from_item(request.dataset, found, request.item, argument, largest_side=largest_side)
    if isinstance(request, ChannelInput):
        snapshot = gallery.get(request.snapshot)
        snapshot.graph.node(request.node)
        node = snapshot.graph.index[request.node]
        return from_channel(snapshot, node, request.channel, argument)
    if isinstance(request, SnapshotInput):
        return from_snapshot(gallery.get(request.snapshot), argument)
    if isinstance(request, ExampleInput):
        raise InvalidRequestError("the example goes on an argument of a network, nowhere else")
    if isinstance(request, TextInput):
        return from_text(request.text, argument)
    return from_noise(request, argument)

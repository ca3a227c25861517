"""Read weights from a safetensors file into a network."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from .errors import CheckpointError


def load_weights(network: nn.Module, path: Path) -> None:
    """Load a safetensors file into `network`; float16 values become the network's own type.

    Raises:
        CheckpointError: The file is missing or broken, or its tensors do not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"cannot load weights {str(path)!r}: {error}") from error

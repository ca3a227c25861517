"""From an unedited PyTorch model to its graph, and to the values of every node of it."""

from layerwalk.tracking.allocator import keep_freed_memory
from layerwalk.tracking.freeze import FrozenValues, freeze
from layerwalk.tracking.glance import Glance, NodeValues, snapshot
from layerwalk.tracking.modules import MarkerModule, TrackerModule
from layerwalk.tracking.opened import Opened, OpenRun
from layerwalk.tracking.operations import Detail
from layerwalk.tracking.reach import Reach, Reached
from layerwalk.tracking.receptive import receptive_fields
from layerwalk.tracking.recorder import Recorder, Recording
from layerwalk.tracking.tracing import Trace, trace

__all__ = [
    "Detail",
    "FrozenValues",
    "Glance",
    "MarkerModule",
    "NodeValues",
    "OpenRun",
    "Opened",
    "Reach",
    "Reached",
    "Recorder",
    "Recording",
    "Trace",
    "TrackerModule",
    "freeze",
    "keep_freed_memory",
    "receptive_fields",
    "snapshot",
    "trace",
]

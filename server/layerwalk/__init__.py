"""Layerwalk: watch a live PyTorch network as a place in 3D."""

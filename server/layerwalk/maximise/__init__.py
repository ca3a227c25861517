"""Activation maximisation: images that excite units of a network."""

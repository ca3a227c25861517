"""Activation maximisation: images that make a unit of a network as active as can be."""

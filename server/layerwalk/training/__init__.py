"""Beside a running training: taking its weights, running the twin, saying how healthy it is."""

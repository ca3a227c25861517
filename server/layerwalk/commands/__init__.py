"""Verbs of the command line that make files."""

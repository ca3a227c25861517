"""Finished images of maximisations, kept on disk between runs of the program.

Import needs the extra `server` (safetensors). Knows neither torch nor the server.
"""

from __future__ import annotations

from layerwalk.results.cache import DEFAULT_BUDGET_BYTES as DEFAULT_BUDGET_BYTES
from layerwalk.results.cache import ResultCache as ResultCache
from layerwalk.results.cache import default_folder as default_folder
from layerwalk.results.key import ResultKey as ResultKey
from layerwalk.results.key import canonical_json as canonical_json
from layerwalk.results.result import Result as Result
from layerwalk.results.result import Summary as Summary

__all__ = [
    "DEFAULT_BUDGET_BYTES",
    "Result",
    "ResultCache",
    "ResultKey",
    "Summary",
    "canonical_json",
    "default_folder",
]

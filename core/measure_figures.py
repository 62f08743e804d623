"""Figures of a lesson without the intervals that they count: all that a chart over many lessons reads."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import quantiles
from typing import Any

WAITS = ("wait_1_median_ms", "wait_2_median_ms")
FEWEST = 2  # values that have quartiles


def figures_of(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the measures without `heard_in`, and `waits`: of each kind how many were heard, and both quartiles (ms).

    `measures` is the document of a lesson (`core.types.Measures` as JSON). Of fewer waits than two there are no
    quartiles: they are None.
    """
    heard = measures.get("heard_in") or {}
    figures = {name: value for name, value in measures.items() if name != "heard_in"}
    return figures | {"waits": {name: _spread(heard.get(name, ())) for name in WAITS}}


def _spread(intervals: list[list[int]]) -> list[Any]:
    lengths = [end - start for start, end in intervals]
    if len(lengths) < FEWEST:
        return [len(lengths), None, None]
    low, _, high = quantiles(lengths, n=4, method="inclusive")
    return [len(lengths), low, high]

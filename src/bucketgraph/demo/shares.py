"""Splits totals into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


def allocate(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` in proportion to the weights, exactly; a weight of 0 gets nothing."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [total * weight / whole for weight in weights]
    counts = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: counts[i] - shares[i])
    eligible = [i for i in order if weights[i]]
    for i in range(total - sum(counts)):
        counts[eligible[i % len(eligible)]] += 1
    return counts


def skewed(total: int, parts: int, rng: Random) -> list[int]:
    """Split ``total`` unevenly as activity is in real life: many small parts, few large, some 0."""
    if not parts:
        return []
    weights = [min(30.0, rng.lognormvariate(0, 1.2)) for _ in range(parts)]
    for silent in range(6, parts, 12):
        weights[silent] = 0.0
    return allocate(total, weights)

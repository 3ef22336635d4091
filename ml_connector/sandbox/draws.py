"""Deterministic chance: every drawn value follows from the seed, a topic and an index, in any order of asking.

Rows are built when a page asks for them, so row 73,412 must not depend on the rows before it.
"""

import random

_MASK = (1 << 64) - 1


def mix(seed: int, topic: int, index: int) -> int:
    """Return a 64-bit number that looks random and depends on nothing but its three arguments."""
    value = (seed * 0x9E3779B97F4A7C15 + topic * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def fraction(seed: int, topic: int, index: int) -> float:
    """Return :func:`mix` as a number in [0, 1)."""
    return (mix(seed, topic, index) >> 11) / (1 << 53)


def source(seed: int, topic: int, index: int) -> random.Random:
    """Return a generator for the several draws one row needs."""
    return random.Random(mix(seed, topic, index))

"""Cutting a stream into lists of bounded size."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of ``size``, the last one shorter; nothing for no values."""
    source = iter(values)
    while some := list(islice(source, size)):
        yield some

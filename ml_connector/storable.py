"""Texts that PostgreSQL and Parquet can hold, made of texts from outside that may hold anything.

One odd value of a portal or a company must not stop a run, least of all between a write and its outcome.
"""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text without null characters and halves of surrogate pairs, which JSON can carry."""
    # Most texts are printable, and that is much faster to tell than by the expression.
    return text if text.isprintable() else _UNSTORABLE.sub("", text)

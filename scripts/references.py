"""``make docs``: writes the pages of ``docs/`` that are made from the code."""

from collections.abc import Mapping
from pathlib import Path

from scripts import (
    cause_reference,
    command_reference,
    ledger_reference,
    property_reference,
    settings_reference,
)

ROOT = Path(__file__).resolve().parent.parent


def pages() -> Mapping[str, str]:
    """Return the text of every generated page by its path from the root of the project."""
    sources = (cause_reference, command_reference, ledger_reference, property_reference, settings_reference)
    return {source.PAGE: source.render() for source in sources}


def write() -> None:
    """Write the pages that have changed."""
    for name, text in pages().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()

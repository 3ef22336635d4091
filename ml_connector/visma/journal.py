"""Journal batches that Visma splits over two pages, put together again.

On ``/v2/journaltransaction`` a page counts lines, so it may end in the middle of a batch (reference: visma 3.1). Only
the first and the last batch of a page can be incomplete; those wait here until the whole list is read.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ml_connector.visma.entities import Entity
from ml_connector.visma.rows import Row, fields_of, items_of, parse_row

PARTS = "receivedParts"
"""The field that a joined batch carries besides Visma's own: the parts as received."""


class Seams:
    """Holds back the batches at page edges during one reading of the list.

    ``torn`` tells that a batch changed while its parts were read: the reading must not be trusted.
    """

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._held: dict[str, list[Row]] = {}
        self._given: dict[str, bytes] = {}
        self._first_page = True
        self.torn = False

    def whole(self, page: Sequence[Row]) -> list[Row]:
        """Return the batches of a page that are certainly complete, and hold the others back."""
        parts = _by_key(page)
        edges = {page[-1].key} if self._first_page else {page[0].key, page[-1].key}
        self._first_page = False
        complete: list[Row] = []
        for key, rows in parts.items():
            if not key:
                complete.extend(rows)
            elif key in self._given:
                # Rows moved back by a page: the batch was given whole, this is its tail once more.
                self.torn |= any(row.version != self._given[key] for row in rows)
            elif key in self._held or key in edges:
                held = self._held.setdefault(key, [])
                held.extend(rows)
                self.torn |= any(row.version != held[0].version for row in rows)
            else:
                self._given[key] = rows[0].version
                complete.append(joined(self._entity, rows))
        return complete

    def rest(self) -> list[Row]:
        """Return the batches held back, put together; right only after a reading that missed nothing."""
        return [joined(self._entity, rows) for rows in self._held.values()]


def joined(entity: Entity, parts: Sequence[Row]) -> Row:
    """Put the parts of one batch together.

    A batch in one part stays as received. Otherwise ``raw`` is what Visma would have sent in one piece: the header
    fields of the first part and the lines of all parts by line number, every field and line in its exact text; and
    after them ``receivedParts``, the parts as received. So every reader of ``raw`` sees a plain batch, and nothing of
    what came over the wire is lost.
    """
    if len(parts) == 1 or entity.lines is None:
        return parts[0]
    fields = [(name, text) for name, text in fields_of(parts[0].raw) if name != entity.lines]
    fields.append((entity.lines, f"[{','.join(_lines(entity.lines, parts))}]"))
    fields.append((PARTS, f"[{','.join(part.raw for part in parts)}]"))
    return parse_row(entity, "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fields) + "}")


def line_numbers(entity: Entity, row: Row) -> list[Any]:
    """Return what identifies the lines of a batch."""
    lines = row.values.get(entity.lines or "")
    return [_line_number(line) for line in lines] if isinstance(lines, list) else []


def _lines(field: str, parts: Iterable[Row]) -> list[str]:
    """Return the exact texts of the lines of all parts, each line once, by number."""
    found: dict[Any, str] = {}
    for part in parts:
        text = dict(fields_of(part.raw)).get(field, "[]")
        for raw, line in items_of(text) if text.startswith("[") else ():
            number = _line_number(line)
            found[raw if number is None else number] = raw
    return [found[number] for number in sorted(found, key=lambda number: (isinstance(number, str), number))]


def _line_number(line: Any) -> Any:
    return line.get("lineNumber") if isinstance(line, dict) else None


def _by_key(page: Iterable[Row]) -> dict[str, list[Row]]:
    parts: dict[str, list[Row]] = {}
    for row in page:
        parts.setdefault(row.key, []).append(row)
    return parts

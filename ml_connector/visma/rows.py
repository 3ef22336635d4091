"""Rows as Visma sends them: the exact JSON text of each beside its parsed values, read from an answer bit by bit.

Parsing an answer needs memory for one row and one piece of the body, however long the body is.
"""

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, Protocol

from ml_connector.visma.entities import Entity

_PIECE = 256 * 1024
_SPACE = " \t\r\n"
_DELIMITERS = frozenset(_SPACE + ",]}")


class MalformedBodyError(ValueError):
    """A body is not the JSON it should be. The text says where, never what."""


class Source(Protocol):
    """Gives the bytes of a body piece by piece, and nothing at its end."""

    def read(self, size: int, /) -> bytes:
        """Return at most this many bytes."""
        ...


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBodyError(f"it holds {name}, which is no JSON number")


_decode = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant).raw_decode


@dataclass(frozen=True, slots=True)
class Row:
    """One Visma row.

    ``raw`` is its exact JSON text as received. One exception: a journal batch that Visma split over two pages, see
    :func:`ml_connector.visma.journal.joined`. ``values`` is ``raw`` parsed, numbers with a fraction as Decimal.
    ``key`` is empty where the row lacks the fields of its key. ``modified`` is naive text, as received.
    """

    key: str
    modified: str | None
    raw: str
    values: dict[str, Any]

    @property
    def version(self) -> bytes:
        """What tells two versions of a record apart: a digest of key, stamp and row version.

        Rows without a stamp and a row version are told apart by their whole text.
        """
        stamp = self.values.get("timeStamp")
        identity = (
            f"{self.key}\0{self.modified}\0{stamp}" if self.modified or stamp else f"{self.key}\0{self.raw}"
        )
        return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Totals:
    """What an answer says about its list: rows in all pages, and the largest page allowed. None where it is silent."""

    total: int | None = None
    max_page_size: int | None = None


def row_of(entity: Entity, raw: str, values: Any) -> Row:
    """Make a row from its text and the parsed text; what is not a JSON object becomes a row without a key."""
    if not isinstance(values, dict):
        return Row("", None, raw, {})
    modified = entity.modified(values)
    return Row(entity.key(values), modified if isinstance(modified, str) else None, raw, values)


def parse_row(entity: Entity, raw: str) -> Row:
    """Make a row from its JSON text, such as the body of a detail answer or the raw text of a stored row.

    Raises:
        MalformedBodyError: the text is not one JSON value.
    """
    text = raw.strip(_SPACE + "\ufeff")
    try:
        values, end = _decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedBodyError(_place(error)) from None
    if end != len(text):
        raise MalformedBodyError(f"something follows its end at character {end}")
    return row_of(entity, text, values)


def totals_of(row: Row | None) -> Totals:
    """Read the ``metadata`` that most lists repeat in every row; it counts what the filter lets through."""
    metadata = row.values.get("metadata") if row is not None else None
    if not isinstance(metadata, dict):
        return Totals()
    return Totals(_positive(metadata.get("totalCount")), _positive(metadata.get("maxPageSize")))


class JsonRows:
    """The rows of one answer, one by one: a bare array, or an object with the rows in ``records``.

    Iterate once; ``totals`` of a wrapped answer is complete after that.

    Raises:
        MalformedBodyError: while iterating, where the body stops being such JSON.
    """

    def __init__(self, stream: Source, *, piece: int = _PIECE) -> None:
        self._text = _Scanner(stream, piece)
        self._envelope: dict[str, Any] = {}

    @property
    def totals(self) -> Totals:
        """What the wrapper says; nothing for a bare array."""
        return Totals(_positive(self._envelope.get("totalCount")), _positive(self._envelope.get("pageSize")))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        opening = self._text.next_character()
        if opening == "[":
            yield from self._text.items()
        elif opening == "{":
            yield from self._records()
        else:
            raise MalformedBodyError("it is neither a list nor an object")
        if self._text.next_character():
            raise MalformedBodyError("something follows its end")

    def _records(self) -> Iterator[tuple[str, Any]]:
        found = False
        for name in self._text.names():
            if name == "records" and self._text.next_character() == "[":
                found = True
                yield from self._text.items()
            else:
                self._envelope[name] = self._text.value()[1]
        if not found:
            raise MalformedBodyError("it is an object without records")


def fields_of(raw: str) -> Iterator[tuple[str, str]]:
    """Yield the top-level fields of a JSON object as name and exact text of the value."""
    scanner = _Scanner.over(raw)
    for name in scanner.names():
        yield name, scanner.value()[0]


def items_of(raw: str) -> Iterator[tuple[str, Any]]:
    """Yield the items of a JSON array as exact text and parsed value."""
    return _Scanner.over(raw).items()


class _Scanner:
    """A cursor over JSON text that arrives in pieces."""

    def __init__(self, stream: Source | None, piece: int) -> None:
        self._stream = stream
        self._piece = piece
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._gone = 0

    @classmethod
    def over(cls, text: str) -> "_Scanner":
        """Return a cursor over text that is here already."""
        scanner = cls(None, 0)
        scanner._text = text
        return scanner

    def next_character(self) -> str:
        """Return the next character that is not white space, without taking it; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(self._piece):
                return ""

    def value(self) -> tuple[str, Any]:
        """Take the next value: its exact text and what it means."""
        self.next_character()
        size = self._piece
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # The text may just be cut between two pieces; each try asks for twice as much, so that a huge row
                # costs no more than twice its length.
                place = self._gone + error.pos
                if self._more(size):
                    size *= 2
                    continue
                raise MalformedBodyError(f"{error.msg} at character {place}") from None
            except (ValueError, RecursionError) as error:
                raise MalformedBodyError(_place(error)) from None
            if self._may_go_on(end) and self._more(self._piece):
                continue
            raw = self._text[self._at : end]
            self._at = end
            return raw, value

    def _may_go_on(self, end: int) -> bool:
        """Whether a value that seems to end here may be a number cut between two pieces."""
        if self._text[end - 1] in '}]"':
            return False
        return self._text[end : end + 1] not in _DELIMITERS

    def items(self) -> Iterator[tuple[str, Any]]:
        """Take an array: its items, one by one."""
        self._take("[")
        if self.next_character() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def names(self) -> Iterator[str]:
        """Take an object: yield each name and let the caller take its value before the next."""
        self._take("{")
        if self.next_character() == "}":
            self._at += 1
            return
        while True:
            name = self.value()[1]
            self._take(":")
            yield str(name)
            if self._take(",}") == "}":
                return

    def _take(self, expected: str) -> str:
        character = self.next_character()
        if not character or character not in expected:
            raise MalformedBodyError(
                f"{' or '.join(expected)} is missing at character {self._gone + self._at}"
            )
        self._at += 1
        return character

    def _more(self, size: int) -> bool:
        """Append the next piece of the body and forget what was taken; False at the end."""
        if self._stream is None:
            return False
        piece = self._stream.read(size)
        self._gone += self._at
        self._text = self._text[self._at :] + self._decoder.decode(piece, final=not piece)
        self._at = 0
        if not piece:
            self._stream = None
        return bool(piece)


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return str(error) if isinstance(error, MalformedBodyError) else "a value in it is too long or too deep"

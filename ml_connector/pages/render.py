"""Makes a page of a template: one HTML file that loads nothing, runs no script, prints on paper and fits a phone.

Every value is escaped by the template engine. A template extends ``base.html`` and takes its tables from
``parts.html``; a value it does not get is an error, not a blank. Imports nothing of the package.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Generic, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

Row = TypeVar("Row")

MOST_ROWS = 500
"""Rows of a long table on a page; a browser draws more, but nobody reads them, and paper has an end."""


@dataclass(frozen=True, slots=True)
class Capped(Generic[Row]):
    """The first rows of a list, and how many there are in all."""

    rows: Sequence[Row]
    total: int

    @property
    def left(self) -> int:
        """How many are not among the rows."""
        return self.total - len(self.rows)


def capped(rows: Iterable[Row], total: int | None = None, most: int = MOST_ROWS) -> Capped[Row]:
    """Return the first rows of a list for a page; ``total`` where the list itself has been cut already."""
    if total is not None:
        return Capped(list(islice(rows, most)), total)
    held = list(rows)
    return Capped(held[:most], len(held))


def page(template: str, **values: Any) -> str:
    """Return the document that a template of this folder makes of the values.

    Args:
        template: name of the file, such as ``audit.html``.
        values: what the template asks for; text is escaped, whatever it holds.

    Raises:
        jinja2.UndefinedError: the template needs a value that is not among them.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ml_connector.pages", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["style"] = (
        files("ml_connector.pages").joinpath("style.css").read_text(encoding="utf-8")
    )
    environment.filters["number"] = "{:,}".format
    return environment

"""Writes ``docs/ledger.md`` from the comments of the ledger's tables."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from ml_connector.ledger.tables import metadata

PAGE = "docs/ledger.md"

DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

HEADING = """\
# The ledger's tables

<!-- Made by scripts/ledger_reference.py from the comments in ml_connector/ledger/tables.py. Run `make docs`. -->

The ledger is the schema `ml_connector` of the database; Dagster's own tables are in `public`. The same texts are in the
database as comments of tables and columns. Read it with any SQL tool; write to it only where
these pages say so. [Operations](operations.md#what-happened-to-one-record) has queries to start from.
"""


def render() -> str:
    """Return the page."""
    return "\n".join([HEADING, *(_section(table) for table in metadata.sorted_tables)])


def _section(table: sa.Table) -> str:
    rows = "\n".join(_row(column) for column in table.columns)
    return f"## {table.name}\n\n{table.comment}\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n"


def _row(column: "sa.Column[object]") -> str:
    kind = str(column.type.compile(dialect=DIALECT)).lower()
    needed = "" if column.nullable else ", never empty"
    key = ", key" if column.primary_key else needed
    return f"| `{column.name}` | {kind}{key} | {column.comment} |"

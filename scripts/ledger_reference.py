"""Writes ``docs/ledger.md``: the tables from their comments, and questions to start from."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from ml_connector.ledger.tables import metadata
from scripts.ledger_questions import QUESTIONS, Question

PAGE = "docs/ledger.md"

DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

HEADING = """\
# The ledger's tables

<!-- Made by scripts/ledger_reference.py from the comments in ml_connector/ledger/tables.py. Run `make docs`. -->

The ledger is the schema `ml_connector` of the database; Dagster's own tables are in `public`. The same texts are in the
database as comments of tables and columns. Read it with any SQL tool; write to it only where
these pages say so. [Questions to start from](#questions) come after the tables; for one record or one run
[`ml-connector audit`](audit.md) has the answer already put together.
"""

QUESTIONS_HEADING = """\
## Questions

Replace what stands in single quotes. In a clone without a PostgreSQL of your own they can be asked so:

```
.venv/bin/python -c "
import sqlalchemy
from ml_connector.database import engine
question = '''SELECT run_id, kind, status FROM ml_connector.run'''
with engine().connect() as database:
    for row in database.execute(sqlalchemy.text(question)):
        print(*row)"
```
"""


def render() -> str:
    """Return the page."""
    tables = (_section(table) for table in metadata.sorted_tables)
    return "\n".join([HEADING, *tables, QUESTIONS_HEADING, *map(_question, QUESTIONS)])


def _question(question: Question) -> str:
    return f"{question.words}\n\n```sql\n{question.sql};\n```\n"


def _section(table: sa.Table) -> str:
    rows = "\n".join(_row(column) for column in table.columns)
    return f"## {table.name}\n\n{table.comment}\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n"


def _row(column: "sa.Column[object]") -> str:
    kind = str(column.type.compile(dialect=DIALECT)).lower()
    needed = "" if column.nullable else ", never empty"
    key = ", key" if column.primary_key else needed
    return f"| `{column.name}` | {kind}{key} | {column.comment} |"

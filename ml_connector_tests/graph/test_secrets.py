"""No secret anywhere, and no personal data where people without a reason to see it look, after runs with trouble."""

import logging
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector.automation import run_tags
from ml_connector.credentials import ENVIRONMENT
from ml_connector.ledger.due import Selection
from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector.vault import Vault
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company
from ml_connector_tests.graph.test_windows import launch

CANARIES = {
    "visma_client_id": "isv_canary_client_4c1d7e",
    "visma_client_secret": "canary+secret/8Zq0x==&%41",
    "visma_tenant_id": "c0ffee00-5d0a-41ee-9c3b-0242acca4a41",
    "hubspot_access_token": "pat-eu1-canary00-1111-4222-8333-444455556666",
}

PERSONAL = (
    "Fornavn",
    "Etternavn",
    "person1",
    "person99",
    "@kunde",
    "+47 9",
    "+479",
    "Storgata",
    "Kunde 1",
    "Leverandør",
)
"""Beginnings of every name, address, e-mail and phone number the tests' people and companies have."""

Trace = tuple[str, str]
"""Where a text was found, and the text."""


def database_texts(url: str) -> Iterator[Trace]:
    """Yield every value of every table of the database as text; compressed ones are unpacked."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        for schema in ("public", "ml_connector"):
            for table in sa.inspect(engine).get_table_names(schema):
                for row in connection.exec_driver_sql(f'SELECT * FROM {schema}."{table}"').mappings():
                    for column, value in row.items():
                        yield f"{schema}.{table}.{column}", as_text(value)
    engine.dispose()


def as_text(value: object) -> str:
    if isinstance(value, memoryview | bytes):
        raw = bytes(value)
        try:
            raw = zlib.decompress(raw)
        except zlib.error:
            pass
        return raw.decode("utf-8", "replace")
    return str(value)


def file_texts(home: Path) -> Iterator[Trace]:
    """Yield the content of every file of the home; Parquet is read."""
    for path in home.rglob("*"):
        if path.is_file() and path.suffix == ".parquet":
            yield str(path.relative_to(home)), str(pq.read_table(path).to_pylist())
        elif path.is_file():
            yield str(path.relative_to(home)), path.read_bytes().decode("utf-8", "replace")


class Output(logging.Handler):
    """Everything logged by anyone, with the exceptions."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[Trace] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((f"log {record.name}", self.format(record)))


@pytest.fixture
def output() -> Iterator[Output]:
    handler = Output()
    names = (None, "dagster", "ml_connector", "urllib3", "requests", "sqlalchemy")
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if logger.name != "sqlalchemy" else logging.WARNING)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET if logger.name != "root" else logging.WARNING)


def run_with_trouble(world: World) -> list[Trace]:
    """Run through everything that could make a program talkative; return what the runs said."""
    said: list[Trace] = []

    def sync(window: int, *trouble: FaultRule) -> None:
        world.sandbox.faults.restart(trouble)
        summary = world.sync(window)
        said.append((f"error of window {window}", str(summary.error)))

    def as_daemon(window: int) -> None:
        """Run it the way the daemon does, which logs everything to the console."""
        launch(world, run_tags(NAME, rows.day(window), rows.day(window)))

    def answer(path: str, status: int, body: ErrorBody) -> FaultRule:
        return FaultRule(kind=FaultKind.ANSWER, path=path, statuses=(status,), body=body)

    vault = Vault(database.engine())
    for status, body in ((400, ErrorBody.HTML), (500, ErrorBody.TEXT)):
        sync(0, answer("/connect/token", status, body))
    for name, wrong in (
        ("visma_client_secret", f"{CANARIES['visma_client_secret']}-wrong"),
        ("visma_tenant_id", "not-a-uuid-c0ffee00"),
        ("hubspot_access_token", f"{CANARIES['hubspot_access_token']}-revoked"),
        ("hubspot_access_token", "pat-canary\nwith a line break"),
    ):
        vault.set(NAME, name, wrong)
        sync(0)
        if name == "hubspot_access_token":
            as_daemon(0)
        vault.set(NAME, name, CANARIES[name])
    sync(0, answer("/v1/customer", 401, ErrorBody.VISMA_MESSAGE), answer("/v1/contact", 500, ErrorBody.HTML))
    sync(0, answer("/crm/objects", 502, ErrorBody.HTML))
    sync(0, answer("/crm/objects/2026-09/companies/batch/upsert", 400, ErrorBody.HTML))
    world.sandbox.hubspot.poison(
        PoisonRule("companies", "name", "Kunde 1[0-4] AS", PoisonMode.INPUT_ERROR),
        PoisonRule("contacts", "lastname", "Etternavn1[0-4]", PoisonMode.BATCH_409),
        PoisonRule("contacts", "lastname", "Etternavn1[5-9]", PoisonMode.BATCH_400),
    )
    sync(0)
    as_daemon(0)
    world.sandbox.hubspot.poison()
    world.refused().make_due(Selection())
    as_daemon(1)
    return said


@pytest.fixture
def after_trouble(
    make_world: MakeWorld,
    waits: list[float],
    output: Output,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[World, list[Trace]]:
    """A world after all the trouble, and all that was said on the way."""
    visma = {
        name.removeprefix("visma_"): value for name, value in CANARIES.items() if name.startswith("visma_")
    }
    world = make_world(
        empty_company(visma=visma, hubspot={"access_tokens": (CANARIES["hubspot_access_token"],)})
    )
    for variable in ENVIRONMENT.values():
        monkeypatch.delenv(variable)
    vault = Vault(database.engine())
    for name, value in CANARIES.items():
        vault.set(NAME, name, value)
    world.enter_pairs(range(10, 40))
    world.enter("suppliers", [rows.supplier(1)])
    world.enter("contacts", [rows.contact(99, 10, email="person99 (at) kunde10.no")])
    said = run_with_trouble(world)
    assert len(world.companies()) == 31, "the last run went through"
    printed = capfd.readouterr()
    return world, [*said, *output.lines, ("stdout", printed.out), ("stderr", printed.err)]


def hits(texts: Iterator[Trace], needles: Mapping[str, str]) -> list[str]:
    """Return where which needle was found, without repeating the text."""
    return sorted(
        {f"{name} in {where}" for where, text in texts for name, needle in needles.items() if needle in text}
    )


def everywhere(world: World, said: list[Trace]) -> Iterator[Trace]:
    yield from said
    yield from database_texts(world.database_url)
    yield from file_texts(database.home())


class TestAfterRunsWithTrouble:
    """All that the runs have left is searched."""

    def test_secrets_and_personal_data_are_where_they_belong(
        self, after_trouble: tuple[World, list[Trace]]
    ) -> None:
        world, said = after_trouble
        grants: Any = world.sandbox.visma.tokens._grants
        bearers = {f"token {number}": token for number, token in enumerate(grants)}
        assert len(bearers) > 3
        secrets = {**CANARIES, **bearers, "tenant typed wrong": "not-a-uuid-c0ffee00"}
        assert hits(everywhere(world, said), secrets) == []

        # What is searched is really there, or this test would show nothing.
        places = {where for where, _ in everywhere(world, said)}
        for place in (
            "public.event_logs.event",
            "public.runs.run_body",
            "ml_connector.credential.ciphertext",
        ):
            assert place in places
        assert any(where.startswith("storage/") for where in places)
        assert any(where.startswith("log ml_connector") for where in places)
        assert hits(database_texts(world.database_url), {"name": "Etternavn12"}) != []

        # People and addresses: in the ledger and the files, never in logs, events, errors and reasons.
        personal = dict(zip(PERSONAL, PERSONAL, strict=True))
        open_to_all = [
            *(trace for trace in said),
            *(trace for trace in database_texts(world.database_url) if _is_open(trace[0])),
            *(trace for trace in file_texts(database.home()) if not trace[0].startswith("storage/")),
        ]
        assert hits(iter(open_to_all), personal) == []

        # And the person finds out what was wrong all the same.
        errors = [text for where, text in said if where.startswith("error of")]
        for words in (
            "No token from Visma Connect",
            "invalid_client",
            "invalid_tenant",
            "HubSpot refused the access token",
            "characters that no token has",
        ):
            assert any(words in text for text in errors), words


def _is_open(place: str) -> bool:
    """Whether a column is shown in the UI or in lists of reasons."""
    shown = ("reason", "message", "remedy", "cause", "summary", "category")
    return place.startswith("public.") or place.rpartition(".")[2] in shown

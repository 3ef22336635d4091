"""The client against the sandbox over HTTP: every entity, every refusal, and every trouble on the way."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import Transport
from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector.sandbox.server import Sandbox
from ml_connector.visma import (
    ENTITIES,
    ClockVerdict,
    WarningKind,
    judge_clock,
)
from ml_connector.visma.answers import verdict
from ml_connector_tests.visma.sandboxed import (
    OLD,
    RECENT,
    before_page,
    client,
    read,
    sandbox,
    server,
    serving,
    settings,
)

__all__ = ["sandbox", "server"]


# --- every entity


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_every_row_of_every_entity_arrives_once(sandbox: Sandbox, entity: str) -> None:
    reader = client(sandbox)
    rows = read(reader, entity)
    assert Counter(row.key for row in rows) == Counter(sandbox.visma.keys(entity))
    assert rows
    assert reader.warnings == ()
    assert sandbox.visma.refused_writes == []
    assert reader.tokens.requested == 1


@pytest.mark.parametrize("entity", sorted(name for name in ENTITIES if ENTITIES[name].detail_path))
def test_one_row_of_every_entity_by_its_key(sandbox: Sandbox, entity: str) -> None:
    reader = client(sandbox)
    for key in sandbox.visma.keys(entity)[-2:]:
        row = reader.one(entity, key)
        assert row is not None
        assert row.key == key
    missing = "Invoice:no such" if ENTITIES[entity].two_part_key else "no such"
    assert reader.one(entity, missing) is None


@pytest.mark.parametrize("entity", sorted(set(ENTITIES) - {"journal_transactions"}))
def test_every_entity_is_counted(sandbox: Sandbox, entity: str) -> None:
    assert client(sandbox).count(entity) == len(sandbox.visma.keys(entity))


def test_the_journal_is_counted_in_lines(sandbox: Sandbox) -> None:
    assert client(sandbox).count("journal_transactions") == 30 * 7


@pytest.mark.parametrize("entity", sorted(set(ENTITIES) - {"dimensions", "currencies"}))
def test_only_what_changed_arrives(sandbox: Sandbox, entity: str) -> None:
    key = sandbox.visma.keys(entity)[0]
    sandbox.visma.restamp(entity, OLD)
    sandbox.visma.restamp(entity, RECENT, [key])
    reader = client(sandbox)
    assert [row.key for row in read(reader, entity, RECENT)] == [key]
    assert read(reader, entity, RECENT + timedelta(milliseconds=1)) == []
    assert reader.warnings == ()


def test_batches_over_page_edges_are_whole(sandbox: Sandbox) -> None:
    for row in read(client(sandbox), "journal_transactions"):
        assert [line["lineNumber"] for line in row.values["journalTransactionLines"]] == list(range(1, 8))


def test_documents_come_with_what_they_are_asked_for(sandbox: Sandbox) -> None:
    sandbox.visma.update("customer_invoices", "Invoice:000003", {"taxDetails": [{"taxId": "3"}]})
    rows = {row.key: row for row in read(client(sandbox), "customer_invoices")}
    assert rows["Invoice:000003"].values["taxDetails"] == [{"taxId": "3"}]


# --- tokens


def test_an_expired_token_in_mid_run(sandbox: Sandbox) -> None:
    reader = client(sandbox)
    with before_page(sandbox, "customers", 3, sandbox.visma.tokens.expire_all):
        rows = read(reader, "customers")
    assert len(rows) == len({row.key for row in rows}) == 35
    assert sandbox.visma.tokens.requests == 2


def test_many_threads_with_an_expired_token_ask_for_one(sandbox: Sandbox) -> None:
    reader = client(sandbox)
    reader.count("customers")
    sandbox.visma.tokens.expire_all()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(reader.count("customers"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [35] * 8
    assert sandbox.visma.tokens.requests == 2


def test_the_customer_tenant_id_is_explained(sandbox: Sandbox) -> None:
    reader = client(sandbox, tenant=sandbox.settings.visma.customer_tenant_id)
    with pytest.raises(CredentialsError, match="Company Tenant ID"):
        reader.count("customers")
    assert sandbox.visma.tokens.requests <= 2


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"tenant": "00000000-0000-0000-0000-000000000000"}, "unauthorized_client"),
        ({"tenant": "not a uuid"}, "invalid_tenant"),
        ({"scope": "something:else"}, "invalid_scope"),
    ],
)
def test_refused_credentials(sandbox: Sandbox, changes: dict[str, Any], part: str) -> None:
    with pytest.raises(CredentialsError, match=part) as caught:
        client(sandbox, **changes).count("customers")
    assert sandbox.settings.visma.client_secret not in str(caught.value)


def test_a_scope_without_reading(sandbox: Sandbox) -> None:
    with pytest.raises(PermanentApiError, match="vismanet_erp_service_api:read") as caught:
        client(sandbox, scope="vismanet_erp_service_api:create").count("customers")
    assert caught.value.status == 403


# --- troubles on the way


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(kind=FaultKind.CUT_BODY, path="/v1/customer", skip=1, times=2),
        FaultRule(kind=FaultKind.DROP_BEFORE, path="/v1/customer", skip=2, times=1),
        FaultRule(kind=FaultKind.DROP_AFTER, path="/v1/customer", skip=1, times=1),
        FaultRule(
            kind=FaultKind.ANSWER, path="/v1/customer", skip=1, times=2, statuses=(429,), retry_after=411
        ),
        FaultRule(kind=FaultKind.ANSWER, path="/v1/customer", times=2, statuses=(502,), body=ErrorBody.HTML),
        FaultRule(kind=FaultKind.ANSWER, path="/v1/customer", times=1, statuses=(200,), body=ErrorBody.HTML),
        FaultRule(kind=FaultKind.ANSWER, path="/v1/customer", times=1, statuses=(200,), body=ErrorBody.EMPTY),
        FaultRule(
            kind=FaultKind.ANSWER, path="/connect/token", times=1, statuses=(503,), body=ErrorBody.EMPTY
        ),
    ],
    ids=lambda rule: f"{rule.kind} {rule.statuses[0]} {rule.body}",
)
def test_troubles_lose_no_row(sandbox: Sandbox, rule: FaultRule) -> None:
    number = sandbox.faults.add(rule)
    reader = client(sandbox)
    rows = read(reader, "customers")
    assert sorted(row.key for row in rows) == sorted(sandbox.visma.keys("customers"))
    assert sandbox.faults.fired(number) == rule.times
    assert reader.requests.retried == rule.times


@pytest.mark.parametrize("kind", [FaultKind.CUT_BODY, FaultKind.DROP_AFTER])
def test_troubles_in_one_long_answer_lose_no_row(sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.add(FaultRule(kind=kind, path="/v1/contact", times=1))
    rows = read(client(sandbox), "contacts")
    assert sorted(row.key for row in rows) == sorted(sandbox.visma.keys("contacts"))


def test_a_failure_that_stays_names_the_visma_id(sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultRule(kind=FaultKind.ANSWER, path="/v1/supplier", statuses=(500,)))
    with pytest.raises(TransientApiError, match="told to fail") as caught:
        read(client(sandbox), "suppliers")
    assert caught.value.correlation_id


def test_the_hourly_limit_is_seen_and_waited_for() -> None:
    with serving(settings(hourly_limit=3, limit_seconds=60)) as sandbox:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            sandbox.clock.advance(timedelta(seconds=seconds))

        reader = client(
            sandbox, transport=Transport("Visma", verdict=verdict, sleep=sleep, random_fraction=lambda: 0.0)
        )
        rows = read(reader, "customers")
        assert len(rows) == 35
        assert len(waits) == 1
        assert reader.requests.throttled == 1
        assert reader.limits.limit == 3


def test_the_tokens_audience_is_no_base_url(sandbox: Sandbox) -> None:
    with pytest.raises(PermanentApiError, match="audience"):
        client(sandbox, api_url=f"{sandbox.url}/erp/service").count("customers")


# --- filter and clock


def test_a_filter_without_its_condition_is_found_out(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens if Visma ever stops to know the Condition: the sandbox ignores the date, as Visma does."""
    sandbox.visma.restamp("customers", OLD)
    sandbox.visma.restamp("customers", RECENT, sandbox.visma.keys("customers")[:3])
    monkeypatch.setattr(
        "ml_connector.visma.lists.filter_params",
        lambda _entity, _since: {"lastModifiedDateTime": "2026-11-20"},
    )
    reader = client(sandbox)
    assert len(read(reader, "customers", RECENT)) == 3
    assert [(warning.kind, warning.rows) for warning in reader.warnings] == [(WarningKind.FILTER_IGNORED, 32)]


@pytest.mark.parametrize(
    ("zone", "verdict_"), [("Europe/Oslo", ClockVerdict.FITS), ("UTC", ClockVerdict.LOOKS_LIKE_UTC)]
)
def test_the_clock_of_the_stamps(zone: str, verdict_: ClockVerdict) -> None:
    with serving(settings(timezone=zone)) as sandbox:
        sandbox.visma.update("customers", sandbox.visma.keys("customers")[5], {"name": "Just now AS"})
        opinion = judge_clock(client(sandbox).clock_probe(), ZoneInfo("Europe/Oslo"), "Europe/Oslo")
    assert opinion.verdict is verdict_

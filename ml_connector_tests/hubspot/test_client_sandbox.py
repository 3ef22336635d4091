"""The client over real HTTP against the sandbox: nothing lost, nothing doubled, no limit broken, only dated paths."""

import time
from collections.abc import Iterator, Sequence

import pytest

from ml_connector.errors import PermanentApiError
from ml_connector.http import RetryPolicy
from ml_connector.hubspot.association_types import EXPECTED
from ml_connector.hubspot.associations import (
    CONTACT_TO_COMPANY,
    HUBSPOT_DEFINED,
    Link,
    archive_links,
    create_links,
    read_links,
    verify_types,
)
from ml_connector.hubspot.batches import Outcome, OutcomeStatus, WriteInput, write_batches
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import read_inventory
from ml_connector.hubspot.limits import PortalLimits
from ml_connector.hubspot.properties import GroupSpec, PropertySpec, ensure
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import (
    DEFAULT_TOKEN,
    Fault,
    HubSpotSandboxSettings,
    PoisonMode,
    PoisonRule,
)
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings

UNIQUE = "visma_customer_id"
GROUP = GroupSpec("visma", "Visma")
COMPANY_ID = PropertySpec("companies", UNIQUE, "Visma customer", "string", "text", unique=True)
CONTACT_ID = PropertySpec("contacts", "visma_contact_id", "Visma contact", "string", "text", unique=True)
ROLE = PropertySpec(
    "companies",
    "visma_relationship",
    "Relationship",
    "enumeration",
    "checkbox",
    options=(("customer", "Customer"), ("supplier", "Supplier")),
)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(customers=2, suppliers=1)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    running.hubspot.reset(HubSpotSandboxSettings())
    return running


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpotClient:
    """A client with a limiter of its own, ready to upsert companies and contacts."""
    one = HubSpotClient(
        DEFAULT_TOKEN,
        base_url=sandbox.url,
        transport=hubspot_transport(RetryPolicy(first_delay=0.01)),
        limits=PortalLimits(),
    )
    ensure(one, GROUP, [COMPANY_ID, ROLE, CONTACT_ID]).require()
    sandbox.hubspot.forget_calls()
    return one


@pytest.fixture(autouse=True)
def only_dated_paths_and_no_429(sandbox: Sandbox) -> Iterator[None]:
    yield
    assert sandbox.hubspot.counts.v3_v4 == 0
    assert sandbox.hubspot.counts.throttled == 0


def company(number: int) -> WriteInput:
    properties = {"name": f"Company {number}", "city": "Oslo", "phone": f"+47 900 {number:05d}"}
    return WriteInput(f"t-{number}", f"customer:{number}", properties, f"demo:{number}", UNIQUE)


def batches(count: int, size: int = 100) -> Iterator[list[WriteInput]]:
    for start in range(0, count, size):
        yield [company(number) for number in range(start, min(start + size, count))]


def write(client: HubSpotClient, parts: Iterator[list[WriteInput]]) -> list[Outcome]:
    written = write_batches(client, "companies", parts, before=lambda batch: None)
    return [outcome for _, outcomes in written for outcome in outcomes]


def of(outcomes: Sequence[Outcome], status: OutcomeStatus) -> set[str]:
    return {outcome.key for outcome in outcomes if outcome.status is status}


def stored(sandbox: Sandbox) -> list[str]:
    return sorted(record.values[UNIQUE] for record in sandbox.hubspot.records("companies").values())


def expected(count: int, *without: int) -> list[str]:
    return sorted(f"demo:{number}" for number in range(count) if number not in without)


def test_ten_thousand_companies_take_a_hundred_calls_and_no_429(
    sandbox: Sandbox, client: HubSpotClient
) -> None:
    outcomes = write(client, batches(10_000))
    assert len(of(outcomes, OutcomeStatus.CONFIRMED)) == 10_000
    assert all(outcome.created for outcome in outcomes)
    assert sandbox.hubspot.counts.calls == 100
    assert client.limits.waited_seconds < 1.0
    assert stored(sandbox) == expected(10_000)


def test_writing_again_updates_and_doubles_nothing(sandbox: Sandbox, client: HubSpotClient) -> None:
    first = {one.key: one.hubspot_id for one in write(client, batches(250))}
    again = write(client, batches(250))
    assert {one.key: one.hubspot_id for one in again} == first
    assert not any(one.created for one in again)
    assert len(stored(sandbox)) == 250


@pytest.mark.parametrize("mode", [PoisonMode.INPUT_ERROR, PoisonMode.BATCH_400, PoisonMode.BATCH_409])
def test_exactly_the_poison_rows_are_rejected(
    sandbox: Sandbox, client: HubSpotClient, mode: PoisonMode
) -> None:
    bad = (37, 512, 999)
    for number in bad:
        rule = PoisonRule("companies", "name", f"Company {number}", mode)
        sandbox.hubspot.poison(*sandbox.hubspot.settings.poison, rule)
    outcomes = write(client, batches(1_000))
    assert of(outcomes, OutcomeStatus.REJECTED) == {f"customer:{number}" for number in bad}
    assert len(of(outcomes, OutcomeStatus.CONFIRMED)) == 997
    assert stored(sandbox) == expected(1_000, *bad)
    assert sandbox.hubspot.counts.calls <= 10 + 15 * len(bad)


@pytest.mark.parametrize("mode", [PoisonMode.EMPTY_RESULTS, PoisonMode.MISSING_RESULT])
def test_a_row_that_hubspot_drops_in_silence_is_never_counted_as_done(
    sandbox: Sandbox, client: HubSpotClient, mode: PoisonMode
) -> None:
    sandbox.hubspot.poison(PoisonRule("companies", "name", "Company 37", mode))
    outcomes = write(client, batches(1_000))
    assert of(outcomes, OutcomeStatus.UNKNOWN) == {"customer:37"}
    assert stored(sandbox) == expected(1_000, 37)
    assert sandbox.hubspot.counts.calls <= 10 + 15


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.DROP_AFTER},
        {"kind": FaultKind.DROP_BEFORE},
        {"kind": FaultKind.CUT_BODY},
        {"kind": FaultKind.ANSWER, "statuses": (500, 502, 503, 504, 524), "handled": True},
        {"kind": FaultKind.ANSWER, "statuses": (500, 502, 503, 504, 521)},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_lost_answers_lose_and_double_nothing(
    sandbox: Sandbox, client: HubSpotClient, fault: dict[str, object]
) -> None:
    rule = FaultRule(path="/crm/objects", probability=0.3, **fault)
    sandbox.faults.add(rule)
    outcomes = write(client, batches(1_500, 50))
    assert len(of(outcomes, OutcomeStatus.CONFIRMED)) == 1_500
    assert stored(sandbox) == expected(1_500)


def test_an_answer_lost_for_good_is_read_back(sandbox: Sandbox, client: HubSpotClient) -> None:
    sandbox.faults.add(
        FaultRule(kind=FaultKind.DROP_AFTER, path="/crm/objects/2026-09/companies/batch/upsert")
    )
    client = HubSpotClient(
        DEFAULT_TOKEN,
        base_url=sandbox.url,
        transport=hubspot_transport(RetryPolicy(attempts=2, first_delay=0.01)),
        limits=PortalLimits(),
    )
    outcomes = write(client, batches(200))
    assert len(of(outcomes, OutcomeStatus.CONFIRMED)) == 200
    assert {one.created for one in outcomes} == {None}
    assert stored(sandbox) == expected(200)


def test_a_locked_portal_is_waited_for(sandbox: Sandbox, client: HubSpotClient) -> None:
    slept: list[float] = []
    sandbox.hubspot.fail(
        Fault(423, path_contains="upsert"), Fault(477, path_contains="upsert", retry_after=60)
    )
    patient = HubSpotClient(
        DEFAULT_TOKEN,
        base_url=sandbox.url,
        transport=hubspot_transport(sleep=slept.append),
        limits=PortalLimits(),
    )
    assert len(of(write(patient, batches(100)), OutcomeStatus.CONFIRMED)) == 100
    assert slept[0] >= 2.0
    assert slept[1] >= 60.0


def test_a_missing_scope_is_named_before_anything_is_written(sandbox: Sandbox, client: HubSpotClient) -> None:
    scopes = sandbox.hubspot.settings.scopes - {"crm.objects.companies.write"}
    sandbox.hubspot.configure(scopes=scopes)
    with pytest.raises(PermanentApiError, match=r"crm\.objects\.companies\.write"):
        write(client, batches(100))
    assert stored(sandbox) == []


def test_a_non_unique_key_stops_the_run_at_once(sandbox: Sandbox, client: HubSpotClient) -> None:
    rows = [[WriteInput(f"t-{n}", f"customer:{n}", {"name": "A"}, f"{n}", "city") for n in range(100)]]
    with pytest.raises(PermanentApiError, match="non-unique"):
        write(client, iter(rows))
    assert sandbox.hubspot.counts.calls == 1


def test_the_daily_budget_stops_the_run_and_says_until_when(sandbox: Sandbox, client: HubSpotClient) -> None:
    client.account()
    sandbox.hubspot.configure(requests_per_day=1_000)
    client.limits.daily_reserve = 0.99
    written = write_batches(client, "companies", batches(10_000), before=lambda batch: None)
    landed: list[Sequence[WriteInput]] = []
    with pytest.raises(PermanentApiError, match="midnight in Europe/Oslo"):
        landed.extend(batch for batch, _ in written)
    assert 0 < len(landed) < 100
    assert len(stored(sandbox)) == len(landed) * 100


HASTE = 50.0
"""How many times faster than the wall clock time passes for both sides of the test of limits."""


def test_a_small_limit_is_kept_without_a_429_and_used_to_the_full(
    sandbox: Sandbox, client: HubSpotClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, zero = time.time(), time.monotonic()
    monkeypatch.setattr(sandbox.hubspot.account, "clock", lambda: began + (time.monotonic() - zero) * HASTE)
    sandbox.hubspot.configure(requests_per_ten_seconds=20)
    hasty = HubSpotClient(
        DEFAULT_TOKEN,
        base_url=sandbox.url,
        limits=PortalLimits(
            clock=lambda: time.monotonic() * HASTE,
            nap=lambda condition, seconds: condition.wait(seconds / HASTE),
        ),
    )
    hasty.properties("companies")
    outcomes = write(hasty, batches(800, 10))
    assert len(of(outcomes, OutcomeStatus.CONFIRMED)) == 800
    assert hasty.limits.waited_seconds > 0


def test_contacts_with_anothers_email_name_the_existing_one(sandbox: Sandbox, client: HubSpotClient) -> None:
    existing = sandbox.hubspot.add_record("contacts", {"email": "kari@bygg.example"})
    rows = [
        WriteInput(f"t-{n}", f"contact:{n}", {"email": email}, f"demo:{n}", "visma_contact_id")
        for n, email in enumerate(["ola@bygg.example", "kari@bygg.example", "per@bygg.example"])
    ]
    ((_, outcomes),) = write_batches(client, "contacts", [rows], before=lambda batch: None)
    assert [one.status for one in outcomes] == [
        OutcomeStatus.CONFIRMED,
        OutcomeStatus.REJECTED,
        OutcomeStatus.CONFIRMED,
    ]
    assert outcomes[1].existing_id == existing
    assert "kari" not in (outcomes[1].message or "")


def test_links_are_made_read_and_removed(sandbox: Sandbox, client: HubSpotClient) -> None:
    portal = sandbox.hubspot
    firm = portal.add_record("companies", {"name": "Bygg AS"})
    people = [portal.add_record("contacts", {"email": f"p{n}@bygg.example"}) for n in range(30)]
    types = ((HUBSPOT_DEFINED, CONTACT_TO_COMPANY),)
    links = [Link(person, firm, types, f"contact:{person}") for person in people]
    links.append(Link("999999", firm, types, "contact:gone"))
    made = [
        one
        for _, batch in create_links(client, "contacts", "companies", links, before=lambda _: None)
        for one in batch
    ]
    assert of(made, OutcomeStatus.CONFIRMED) == {f"contact:{person}" for person in people}
    assert of(made, OutcomeStatus.REJECTED) == {"contact:gone"}
    held = read_links(client, "contacts", "companies", people)
    assert {person: [one.id for one in linked] for person, linked in held.items()} == {
        person: [firm] for person in people
    }
    assert all(CONTACT_TO_COMPANY in linked[0].type_ids for linked in held.values())
    gone = [
        one
        for _, batch in archive_links(client, "contacts", "companies", links[:30], before=lambda _: None)
        for one in batch
    ]
    assert len(of(gone, OutcomeStatus.CONFIRMED)) == 30
    assert sandbox.hubspot.links("contacts", "companies") == set()
    assert set(read_links(client, "contacts", "companies", people).values()) == {()}


def test_a_link_with_a_wrong_type_is_never_counted_as_made(sandbox: Sandbox, client: HubSpotClient) -> None:
    firm = sandbox.hubspot.add_record("companies", {"name": "Bygg AS"})
    person = sandbox.hubspot.add_record("contacts", {"email": "p@bygg.example"})
    wrong = Link(person, firm, ((HUBSPOT_DEFINED, 4),), "contact:p")
    ((_, outcomes),) = create_links(client, "contacts", "companies", [wrong], before=lambda _: None)
    assert outcomes[0].status is not OutcomeStatus.CONFIRMED
    assert sandbox.hubspot.links("contacts", "companies") == set()


@pytest.mark.parametrize("pair", sorted(EXPECTED))
def test_the_known_association_types_are_offered(client: HubSpotClient, pair: tuple[str, str]) -> None:
    assert verify_types(client, *pair) == ()


def test_the_inventory_is_whole_and_carries_associations(sandbox: Sandbox, client: HubSpotClient) -> None:
    firm = sandbox.hubspot.add_record("companies", {"name": "Bygg AS"})
    for number in range(250):
        links = [("companies", firm)] if number % 2 else []
        sandbox.hubspot.add_record("contacts", {"email": f"p{number}@bygg.example"}, links)
    pages = list(read_inventory(client, "contacts", ["email"], ["companies"]))
    found = {
        record.properties["email"]: record.associations.get("companies", ())
        for page in pages
        for record in page
    }
    assert found == {f"p{n}@bygg.example": (firm,) if n % 2 else () for n in range(250)}
    assert sandbox.hubspot.counts.calls == 3


def test_search_finds_candidates_in_any_case_and_many_values(sandbox: Sandbox, client: HubSpotClient) -> None:
    for number in range(300):
        sandbox.hubspot.add_record("companies", {"name": f"Bygg & Anlegg Ærlig {number} AS"})
    wanted = [f"BYGG & ANLEGG ÆRLIG {number} AS" for number in range(0, 300, 2)]
    found = client.search("companies", "name", wanted, ["name"])
    assert len(found) == 150
    assert client.count("companies") == 300


def test_batch_read_by_key_finds_and_leaves_out(sandbox: Sandbox, client: HubSpotClient) -> None:
    write(client, batches(150))
    keys = [f"demo:{number}" for number in range(100, 200)]
    found = client.batch_read("companies", keys, ["name"], id_property=UNIQUE)
    assert sorted(found) == sorted(keys[:50])
    assert found["demo:100"].properties["name"] == "Company 100"

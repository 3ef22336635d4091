"""Links of invoices, payments and transactions: any pair of types, the company last, taken away when not wanted."""

from dataclasses import replace

import pytest

from ml_connector.hubspot import linking
from ml_connector.hubspot.association_types import (
    INVOICE_TO_COMPANY,
    INVOICE_TO_CONTACT,
    INVOICE_TO_DEAL,
    INVOICE_TO_LINE_ITEM,
)
from ml_connector.hubspot.link_kinds import LinkKind
from ml_connector.plan.operations import Action, Operation
from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector_tests.hubspot.documents import (
    books,
    hubspot_id,
    invoice,
    line,
    link,
    load,
    load_links,
    states,
)
from ml_connector_tests.ledger.rows import identity
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import contact

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

ONE = "invoice:1"


@pytest.fixture
def filled(books: Chain) -> Chain:
    """Invoices 1 and 2 with two lines each, not linked."""
    load(books, invoice(1), invoice(2))
    load(books, *[line(number, place) for number in (1, 2) for place in (1, 2)])
    books.sandbox.log.clear()
    return books


def deal(chain: Chain) -> str:
    return chain.portal.add_record("deals", {"dealname": "Roof", "dealstage": "closedwon"})


def every(chain: Chain) -> list[Operation]:
    """Return the links of invoice 1 to all that it can be linked to, the company first."""
    return [
        link(ONE, "companies", "customer:10"),
        link(ONE, "deals", f"deal:{deal(chain)}"),
        link(ONE, "contacts", "contact:1"),
        link(ONE, "line_items", "line:Invoice:1:1"),
        link(ONE, "line_items", "line:Invoice:1:2"),
    ]


def created_pairs(chain: Chain) -> list[str]:
    """Return the types that links were made to, in the order of the calls."""
    calls = [call.path for call in chain.sandbox.log.calls("hubspot") if "/associations/" in call.path]
    return [path.split("/")[-3] for path in calls if path.endswith("/create")]


def test_four_types_are_linked_with_their_own_type_and_the_company_last(filled: Chain) -> None:
    counts = load_links(filled, *every(filled))
    assert (counts.read, counts.created) == (5, 5)
    assert created_pairs(filled) == ["line_items", "contacts", "deals", "companies"]
    mine = hubspot_id(filled, "invoices", ONE)
    for to_type, key, number in (
        ("companies", "customer:10", INVOICE_TO_COMPANY),
        ("contacts", "contact:1", INVOICE_TO_CONTACT),
        ("line_items", "line:Invoice:1:2", INVOICE_TO_LINE_ITEM),
    ):
        assert (mine, hubspot_id(filled, to_type, key)) in filled.portal.links("invoices", to_type)
        assert (number,) in [
            (int(row[1]),) for row in filled.rows("link", "to_type, types") if row[0] == to_type
        ]
    assert [row[0] for row in filled.rows("link", "types, to_type") if row[1] == "deals"] == [
        str(INVOICE_TO_DEAL)
    ]
    assert {status for status, _ in states(filled).values()} == {"confirmed"}


def test_nothing_is_made_twice(filled: Chain) -> None:
    planned = every(filled)
    load_links(filled, *planned)
    filled.sandbox.log.clear()
    counts = load_links(filled, *planned)
    assert (counts.unchanged, counts.created) == (5, 0)
    assert created_pairs(filled) == []


def test_records_just_made_are_not_asked_for_their_links(filled: Chain) -> None:
    load_links(filled, *every(filled), created=[hubspot_id(filled, "invoices", ONE)])
    calls = [call.path.rsplit("/", 1)[-1] for call in filled.sandbox.log.calls("hubspot")]
    assert calls == ["create"] * 4


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        (link(ONE, "companies", "customer:99"), "customer:99"),
        (link(ONE, "line_items", "line:Invoice:1:9"), "line:Invoice:1:9"),
        (link("invoice:9", "companies", "customer:10"), "invoice:9"),
    ],
)
def test_a_link_without_one_end_waits_and_says_for_which(
    filled: Chain, operation: Operation, missing: str
) -> None:
    counts = load_links(filled, operation, link(ONE, "contacts", "contact:1"))
    assert (counts.pending, counts.created) == (1, 1)
    assert states(filled)[operation.key] == ("pending", f"{missing} is not in HubSpot yet")


def test_a_deal_that_is_gone_is_told_from_the_others(filled: Chain) -> None:
    gone = deal(filled)
    filled.portal.archive_as_person("deals", gone)
    counts = load_links(
        filled, link(ONE, "deals", f"deal:{gone}"), link("invoice:2", "deals", f"deal:{deal(filled)}")
    )
    assert (counts.created, counts.skipped) == (1, 1)
    assert f"{ONE}>deal:{gone}" not in states(filled)


def test_a_company_is_linked_last_although_it_fills_a_chunk(
    filled: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "CHUNK", 1)
    load_links(
        filled,
        link(ONE, "companies", "customer:10"),
        link("invoice:2", "companies", "customer:20"),
        link(ONE, "line_items", "line:Invoice:1:1"),
        link("invoice:2", "line_items", "line:Invoice:2:1"),
    )
    assert created_pairs(filled) == ["line_items", "line_items", "companies", "companies"]


def test_links_of_a_record_just_made_are_never_read_however_the_work_is_cut(
    filled: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "CHUNK", 3)
    lines = [
        link(f"invoice:{number}", "line_items", f"line:Invoice:{number}:{place}")
        for number in (1, 2)
        for place in (1, 2)
    ]
    made = [hubspot_id(filled, "invoices", f"invoice:{number}") for number in (1, 2)]
    assert load_links(filled, *lines, created=made).created == 4
    calls = [call.path.rsplit("/", 1)[-1] for call in filled.sandbox.log.calls("hubspot")]
    assert calls == ["create", "create"]


def test_two_thousand_go_in_a_call(books: Chain) -> None:
    load(books, invoice(1))
    load(books, *[line(1, place) for place in range(2100)])
    books.sandbox.log.clear()
    planned = [link(ONE, "line_items", f"line:Invoice:1:{place}") for place in range(2100)]
    assert load_links(books, *planned, created=[hubspot_id(books, "invoices", ONE)]).created == 2100
    assert created_pairs(books) == ["line_items"] * 2


class TestUnlinking:
    """Links that are not wanted any more."""

    def test_one_is_removed_and_forgotten(self, filled: Chain) -> None:
        load_links(filled, *every(filled))
        counts = load_links(
            filled,
            link(ONE, "contacts", "contact:1", Action.UNLINK),
            link(ONE, "contacts", "contact:2"),
        )
        assert (counts.archived, counts.created) == (1, 1)
        linked = {other for _, other in filled.portal.links("invoices", "contacts")}
        assert linked == {hubspot_id(filled, "contacts", "contact:2")}
        assert f"{ONE}>contact:1" not in states(filled)
        ends = [(row[0], row[1]) for row in filled.rows("operation", "action, status") if row[0] == "unlink"]
        assert ends == [("unlink", "confirmed")]

    def test_one_that_was_never_made_is_only_forgotten(self, filled: Chain) -> None:
        load_links(filled, link(ONE, "contacts", "contact:99"))
        filled.sandbox.log.clear()
        counts = load_links(
            filled,
            link(ONE, "contacts", "contact:99", Action.UNLINK),
            link(ONE, "contacts", "contact:98", Action.UNLINK),
        )
        assert (counts.unchanged, counts.archived) == (2, 0)
        assert states(filled) == {}
        assert filled.sandbox.log.calls("hubspot") == []

    def test_one_that_stands_for_another_contact_too_stays(self, filled: Chain) -> None:
        """Contacts 1 and 3 share a mailbox, so they are one HubSpot contact."""
        filled.sync((), (), [contact(3, email="p1@fjord.no", lastName="Lie")])
        load_links(filled, link(ONE, "contacts", "contact:1"), link(ONE, "contacts", "contact:3"))
        counts = load_links(filled, link(ONE, "contacts", "contact:1", Action.UNLINK))
        assert counts.unchanged == 1
        assert len(filled.portal.links("invoices", "contacts")) == 1
        assert set(states(filled)) == {f"{ONE}>contact:3"}

    def test_one_that_hubspot_keeps_is_noted_as_unwanted_until_it_goes(self, filled: Chain) -> None:
        load_links(filled, link(ONE, "contacts", "contact:1"))
        filled.portal.fail(Fault(status=400, path_contains="/batch/archive", times=1))
        leaving = link(ONE, "contacts", "contact:1", Action.UNLINK)
        assert load_links(filled, leaving).rejected == 1
        assert states(filled)[leaving.key][0] == "unwanted"
        assert load_links(filled, leaving).archived == 1
        assert states(filled) == {}

    def test_one_whose_removal_got_lost_is_proven_gone(self, filled: Chain) -> None:
        load_links(filled, link(ONE, "contacts", "contact:1"))
        filled.portal.fail(Fault(status=502, path_contains="/batch/archive", times=1))
        assert load_links(filled, link(ONE, "contacts", "contact:1", Action.UNLINK)).archived == 1
        assert filled.portal.links("invoices", "contacts") == set()


def test_what_is_not_sent_is_noted_with_its_reason(filled: Chain) -> None:
    reason = "3 deals fit by only_deal"
    unclear = replace(link(ONE, "deals", "deal:1"), action=Action.SKIP, values={}, reason=reason)
    counts = load_links(filled, unclear, link(ONE, "contacts", "contact:1"))
    assert (counts.skipped, counts.created) == (1, 1)
    assert ("skip", "done", reason) in [
        tuple(row) for row in filled.rows("operation", "action, status, reason")
    ]
    assert set(states(filled)) == {f"{ONE}>contact:1"}


def test_a_pair_that_the_portal_cannot_associate_waits_and_says_so(filled: Chain) -> None:
    """Products have no associations (reference: hubspot 7)."""
    product = filled.portal.add_record("products", {"name": "Bolt"})
    filled.journal().settle(
        [], identities=[identity("product:1", object_type="products", hubspot_id=product)]
    )
    assert load_links(filled, link(ONE, "products", "product:1")).pending == 1
    reason = "HubSpot has no association from invoices to products"
    assert states(filled) == {f"{ONE}>product:1": ("pending", reason)}


def test_an_order_of_kinds() -> None:
    kinds = [
        LinkKind("invoices", name) for name in ("companies", "invoices", "deals", "contacts", "line_items")
    ]
    assert [kind.to_type for kind in sorted(kinds, key=lambda kind: kind.place)] == [
        "line_items",
        "contacts",
        "deals",
        "invoices",
        "companies",
    ]
    assert [kind.closes for kind in kinds] == [True, False, False, False, False]
    assert not LinkKind("commerce_payments", "companies").closes

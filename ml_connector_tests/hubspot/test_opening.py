"""Opening invoices: only when whole, the reason written once, and nothing opened that another run has overtaken."""

from dataclasses import replace

import pytest

from ml_connector.hubspot.counts import Blamed, LoadCounts
from ml_connector.hubspot.freshness import CARRIED_OUT, OVERTAKEN
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.opening import Openings
from ml_connector.ledger.entries import Entry
from ml_connector.ledger.wholeness import UNLINKED, WholenessReader
from ml_connector.plan.operations import Action, Operation
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.hubspot.documents import (
    STAMP,
    books,
    hubspot_id,
    invoice,
    line,
    link,
    load,
    load_links,
    opening,
)
from ml_connector_tests.ledger.rows import reject
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]


def complete(chain: Chain, *numbers: int, but: str = "") -> None:
    """Load invoices with two lines, a contact and the company, without the links whose key contains ``but``."""
    load(chain, *[invoice(number) for number in numbers])
    load(chain, *[line(number, place) for number in numbers for place in (1, 2)])
    links = [
        link(f"invoice:{number}", *other)
        for number in numbers
        for other in (
            ("companies", "customer:10"),
            ("contacts", "contact:1"),
            ("line_items", f"line:Invoice:{number}:1"),
            ("line_items", f"line:Invoice:{number}:2"),
        )
    ]
    load_links(chain, *[one for one in links if not but or but not in one.key])


def open_all(chain: Chain, *operations: Operation) -> LoadCounts:
    """Carry out openings in a new run."""
    journal = chain.journal()
    reader = WholenessReader(chain.engine, chain.settings.name)
    counts = Openings(chain.client, journal, reader, chain.runs[-1]).load(operations)
    assert counts.adds_up, counts.sentence()
    return counts


def held(chain: Chain, number: int) -> dict[str, str]:
    """Return what HubSpot shows of an invoice."""
    values = chain.portal.record("invoices", hubspot_id(chain, "invoices", f"invoice:{number}")).values
    return {name: values.get(name, "") for name in ("hs_invoice_status", "visma_pending_reason")}


def test_a_whole_invoice_is_opened(books: Chain) -> None:
    complete(books, 1, 2)
    newest = replace(opening(1), stamp="2026-11-22T10:00:00", fingerprint="of a change that was refused")
    counts = open_all(books, newest, opening(2, "paid"))
    assert (counts.updated, counts.pending) == (2, 0)
    assert held(books, 1) == {"hs_invoice_status": "open", "visma_pending_reason": ""}
    assert held(books, 2)["hs_invoice_status"] == "paid"
    known = books.ledger.identities("invoices", ["invoice:1"])["invoice:1"]
    assert (known.fingerprint, known.stamp) == ("f-1", STAMP)


def test_a_hundred_go_in_a_call(books: Chain) -> None:
    complete(books, *range(1, 131))
    books.portal.forget_calls()
    assert open_all(books, *[opening(number) for number in range(1, 131)]).updated == 130
    assert books.portal.counts.writes == 2


def test_without_its_company_it_stays_a_draft(books: Chain) -> None:
    complete(books, 1, but="customer:10")
    counts = open_all(books, opening(1))
    assert (counts.pending, counts.updated) == (1, 0)
    assert counts.causes == {"draft-waits:company": Blamed(1, ["invoice:1"])}
    assert held(books, 1) == {"hs_invoice_status": "draft", "visma_pending_reason": UNLINKED}


@pytest.mark.parametrize(
    ("to_type", "to_key"),
    [("line_items", "line:Invoice:1:9"), ("contacts", "contact:9"), ("companies", "customer:99")],
)
def test_what_is_missing_is_named(books: Chain, to_type: str, to_key: str) -> None:
    complete(books, 1)
    load_links(books, link("invoice:1", to_type, to_key))
    assert open_all(books, opening(1)).pending == 1
    assert held(books, 1)["visma_pending_reason"] == f"{to_key} is not in HubSpot yet"


def test_a_link_that_is_to_go_is_nothing_it_lacks(books: Chain) -> None:
    complete(books, 1)
    too_much = ("invoices", "invoice:1", "contacts", "contact:1", "it is not wanted any more")
    books.journal().settle([], unwanted=[too_much])
    assert open_all(books, opening(1)).updated == 1


@pytest.mark.parametrize(
    ("entity", "to_key"), [("companies", "customer:99"), ("line_items", "line:Invoice:1:9")]
)
def test_what_is_refused_is_named_with_the_reason(books: Chain, entity: str, to_key: str) -> None:
    complete(books, 1)
    load_links(books, link("invoice:1", entity, to_key), link("invoice:1", "contacts", "contact:9"))
    books.journal().settle([], rejects=[reject(to_key, entity=entity, message="name is too long.")])
    open_all(books, opening(1))
    assert held(books, 1)["visma_pending_reason"] == f"{to_key} is refused: name is too long."


def test_a_line_whose_change_was_refused_keeps_it_a_draft(books: Chain) -> None:
    """The line and its link are there, but its figures are not Visma's."""
    complete(books, 1)
    line_id = hubspot_id(books, "line_items", "line:Invoice:1:2")
    bad = line(1, 2, Action.UPDATE, hubspot_id=line_id, values={"price": "-5"}, fingerprint="f-new")
    assert load(books, bad).rejected == 1
    assert open_all(books, opening(1)).pending == 1
    assert held(books, 1)["visma_pending_reason"].startswith("line:Invoice:1:2 is refused: price")
    good = line(1, 2, Action.UPDATE, hubspot_id=line_id, values={"price": "5"}, fingerprint="f-new")
    load(books, good)
    assert open_all(books, opening(1)).updated == 1


def test_an_invoice_whose_change_was_refused_is_not_opened(books: Chain) -> None:
    complete(books, 1)
    mine = hubspot_id(books, "invoices", "invoice:1")
    load(
        books, invoice(1, Action.UPDATE, hubspot_id=mine, values={"visma_due_date": "soon"}, fingerprint="x")
    )
    counts = open_all(books, opening(1))
    assert list(counts.causes) == ["draft-waits:invoice"]


def test_a_contact_that_was_refused_later_does_not_close_it(books: Chain) -> None:
    complete(books, 1)
    books.journal().settle([], rejects=[reject("contact:1", entity="contacts")])
    assert open_all(books, opening(1)).updated == 1


def test_the_reason_is_written_once(books: Chain) -> None:
    complete(books, 1, but="customer:10")
    open_all(books, opening(1))
    books.portal.forget_calls()
    counts = open_all(books, opening(1))
    assert counts.pending == 1
    assert books.portal.counts.writes == 0
    load_links(books, link("invoice:1", "companies", "customer:99"))
    open_all(books, opening(1))
    assert held(books, 1)["visma_pending_reason"] == "customer:99 is not in HubSpot yet"
    load_links(
        books,
        link("invoice:1", "companies", "customer:99", Action.UNLINK),
        link("invoice:1", "companies", "customer:10"),
    )
    assert open_all(books, opening(1)).updated == 1
    assert held(books, 1) == {"hs_invoice_status": "open", "visma_pending_reason": ""}


def test_an_invoice_that_is_not_there_waits(books: Chain) -> None:
    counts = open_all(books, opening(9))
    assert counts.pending == 1
    assert books.rows("operation", "status, message")[-1] == ("pending", "it is not in HubSpot yet")


@pytest.mark.parametrize("many", [1, 2])
def test_one_that_was_opened_meanwhile_is_left_alone(books: Chain, many: int) -> None:
    complete(books, 1)
    open_all(books, opening(1, "paid"))
    books.portal.forget_calls()
    counts = open_all(books, *[opening(1)] * many)
    assert (counts.read, counts.unchanged) == (1, 1)
    assert books.portal.counts.writes == 0
    assert books.rows("operation", "reason")[-1][0] == CARRIED_OUT


def test_one_that_a_newer_version_overtook_is_left_to_it(books: Chain) -> None:
    complete(books, 1)
    newer = invoice(
        1,
        Action.UPDATE,
        hubspot_id=hubspot_id(books, "invoices", "invoice:1"),
        values={"visma_amount": "0.00"},
        stamp="2026-11-22T10:00:00",
    )
    load(books, newer)
    counts = open_all(books, replace(opening(1), stamp=STAMP))
    assert (counts.skipped, counts.updated) == (1, 0)
    assert books.rows("operation", "reason")[-1][0] == OVERTAKEN


def test_what_is_not_to_be_opened_is_noted(books: Chain) -> None:
    complete(books, 1)
    counts = open_all(books, replace(opening(1), action=Action.SKIP, reason="it is voided"))
    assert counts.skipped == 1
    assert held(books, 1)["hs_invoice_status"] == "draft"


def test_a_refused_opening_is_a_reject_until_it_passes(books: Chain) -> None:
    """Some portals want a line before an invoice gets a status (reference: hubspot 5)."""
    books.portal.configure(lines_needed_when_not_billable=True)
    load(books, invoice(1))
    load_links(books, link("invoice:1", "companies", "customer:10"))
    counts = open_all(books, opening(1))
    assert counts.rejected == 1
    assert list(counts.causes) == ["invoice-not-whole"]
    assert list(books.rejects()) == ["invoice:1"]
    books.portal.configure(lines_needed_when_not_billable=False)
    assert open_all(books, opening(1)).updated == 1
    assert books.rejects() == {}


def test_a_killed_process_is_read_back(books: Chain) -> None:
    complete(books, 1, 2)
    ids = {number: hubspot_id(books, "invoices", f"invoice:{number}") for number in (1, 2)}
    sent = [replace(opening(number), hubspot_id=ids[number]) for number in ids]
    books.journal().intend([Entry(f"lost-{place}", one) for place, one in enumerate(sent)])
    books.portal.edit_as_person("invoices", ids[1], {"hs_invoice_status": "open", "visma_pending_reason": ""})
    assert settle_lost_intents(books.client, books.journal()) == 2
    found = {row[0]: row[1] for row in books.rows("operation", "trace_id, status")}
    assert (found["lost-0"], found["lost-1"]) == ("confirmed", "pending")
    counts = open_all(books, opening(1), opening(2))
    assert (counts.updated, counts.unchanged) == (1, 1), "what was read back as open is not opened again"
    assert [held(books, number)["hs_invoice_status"] for number in (1, 2)] == ["open", "open"]


def test_an_answer_that_never_comes_leaves_it_for_the_next_run(books: Chain) -> None:
    complete(books, 1)
    books.portal.poison(PoisonRule("invoices", "hs_currency", "NOK", PoisonMode.EMPTY_RESULTS))
    counts = open_all(books, opening(1))
    assert (counts.pending, counts.updated) == (1, 0)
    books.portal.poison()
    assert open_all(books, opening(1)).updated == 1
    assert books.rejects() == {}

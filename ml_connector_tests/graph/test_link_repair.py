"""A wrong link put right: the former record lets go of the Visma id, the chosen one gets it, and links move along."""

import pytest

from ml_connector.cli import conflicts as command
from ml_connector.running import RETRY_STEPS
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried
from ml_connector_tests.graph.test_decisions import change, decide
from ml_connector_tests.graph.undoing import stays, undo

UPDATES = "/crm/objects/2026-09/companies/batch/update"
REMOVALS = "/crm/associations/2026-09/contacts/companies/batch/archive"
LINKS = "/crm/associations/2026-09/contacts/companies/batch/create"


@pytest.fixture
def wrong(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer with a contact and an invoice, linked with a company that is another one, by its web address."""
    world = make_world(records=DOCUMENTS)
    monkeypatch.setattr(command, "find_connection", lambda name: world.settings)
    add = world.sandbox.hubspot.add_record
    add("companies", {"name": "Feil AS", "domain": "kunde1.no", "phone": "22 22 22 22"})
    world.enter_pairs([1, 2])
    Money(world).bill(1, "100", contact=1)
    assert world.sync(0).status == "success"
    return world


def another(world: World) -> tuple[str, str]:
    """Make the right company by hand; return the id of the wrong one and its own."""
    right = world.sandbox.hubspot.add_record("companies", {"name": "Rett AS", "phone": "33 33 33 33"})
    return world.company(1).id, right


def put_right(world: World, wrong: str, right: str) -> None:
    """Hold that everything of the customer is at the right company, and nothing of it at the wrong one."""
    assert world.company(1).id == right
    held = world.sandbox.hubspot.record("companies", wrong).values
    assert {name for name, value in held.items() if name.startswith("visma_") and value} == set()
    assert held["name"] == "Kunde 1 AS"
    links = world.sandbox.hubspot.links("contacts", "companies")
    assert {company for contact, company in links if contact == world.contact(1).id} == {right}
    money = Money(world)
    (bill,) = money.documents()
    assert [one.id for one in money.linked(bill.key, "companies")] == [right]
    ends = world.query("SELECT from_type, to_id, status FROM ml_connector.link WHERE to_key = 'customer:1'")
    assert sorted(ends) == [("contacts", right, "confirmed"), ("invoices", right, "confirmed")]
    assert world.rejects() == []
    assert world.open_intents() == 0


def settled(world: World) -> None:
    """Hold that nothing is left to do."""
    world.forget_calls()
    assert world.sync(4).status == "success"
    assert world.writes() == []


def test_everything_moves_to_the_right_company_and_stays(wrong: World) -> None:
    before, right = another(wrong)
    assert "taken from company" in decide("link", "customer:1", right)
    summary = wrong.sync(1)
    assert summary.status == "success", summary
    put_right(wrong, before, right)
    settled(wrong)
    change(wrong, 1, 5)
    wrong.sync(5)
    assert wrong.company(1).values["name"] == "Nytt 1"
    assert wrong.company(1).id == right


def test_one_record_at_once_by_a_retry(wrong: World) -> None:
    before, right = another(wrong)
    decide("link", "customer:1", right)
    wrong.sync(0, retry="record:customer:1", steps=RETRY_STEPS)
    put_right(wrong, before, right)


@pytest.mark.parametrize(
    ("path", "nth", "carried_out"),
    [(UPDATES, 1, True), (UPDATES, 2, True), (REMOVALS, 1, True), (LINKS, 1, False)],
)
def test_it_converges_wherever_the_run_dies(wrong: World, path: str, nth: int, *, carried_out: bool) -> None:
    before, right = another(wrong)
    decide("link", "customer:1", right)
    run = Elsewhere(wrong, 1)
    with killed_at_call(wrong, run, nth, path=path, carried_out=carried_out):
        assert run.start().died()
    buried(wrong)
    assert wrong.sync(1).status == "success"
    put_right(wrong, before, right)


def test_what_the_former_company_does_not_let_go_is_not_claimed_until_it_does(wrong: World) -> None:
    before, right = another(wrong)
    decide("link", "customer:1", right)
    wrong.sandbox.hubspot.poison(PoisonRule("companies", "visma_customer_id", ""))
    assert wrong.sync(1).status == "rejects"
    assert wrong.rejected_keys() == {"customer:1"}
    assert wrong.company(1).id == before
    assert "visma_customer_id" not in wrong.sandbox.hubspot.record("companies", right).values
    wrong.sandbox.hubspot.poison()
    assert wrong.sync(2).status == "success"
    put_right(wrong, before, right)


def test_an_undo_of_the_run_leaves_the_repair_which_links_back_by_another(wrong: World) -> None:
    before, right = another(wrong)
    decide("link", "customer:1", right)
    run = wrong.sync(1)
    code, document = undo(wrong, run.run_id)
    assert code == 0
    assert set(stays(document)) == {"customer:1", "contact:1>customer:1", "invoice:100001>customer:1"}
    put_right(wrong, before, right)
    decide("link", "customer:1", before)
    assert wrong.sync(2).status == "success"
    assert wrong.company(1).id == before
    assert (wrong.contact(1).id, before) in wrong.sandbox.hubspot.links("contacts", "companies")


def test_a_contact_moves_with_its_company_and_invoice(wrong: World) -> None:
    """HubSpot keeps one contact per address: the former one keeps it, the right one has another."""
    hubspot = wrong.sandbox.hubspot
    before = wrong.contact(1).id
    right = hubspot.add_record("contacts", {"firstname": "Rett", "email": "rett@kunde1.no"})
    decide("link", "contact:1", right)
    assert wrong.sync(1).status == "success"
    assert wrong.contact(1).id == right
    assert wrong.contact(1).values["email"] == "rett@kunde1.no"
    assert "visma_contact_id" not in {k for k, v in hubspot.record("contacts", before).values.items() if v}
    links = hubspot.links("contacts", "companies")
    assert (right, wrong.company(1).id) in links
    assert before not in {contact for contact, _ in links}
    money = Money(wrong)
    (bill,) = money.documents()
    assert [one.id for one in money.linked(bill.key, "contacts")] == [right]
    assert wrong.rejects() == []
    settled(wrong)


def test_an_archived_company_is_made_again_at_a_persons_word_with_its_links(wrong: World) -> None:
    gone = wrong.company(1).id
    wrong.sandbox.hubspot.archive_as_person("companies", gone)
    change(wrong, 1, 1)
    assert wrong.sync(1).status == "rejects"
    assert "customer:1" in decide("list")
    decide("create", "customer:1")
    assert wrong.sync(2).status == "success"
    new = wrong.company(1).id
    assert new != gone
    assert (wrong.contact(1).id, new) in wrong.sandbox.hubspot.links("contacts", "companies")
    money = Money(wrong)
    (bill,) = money.documents()
    assert [one.id for one in money.linked(bill.key, "companies")] == [new]


def test_what_another_visma_record_has_on_the_former_company_stays(wrong: World) -> None:
    """A supplier of the same number in Visma is the same company in HubSpot, and stays where it is."""
    before, right = another(wrong)
    wrong.enter("suppliers", [rows.supplier(1, corporateId=str(900_000_001))], day=1)
    seller = rows.contact(11, 1, email="person1@kunde1.no", businessAccountType="Vendor")
    wrong.enter("contacts", [seller], day=1)
    wrong.sync(1)
    assert wrong.company(1, "supplier").id == before
    said = decide("link", "customer:1", right)
    assert "supplier:1 stays linked" in said
    assert wrong.sync(2).status == "success"
    held = wrong.sandbox.hubspot.record("companies", before).values
    assert held["visma_supplier_id"] == f"{NAME}:1"
    assert held["visma_relationship"] == "supplier"
    assert not held.get("visma_customer_id")
    assert not held.get("visma_customer_status")
    assert wrong.company(1).values["visma_relationship"] == "customer"
    # The person is the supplier's too, so that one association is of both and stays.
    links = wrong.sandbox.hubspot.links("contacts", "companies")
    assert {company for contact, company in links if contact == wrong.contact(1).id} == {before, right}

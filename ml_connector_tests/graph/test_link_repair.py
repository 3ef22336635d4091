"""A wrong link put right: the former record lets go of the Visma id, the chosen one gets it, and links move along."""

import pytest

from ml_connector.cli import conflicts as command
from ml_connector.running import RETRY_STEPS
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried
from ml_connector_tests.graph.test_decisions import change, decide

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
    [(UPDATES, 1, True), (UPDATES, 2, False), (UPDATES, 2, True), (REMOVALS, 1, True), (LINKS, 1, False)],
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
    settled(wrong)

"""An invoice before its customer, contact or deal: whole in the same run, or a draft that says why, then whole.

All of it happens in one company, window by window, and is told once.
"""

from dataclasses import dataclass, field

import pytest

from ml_connector.ledger.due import Selection
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money

Standing = tuple[str, str | None] | None
"""The status of an invoice and why it is a draft; None where there is no such invoice."""

OPEN = ("open", None)


@dataclass
class Story:
    """What was seen after each run, the first window's first: the standing of each invoice, by the name it has here."""

    world: World
    keys: dict[str, str]
    runs: list[str] = field(default_factory=list)
    standing: list[dict[str, Standing]] = field(default_factory=list)
    rejected: list[set[str]] = field(default_factory=list)
    contacts: list[dict[str, list[str]]] = field(default_factory=list)
    deals: list[list[str]] = field(default_factory=list)

    def goes_on(self, window: int) -> None:
        """Run the next window and note how everything stands."""
        money = Money(self.world)
        self.runs.append(self.world.sync(window).status)
        there = {name: key for name, key in self.keys.items() if self._found(key)}
        self.standing.append({name: money.status(key) for name, key in there.items()})
        self.rejected.append(self.world.rejected_keys())
        self.contacts.append(
            {
                name: [one.values["visma_contact_id"] for one in money.linked(key, "contacts")]
                for name, key in there.items()
            }
        )
        self.deals.append([one.id for one in money.linked(self.keys["deal"], "deals")])

    def stood(self, name: str) -> list[Standing]:
        """Return how an invoice stood after each run."""
        return [seen.get(name) for seen in self.standing]

    def _found(self, key: str) -> bool:
        return bool(self.world.sandbox.hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{key}"))


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Two windows in which one record of each kind is refused, and two in which none is."""
    world = make_shared_world(records=DOCUMENTS)
    world.enter_pairs(range(1, 7))
    world.enter("customers", [rows.customer(7)], day=3)
    money, hubspot = Money(world), world.sandbox.hubspot
    told = Story(
        world,
        {
            "line": money.bill(1, "100", "66", "50"),
            "beside the line": money.bill(1, "100"),
            "contact": money.bill(2, "100", contact=2),
            "company": money.bill(3, "100"),
            "beside the company": money.bill(4, "100"),
            "invoice": money.bill(5, "100", "50"),
            "beside the invoice": money.bill(5, "100"),
            "deal": money.bill(6, "100", reference="PO-4711"),
            "later customer": money.bill(7, "100", contact=6),
        },
    )
    hubspot.poison(
        PoisonRule("line_items", "name", "Vare 66"),
        PoisonRule("contacts", "email", "person2@.*"),
        PoisonRule("companies", "name", "Kunde 3 AS"),
        PoisonRule("invoices", "hs_number", told.keys["invoice"].partition(":")[2]),
    )
    told.goes_on(0)
    assert money.reconciled()["causes"] == {"draft in HubSpot": 3, "rejected": 1}
    money.no_orphans(9)
    told.goes_on(1)

    hubspot.poison()
    world.refused().make_due(Selection())
    (company,) = money.linked(told.keys["deal"], "companies")
    (name,) = world.settings.deals.reference_properties[:1]
    hubspot.add_property("deals", name)
    hubspot.add_record(
        "deals",
        {"dealname": "Ombygging", "dealstage": "closedwon", name: "PO-4711"},
        [("companies", company.id)],
    )
    told.goes_on(2)
    money.books.pay(told.keys["deal"], stamp=rows.at(3))
    told.goes_on(3)
    return told


def test_everything_is_whole_in_the_end(story: Story) -> None:
    assert story.runs == ["rejects", "rejects", "success", "success"]
    assert story.rejected[2:] == [set(), set()]
    Money(story.world).equal()


def test_only_what_is_refused_is_rejected_in_windows_that_name_it_and_in_others(story: Story) -> None:
    number = story.keys["invoice"].partition(":")[2]
    refused = {f"line:{story.keys['line']}:2", "contact:2", "customer:3", f"invoice:{number}"}
    assert story.rejected[:2] == [refused, refused]
    for kind in ("line", "company", "invoice"):
        assert story.stood(f"beside the {kind}") == [OPEN] * 4


def test_a_customer_of_a_later_window_comes_with_its_invoice(story: Story) -> None:
    assert story.stood("later customer") == [OPEN] * 4
    assert [seen["later customer"] for seen in story.contacts] == [[f"{NAME}:6"]] * 4


@pytest.mark.parametrize(
    ("name", "cause"), [("line", "line:{}:2"), ("contact", "contact:2"), ("company", "customer:3")]
)
def test_an_invoice_is_a_draft_until_what_it_waits_for_is_taken(story: Story, name: str, cause: str) -> None:
    first, second, *later = story.stood(name)
    assert first == second
    assert first is not None
    assert first[0] == "draft"
    assert cause.format(story.keys[name]) in str(first[1])
    assert later == [OPEN, OPEN]


def test_it_is_linked_with_its_contact_once_that_is_taken(story: Story) -> None:
    assert [seen["contact"] for seen in story.contacts[2:]] == [[f"{NAME}:2"]] * 2


def test_a_refused_invoice_leaves_no_line_behind_and_lands_whole_later(story: Story) -> None:
    assert story.stood("invoice") == [None, None, OPEN, OPEN]


def test_a_deal_that_comes_later_is_linked_and_stays(story: Story) -> None:
    before, still, linked, paid = story.deals
    assert before == still == []
    assert linked == paid == list(story.world.sandbox.hubspot.records("deals"))
    assert story.stood("deal") == [OPEN, OPEN, OPEN, ("paid", None)]

"""Which contact an invoice is linked with, over several runs."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ml_connector.plan.billing_contacts import ContactChooser
from ml_connector.plan.later_contacts import LaterContacts
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.upcoming import Upcoming
from ml_connector_tests.plan.money import LATER, Books, document, of
from ml_connector_tests.records.snapshots import DAY, at, contact, customer

KEY = "invoice:100234"


def person(number: int, **values: Any) -> dict[str, Any]:
    return contact(number, **{"lastName": "Lie", "email": f"p{number}@fjord.no", **values})


def chosen(plan: Sequence[Operation]) -> dict[str, str | None]:
    """Return the contacts an invoice would be linked with, and why."""
    return {
        str(one.values["to"]): one.rule
        for one in plan
        if one.entity == "invoice_links" and one.action is Action.LINK and one.values["to_type"] == "contacts"
    }


def upcoming(books: Books, *people: Any) -> list[Operation]:
    """Return the plan of contacts of the same run."""
    return books.chain.plan_contacts(books.chain.contacts(people))


EVERYBODY = (person(1, businessAccount="10"), person(2), person(3, email="faktura@fjord.no"))

NAMING: list[tuple[dict[str, Any], dict[str, str | None]]] = [
    ({"contact": {"id": 2}, "invoiceContact": {"email": "faktura@fjord.no"}}, {"contact:2": "contact"}),
    ({"contact": {"id": 99}, "invoiceContact": {"email": "Faktura@Fjord.no"}}, {"contact:3": "email"}),
    ({"invoiceContact": {"email": "ukjent@fjord.no"}}, {"contact:1": "customer"}),
    ({"customer": {"number": "20"}}, {}),
]


@pytest.mark.parametrize(("fields", "expected"), NAMING)
def test_by_the_invoice_then_its_address_then_the_customer(
    books: Books, fields: dict[str, Any], expected: dict[str, str | None]
) -> None:
    """Known from before, or coming with the same run: the choice is the same."""
    coming = upcoming(books, *EVERYBODY)
    assert chosen(books.plan(document(**fields), upcoming=coming)) == expected
    books.chain.load_contacts(coming)
    assert chosen(books.plan(document(**fields))) == expected


class TestWhoCannotBeChosen:
    """Contacts that are not going to be in HubSpot."""

    @pytest.mark.parametrize("values", [{"active": False}, {"email": "not an address"}])
    def test_the_next_one_is(self, books: Books, values: dict[str, Any]) -> None:
        people = (person(1, businessAccount="10"), person(2, **values))
        plan = books.plan(document(contact={"id": 2}), upcoming=upcoming(books, *people))
        assert chosen(plan) == {"contact:1": "customer"}

    def test_nobody_if_there_is_nobody(self, books: Books) -> None:
        books.sync(document(contact={"id": 2}))
        assert books.linked("contacts") == set()
        assert books.invoice().values["hs_invoice_status"] == "open"


class TestLater:
    """The choice when contacts come, change or stay away."""

    def people(self, books: Books, *rows: Any) -> None:
        books.chain.load_contacts(upcoming(books, *rows))

    def test_it_stays_while_nothing_better_comes(self, books: Books) -> None:
        self.people(books, person(5, businessAccount="10"))
        books.sync(document())
        self.people(books, person(1, businessAccount="10"))
        assert chosen(books.plan(document())) == {}
        mine = books.chain.contact("p5@fjord.no").id
        assert books.linked("contacts") == {mine}

    def test_a_better_one_replaces_it(self, books: Books) -> None:
        self.people(books, person(1, businessAccount="10"))
        books.sync(document(contact={"id": 2}))
        self.people(books, person(2))
        plan = books.plan(document(contact={"id": 2}))
        links = of(plan, "invoice_links")
        assert links[f"{KEY}>contact:1"].action is Action.UNLINK
        assert links[f"{KEY}>contact:2"].action is Action.LINK
        books.load(plan)
        assert books.linked("contacts") == {books.chain.contact("p2@fjord.no").id}

    def test_two_visma_contacts_that_are_one_in_hubspot_are_not_swapped(self, books: Books) -> None:
        self.people(books, person(1, email="post@fjord.no"), person(2, email="post@fjord.no"))
        books.sync(document(contact={"id": 1}))
        plan = books.plan(document(contact={"id": 2}, stamp=LATER))
        assert "invoice_links" not in {one.entity for one in plan}

    def test_one_that_never_came_is_replaced_by_the_customers(self, books: Books) -> None:
        coming = upcoming(books, person(2))
        books.sync(document(contact={"id": 2}), upcoming=coming)
        assert books.invoice().values["hs_invoice_status"] == "draft"
        self.people(books, person(1, businessAccount="10"))
        links = of(books.plan(), "invoice_links")
        assert {key: one.action for key, one in links.items()} == {
            f"{KEY}>contact:2": Action.UNLINK,
            f"{KEY}>contact:1": Action.LINK,
        }
        books.sync()
        assert books.linked("contacts") == {books.chain.contact("p1@fjord.no").id}
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_one_that_never_came_and_has_no_other_is_given_up_when_the_invoice_comes_again(
        self, books: Books
    ) -> None:
        books.sync(document(contact={"id": 2}), upcoming=upcoming(books, person(2)))
        plan = books.plan(document(contact={"id": 2}))
        assert of(plan, "invoice_links")[f"{KEY}>contact:2"].action is Action.UNLINK
        books.load(plan)
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_one_that_comes_late_is_still_linked(self, books: Books) -> None:
        coming = upcoming(books, person(2))
        books.sync(document(contact={"id": 2}), upcoming=coming)
        books.chain.load_contacts(coming)
        books.sync()
        assert books.linked("contacts") == {books.chain.contact("p2@fjord.no").id}

    def test_another_customer_takes_the_invoice_with_it(self, books: Books) -> None:
        books.sync(document())
        books.sync(document(customer={"number": "20"}, stamp=LATER))
        assert books.linked("companies") == {books.chain.company("customer:20").id}

    def test_a_contact_of_another_window_belongs_to_its_customer_too(self, books: Books) -> None:
        books.chain.sync([at(customer("20"), LATER)], (), [person(7, businessAccount="20")])
        assert chosen(books.plan(document(customer={"number": "20"}))) == {"contact:7": "customer"}


class TestAfterTheInvoice:
    """Contacts of a run that has not the invoice in it."""

    def known(self, books: Books, *rows: Any) -> list[Operation]:
        """Bring people into HubSpot and return the plan of them as the next run has it."""
        books.chain.load_contacts(upcoming(books, *rows))
        return upcoming(books, *rows)

    def test_one_that_the_invoice_names_replaces_a_weaker_one(self, books: Books) -> None:
        self.known(books, person(1, businessAccount="10"))
        books.sync(document(contact={"id": 2}))
        plan = books.plan(upcoming=upcoming(books, person(2)))
        assert {key: one.action for key, one in of(plan, "invoice_links").items()} == {
            f"{KEY}>contact:1": Action.UNLINK,
            f"{KEY}>contact:2": Action.LINK,
        }
        assert chosen(plan) == {"contact:2": "contact"}

    def test_one_at_the_address_is_found_although_nothing_of_it_is_new(self, books: Books) -> None:
        books.sync(document(contact={"id": 99}, invoiceContact={"email": "P2@fjord.no"}))
        plan = books.plan(upcoming=self.known(books, person(2)))
        assert chosen(plan) == {"contact:2": "email"}
        books.load(plan)
        assert books.linked("contacts") == {books.chain.contact("p2@fjord.no").id}

    def test_the_customers_first_one_is_for_invoices_without_one(self, books: Books) -> None:
        books.sync(document())
        assert chosen(books.plan(upcoming=upcoming(books, person(1, businessAccount="10")))) == {
            "contact:1": "customer"
        }
        coming = self.known(books, person(1, businessAccount="10"))
        assert chosen(books.plan(upcoming=coming)) == {"contact:1": "customer"}

    def test_a_weaker_one_changes_nothing(self, books: Books) -> None:
        self.known(books, person(2))
        books.sync(document(contact={"id": 2}, invoiceContact={"email": "p3@fjord.no"}))
        coming = upcoming(books, person(1, businessAccount="10"), person(2), person(3))
        assert books.plan(upcoming=coming) == []

    def test_two_visma_contacts_that_are_one_in_hubspot_are_not_swapped(self, books: Books) -> None:
        self.known(books, person(1, email="post@fjord.no"))
        books.sync(document(contact={"id": 2}, invoiceContact={"email": "post@fjord.no"}))
        both = [person(1, email="post@fjord.no"), person(2, email="post@fjord.no")]
        assert books.plan(upcoming=self.known(books, *both)) == []

    def test_an_invoice_of_the_run_chooses_for_itself_and_once(self, books: Books) -> None:
        books.sync(document(contact={"id": 2}))
        other = document(contact={"id": 3}, stamp=LATER)
        plan = books.plan(other, upcoming=upcoming(books, person(2), person(3)))
        assert chosen(plan) == {"contact:3": "contact"}

    @pytest.mark.parametrize(("alone", "planned"), [(set, {}), (lambda _: (), {"contact:2": "contact"})])
    def test_an_invoice_that_is_left_alone_stays_as_it_is(
        self, books: Books, alone: Callable[[Any], Any], planned: dict[str, str]
    ) -> None:
        books.sync(document(contact={"id": 2}))
        coming = Upcoming(contacts={"contact:2"})
        ledger = books.chain.ledger
        chooser = ContactChooser(ledger, coming)
        later = LaterContacts(ledger, books.documents, chooser, coming)
        assert chosen([*later.links((), DAY, alone)]) == planned

    def test_a_link_that_is_owed_is_planned_once(self, books: Books) -> None:
        coming = upcoming(books, person(2))
        books.sync(document(contact={"id": 2}), upcoming=coming)
        assert chosen([*of(books.plan(upcoming=coming), "invoice_links").values()]) == {
            "contact:2": "contact"
        }

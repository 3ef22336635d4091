"""Invoices whose contact or company comes windows after them: linked in the run that brings it, and only then."""

from collections.abc import Sequence

import pytest

from ml_connector.hubspot.linking import LinkLoader
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried

HOTEL, BAKERY, GARAGE, SCHOOL = 1, 2, 3, 4


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Four customers, of whom the hotel alone has a contact; all people else come a day later."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs([HOTEL])
    made.enter("customers", [rows.customer(number) for number in (BAKERY, GARAGE, SCHOOL)])
    made.enter("contacts", [rows.contact(20, HOTEL), rows.contact(21, BAKERY), rows.contact(41, SCHOOL)], 1)
    for number, day in ((31, 1), (32, 9)):
        made.enter("contacts", [rows.contact(number, GARAGE, email="Faktura@Garasje.no")], day)
    return made


def people(money: Money, keys: Sequence[str]) -> list[list[str]]:
    """Return the contacts of invoices."""
    return [
        [one.values["visma_contact_id"].removeprefix(f"{NAME}:") for one in money.linked(key, "contacts")]
        for key in keys
    ]


def reasons(world: World) -> dict[str, tuple[str, str | None]]:
    """Return what the newest run did about the contacts of invoices, and by which rule."""
    found = world.query(
        "SELECT record_key, action, rule FROM ml_connector.operation WHERE run_id = :run"
        " AND entity = 'invoice_links' AND record_key LIKE '%>contact:%'",
        run=world.runs[-1].run_id,
    )
    return {key.partition(":")[2]: (action, rule) for key, action, rule in found}


def test_a_contact_that_comes_later_is_linked_with_the_invoices_that_name_it(world: World) -> None:
    money = Money(world)
    better, named, address, alone = keys = [
        money.bill(HOTEL, "100", contact=20),
        money.bill(BAKERY, "100", contact=21),
        money.bill(GARAGE, "100", contact=32),
        money.bill(SCHOOL, "100"),
    ]
    assert world.sync(0).status == "success"
    assert people(money, keys) == [["1"], [], [], []]
    assert [money.status(key)[0] for key in keys] == ["open"] * 4

    world.forget_calls()
    assert world.sync(1).status == "success"
    assert people(money, keys) == [["20"], ["21"], ["31"], ["41"]]
    numbers = {key: key.partition(":")[2] for key in keys}
    assert reasons(world) == {
        f"{numbers[better]}>contact:20": ("link", "contact"),
        f"{numbers[better]}>contact:1": ("unlink", None),
        f"{numbers[named]}>contact:21": ("link", "contact"),
        f"{numbers[address]}>contact:31": ("link", "email"),
        f"{numbers[alone]}>contact:41": ("link", "customer"),
    }
    assert world.counted().of("/associations/", "/invoices/contacts/") == 4, (
        "read, made, taken away and seen gone"
    )
    money.equal()

    for windows in ((1, 1), (0, 1)):
        world.forget_calls()
        assert world.sync(*windows).status == "success"
        assert world.writes() == []
        assert world.counted().of("/associations/") == 0
    assert reasons(world) == {}


def test_one_that_came_in_a_run_that_was_killed_is_linked_by_the_next(world: World) -> None:
    money = Money(world)
    keys = [
        money.bill(HOTEL, "100", contact=20),
        money.bill(GARAGE, "100", contact=32),
        money.bill(SCHOOL, "100"),
    ]
    world.sync(0)
    # The contacts and their links to companies are made by then, those of invoices are not.
    death = Death("load", 2, before=True, owner=LinkLoader)
    assert Elsewhere(world, 1, death=death).start().died()
    buried(world)
    assert people(money, keys) == [["1"], [], []]
    assert world.sync(1).status == "success"
    assert people(money, keys) == [["20"], ["31"], ["41"]]
    money.equal()


def test_a_customer_that_visma_does_not_give_until_later_makes_its_invoices_whole(world: World) -> None:
    money = Money(world)
    key = money.bill(SCHOOL, "100", "50")
    row = world.sandbox.visma.row("customers", str(SCHOOL))
    world.sandbox.visma.delete("customers", str(SCHOOL))
    world.sync(0)
    status, reason = money.status(key)
    assert (status, money.linked(key, "companies")) == ("draft", [])
    assert f"customer:{SCHOOL} is not in HubSpot yet" in str(reason)

    world.enter("customers", [row], day=2)
    world.forget_calls()
    assert world.sync(2).status == "success"
    assert money.status(key) == ("open", None)
    assert [one.values["visma_customer_id"] for one in money.linked(key, "companies")] == [f"{NAME}:{SCHOOL}"]
    world.sync(1)
    money.equal()

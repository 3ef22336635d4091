"""Rejects that are due again meet the records of the window: each Visma key is planned once, and nothing is lost."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ml_connector.plan.due import companies_with_due, contacts_with_due
from ml_connector.plan.operations import Action
from ml_connector.records.companies import CompanyMapper, companies
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import Rows, at, contact, customer, supplier

NUMBER = "912345678"
LATER = "2026-11-21T10:00:00"


def mapped(customers: Any = (), suppliers: Any = ()) -> list[CompanyRecord]:
    mapper = CompanyMapper("acme", ZoneInfo("Europe/Oslo"), "NO")
    return list(companies(Rows(*customers), Rows(*suppliers), mapper))


PAIR = mapped([customer("1", corporateId=NUMBER)], [supplier("9", corporateId=NUMBER, currencyId="SEK")])
NEW_CUSTOMER = mapped([at(customer("1", corporateId=NUMBER, name="New"), LATER)])
NEW_SUPPLIER = mapped((), [at(supplier("9", corporateId=NUMBER, currencyId="EUR"), LATER)])
STRANGER = mapped([customer("7")])


@pytest.mark.parametrize(
    ("stream", "keys"),
    [
        (STRANGER, [("customer:7",), ("customer:1", "supplier:9")]),
        (PAIR, [("customer:1", "supplier:9")]),
        (NEW_CUSTOMER, [("customer:1", "supplier:9")]),  # merged again
        (NEW_SUPPLIER, [("customer:1", "supplier:9")]),
        ([*NEW_CUSTOMER, *NEW_SUPPLIER], [("customer:1",), ("supplier:9",)]),
        ([], [("customer:1", "supplier:9")]),
    ],
)
def test_each_key_once(stream: list[CompanyRecord], keys: list[tuple[str, ...]]) -> None:
    present = {key for record in stream for key in record.keys}
    assert [record.keys for record in companies_with_due(stream, PAIR, present)] == keys


def test_the_windows_version_counts_and_the_due_part_joins_it() -> None:
    (one,) = companies_with_due(NEW_CUSTOMER, PAIR, {"customer:1"})
    assert (one.properties["name"], one.properties["visma_currency"], one.stamp) == ("New", "SEK", LATER)
    (one,) = companies_with_due(NEW_SUPPLIER, PAIR, {"supplier:9"})
    assert (one.properties["name"], one.properties["visma_currency"]) == ("Kunde 1", "EUR")


def test_contacts_once() -> None:
    shared = ContactRecord(("1", "2"), "a@b.no", True, "", "2026-11-20", {"visma_contact_id": "acme:1"})
    alone = replace(shared, contact_ids=("2",))
    assert list(contacts_with_due([], [shared], set())) == [shared]
    assert [one.contact_ids for one in contacts_with_due([alone], [shared], {"contact:2"})] == [
        ("2",),
        ("1",),
    ]
    assert list(contacts_with_due([shared], [alone, shared], {"contact:1", "contact:2"})) == [shared]


def test_a_refused_pair_of_which_one_changes_lands_whole(chain: Chain) -> None:
    """The reject is cleared by what replaces it, so the other half must have been carried with it."""
    chain.portal.poison(PoisonRule("companies", "name", "Kunde 1", PoisonMode.INPUT_ERROR))
    chain.load_companies(chain.plan_companies(PAIR))
    assert set(chain.rejects()) == {"customer:1"}
    chain.portal.poison()
    chain.load_companies(chain.plan_companies(NEW_SUPPLIER))
    assert chain.rejects() == {}
    assert chain.company("customer:1").id == chain.company("supplier:9").id
    assert {row[0] for row in chain.rows("identity", "record_key")} == {"customer:1", "supplier:9"}


def test_a_refused_supplier_that_is_merged_later_is_refused_no_more(chain: Chain) -> None:
    chain.portal.poison(PoisonRule("companies", "name", "Lever.*", PoisonMode.INPUT_ERROR))
    chain.load_companies(chain.plan_companies(NEW_SUPPLIER))
    assert set(chain.rejects()) == {"supplier:9"}
    chain.load_companies(chain.plan_companies(PAIR))
    assert chain.rejects() == {}
    assert [one.action for one in chain.plan_companies(())] == []


def test_a_refused_contact_is_tried_again_with_its_link(chain: Chain) -> None:
    chain.portal.poison(PoisonRule("contacts", "lastname", "Lie", PoisonMode.INPUT_ERROR))
    row = contact(1, email="kari@fjord.no", lastName="Lie", businessAccount="10")
    chain.sync([customer("10")], (), [row])
    assert set(chain.rejects()) == {"contact:1"}
    chain.portal.poison()
    planned = chain.plan_contacts([])
    assert [one.action for one in planned if one.entity == "contacts"] == [Action.CREATE]
    chain.sync()
    assert chain.rejects() == {}
    assert len(chain.portal.links("contacts", "companies")) == 1

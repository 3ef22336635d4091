"""Rejects that are due again meet the records of the window: each Visma key is planned once, and nothing is lost."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ml_connector.plan.due import companies_with_due, contacts_with_due, with_due
from ml_connector.plan.operations import Action
from ml_connector.records.booking_model import PaymentRecord
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


def test_a_newer_due_version_counts_where_an_old_window_is_replayed() -> None:
    old, new = mapped([customer("1", name="Old")]), mapped([at(customer("1", name="New"), LATER)])
    (one,) = companies_with_due(old, new, {"customer:1"})
    assert one.properties["name"] == "New"
    (one,) = companies_with_due(PAIR, NEW_CUSTOMER, {"customer:1", "supplier:9"})
    assert (one.keys, one.properties["name"]) == (("customer:1", "supplier:9"), "New")


def test_a_due_part_that_is_another_company_by_now_stays_apart() -> None:
    moved = mapped([at(customer("1", corporateId="987654321"), LATER)])
    found = companies_with_due(moved, PAIR, {"customer:1"})
    assert [one.keys for one in found] == [("customer:1",), ("supplier:9",)]


def test_of_a_supplier_due_alone_and_as_a_part_the_newer_counts() -> None:
    found = list(companies_with_due([], [*NEW_SUPPLIER, *PAIR], ()))
    assert sorted(one.keys for one in found) == [("customer:1",), ("supplier:9",)]
    assert next(one for one in found if one.key == "supplier:9").properties["visma_currency"] == "EUR"


SHARED = ContactRecord(
    ("1", "2"), "a@b.no", True, "2026-11-20T10:00:00", "p", {"visma_contact_id": "acme:1"}, ("customer:1",)
)


def of(*ids: str, **changes: Any) -> ContactRecord:
    return replace(SHARED, contact_ids=ids, properties={"visma_contact_id": f"acme:{ids[0]}"}, **changes)


@pytest.mark.parametrize(
    ("stream", "due", "found"),
    [
        ([], [SHARED], [SHARED]),
        ([SHARED], [of("2"), SHARED], [SHARED]),
        # one mailbox is planned once, and nobody who shares it is left out
        ([of("2")], [SHARED], [of("2", "1")]),
        ([of("1", stamp=LATER)], [SHARED], [of("1", "2", stamp=LATER)]),
        (
            [of("3", companies=("customer:3",))],
            [SHARED],
            [of("3", "1", "2", companies=("customer:3", "customer:1"))],
        ),
        ([], [of("1"), of("2")], [of("1", "2")]),
        # who has left gives the mailbox to those who have not
        ([of("1", stamp=LATER, active=False)], [SHARED], [of("2", "1")]),
        # who has moved to another mailbox leaves the others in the old one
        ([of("1", stamp=LATER, email="c@d.no")], [SHARED], [of("1", stamp=LATER, email="c@d.no"), of("2")]),
        # an old window is replayed: what is due is newer
        ([of("1")], [of("1", stamp=LATER)], [of("1", stamp=LATER)]),
        ([SHARED], [of("1", stamp=LATER, email="c@d.no")], [of("2"), of("1", stamp=LATER, email="c@d.no")]),
    ],
)
def test_each_contact_once_and_each_mailbox_once(
    stream: list[ContactRecord], due: list[ContactRecord], found: list[ContactRecord]
) -> None:
    present = {key: record.stamp for record in stream for key in record.keys}
    assert list(contacts_with_due(stream, due, present)) == found


def test_a_reject_is_not_cleared_by_the_replay_of_an_older_window(chain: Chain) -> None:
    chain.sync([customer("1", name="Old")])
    chain.portal.poison(PoisonRule("companies", "name", "New", PoisonMode.INPUT_ERROR))
    chain.sync([at(customer("1", name="New"), LATER)])
    chain.sync([customer("1", name="Old")])
    assert set(chain.rejects()) == {"customer:1"}
    chain.portal.poison()
    chain.sync([customer("1", name="Old")])
    assert (chain.rejects(), chain.company("customer:1").values["name"]) == ({}, "New")


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


class TestDocuments:
    """Records that one Visma key names."""

    def both(self, stream: list[PaymentRecord], due: list[PaymentRecord]) -> list[tuple[str, str]]:
        present = {record.key: record.stamp for record in stream}
        return [(record.number, record.stamp) for record in with_due(iter(stream), due, present)]

    def paid(self, number: str, stamp: str) -> PaymentRecord:
        return PaymentRecord("Payment", number, "Open", stamp, "2026-11-20", None, (), {})

    def test_those_of_the_window_and_those_due_again(self) -> None:
        early, late = "2026-11-20T06:00:00", "2026-11-20T07:00:00"
        stream = [self.paid("1", late), self.paid("2", early), self.paid("3", early)]
        due = [self.paid("1", early), self.paid("2", late), self.paid("3", early), self.paid("4", early)]
        assert self.both(stream, due) == [("1", late), ("2", late), ("3", early), ("4", early)]

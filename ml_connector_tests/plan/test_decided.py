"""Decisions in a plan: before all rules, never against what HubSpot holds, and what is let go for them."""

from dataclasses import replace
from typing import Any

import pytest

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.decisions import Decision, DecisionDesk, Verdict
from ml_connector.plan.decided import RELEASES, RULE, release
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.purchases import PurchasesPlanner, with_companies
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import at, contact, customer, supplier

NUMBER = "912 345 678"
OPEN = "visma_open_po_count"
LATER = "2026-11-21T10:00:00"


def decide(chain: Chain, key: str, verdict: Verdict, hubspot_id: str | None = None) -> None:
    object_type = "contacts" if key.startswith("contact") else "companies"
    DecisionDesk(chain.engine, chain.settings.name).decide(
        Decision(object_type, key, verdict, hubspot_id), None, ()
    )


def plan(chain: Chain, customers: Any = (), suppliers: Any = ()) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers))


def company(chain: Chain, **values: str) -> str:
    return chain.portal.add_record("companies", {"name": "Salg AS", **values})


def ends(operations: list[Operation]) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(one.entity, one.key): (str(one.action), one.hubspot_id) for one in operations}


class TestCompanies:
    """Customers and suppliers."""

    def test_a_link_comes_before_every_rule(self, chain: Chain) -> None:
        company(chain, visma_organisation_number=NUMBER)
        chosen = company(chain, domain="annet.no")
        decide(chain, "customer:10023", Verdict.LINK, chosen)
        (one,) = plan(chain, [customer(corporateId=NUMBER)])
        assert (one.action, one.hubspot_id, one.rule) == (Action.UPDATE, chosen, RULE)

    def test_a_new_one_though_creating_is_switched_off(self, chain: Chain) -> None:
        company(chain, visma_organisation_number=NUMBER)
        decide(chain, "customer:10023", Verdict.CREATE)
        (one,) = plan(chain, [customer(corporateId=NUMBER)])
        assert (one.action, one.rule) == (Action.CREATE, RULE)

    def test_one_that_is_left_alone_is_skipped_though_it_was_synced(self, chain: Chain) -> None:
        chain.sync([customer(corporateId=NUMBER)])
        decide(chain, "customer:10023", Verdict.IGNORE)
        (one,) = plan(chain, [at(customer(corporateId=NUMBER, name="Nytt"), LATER)])
        assert (one.action, one.reason) == (Action.SKIP, "a person decided to leave it alone")

    def test_a_choice_beats_what_a_rule_finds_for_another_record(self, chain: Chain) -> None:
        chosen = company(chain, domain="fjord.no")
        decide(chain, "customer:1", Verdict.LINK, chosen)
        shared = {"mainContact": {"web": "fjord.no"}}
        found = ends(plan(chain, [customer("1", **shared), customer("2", **shared)]))
        assert found["companies", "customer:1"] == ("update", chosen)
        assert found["companies", "customer:2"][0] == "conflict"

    def test_customer_and_supplier_of_one_choice_go_one_after_the_other(self, chain: Chain) -> None:
        chosen = company(chain)
        decide(chain, "customer:1", Verdict.LINK, chosen)
        decide(chain, "supplier:2", Verdict.LINK, chosen)
        rows = [customer("1", corporateId=NUMBER)], [supplier("2", corporateId="999 888 777")]
        first = plan(chain, *rows)
        assert sorted(one.action for one in first) == [Action.CONFLICT, Action.UPDATE]
        chain.load_companies(first)
        chain.load_companies(plan(chain))
        held = chain.portal.record("companies", chosen).values
        assert (held["visma_customer_id"], held["visma_supplier_id"]) == ("acme:1", "acme:2")
        assert held["visma_relationship"] == "customer;supplier"

    def test_both_keys_of_one_company_go_together_unless_people_say_otherwise(self, chain: Chain) -> None:
        rows = [customer("1", corporateId=NUMBER)], [supplier("2", corporateId=NUMBER)]
        left, right = company(chain), company(chain)
        decide(chain, "customer:1", Verdict.LINK, left)
        (one,) = plan(chain, *rows)
        assert (one.keys, one.hubspot_id) == (("customer:1", "supplier:2"), left)
        decide(chain, "supplier:2", Verdict.LINK, right)
        found = ends(plan(chain, *rows))
        assert found["companies", "customer:1"] == ("update", left)
        assert found["companies", "supplier:2"] == ("update", right)

    def test_an_older_version_carries_out_nothing(self, chain: Chain) -> None:
        chain.sync([at(customer(corporateId=NUMBER), LATER)])
        decide(chain, "customer:10023", Verdict.LINK, company(chain))
        (one,) = plan(chain, [customer(corporateId=NUMBER, name="Gammelt")])
        assert (one.action, one.reason) == (
            Action.SKIP,
            "a newer version was synced before; an old window never overwrites it",
        )

    def test_a_wrong_link_is_let_go_of_and_settled_once(self, chain: Chain) -> None:
        row = customer(corporateId=NUMBER)
        chain.sync([row])
        wrong, right = chain.company("customer:10023").id, company(chain)
        decide(chain, "customer:10023", Verdict.LINK, right)
        planned = plan(chain, [row])
        assert ends(planned) == {
            ("companies", "customer:10023"): ("update", right),
            (RELEASES, "customer:10023"): ("update", wrong),
        }
        chain.load_companies([one for one in planned if one.entity == RELEASES])
        chain.load_companies([one for one in planned if one.entity != RELEASES])
        assert chain.company("customer:10023").id == right
        (again,) = plan(chain, [row])
        assert (again.action, again.hubspot_id) == (Action.UNCHANGED, right)

    def test_sums_of_purchases_move_along_and_new_ones_go_where_it_is_by_then(self, chain: Chain) -> None:
        row = supplier(corporateId=NUMBER)
        chain.sync((), [row])
        wrong, right = chain.company("supplier:50001").id, company(chain)
        sums = bought("3")
        chain.load_companies(with_companies(buying(chain, sums), chain.ledger))
        decide(chain, "supplier:50001", Verdict.LINK, right)
        planned, later = plan(chain, (), [row]), buying(chain, replace(sums, properties={OPEN: "4"}))
        assert [one.hubspot_id for one in later] == [wrong]
        claim = next(one for one in planned if one.entity != RELEASES)
        assert claim.values[OPEN] == "3"
        chain.load_companies([one for one in planned if one.entity == RELEASES])
        chain.load_companies([claim])
        chain.load_companies(with_companies(later, chain.ledger))
        assert chain.portal.record("companies", right).values[OPEN] == "4"
        assert OPEN not in chain.portal.record("companies", wrong).values
        assert chain.ledger.identities("companies", ["supplier:50001"])["supplier:50001"].hubspot_id == right


def bought(orders: str) -> PurchasesRecord:
    return PurchasesRecord("50001", "2026-11-20", {OPEN: orders})


def buying(chain: Chain, record: PurchasesRecord) -> list[Operation]:
    return list(PurchasesPlanner(chain.ledger, chain.client).plan([record]))


class TestContacts:
    """People, of whom HubSpot keeps one per address."""

    def people(self, chain: Chain, *rows: Any) -> list[Operation]:
        found = chain.plan_contacts(chain.contacts(rows))
        return [one for one in found if one.entity != "links"]

    def test_a_link_leaves_an_address_where_it_is(self, chain: Chain) -> None:
        chain.portal.add_record("contacts", {"email": "ola@fjord.no"})
        chosen = chain.portal.add_record("contacts", {"email": "annen@fjord.no"})
        decide(chain, "contact:1", Verdict.LINK, chosen)
        (one,) = self.people(chain, contact(1, email="ola@fjord.no"))
        assert (one.action, one.hubspot_id, "email" in one.values) == (Action.UPDATE, chosen, False)

    def test_no_second_one_of_an_address(self, chain: Chain) -> None:
        there = chain.portal.add_record("contacts", {"email": "ola@fjord.no"})
        decide(chain, "contact:1", Verdict.CREATE)
        (one,) = self.people(chain, contact(1, email="ola@fjord.no"))
        assert (one.action, one.candidates) == (Action.CONFLICT, (there,))

    def test_one_that_is_left_alone_has_no_links_either(self, chain: Chain) -> None:
        decide(chain, "contact:1", Verdict.IGNORE)
        (one,) = chain.plan_contacts(chain.contacts([contact(1, email="ola@fjord.no")]))
        assert one.action is Action.SKIP


HELD = {
    "name": "Salg AS",
    "visma_customer_id": "acme:1",
    "visma_customer_status": "Active",
    "visma_supplier_id": "acme:1",
    "visma_open_po_count": "3",
    "visma_organisation_number": NUMBER,
    "visma_relationship": "customer;supplier",
}


class TestRelease:
    """What is taken from a former record."""

    def test_nothing_of_another_visma_record_of_the_same_number(self) -> None:
        wanted = {"visma_customer_id": "acme:1"}
        one = release(["customer:1"], "w", wanted, HubSpotRecord("7", dict(HELD)), "companies")
        assert one is not None
        assert one.values == {
            "visma_customer_id": "",
            "visma_customer_status": "",
            "visma_relationship": "supplier",
        }
        assert one.previous["visma_customer_status"] == "Active"

    def test_of_a_supplier_what_only_suppliers_fill(self) -> None:
        wanted = {"visma_supplier_id": "acme:1"}
        one = release(["supplier:1"], "w", wanted, HubSpotRecord("7", dict(HELD)), "companies")
        assert one is not None
        assert one.values == {
            "visma_supplier_id": "",
            "visma_open_po_count": "",
            "visma_relationship": "customer",
        }

    def test_all_of_ours_where_nobody_else_is(self) -> None:
        held: dict[str, str | None] = {**HELD, "visma_supplier_id": None}
        one = release(
            ["customer:1"], "w", {"visma_customer_id": "acme:1"}, HubSpotRecord("7", held), "companies"
        )
        assert one is not None
        assert set(one.values) == {name for name, value in held.items() if name != "name" and value}
        assert set(one.values.values()) == {""}

    @pytest.mark.parametrize("theirs", ["acme:2", "other:1", None])
    def test_nothing_where_it_is_not_the_record(self, theirs: str | None) -> None:
        held = HubSpotRecord("7", {"visma_customer_id": theirs})
        assert release(["customer:1"], "w", {"visma_customer_id": "acme:1"}, held, "companies") is None

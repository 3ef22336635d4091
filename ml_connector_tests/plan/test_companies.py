"""The plan for companies against a portal and a ledger: what is new, known, changed, older, gone, or claimed twice."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.plan.operations import Action, Operation
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import at, customer, supplier

NUMBER = "912 345 678"
LATER = "2026-11-21T10:00:00"
EARLIER = "2026-11-19T10:00:00"


def only(operations: list[Operation]) -> Operation:
    (one,) = operations
    assert Operation.from_row(one.to_row()) == one
    return one


def plan(chain: Chain, customers: Any = (), suppliers: Any = (), **how: Any) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers), **how)


def load(chain: Chain, customers: Any = (), suppliers: Any = ()) -> None:
    chain.load_companies(plan(chain, customers, suppliers))


def changed(chain: Chain, **changes: Any) -> Chain:
    """Return the chain of a connection with other settings."""
    values = {**chain.settings.model_dump(), **changes}
    return Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))


class TestNew:
    """Records nobody has synced."""

    def test_without_a_match_it_is_created_on_its_own_id(self, chain: Chain) -> None:
        one = only(plan(chain, [customer(corporateId=NUMBER)]))
        assert (one.action, one.id_property, one.hubspot_id) == (Action.CREATE, "visma_customer_id", None)
        assert one.values["visma_customer_id"] == "acme:10023"
        assert "domain" not in one.values
        assert one.record is not None
        alone = only(plan(chain, (), [supplier()]))
        assert (alone.action, alone.id_property) == (Action.CREATE, "visma_supplier_id")

    def test_with_one_match_only_what_differs_is_sent(self, chain: Chain) -> None:
        held = {
            "name": "Kunde 10023",
            "city": "Voss",
            "domain": "gammel.no",
            "visma_organisation_number": NUMBER,
        }
        company = chain.portal.add_record("companies", held)
        values: dict[str, Any] = {
            "corporateId": NUMBER,
            "mainAddress": {"city": "Oslo"},
            "mainContact": {"web": "ny.no"},
        }
        one = only(plan(chain, [customer(**values)]))
        assert (one.action, one.hubspot_id, one.rule) == (Action.UPDATE, company, "organisation_number")
        assert set(one.values) == {
            "city",
            "visma_customer_id",
            "visma_relationship",
            "visma_last_modified",
        }
        assert (one.previous["city"], one.values["city"]) == ("Voss", "Oslo")

    def test_a_supplier_with_the_number_of_a_customer_is_another_company(self, chain: Chain) -> None:
        load(chain, [customer(number="7", name="Kjøper")])
        one = only(plan(chain, (), [supplier(number="7", name="Selger")]))
        assert (one.action, one.values["visma_supplier_id"]) == (Action.CREATE, "acme:7")

    def test_two_matches_are_a_conflict_with_both_named(self, chain: Chain) -> None:
        ids = [
            chain.portal.add_record("companies", {"name": f"F{n}", "domain": "fjord.no"}) for n in range(2)
        ]
        one = only(plan(chain, [customer(mainContact={"web": "fjord.no"})]))
        assert (one.action, sorted(one.candidates)) == (Action.CONFLICT, sorted(ids))
        assert "a person has to choose" in str(one.reason)
        chain.load_companies([one])
        assert chain.rejects() == {"customer:10023": "several-fit"}
        # A person decides; the next run tries it again by itself.
        chain.portal.archive_as_person("companies", ids[1])
        again = only(plan(chain))
        assert (again.action, again.hubspot_id) == (Action.UPDATE, ids[0])
        chain.load_companies([again])
        assert chain.rejects() == {}

    @pytest.mark.parametrize("by", ["domain", "number"])
    def test_two_records_that_claim_one_company_are_two_conflicts(self, chain: Chain, by: str) -> None:
        held = {"domain": {"domain": "fjord.no"}, "number": {"visma_organisation_number": NUMBER}}[by]
        company = chain.portal.add_record("companies", {"name": "Fjord", **held})
        forms: dict[str, dict[str, Any]] = {
            "domain": {"mainContact": {"web": "fjord.no"}},
            "number": {"corporateId": NUMBER},
        }
        shared = forms[by]
        planned = plan(chain, [customer("1", **shared), customer("2", **shared)])
        assert [one.action for one in planned] == [Action.CONFLICT, Action.CONFLICT]
        assert {one.candidates for one in planned} == {(company,)}
        assert not any(one.values or one.hubspot_id for one in planned)
        chain.load_companies(planned)
        assert "visma_customer_id" not in chain.portal.record("companies", company).values
        assert chain.rows("identity") == []

    @pytest.mark.parametrize(
        ("country", "action"),
        [("Finland", Action.CONFLICT), ("DANMARK", Action.UPDATE), (None, Action.UPDATE)],
    )
    def test_one_number_of_two_countries_is_for_a_person(
        self, chain: Chain, country: str | None, action: Action
    ) -> None:
        home = {"addressLine1": "Vej 1", "country": {"id": "DK", "name": "Danmark"}}
        load(chain, [customer("1", corporateId="12345671", mainAddress=home)])
        away = {"addressLine1": "Tie 2", "country": {"name": country}}
        one = only(plan(chain, (), [supplier("2", corporateId="1234567-1", mainAddress=away)]))
        assert (one.action, one.rule) == (action, "organisation_number")
        assert action is Action.UPDATE or one.candidates == (chain.company("customer:1").id,)

    def test_creating_can_be_switched_off(self, chain: Chain) -> None:
        quiet = changed(chain, matching={"create_missing": False})
        one = only(plan(quiet, [customer()]))
        assert (one.action, one.record) == (Action.SKIP, None)
        assert "switched off" in str(one.reason)

    def test_a_refused_record_goes_no_further(self, chain: Chain) -> None:
        planned = plan(chain, [customer("1", name=["x"]), customer("2")])
        assert {one.key: one.action for one in planned} == {
            "customer:1": Action.REJECT,
            "customer:2": Action.CREATE,
        }
        chain.load_companies(planned)
        assert chain.rejects() == {"customer:1": "row-unreadable"}
        load(chain, [customer("1")])
        assert chain.rejects() == {}

    def test_policies_of_the_connection_count(self, chain: Chain) -> None:
        chain.portal.add_record(
            "companies", {"name": "Typed", "city": "Voss", "visma_organisation_number": NUMBER}
        )
        mine = changed(chain, merging={"companies": {"name": "fill_blank"}, "clear_on_null": ["city"]})
        one = only(plan(mine, [customer(corporateId=NUMBER)]))
        assert "name" not in one.values
        assert one.values["city"] == ""


class TestKnown:
    """Records that were synced before."""

    @pytest.fixture
    def synced(self, chain: Chain) -> Chain:
        load(chain, [customer(currencyId="NOK")])
        return chain

    @pytest.mark.parametrize(
        ("row", "action"),
        [
            (customer(currencyId="NOK"), Action.UNCHANGED),
            (at(customer(currencyId="NOK"), LATER), Action.UNCHANGED),  # restamped, nothing new
            (at(customer(currencyId="SEK"), LATER), Action.UPDATE),
            (customer(currencyId="SEK"), Action.UPDATE),  # changed within one stamp
            (at(customer(currencyId="SEK"), EARLIER), Action.SKIP),  # an old window again
            (at(customer(currencyId="SEK"), None), Action.UPDATE),
            (at(customer(currencyId="SEK"), "2026-11-20T06:35:22.153Z"), Action.UPDATE),
        ],
    )
    def test_is_compared(self, synced: Chain, row: Any, action: Action) -> None:
        one = only(plan(synced, [row], unknown=0))
        assert one.action is action
        assert one.hubspot_id == synced.company("customer:10023").id
        assert bool(one.values) is (action is Action.UPDATE)

    def test_an_older_version_says_why(self, synced: Chain) -> None:
        one = only(plan(synced, [at(customer(currencyId="SEK"), EARLIER)]))
        assert "newer version" in str(one.reason)

    def test_an_unchanged_record_costs_no_call(self, synced: Chain) -> None:
        synced.sandbox.log.clear()
        plan(synced, [customer(currencyId="NOK")], unknown=0)
        assert synced.sandbox.log.calls("hubspot") == []

    def test_changed_settings_of_merging_look_again(self, synced: Chain) -> None:
        company = synced.company("customer:10023").id
        synced.portal.edit_as_person("companies", company, {"city": "Voss"})
        assert only(plan(synced, [customer(currencyId="NOK")])).action is Action.UNCHANGED
        mine = changed(synced, merging={"clear_on_null": ["city"]})
        assert only(plan(mine, [customer(currencyId="NOK")])).values["city"] == ""

    def test_it_is_not_matched_again_when_its_number_changes(self, synced: Chain) -> None:
        other = synced.portal.add_record("companies", {"name": "Other", "visma_organisation_number": NUMBER})
        one = only(plan(synced, [at(customer(corporateId=NUMBER), LATER)]))
        assert one.hubspot_id == synced.company("customer:10023").id != other
        assert one.values["visma_organisation_number"] == NUMBER

    def test_an_archived_company_is_not_made_again(self, synced: Chain) -> None:
        synced.portal.archive_as_person("companies", synced.company("customer:10023").id)
        one = only(plan(synced, [at(customer(currencyId="SEK"), LATER)]))
        assert one.action is Action.CONFLICT
        assert "not made again" in str(one.reason)
        synced.load_companies([one])
        assert synced.portal.records("companies") == {}

    @pytest.mark.parametrize("new_id", [False, True])
    def test_a_merged_company_is_followed(self, synced: Chain, new_id: bool) -> None:
        synced.portal.configure(merge_gives_new_id=new_id)
        other = synced.portal.add_record("companies", {"name": "The one that stays"})
        survivor = synced.portal.merge_as_person("companies", other, synced.company("customer:10023").id)
        load(synced, [at(customer(currencyId="SEK"), LATER)])
        assert synced.company("customer:10023").id == survivor
        assert synced.company("customer:10023").values["visma_currency"] == "SEK"
        assert (
            synced.ledger.identities("companies", ["customer:10023"])["customer:10023"].hubspot_id == survivor
        )

    def test_two_of_ours_merged_by_a_person_do_not_overwrite_each_other(self, chain: Chain) -> None:
        load(chain, [customer("1"), customer("2")])
        kept = chain.company("customer:2").id
        chain.portal.merge_as_person("companies", kept, chain.company("customer:1").id)
        one = only(plan(chain, [at(customer("1", currencyId="SEK"), LATER)]))
        assert (one.action, one.hubspot_id) == (Action.CONFLICT, None)
        assert chain.company("customer:2").id == kept

    def test_a_company_that_lost_its_id_to_another_is_not_taken_back(self, synced: Chain) -> None:
        company = synced.company("customer:10023").id
        synced.portal.edit_as_person("companies", company, {"visma_customer_id": "acme:7"})
        one = only(plan(synced, [at(customer(currencyId="SEK"), LATER)]))
        assert (one.action, one.candidates) == (Action.CONFLICT, (company,))
        assert "another Visma record" in str(one.reason)


class TestCustomersThatAreSuppliers:
    """Pairs that meet in one window, in two, or too late."""

    def test_a_supplier_says_only_its_own_about_a_customer(self, chain: Chain) -> None:
        load(chain, [customer("1", corporateId=NUMBER, name="Fjord AS", currencyId="NOK")])
        load(chain, (), [supplier("9", corporateId=NUMBER, name="FJORD", currencyId="SEK", status="Active")])
        held = chain.company("supplier:9").values
        assert (held["name"], held["visma_currency"]) == ("Fjord AS", "NOK")
        assert (held["visma_supplier_status"], held["visma_relationship"]) == ("Active", "customer;supplier")
        load(chain, (), [at(supplier("9", corporateId=NUMBER, name="FJORD 2", status="OnHold"), LATER)])
        held = chain.company("supplier:9").values
        assert (held["name"], held["visma_supplier_status"]) == ("Fjord AS", "OnHold")

    def test_a_supplier_that_becomes_a_customer_stays_one_company(self, chain: Chain) -> None:
        load(chain, (), [supplier("9", corporateId=NUMBER, name="FJORD", currencyId="SEK")])
        load(chain, [at(customer("1", corporateId=NUMBER, name="Fjord AS", currencyId="NOK"), LATER)])
        held = chain.company("customer:1")
        assert held.id == chain.company("supplier:9").id
        assert (held.values["name"], held.values["visma_currency"]) == ("Fjord AS", "NOK")
        assert len(chain.portal.records("companies")) == 1

    def test_a_change_of_one_of_the_two_is_of_that_one(self, chain: Chain) -> None:
        pair = [customer("1", corporateId=NUMBER)], [supplier("9", corporateId=NUMBER, status="Active")]
        load(chain, *pair)
        one = only(plan(chain, [at(customer("1", corporateId=NUMBER, currencyId="SEK"), LATER)]))
        assert (one.action, one.values["visma_currency"]) == (Action.UPDATE, "SEK")
        assert "visma_relationship" not in one.values
        assert only(plan(chain, *pair)).action is Action.UNCHANGED

    def test_the_same_two_in_two_windows_are_not_two_claims(self, chain: Chain) -> None:
        load(chain, (), [supplier("9", corporateId=NUMBER)])
        both = chain.companies(
            [at(customer("1", corporateId=NUMBER), LATER)], [supplier("9", corporateId=NUMBER)]
        )
        chain.load_companies(chain.plan_companies(both))
        assert chain.company("customer:1").id == chain.company("supplier:9").id

    def test_two_companies_in_hubspot_are_both_kept_up_to_date(self, chain: Chain) -> None:
        """The customer got its number late; until a person merges the two, each gets its own changes."""
        load(chain, [customer("1")], [supplier("9", corporateId=NUMBER)])
        rows = [at(customer("1", corporateId=NUMBER, currencyId="SEK"), LATER)]
        others = [at(supplier("9", corporateId=NUMBER, status="OnHold"), LATER)]
        planned = plan(chain, rows, others)
        assert {one.key: one.action for one in planned} == {
            "customer:1": Action.UPDATE,
            "supplier:9": Action.UPDATE,
        }
        assert all("merge them in HubSpot" in str(one.reason) for one in planned)
        chain.load_companies(planned)
        assert chain.company("customer:1").values["visma_currency"] == "SEK"
        assert chain.company("supplier:9").values["visma_supplier_status"] == "OnHold"
        assert "visma_customer_id" not in chain.company("supplier:9").values

    def test_after_a_person_merged_them_they_are_one(self, chain: Chain) -> None:
        load(chain, [customer("1")], [supplier("9", corporateId=NUMBER)])
        kept = chain.company("supplier:9").id
        chain.portal.merge_as_person("companies", kept, chain.company("customer:1").id)
        rows = [at(customer("1", corporateId=NUMBER, currencyId="SEK"), LATER)]
        load(chain, rows, [at(supplier("9", corporateId=NUMBER), LATER)])
        assert chain.company("customer:1").id == chain.company("supplier:9").id == kept
        assert chain.company("customer:1").values["visma_currency"] == "SEK"

    def test_branches_of_one_customer_do_not_draw_the_supplier_in(self, chain: Chain) -> None:
        load(chain, [customer("1", corporateId=NUMBER), customer("2", corporateId=NUMBER)])
        load(chain, [at(customer("1", corporateId=NUMBER), LATER)], [supplier("9", corporateId=NUMBER)])
        assert chain.company("customer:1").id != chain.company("customer:2").id
        assert chain.company("supplier:9").id == chain.company("customer:1").id

    def test_a_replay_carries_the_part_that_was_never_synced(self, chain: Chain) -> None:
        pair = [customer("1", corporateId=NUMBER)], [supplier("9", corporateId=NUMBER, status="OnHold")]
        load(chain, [at(customer("1", corporateId=NUMBER, currencyId="SEK"), LATER)])
        planned = plan(chain, *pair)
        assert Counter(one.action for one in planned) == {Action.SKIP: 1, Action.UPDATE: 1}
        chain.load_companies(planned)
        held = chain.company("supplier:9")
        assert held.id == chain.company("customer:1").id
        assert (held.values["visma_currency"], held.values["visma_supplier_status"]) == ("SEK", "OnHold")


def test_records_of_another_connection_are_not_touched(chain: Chain) -> None:
    load(chain, [customer("1", corporateId=NUMBER, mainContact={"web": "fjord.no"})])
    theirs = chain.company("customer:1")
    before = dict(theirs.values)
    other = changed(chain, name="other")
    one = only(plan(other, [customer("1", corporateId=NUMBER, mainContact={"web": "fjord.no"})]))
    assert (one.action, one.values["visma_customer_id"]) == (Action.CREATE, "other:1")
    other.load_companies([one])
    assert dict(theirs.values) == before

"""Plans by a connection's own rules: what hits mean, what becomes of records that fit nothing, mapped values."""

from typing import Any

import pytest

from ml_connector.errors import UsageError
from ml_connector.plan.operations import Action, Operation
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import at, contact, customer, supplier

NUMBER = "912 345 678"
LATER = "2026-11-21T10:00:00"

INDUSTRY = {
    "visma": "attributes.INDUSTRY",
    "hubspot": "industry",
    "type": "enumeration",
    "values": {"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"},
}


def by(chain: Chain, **changes: Any) -> Chain:
    """Return the chain of a connection with other settings."""
    values = {**chain.settings.model_dump(), **changes}
    return Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))


def only(operations: list[Operation]) -> Operation:
    (one,) = operations
    return one


def plan(chain: Chain, customers: Any = (), suppliers: Any = ()) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers))


def people(chain: Chain, *rows: Any) -> list[Operation]:
    return [one for one in chain.plan_contacts(chain.contacts(rows)) if one.entity == "contacts"]


def industry(value: str) -> list[dict[str, str]]:
    return [{"id": "INDUSTRY", "value": value, "description": "Industry"}]


class TestHits:
    """One hit, several hits, none."""

    def test_one_hit_may_only_propose(self, chain: Chain) -> None:
        company = chain.portal.add_record("companies", {"name": "Typed", "visma_organisation_number": NUMBER})
        mine = by(chain, matching={"companies": [{"rule": "organisation_number", "one": "conflict"}]})
        one = only(plan(mine, [customer(corporateId=NUMBER)]))
        assert (one.action, one.rule, one.candidates) == (Action.CONFLICT, "organisation_number", (company,))
        mine.load_companies([one])
        assert "visma_customer_id" not in chain.portal.record("companies", company).values
        assert mine.rejects() == {"customer:10023": "one-fits-perhaps"}

    def test_its_own_id_is_no_proposal(self, chain: Chain) -> None:
        company = chain.portal.add_record("companies", {"name": "Typed", "visma_customer_id": "acme:10023"})
        mine = by(chain, matching={"companies": [{"rule": "organisation_number", "one": "conflict"}]})
        assert only(plan(mine, [customer(corporateId=NUMBER)])).hubspot_id == company

    @pytest.mark.parametrize(
        ("many", "action", "rejects"),
        [
            ("conflict", Action.CONFLICT, {"customer:10023": "several-fit"}),
            ("skip", Action.SKIP, {}),
            ("next", Action.CREATE, {}),
        ],
    )
    def test_several_hits(self, chain: Chain, many: str, action: Action, rejects: dict[str, str]) -> None:
        for name in ("En", "To"):
            chain.portal.add_record("companies", {"name": name, "domain": "fjord.no"})
        mine = by(chain, matching={"companies": [{"rule": "domain", "many": many}]})
        one = only(plan(mine, [customer(mainContact={"web": "fjord.no"})]))
        assert one.action is action
        mine.load_companies([one])
        assert mine.rejects() == rejects
        assert len(chain.portal.records("companies")) == (3 if many == "next" else 2)

    @pytest.mark.parametrize(
        ("missing", "action", "rejects"),
        [
            ("create", Action.CREATE, {}),
            ("skip", Action.SKIP, {}),
            ("conflict", Action.CONFLICT, {"none-fits"}),
        ],
    )
    def test_none_for_each_object(
        self, chain: Chain, missing: str, action: Action, rejects: set[str]
    ) -> None:
        for object_type in ("companies", "contacts"):
            mine = by(chain, matching={"create_missing": {object_type: missing}})
            company, person = only(plan(mine, [customer()])), only(people(mine, contact(1, email="a@b.no")))
            found = {"companies": company, "contacts": person}
            assert found.pop(object_type).action is action
            assert [one.action for one in found.values()] == [Action.CREATE]
        mine.load_contacts([person])
        assert set(mine.rejects().values()) == set(rejects)


class TestContacts:
    """A contact that is there already, found by its address."""

    @pytest.fixture
    def cautious(self, chain: Chain) -> Chain:
        return by(chain, matching={"contacts": [{"rule": "email", "one": "conflict"}]})

    @pytest.mark.parametrize("whole", [True, False])
    def test_is_only_proposed(self, cautious: Chain, whole: bool) -> None:
        held = cautious.portal.add_record("contacts", {"email": "kari@fjord.no"})
        records = cautious.contacts([contact(1, email="kari@fjord.no")])
        one = only(cautious.plan_contacts(records, unknown=500 if whole else 0))
        assert (one.action, one.candidates, one.rule) == (Action.CONFLICT, (held,), "email")
        cautious.load_contacts([one])
        assert cautious.rejects() == {"contact:1": "one-fits-perhaps"}

    def test_one_of_ours_is_no_proposal(self, cautious: Chain) -> None:
        cautious.sync((), (), [contact(1, email="post@fjord.no")])
        cautious.forget()
        planned = people(cautious, contact(1, email="post@fjord.no"), contact(2, email="ola@fjord.no"))
        assert {one.key: one.action for one in planned} == {
            "contact:1": Action.UNCHANGED,
            "contact:2": Action.CREATE,
        }

    def test_one_made_between_plan_and_load_is_only_proposed_too(self, cautious: Chain) -> None:
        planned = people(cautious, contact(1, email="kari@fjord.no"))
        held = cautious.portal.add_record("contacts", {"email": "kari@fjord.no"})
        counts, _ = cautious.load_contacts(planned)
        assert (counts.conflicts, counts.created) == (1, 0)
        assert "visma_contact_id" not in cautious.portal.record("contacts", held).values
        assert cautious.rejects() == {"contact:1": "one-fits-perhaps"}


class TestMapping:
    """Values by the connection's own mapping are merged and remembered as all others."""

    @pytest.fixture
    def mine(self, chain: Chain) -> Chain:
        return by(
            chain,
            mapping={"customers": [INDUSTRY], "suppliers": [{"visma": "naceCode", "hubspot": "about_us"}]},
        )

    def test_are_written_compared_and_not_written_again(self, mine: Chain) -> None:
        row = customer(attributes=industry("IT"))
        mine.load_companies(plan(mine, [row]))
        assert mine.company("customer:10023").values["industry"] == "COMPUTER_SOFTWARE"
        assert only(plan(mine, [row])).action is Action.UNCHANGED
        mine.forget()
        assert only(plan(mine, [row])).action is Action.UNCHANGED
        one = only(plan(mine, [at(customer(attributes=industry("FISK")), LATER)]))
        assert (one.values["industry"], one.previous["industry"]) == ("FISHERY", "COMPUTER_SOFTWARE")

    def test_a_changed_mapping_counts_when_the_record_comes_by(self, chain: Chain, mine: Chain) -> None:
        row = customer(attributes=industry("IT"))
        chain.load_companies(plan(chain, [row]))
        assert only(plan(chain, [row])).action is Action.UNCHANGED
        assert only(plan(mine, [row])).values == {"industry": "COMPUTER_SOFTWARE"}

    def test_a_policy_holds_for_a_mapped_property(self, mine: Chain) -> None:
        chain = by(
            mine, merging={"companies": {"industry": "never_after_create"}, "clear_on_null": ["industry"]}
        )
        held = {"name": "Typed", "industry": "FISHERY", "visma_organisation_number": NUMBER}
        chain.portal.add_record("companies", held)
        rows = [customer(attributes=industry("IT"), corporateId=NUMBER)]
        assert "industry" not in only(plan(chain, rows)).values
        cleared = by(mine, merging={"clear_on_null": ["companies.industry"]})
        assert only(plan(cleared, [customer(corporateId=NUMBER)])).values["industry"] == ""

    def test_a_refused_value_is_a_reject_until_the_settings_are_mended(self, mine: Chain) -> None:
        mine.load_companies(plan(mine, [customer(attributes=industry("BYGG"))]))
        assert mine.rejects() == {"customer:10023": "mapped-option-missing:industry"}
        table = {**INDUSTRY, "values": {"BYGG": "CONSTRUCTION"}}
        mended = by(mine, mapping={"customers": [table]})
        mended.load_companies(plan(mended))
        assert mended.rejects() == {}
        assert mended.company("customer:10023").values["industry"] == "CONSTRUCTION"

    def test_a_supplier_fills_what_is_its_own_on_a_customers_company(self, mine: Chain) -> None:
        mine.load_companies(plan(mine, [customer("1", corporateId=NUMBER, attributes=industry("IT"))]))
        rows = [supplier("2", corporateId=NUMBER, naceCode="62.010", name="SELGER AS")]
        one = only(plan(mine, (), rows))
        assert one.values["about_us"] == "62.010"
        assert "name" not in one.values

    def test_what_suppliers_fill_alone_since_the_mapping_changed_is_written(
        self, chain: Chain, mine: Chain
    ) -> None:
        about = {"visma": "mainContact.web", "hubspot": "about_us"}
        both = by(chain, mapping={"customers": [about], "suppliers": [{**about, "visma": "naceCode"}]})
        seller = supplier("2", corporateId=NUMBER, naceCode="62.010")
        both.load_companies(plan(both, [customer("1", corporateId=NUMBER)]))
        both.load_companies(plan(both, (), [seller]))
        assert "about_us" not in both.company("supplier:2").values
        assert only(plan(both, (), [seller])).action is Action.UNCHANGED
        assert only(plan(mine, (), [seller])).values["about_us"] == "62.010"

    def test_of_contacts_whichever_way_they_are_found(self, chain: Chain) -> None:
        mine = by(
            chain,
            mapping={"contacts": [{"visma": "title", "hubspot": "salutation"}]},
            merging={"contacts": {"salutation": "fill_blank"}},
        )
        chain.portal.add_record("contacts", {"email": "kari@fjord.no", "salutation": "Dr"})
        records = mine.contacts([contact(1, email="kari@fjord.no", title="Ms")])
        for unknown in (0, 500):
            assert "salutation" not in only(mine.plan_contacts(records, unknown=unknown)).values

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            (
                {"mapping": {"customers": [{**INDUSTRY, "values": {"IT": "COMPUTERS"}}]}},
                "industry has no option COMPUTERS; nearest: COMPUTER_SOFTWARE.",
            ),
            (
                {"mapping": {"suppliers": [{"visma": "naceCode", "hubspot": "abot_us"}]}},
                "companies has no property abot_us; nearest: about_us.",
            ),
            (
                {"matching": {"companies": [{"rule": "property", "visma": "gln", "hubspot": "websit"}]}},
                "companies has no property websit; nearest: website.",
            ),
        ],
    )
    def test_nothing_is_planned_where_the_portal_lacks_it(
        self, chain: Chain, changes: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(UsageError, match="The portal lacks what the settings ask for") as caught:
            plan(by(chain, **changes), [customer()])
        assert sentence in str(caught.value)

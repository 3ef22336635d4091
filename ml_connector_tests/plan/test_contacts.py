"""The plan for contacts and their links: whose mailbox it is, when addresses move, and which links are owed."""

from typing import Any

import pytest

from ml_connector.plan.operations import Action, Operation
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import at, contact, customer

LATER = "2026-11-21T10:00:00"
EARLIER = "2026-11-19T10:00:00"


def person(number: int, email: str | None = None, **values: Any) -> dict[str, Any]:
    return contact(number, **{"email": email, "firstName": "Kari", "lastName": f"Lie{number}", **values})


def plan(chain: Chain, people: Any = (), customers: Any = (), **how: Any) -> dict[str, Operation]:
    """Return the operations by key, links included."""
    planned = chain.plan_contacts(chain.contacts(people, customers), **how)
    assert len({one.key for one in planned}) == len(planned)
    assert [Operation.from_row(one.to_row()) for one in planned] == planned
    return {one.key: one for one in planned}


def load(chain: Chain, people: Any = (), customers: Any = ()) -> None:
    chain.load_contacts(plan(chain, people, customers).values())


def overwriting(chain: Chain) -> Chain:
    """Return the chain of a connection in which Visma's addresses win."""
    values = {**chain.settings.model_dump(), "merging": {"contacts": {"email": "overwrite"}}}
    return Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))


class TestNew:
    """People nobody has synced."""

    @pytest.mark.parametrize("unknown", [0, 1])  # by look-ups and by the inventory
    def test_without_a_match_a_contact_is_created(self, chain: Chain, unknown: int) -> None:
        one = plan(chain, [person(1, "kari@fjord.no")], unknown=unknown)["contact:1"]
        assert (one.action, one.id_property, one.email) == (
            Action.CREATE,
            "visma_contact_id",
            "kari@fjord.no",
        )

    @pytest.mark.parametrize("unknown", [0, 1])
    @pytest.mark.parametrize(
        "held",
        [
            {"email": "Kari@Fjord.no", "firstname": "Karianne"},
            {"email": "x@y.no", "hs_additional_emails": "z@y.no;kari@fjord.no", "firstname": "Karianne"},
        ],
    )
    def test_an_address_finds_its_contact(self, chain: Chain, unknown: int, held: dict[str, str]) -> None:
        mine = chain.portal.add_record("contacts", held)
        one = plan(chain, [person(1, "kari@fjord.no")], unknown=unknown)["contact:1"]
        assert (one.action, one.hubspot_id, one.rule) == (Action.UPDATE, mine, "email")
        assert one.values["visma_contact_id"] == "acme:1"
        assert "firstname" not in one.values  # what sales typed stays
        assert "email" not in one.values

    @pytest.mark.parametrize(
        ("values", "action"),
        [
            ({"active": False}, Action.SKIP),
            ({"active": False, "email": "not an address"}, Action.SKIP),  # who has left needs no correction
            ({"email": "not an address"}, Action.REJECT),
            ({"email": None}, Action.CREATE),
            ({"email": None, "firstName": None, "lastName": None}, Action.REJECT),
        ],
    )
    def test_who_is_made(self, chain: Chain, values: dict[str, Any], action: Action) -> None:
        one = plan(chain, [person(1, **{"email": "kari@fjord.no", **values})])["contact:1"]
        assert one.action is action

    def test_who_has_left_is_flagged_not_archived(self, chain: Chain) -> None:
        load(chain, [person(1, "kari@fjord.no")])
        load(chain, [at(person(1, "kari@fjord.no", active=False), LATER)])
        assert chain.contact("kari@fjord.no").values["visma_contact_status"] == "inactive"

    def test_one_more_in_a_known_mailbox_is_known_by_its_own_number_too(self, chain: Chain) -> None:
        """An invoice that names the second one would wait for it for ever."""
        load(chain, [person(1, "post@fjord.no")])
        both = [person(1, "post@fjord.no"), person(2, "post@fjord.no")]
        load(chain, both)
        known = chain.ledger.identities("contacts", ["contact:1", "contact:2"])
        assert {one.hubspot_id for one in known.values()} == {chain.contact("post@fjord.no").id}
        assert known.keys() == {"contact:1", "contact:2"}
        chain.portal.forget_calls()
        assert plan(chain, both, unknown=0)["contact:1"].action is Action.UNCHANGED
        assert chain.portal.counts.calls == 0

    def test_two_of_ours_on_one_contact_of_theirs(self, chain: Chain) -> None:
        """The first claims it; the other is the same mailbox and writes nothing over it."""
        mine = chain.portal.add_record(
            "contacts", {"email": "kari@fjord.no", "hs_additional_emails": "k.lie@fjord.no"}
        )
        people = [person(1, "kari@fjord.no"), person(2, "k.lie@fjord.no")]
        planned = plan(chain, people)
        assert {key: (one.action, one.hubspot_id) for key, one in planned.items()} == {
            "contact:1": (Action.UPDATE, mine),
            "contact:2": (Action.UNCHANGED, mine),
        }
        chain.load_contacts(planned.values())
        assert set(chain.ledger.identities("contacts", ["contact:1", "contact:2"])) == {
            "contact:1",
            "contact:2",
        }
        assert {one.action for one in plan(chain, people).values()} == {Action.UNCHANGED}

    def test_another_connections_contact_is_left_as_it_is(self, chain: Chain) -> None:
        mine = chain.portal.add_record("contacts", {"email": "kari@fjord.no", "visma_contact_id": "other:5"})
        one = plan(chain, [person(1, "kari@fjord.no", position="Sjef")])["contact:1"]
        assert (one.action, one.hubspot_id, one.values) == (Action.UNCHANGED, mine, {})


class TestKnown:
    """People who were synced before."""

    @pytest.fixture
    def synced(self, chain: Chain) -> Chain:
        load(chain, [person(1, "kari@fjord.no", position="Selger")])
        return chain

    @pytest.mark.parametrize(
        ("stamp", "position", "action"),
        [
            (LATER, "Selger", Action.UNCHANGED),
            (EARLIER, "Sjef", Action.SKIP),
            (None, "Selger", Action.UNCHANGED),
        ],
    )
    def test_is_compared(self, synced: Chain, stamp: str | None, position: str, action: Action) -> None:
        row = at(person(1, "kari@fjord.no", position=position), stamp)
        assert plan(synced, [row], unknown=0)["contact:1"].action is action

    def test_a_phone_of_visma_wins_and_a_title_of_sales_stays(self, synced: Chain) -> None:
        row = at(person(1, "kari@fjord.no", position="Sjef", phone1="22334455"), LATER)
        one = plan(synced, [row])["contact:1"]
        assert one.values["phone"] == "+4722334455"
        assert "jobtitle" not in one.values

    def test_an_archived_contact_is_not_made_again(self, synced: Chain) -> None:
        synced.portal.archive_as_person("contacts", synced.contact("kari@fjord.no").id)
        one = plan(synced, [at(person(1, "kari@fjord.no", phone1="22334455"), LATER)])["contact:1"]
        assert one.action is Action.CONFLICT
        assert "not made again" in str(one.reason)

    def test_a_merged_contact_is_followed_by_its_address(self, synced: Chain) -> None:
        other = synced.portal.add_record("contacts", {"email": "k@privat.no", "visma_contact_id": "acme:99"})
        survivor = synced.portal.merge_as_person("contacts", other, synced.contact("kari@fjord.no").id)
        one = plan(synced, [at(person(1, "kari@fjord.no", phone1="22334455"), LATER)])["contact:1"]
        assert (one.action, one.hubspot_id) == (Action.UNCHANGED, survivor)


class TestSharedMailboxes:
    """One contact for several Visma ids, over several windows."""

    def test_an_old_row_is_not_judged_by_its_partners_stamp(self, chain: Chain) -> None:
        """A customer fetched by number has an old stamp; its mailbox was synced with a newer one."""
        load(chain, [at(person(1, "faktura@bok.no"), LATER)])
        owed = customer("20", mainContact={"contactId": 2, "email": "faktura@bok.no"})
        planned = plan(chain, (), [at(owed, EARLIER)])
        assert planned["contact:2"].action is Action.UNCHANGED
        assert planned["contact:2>customer:20"].action is Action.LINK

    def test_a_later_member_joins_and_the_owner_stays(self, chain: Chain) -> None:
        load(chain, [person(1, "faktura@bok.no")])
        load(
            chain,
            (),
            [customer("20", mainContact={"contactId": 2, "email": "faktura@bok.no", "phone1": "1"})],
        )
        held = chain.contact("faktura@bok.no")
        assert held.values["visma_contact_id"] == "acme:1"
        assert "phone" not in held.values
        assert len(chain.portal.records("contacts")) == 1

    def test_a_record_that_stands_for_the_owner_may_write_whatever_its_first_id(self, chain: Chain) -> None:
        """The mailbox came with a customer; now Visma lists the person behind it."""
        owed = customer("20", mainContact={"contactId": 2, "email": "kari@fjord.no"})
        load(chain, (), [owed])
        load(chain, [at(person(1, "kari@fjord.no", position="Sjef"), LATER)], [at(owed, LATER)])
        held = chain.contact("kari@fjord.no").values
        assert (held["visma_contact_id"], held["lastname"], held["jobtitle"]) == ("acme:2", "Lie1", "Sjef")

    def test_a_member_whose_address_changes_becomes_a_contact_of_its_own(self, chain: Chain) -> None:
        load(chain, [person(1, "post@fjord.no", businessAccount="10"), person(2, "post@fjord.no")])
        assert len(chain.portal.records("contacts")) == 1
        load(chain, [at(person(2, "ola@fjord.no"), LATER)])
        assert chain.contact("ola@fjord.no").values["visma_contact_id"] == "acme:2"
        assert chain.contact("post@fjord.no").values["visma_contact_id"] == "acme:1"
        assert (
            chain.ledger.identities("contacts", ["contact:2"])["contact:2"].hubspot_id
            == chain.contact("ola@fjord.no").id
        )


class TestAddressesThatMove:
    """From one person to another."""

    def test_by_default_hubspots_address_stays_and_the_ledger_says_so(self, chain: Chain) -> None:
        load(chain, [person(1, "kari@fjord.no")])
        load(chain, [at(person(1, "kari@ny.no"), LATER)])
        assert "email" not in {row[0] for row in chain.rows("reject", "cause")}
        assert chain.ledger.identities("contacts", ["contact:1"])["contact:1"].email == "kari@fjord.no"
        # The new address is nobody's: another person may bring it.
        one = plan(chain, [at(person(3, "kari@ny.no"), LATER)])["contact:3"]
        assert one.action is Action.CREATE

    @pytest.mark.parametrize("unknown", [0, 2])
    @pytest.mark.parametrize("order", [(1, 2), (2, 1)])
    def test_it_goes_to_its_new_owner_in_one_run(
        self, chain: Chain, order: tuple[int, int], unknown: int
    ) -> None:
        mine = overwriting(chain)
        load(mine, [person(1, "salg@fjord.no")])
        rows = {1: at(person(1, "kari@fjord.no"), LATER), 2: at(person(2, "salg@fjord.no"), LATER)}
        planned = plan(mine, [rows[number] for number in order], unknown=unknown)
        assert planned["contact:1"].values["email"] == "kari@fjord.no"
        assert planned["contact:2"].action is Action.CREATE
        mine.load_contacts(planned.values())
        assert chain.contact("kari@fjord.no").values["visma_contact_id"] == "acme:1"
        assert chain.contact("salg@fjord.no").values["visma_contact_id"] == "acme:2"
        assert mine.rejects() == {}

    def test_it_goes_to_its_new_owner_in_the_next_run(self, chain: Chain) -> None:
        mine = overwriting(chain)
        load(mine, [person(1, "salg@fjord.no")])
        load(mine, [at(person(1, "kari@fjord.no"), LATER)])
        load(mine, [at(person(2, "salg@fjord.no"), LATER)])
        assert chain.contact("salg@fjord.no").values["visma_contact_id"] == "acme:2"

    def test_one_that_another_contact_holds_is_refused_and_the_rest_waits(self, chain: Chain) -> None:
        mine = overwriting(chain)
        load(mine, [person(1, "kari@fjord.no"), person(2, "ola@fjord.no")])
        load(mine, [at(person(1, "ola@fjord.no"), LATER)])
        assert set(mine.rejects()) == {"contact:1"}
        assert chain.contact("kari@fjord.no").values["visma_contact_id"] == "acme:1"


class TestLinks:
    """Associations with companies."""

    def links(self, planned: dict[str, Operation]) -> set[str]:
        return {key for key, one in planned.items() if one.entity == "links"}

    def test_each_company_of_a_contact_once(self, chain: Chain) -> None:
        owed = [
            customer(number, mainContact={"contactId": 5, "email": "a@bok.no"}) for number in ("10", "20")
        ]
        planned = plan(chain, [person(1, "a@bok.no", businessAccount="10")], owed)
        assert self.links(planned) == {"contact:1>customer:10", "contact:1>customer:20"}
        one = planned["contact:1>customer:10"]
        assert (one.values, one.object_type) == ({"from": "contact:1", "to": "customer:10"}, "contacts")

    @pytest.mark.parametrize(
        "values",
        [
            {"active": False},
            {"email": "not an address"},
            {"firstName": None, "lastName": None, "email": None},
        ],
    )
    def test_none_for_those_who_are_not_made(self, chain: Chain, values: dict[str, Any]) -> None:
        row = person(1, **{"email": "kari@fjord.no", "businessAccount": "10", **values})
        assert self.links(plan(chain, [row])) == set()

    def test_a_link_that_stands_is_not_planned_again(self, chain: Chain) -> None:
        chain.sync([customer("10")], (), [person(1, "kari@fjord.no", businessAccount="10")])
        assert self.links(plan(chain, [person(1, "kari@fjord.no", businessAccount="10")])) == set()

    def test_one_that_waits_is_planned_in_every_run_until_it_stands(self, chain: Chain) -> None:
        load(chain, [person(1, "kari@fjord.no", businessAccount="10")])
        assert self.links(plan(chain)) == {"contact:1>customer:10"}
        chain.sync([customer("10")])
        assert self.links(plan(chain)) == set()
        assert len(chain.portal.links("contacts", "companies")) == 1

    def test_a_contact_that_moves_to_another_customer_gets_its_link(self, chain: Chain) -> None:
        chain.sync([customer("10"), customer("20")], (), [person(1, "kari@fjord.no", businessAccount="10")])
        load(chain, [at(person(1, "kari@fjord.no", businessAccount="20"), LATER)])
        mine = chain.contact("kari@fjord.no").id
        companies = {chain.company("customer:10").id, chain.company("customer:20").id}
        assert chain.portal.links("contacts", "companies") == {(mine, company) for company in companies}

    def test_a_contact_of_its_own_gets_links_of_its_own(self, chain: Chain) -> None:
        """It shared a mailbox and a link; with its own address it is another contact, with no link yet."""
        people = [person(number, "post@fjord.no", businessAccount="10") for number in (1, 2)]
        chain.sync([customer("10")], (), [people[0]])
        chain.sync((), (), [people[1]])
        load(chain, [at(person(2, "ola@fjord.no", businessAccount="10"), LATER)])
        pair = (chain.contact("ola@fjord.no").id, chain.company("customer:10").id)
        assert pair in chain.portal.links("contacts", "companies")


def test_creating_can_be_switched_off(chain: Chain) -> None:
    values = {**chain.settings.model_dump(), "matching": {"create_missing": False}}
    quiet = Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))
    planned = plan(quiet, [person(1, "kari@fjord.no", businessAccount="10")])
    assert [one.action for one in planned.values()] == [Action.SKIP]

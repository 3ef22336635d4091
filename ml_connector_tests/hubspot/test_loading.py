"""Carrying out plans against the sandbox over HTTP and a real ledger: nothing overwritten, lost, or counted twice."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.http import RetryPolicy
from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.freshness import OVERTAKEN
from ml_connector.ledger.entries import Entry
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action, Operation
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, PoisonMode, PoisonRule
from ml_connector_tests.hubspot.portal import limits
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import at, contact, customer, supplier

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]

UPSERT = paths.object_batch("companies", "upsert")
NUMBER = "912345678"
LATER = "2026-11-21T10:00:00"
LATEST = "2026-11-22T10:00:00"


def plan(chain: Chain, *customers: Any, suppliers: Any = ()) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers), unknown=0)


def people(chain: Chain, *rows: Any) -> list[Operation]:
    return chain.plan_contacts(chain.contacts(rows), unknown=0)


def outcomes(chain: Chain) -> Counter[tuple[str, str]]:
    """Return the lines of the last run in the ledger, by action and status."""
    rows = chain.rows("operation", "action, status, run_id")
    return Counter((row[0], row[1]) for row in rows if row[2] == chain.runs[-1])


class TestCounts:
    """What became of each operation, in the counts and in the ledger alike."""

    def test_every_mix_adds_up(self, chain: Chain) -> None:
        chain.portal.poison(
            PoisonRule("companies", "name", "Bad .*", PoisonMode.INPUT_ERROR),
            PoisonRule("companies", "name", "Worse .*", PoisonMode.BATCH_400),
        )
        chain.load_companies(plan(chain, *[customer(str(number)) for number in range(1, 6)]))
        chain.portal.add_record("companies", {"name": "D1", "domain": "double.no"})
        chain.portal.add_record("companies", {"name": "D2", "domain": "double.no"})
        rows = [
            customer("1"),
            at(customer("2", currencyId="SEK"), LATER),
            at(customer("3", currencyId="SEK"), "2026-11-19T10:00:00"),
            at(customer("4", name="Bad 4"), LATER),
            *[customer(f"1{number}") for number in range(150)],
            *[customer(f"2{number}", name=f"Bad {number}") for number in range(7)],
            *[customer(f"3{number}", name=f"Worse {number}") for number in range(3)],
            customer("70", mainContact={"web": "double.no"}),
            customer("80", name=["odd"]),
        ]
        counts = chain.load_companies(plan(chain, *rows))
        assert counts.as_dict() == {
            "read": 166,
            "created": 150,
            "updated": 1,
            "archived": 0,
            "unchanged": 1,
            "skipped": 1,
            "rejected": 12,
            "pending": 0,
            "conflicts": 1,
        }
        assert outcomes(chain) == {
            ("create", "confirmed"): 150,
            ("create", "rejected"): 10,
            ("update", "confirmed"): 1,
            ("update", "rejected"): 1,
            ("unchanged", "done"): 1,
            ("skip", "done"): 1,
            ("reject", "done"): 1,
            ("conflict", "done"): 1,
        }
        assert len(chain.rejects()) == 13
        assert sum(cause.many for cause in counts.causes.values()) == 13

    def test_samples_name_records_that_were_written(self, chain: Chain) -> None:
        counts = chain.load_companies(plan(chain, *[customer(str(number)) for number in range(20)]))
        assert len(counts.samples) == 5
        for key, hubspot_id in counts.samples.items():
            assert chain.company(key).id == hubspot_id

    def test_the_ledger_knows_which_records_were_made(self, chain: Chain) -> None:
        planned = plan(chain, customer("1"), customer("2"))
        chain.portal.add_record("companies", {"name": "There", "visma_customer_id": "acme:2"})
        chain.load_companies(planned)
        rows = chain.rows("operation", "record_key, status, created")
        assert sorted(rows) == [("customer:1", "confirmed", True), ("customer:2", "confirmed", False)]

    def test_the_identities_are_those_of_the_portal(self, chain: Chain) -> None:
        pair = [supplier("9", corporateId=NUMBER)]
        chain.load_companies(plan(chain, customer("1", corporateId=NUMBER), suppliers=pair))
        known = chain.ledger.identities("companies", ["customer:1", "supplier:9"])
        assert {one.hubspot_id for one in known.values()} == {chain.company("customer:1").id}
        assert {one.stamp for one in known.values()} == {"2026-11-20T06:35:22.153"}

    @pytest.mark.parametrize(
        "number", ["A/1", "a b", "o'hara", 'q"q', "Å:Ø", "x>y,z;w", "🫐", "00012", "b64(x)"]
    )
    def test_odd_numbers_go_there_and_back(self, chain: Chain, number: str) -> None:
        row = customer(number, name="Navn 🫐 <b> \u0000")
        counts = chain.load_companies(plan(chain, row))
        assert counts.created == 1
        assert chain.company(f"customer:{number}").values["name"] == "Navn 🫐 <b>"
        assert [one.action for one in plan(chain, row)] == [Action.UNCHANGED]

    def test_a_value_that_is_too_long_is_refused_alone(self, chain: Chain) -> None:
        rows = [customer(str(number)) for number in range(30)]
        counts = chain.load_companies(plan(chain, *rows, customer("99", name="x" * 70_000)))
        assert (counts.created, counts.rejected) == (30, 1)
        assert set(chain.rejects()) == {"customer:99"}


class TestStalePlans:
    """Another run may have synced between plan and load."""

    def test_a_newer_version_is_not_overwritten(self, chain: Chain) -> None:
        chain.load_companies(plan(chain, customer("1", currencyId="NOK")))
        stale = plan(chain, at(customer("1", currencyId="SEK"), LATER))
        chain.load_companies(plan(chain, at(customer("1", currencyId="EUR"), LATEST)))
        counts = chain.load_companies(stale)
        assert (counts.skipped, counts.updated) == (1, 0)
        assert chain.company("customer:1").values["visma_currency"] == "EUR"
        (line,) = [
            row for row in chain.rows("operation", "run_id, action, reason") if row[0] == chain.runs[-1]
        ]
        assert line[1:] == ("skip", OVERTAKEN)

    def test_nor_is_one_that_was_created_meanwhile(self, chain: Chain) -> None:
        stale = plan(chain, customer("1", currencyId="SEK"))
        chain.load_companies(plan(chain, at(customer("1", currencyId="EUR"), LATEST)))
        assert chain.load_companies(stale).skipped == 1
        assert chain.company("customer:1").values["visma_currency"] == "EUR"

    def test_a_plan_carried_out_twice_makes_nothing_twice(self, chain: Chain) -> None:
        planned = plan(chain, *[customer(str(number)) for number in range(120)])
        chain.load_companies(planned)
        chain.load_companies(planned)
        assert len(chain.portal.records("companies")) == 120

    def test_a_mailbox_partner_with_a_newer_stamp_stops_no_contact(self, chain: Chain) -> None:
        owed = customer("20", mainContact={"contactId": 2, "email": "post@fjord.no"})
        chain.load_contacts(chain.plan_contacts(chain.contacts([contact(1, email="post@fjord.no")])))
        chain.load_contacts(chain.plan_contacts(chain.contacts((), [at(owed, LATEST)])))
        both = chain.contacts(
            [at(contact(1, email="post@fjord.no", lastName="Lie"), LATER)], [at(owed, LATEST)]
        )
        counts, _ = chain.load_contacts(chain.plan_contacts(both))
        assert counts.updated == 1
        assert chain.contact("post@fjord.no").values["lastname"] == "Lie"


class TestAdoption:
    """A create that HubSpot refuses because the record exists."""

    def planned(self, chain: Chain, **values: Any) -> list[Operation]:
        row = {
            "email": "kari@fjord.no",
            "firstName": "Kari",
            "lastName": "Lie",
            "phone1": "22334455",
            **values,
        }
        operations = people(chain, contact(1, **row))
        assert operations[0].action is Action.CREATE
        return operations

    @pytest.mark.parametrize(
        "held",
        [
            {"email": "kari@fjord.no", "firstname": "Karianne"},
            {"email": "k@privat.no", "hs_additional_emails": "x@y.no;kari@fjord.no", "firstname": "Karianne"},
        ],
    )
    def test_a_contact_a_person_made_meanwhile_is_adopted(self, chain: Chain, held: dict[str, str]) -> None:
        planned = self.planned(chain)
        theirs = chain.portal.add_record("contacts", held)
        counts, _ = chain.load_contacts(planned)
        assert (counts.read, counts.updated, counts.rejected) == (1, 1, 0)
        values = chain.portal.record("contacts", theirs).values
        assert values["visma_contact_id"] == "acme:1"
        assert values["phone"] == "+4722334455"
        assert values["email"] == held["email"]
        # What sales typed stays, as if it had been there when the plan was made.
        assert (values["firstname"], values["lastname"]) == ("Karianne", "Lie")
        assert chain.ledger.identities("contacts", ["contact:1"])["contact:1"].hubspot_id == theirs
        assert chain.rejects() == {}
        assert outcomes(chain) == {("create", "rejected"): 1, ("update", "confirmed"): 1}

    def test_another_visma_contacts_is_shared_and_left_as_it_is(self, chain: Chain) -> None:
        planned = self.planned(chain)
        theirs = chain.portal.add_record(
            "contacts", {"email": "kari@fjord.no", "visma_contact_id": "other:7"}
        )
        counts, _ = chain.load_contacts(planned)
        assert (counts.unchanged, counts.updated) == (1, 0)
        assert chain.portal.record("contacts", theirs).values["visma_contact_id"] == "other:7"
        assert "firstname" not in chain.portal.record("contacts", theirs).values
        assert chain.ledger.identities("contacts", ["contact:1"])["contact:1"].hubspot_id == theirs

    def test_its_link_is_made_in_the_same_run(self, chain: Chain) -> None:
        chain.load_companies(plan(chain, customer("10")))
        planned = self.planned(chain, businessAccount="10")
        theirs = chain.portal.add_record("contacts", {"email": "kari@fjord.no"})
        _, links = chain.load_contacts(planned)
        assert links.created == 1
        assert (theirs, chain.company("customer:10").id) in chain.portal.links("contacts", "companies")

    def test_among_many_the_others_land_as_planned(self, chain: Chain) -> None:
        rows = [contact(number, email=f"p{number}@fjord.no", lastName="Lie") for number in range(250)]
        planned = people(chain, *rows)
        for number in range(0, 250, 50):
            chain.portal.add_record("contacts", {"email": f"p{number}@fjord.no"})
        counts, _ = chain.load_contacts(planned)
        assert (counts.read, counts.created, counts.updated, counts.rejected) == (250, 245, 5, 0)
        assert len(chain.portal.records("contacts")) == 250

    def test_a_company_of_another_customer_is_never_taken_for_this_one(self, chain: Chain) -> None:
        pair = [supplier("9", corporateId=NUMBER)]
        planned = plan(chain, customer("1", corporateId=NUMBER), suppliers=pair)
        theirs = chain.portal.add_record(
            "companies", {"name": "X", "visma_customer_id": "acme:2", "visma_supplier_id": "acme:9"}
        )
        assert chain.load_companies(planned).rejected == 1
        counts = chain.load_companies(plan(chain))
        assert (counts.conflicts, counts.unchanged, counts.created) == (1, 0, 0)
        assert chain.rejects() == {"customer:1": "another-records-company"}
        assert chain.rows("identity") == []
        assert chain.portal.record("companies", theirs).values["name"] == "X"

    def test_a_company_that_is_only_the_supplier_is_taken(self, chain: Chain) -> None:
        pair = [supplier("9", corporateId=NUMBER)]
        planned = plan(chain, customer("1", corporateId=NUMBER), suppliers=pair)
        theirs = chain.portal.add_record("companies", {"name": "X", "visma_supplier_id": "acme:9"})
        assert chain.load_companies(planned).rejected == 1
        assert chain.load_companies(plan(chain)).updated == 1
        assert chain.company("customer:1").id == theirs


class TestTrouble:
    """Answers that are lost, and runs that end early."""

    def test_an_unknown_outcome_is_pending_and_due_again(self, chain: Chain) -> None:
        planned = plan(chain, customer("1"))
        chain.portal.poison(PoisonRule("companies", "name", ".*", PoisonMode.EMPTY_RESULTS))
        counts = chain.load_companies(planned)
        assert (counts.pending, counts.created) == (1, 0)
        assert outcomes(chain) == {("create", "unknown"): 1}
        assert list(chain.rejects()) == ["customer:1"]
        chain.portal.poison()
        assert chain.load_companies(chain.plan_companies(())).created == 1
        assert chain.rejects() == {}
        assert len(chain.portal.records("companies")) == 1

    def test_an_intent_is_durable_before_it_is_sent(
        self, chain: Chain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each call of a write finds its inputs in the ledger already."""
        seen: list[tuple[int, set[str]]] = []
        original = chain.client.exchange

        def watched(call: Any) -> Any:
            if call.path.endswith("/batch/upsert"):
                sent = {item["objectWriteTraceId"] for item in call.body["inputs"]}
                held = {row[0] for row in chain.rows("operation", "trace_id") if row[0]}
                seen.append((len(sent), sent - held))
            return original(call)

        monkeypatch.setattr(chain.client, "exchange", watched)
        chain.load_companies(plan(chain, *[customer(str(number)) for number in range(250)]))
        assert sorted(seen) == [(50, set()), (100, set()), (100, set())]

    def test_what_was_confirmed_before_a_run_died_is_in_the_ledger(
        self, chain: Chain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planned = plan(chain, *[customer(str(number)) for number in range(500)])
        settled = 0
        original = Journal.settle

        def dies(self: Journal, settlements: Any, **rows: Any) -> None:
            nonlocal settled
            if settlements and settled == 2:
                raise KeyboardInterrupt
            settled += bool(settlements)
            original(self, settlements, **rows)

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "settle", dies)
            with pytest.raises(KeyboardInterrupt):
                chain.load_companies(planned)
        assert outcomes(chain)["create", "confirmed"] == 200
        assert outcomes(chain)["create", "intended"] > 0
        chain.load_companies(plan(chain, *[customer(str(number)) for number in range(500)]))
        assert len(chain.portal.records("companies")) == 500
        assert len(chain.rows("identity")) == 500
        assert not [row for row in chain.rows("operation", "status") if row[0] in ("intended", "unknown")]

    @pytest.mark.parametrize(
        "rule",
        [
            FaultRule(kind=FaultKind.DROP_AFTER, path=UPSERT, times=2),
            FaultRule(kind=FaultKind.CUT_BODY, path=UPSERT, times=2),
            FaultRule(kind=FaultKind.ANSWER, path=UPSERT, times=2, statuses=(502,), handled=True),
        ],
    )
    def test_lost_answers_double_nothing(self, chain: Chain, rule: FaultRule) -> None:
        client = HubSpotClient(
            DEFAULT_TOKEN,
            base_url=chain.sandbox.url,
            transport=hubspot_transport(RetryPolicy(attempts=4, first_delay=0.0), sleep=lambda _: None),
            limits=limits(),
        )
        steady = Chain(chain.sandbox, client, chain.engine, chain.settings)
        planned = plan(steady, *[customer(str(number)) for number in range(300)])
        number = chain.sandbox.faults.add(rule)
        counts = steady.load_companies(planned)
        assert chain.sandbox.faults.fired(number) == 2
        chain.sandbox.faults.remove(number)
        assert (counts.created, counts.pending, counts.rejected) == (300, 0, 0)
        assert len(chain.portal.records("companies")) == 300


class TestTraces:
    """The ids that answers are matched by."""

    def test_they_are_unique_over_runs_attempts_and_object_types(self, chain: Chain) -> None:
        planned = plan(chain, *[customer(str(number)) for number in range(5)])
        journal = chain.journal()
        for _ in range(3):  # a step that is tried again, in the same run
            chain.loader(journal).load("companies", planned)
        chain.load_contacts(people(chain, contact(1, email="a@b.no", businessAccount="1")))
        traces = [row[0] for row in chain.rows("operation", "trace_id")]
        assert len(traces) == len(set(traces)) == 17
        assert all(len(trace) <= 40 for trace in traces)

    def test_two_lines_of_one_trace_are_refused_by_the_ledger(self, chain: Chain) -> None:
        (planned,) = plan(chain, customer("1"))
        journal = chain.journal()
        journal.intend([Entry("t-1", planned)])
        with pytest.raises(Exception, match="trace_id"):
            journal.intend([Entry("t-1", planned)])


def test_an_empty_plan_is_an_empty_load(chain: Chain) -> None:
    assert chain.load_companies([]) == LoadCounts()

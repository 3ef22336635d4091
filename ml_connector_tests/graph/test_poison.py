"""Records that HubSpot refuses: exactly those are rejected and named, all others land, and they are tried again."""

from collections import Counter
from math import ceil
from typing import Any

import dagster as dg
import pytest

from ml_connector.cli.sync import Summary
from ml_connector.ledger.due import Selection
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import World

PAIRS = 220
POISONED = (7, 133, 211)
"""One in each batch of a hundred."""

MODES = list(PoisonMode)
CALLS_PER_ROW = 15


def company_poison(mode: PoisonMode) -> PoisonRule:
    return PoisonRule("companies", "name", "|".join(f"Kunde {number} AS" for number in POISONED), mode)


def contact_poison(mode: PoisonMode) -> PoisonRule:
    return PoisonRule("contacts", "lastname", "|".join(f"Etternavn{number}" for number in POISONED), mode)


def check_results(world: World, summary: Summary) -> dict[tuple[str, str], tuple[bool, str]]:
    """Return passed and causes of each asset check of a run, by asset and name."""
    with world.instance() as instance:
        logs = instance.all_logs(str(summary.run_id), of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = {}
    for entry in logs:
        event = entry.dagster_event
        assert event is not None
        data: Any = event.event_specific_data
        causes = data.metadata["causes"].value if "causes" in data.metadata else ""
        found["/".join(data.asset_key.path[1:]), data.check_name] = (data.passed, str(causes))
    return found


class TestPoisonedRows:
    """One row in a hundred is refused, in each of HubSpot's ways."""

    @pytest.mark.parametrize("mode", MODES)
    def test_of_both_kinds_are_rejected_alone_and_land_once_the_cause_is_gone(
        self, world: World, mode: PoisonMode
    ) -> None:
        world.enter_pairs(range(PAIRS))
        world.sandbox.hubspot.poison(company_poison(mode), contact_poison(mode))
        summary = world.sync()

        # exactly those, by name
        assert summary.status == "rejects"
        assert summary.exit_code == 3
        named = Counter((item.entity, item.record) for item in world.rejects())
        assert named == Counter(
            [("companies", f"customer:{n}") for n in POISONED]
            + [("contacts", f"contact:{n}") for n in POISONED]
        )
        # all others land
        assert len(world.companies()) == PAIRS - len(POISONED)
        assert len(world.sandbox.hubspot.records("contacts")) == PAIRS - len(POISONED)
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS - len(POISONED)
        counted = world.counted()
        for kind in ("companies", "contacts"):
            extra = counted.of("POST", f"/{kind}/batch/") - ceil(PAIRS / 100)
            assert extra <= CALLS_PER_ROW * len(POISONED), kind
        # the check says so, with causes and without personal data
        results = check_results(world, summary)
        for asset in ("hubspot/companies", "hubspot/contacts"):
            assert results[asset, "every_record_accounted_for"][0]
            passed, causes = results[asset, "no_rejects"]
            assert not passed
            assert f"- {len(POISONED)} x " in causes
            assert "Kunde" not in causes
            assert "Etternavn" not in causes
        for item in world.rejects():
            assert item.message
            assert item.remedy
            assert "Kunde" not in item.message
            assert "Etternavn" not in item.message

        # a run of any window delivers them once the cause is gone
        world.sandbox.hubspot.poison()
        cured = world.sync(2)
        assert cured.status == "success"
        assert world.rejects() == []
        assert len(world.companies()) == PAIRS
        assert len(world.sandbox.hubspot.records("contacts")) == PAIRS
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS
        assert world.query("SELECT 1 FROM ml_connector.link WHERE status <> 'confirmed'") == []
        assert world.open_intents() == 0


class TestHowRefusalsEnd:
    """Refusals of what people change, and how they end."""

    def test_keep_the_old_values_and_the_neighbours_land(self, world: World) -> None:
        world.enter_pairs(range(120))
        world.sync()
        for number in range(120):
            world.sandbox.visma.update(
                "customers", str(number), {"name": f"Nytt navn {number}"}, stamp=rows.at(1)
            )
        world.sandbox.hubspot.poison(PoisonRule("companies", "name", "Nytt navn 50", PoisonMode.BATCH_400))
        summary = world.sync(1)
        assert summary.entities["companies"]["updated"] == 119
        assert world.rejected_keys() == {"customer:50"}
        assert world.company(50).values["name"] == "Kunde 50 AS"
        assert world.company(51).values["name"] == "Nytt navn 51"
        world.sandbox.hubspot.poison()
        world.sync(2)
        assert world.company(50).values["name"] == "Nytt navn 50"
        assert world.rejects() == []

    def test_stay_due_until_a_newer_version_cures_them_or_a_person_dismisses_them(self, world: World) -> None:
        stubborn, cured, dismissed = "customer:1", "customer:2", "customer:3"
        world.enter_pairs([1, 2, 3])
        world.sandbox.hubspot.poison(PoisonRule("companies", "name", "Kunde .*", PoisonMode.INPUT_ERROR))
        world.sync(0)
        assert world.rejected_keys() == {stubborn, cured, dismissed}
        assert world.refused().dismiss(Selection(record=dismissed), "a test company") == 1
        world.sandbox.visma.update("customers", "2", {"name": "Riktig navn 2"}, stamp=rows.at(1))

        world.forget_calls()
        world.sync(1)
        assert [(item.record, item.attempts) for item in world.rejects()] == [(stubborn, 2)]
        assert [one.values["name"] for one in world.companies()] == ["Riktig navn 2"]
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 1
        sent = world.query(
            "SELECT record_key FROM ml_connector.operation WHERE run_id = :run AND entity = 'companies'",
            run=world.runs[-1].run_id,
        )
        assert {key for (key,) in sent} == {stubborn, cured}, "not what was dismissed"

        world.sandbox.visma.update("customers", "3", {"name": "Riktig navn 3"}, stamp=rows.at(2))
        world.sync(2)
        assert world.company(3).values["name"] == "Riktig navn 3"
        assert [(item.record, item.attempts) for item in world.rejects()] == [(stubborn, 2)], "it waits now"
        world.sync(0)
        assert [(item.record, item.attempts) for item in world.rejects()] == [(stubborn, 3)]


class TestWholeWindowRefused:
    """A rule of the portal that refuses every row must not cost two calls a row, nor lose one."""

    @pytest.mark.parametrize("mode", [PoisonMode.INPUT_ERROR, PoisonMode.BATCH_400])
    def test_is_named_row_by_row_and_delivered_later(self, world: World, mode: PoisonMode) -> None:
        world.enter_pairs(range(PAIRS))
        world.sandbox.hubspot.poison(PoisonRule("companies", "name", ".*", mode))
        summary = world.sync()
        assert summary.entities["companies"]["rejected"] == PAIRS
        assert len(world.rejects()) == PAIRS
        assert summary.entities["links"]["pending"] == PAIRS
        assert len(world.calls()) < PAIRS
        world.sandbox.hubspot.poison()
        cured = world.sync(1)
        assert cured.status == "success"
        assert len(world.companies()) == PAIRS
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS

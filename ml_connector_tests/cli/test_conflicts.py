"""`conflicts NAME`: what waits for a person, the evidence for it, and what is refused of what a person types."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ml_connector.cli import conflicts as command
from ml_connector.cli.connections import find_connection
from ml_connector.cli.main import main
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld, make_shared_world
from ml_connector_tests.graph.harness import NAME, World

__all__ = ["make_shared_world"]

LONG = "Et svært langt navn " * 10


@pytest.fixture(scope="module")
def world(make_shared_world: MakeWorld) -> Iterator[World]:
    """Customer 1 fits two companies, of which the first is sales' own; 2 and 3 are linked, 3 with a contact."""
    made = make_shared_world()
    add = made.sandbox.hubspot.add_record
    for place in range(2):
        made_by_hand = {"name": f"{LONG}{place}", "domain": "kunde1.no", "phone": "22 22 22 22"}
        add("companies", made_by_hand | ({"hubspot_owner_id": "77"} if place == 0 else {}))
    made.enter("customers", [rows.customer(1)])
    made.enter_pairs([2, 3])
    made.sync(0)
    with pytest.MonkeyPatch.context() as patch:
        known = {NAME: made.settings}
        patch.setattr(command, "find_connection", lambda name: known.get(name) or find_connection(name))
        yield made


def typed(world: World, *words: str) -> Result:
    return CliRunner().invoke(main, ["conflicts", NAME, *words])


def answer(world: World, *words: str, code: int = 0) -> dict[str, Any]:
    """Return the one JSON document of a command."""
    result = typed(world, *words, "--json")
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def fits(world: World) -> list[str]:
    """The ids of the companies that customer 1 fits."""
    return sorted(one.id for one in world.companies() if one.values["name"].startswith(LONG))


class TestShown:
    """What waits, and the evidence."""

    def test_the_list_names_what_waits(self, world: World) -> None:
        (one,) = answer(world, "list")["conflicts"]
        assert (one["record"], one["open"], one["cause"]) == ("customer:1", True, "several-fit")
        assert datetime.fromisoformat(one["since"]).tzinfo is not None
        assert "1 record waits for a decision" in typed(world, "list").output
        assert typed(world).output == typed(world, "list").output

    def test_the_evidence_says_what_is_equal_and_which_rule_found_it(self, world: World) -> None:
        found = answer(world, "show", "customer:1")
        assert found["visma"]["Organisation number"] == ["900000001"]
        assert [one["hubspot_id"] for one in found["candidates"]] == fits(world)
        for one in found["candidates"]:
            assert (one["rules"], one["equal"], one["visma_records"]) == (["domain"], ["Domain"], [])
        assert [one["has_owner"] for one in found["candidates"]] == [True, False]
        text = typed(world, "show", "customer:1").output
        assert "Found by domain. No Visma id. It has an owner." in text

    def test_a_record_that_is_named_is_shown_too(self, world: World) -> None:
        other = world.company(2).id
        found = answer(world, "show", "customer:1", other)["candidates"]
        assert {one["hubspot_id"]: one["visma_records"] for one in found}[other] == ["customer:2"]

    def test_a_contact_is_compared_by_its_address(self, world: World) -> None:
        (one,) = answer(world, "show", "contact:3")["candidates"]
        assert (one["linked"], one["rules"]) == (True, ["visma_id", "email"])
        assert set(one["equal"]) == {"Name", "E-mail", "Phone"}

    def test_who_else_claims_a_company_is_named(self, world: World) -> None:
        row = world.query("SELECT record FROM ml_connector.reject WHERE record_key = 'customer:1'")[0][0]
        other = {**row, "key": "customer:9", "customer_number": "9"}
        world.change(
            "INSERT INTO ml_connector.reject (connection, entity, record_key, cause, record, run_id, first_seen,"
            " last_seen) VALUES ('acme', 'companies', 'customer:9', 'company-claimed-twice', CAST(:row AS jsonb), '',"
            " now(), now())",
            row=json.dumps(other),
        )
        found = answer(world, "show", "customer:1")["candidates"]
        world.change("DELETE FROM ml_connector.reject WHERE record_key = 'customer:9'")
        assert [one["also_claimed_by"] for one in found] == [["customer:9"], ["customer:9"]]

    def test_both_are_pages(self, world: World, tmp_path: Path) -> None:
        typed(world, "list", "--html", str(tmp_path / "list.html"))
        typed(world, "show", "customer:1", "--html", str(tmp_path / "one.html"))
        assert "customer:1" in (tmp_path / "list.html").read_text()
        page = (tmp_path / "one.html").read_text()
        assert page.count("✓ same") == 2
        assert f"ml-connector conflicts acme link customer:1 {fits(world)[0]}" in page
        assert "<script" not in page

    def test_nothing_is_written(self, world: World) -> None:
        world.forget_calls()
        typed(world, "show", "customer:1")
        assert world.writes() == []


class TestRefused:
    """What is wrong is said with what to do, and nothing is kept."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("link", "customer:99", "1"), "knows nothing of customer:99"),
            (("link", "customer:1", "999999"), "HubSpot has no company 999999"),
            (("link", "customer:1", "abc"), "'abc' is no id of HubSpot"),
            (("link", "invoice:1", "1"), "knows nothing of invoice:1"),
            (("show", "customer:1", "-1"), "No such option"),
            (("create", "customer:2"), "It is linked to company"),
            (("create", "contact:3"), "It is linked to contact"),
            (("forget", "customer:1"), "Nobody decided about it"),
            (("ignore", "nonsense"), "knows nothing of customer:nonsense"),
            (("ignore", ":"), "':' is not the key of a record"),
        ],
    )
    def test_it_says_why(self, world: World, words: tuple[str, ...], said: str) -> None:
        result = typed(world, *words)
        assert result.exit_code == 2
        assert said in " ".join(result.output.split())
        assert world.query("SELECT * FROM ml_connector.decision") == []

    def test_one_that_another_record_is(self, world: World) -> None:
        other = world.company(2).id
        said = answer(world, "link", "customer:1", other, code=2)["error"]
        assert said["message"] == f"Company {other} is customer:2 already."
        assert "Link that one elsewhere first" in said["remedy"]

    def test_one_that_was_archived(self, world: World) -> None:
        gone = world.sandbox.hubspot.add_record("companies", {"name": "Borte"})
        world.sandbox.hubspot.archive_as_person("companies", gone)
        assert "it was archived" in answer(world, "link", "customer:1", gone, code=2)["error"]["message"]

    def test_one_that_another_decision_has(self, world: World) -> None:
        free = world.sandbox.hubspot.add_record("companies", {"name": "Fri"})
        assert answer(world, "link", "customer:2", free)["hubspot_id"] == free
        said = answer(world, "link", "customer:1", free, code=2)["error"]
        assert "customer:2 was linked to company" in said["message"]
        assert answer(world, "forget", "customer:2")["decision"] is None
        world.change("DELETE FROM ml_connector.reject WHERE record_key = 'customer:2'")

    def test_an_unknown_connection(self) -> None:
        result = CliRunner().invoke(main, ["conflicts", "nowhere", "list"])
        assert result.exit_code == 2
        assert "no connection 'nowhere'" in " ".join(result.output.split())

    def test_another_portal(self, world: World) -> None:
        world.change("UPDATE ml_connector.binding SET value = '1' WHERE side = 'hubspot_portal'")
        assert typed(world, "link", "customer:1", fits(world)[0]).exit_code == 2
        portal = world.sandbox.settings.hubspot.portal_id
        world.change(
            "UPDATE ml_connector.binding SET value = :it WHERE side = 'hubspot_portal'", it=str(portal)
        )
        assert world.query("SELECT * FROM ml_connector.decision") == []

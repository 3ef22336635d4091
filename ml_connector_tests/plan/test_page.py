"""The page of a plan."""

import re
from collections.abc import Iterable

from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.page import MOST_ITEMS, Heading, plan_page
from ml_connector.plan.view import view

HEADING = Heading.of_run("acme", "2026-11-20", "run-1", "2026-11-21 00:31 Europe/Oslo")


def operation(action: Action, number: int = 1, **fields: object) -> Operation:
    """Return an operation on a customer's company."""
    usual = {"entity": "companies", "object_type": "companies", "partition": "2026-11-20"}
    return Operation(action=action, keys=(f"customer:{number}",), **{**usual, **fields})  # type: ignore[arg-type]


def address(object_type: str, record_id: str) -> str | None:
    """Return a page for companies alone."""
    return f"https://hubspot.example/{record_id}" if object_type == "companies" else None


def text_of(operations: Iterable[Operation], *alarms: str) -> str:
    """Return the words of a page, without its style and tags."""
    html = plan_page(HEADING, view(operations, most=MOST_ITEMS), address, alarms)
    body = re.sub(r"<style>.*</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", body)


def test_says_how_much_would_change_and_what_needs_a_person() -> None:
    plan = [operation(Action.CREATE), operation(Action.UPDATE), operation(Action.UNCHANGED)]
    assert "2 operations on HubSpot." in text_of(plan)
    waiting = operation(Action.CONFLICT, 9, reason="2 companies fit", candidates=("7", "8"))
    text = text_of([*plan, waiting])
    assert "2 operations on HubSpot. 1 record needs a person." in text
    assert "Companies in conflict: 1" in text
    assert "customer:9 2 companies fit; HubSpot 7, 8" in text


def test_a_plan_of_nothing_says_so() -> None:
    text = text_of([])
    assert "Nothing would change." in text
    assert "No record came by." in text
    assert "acme" in text


def test_shows_values_old_and_new_with_a_way_to_the_record() -> None:
    changed = operation(
        Action.UPDATE,
        hubspot_id="77",
        values={"city": "Bergen"},
        previous={"city": "Oslo"},
        rule="organisation_number",
    )
    html = plan_page(HEADING, view([changed], most=5), address)
    assert 'href="https://hubspot.example/77"' in html
    text = text_of([changed])
    assert "city Oslo → Bergen" in text
    assert "by organisation number" in text


def test_text_of_the_books_is_never_markup() -> None:
    html = plan_page(
        HEADING, view([operation(Action.CREATE, values={"name": "<script>x</script>"})], most=5), address
    )
    assert "<script>" not in html


def test_a_long_list_is_cut_and_says_how_to_see_all() -> None:
    text = text_of(operation(Action.CREATE, number) for number in range(MOST_ITEMS + 12))
    assert f"Companies to create: {MOST_ITEMS + 12}" in text
    assert "And 12 more. See all of them: ml-connector plan acme --all" in text
    assert f"customer:{MOST_ITEMS - 1} " in text
    assert f"customer:{MOST_ITEMS} " not in text


def test_what_is_skipped_is_shown_by_reason_and_links_by_their_ends() -> None:
    ends = {"from": "contact:7", "to": "customer:1", "to_type": "companies"}
    links = [operation(Action.LINK, entity="links", object_type="contacts", values=ends, rule="email")]
    skipped = [operation(Action.SKIP, number, reason="it is inactive") for number in range(4)]
    text = text_of([*links, *skipped])
    assert "contact:7 customer:1 by email" in text
    assert "it is inactive 4 customer:0, customer:1, customer:2" in text


def test_an_alarm_stands_at_the_top() -> None:
    assert "Far more would change than usual." in text_of([], "Far more would change than usual.")

"""A plan as a person reads it."""

from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.view import FieldChange, Section, as_json, view


def operation(action: Action, number: int = 1, **fields: object) -> Operation:
    """Return an operation on a customer's company."""
    usual = {"entity": "companies", "object_type": "companies", "partition": "2026-11-20"}
    return Operation(action=action, keys=(f"customer:{number}",), **{**usual, **fields})  # type: ignore[arg-type]


def test_entities_come_in_the_order_of_the_plan_and_sections_with_what_needs_a_person_first() -> None:
    plan = [
        operation(Action.UNCHANGED),
        operation(Action.SKIP, reason="too old"),
        operation(Action.CREATE),
        operation(Action.UPDATE),
        operation(Action.CONFLICT),
        operation(Action.REJECT),
        operation(Action.LINK, entity="links"),
    ]
    companies, links = view(plan, most=10)
    assert (companies.entity, links.entity) == ("companies", "links")
    assert companies.sections == [
        Section.CONFLICT,
        Section.REJECT,
        Section.UPDATE,
        Section.CREATE,
        Section.SKIP,
    ]
    assert links.sections == [Section.LINK]


def test_all_are_counted_and_the_first_kept() -> None:
    plan = [operation(Action.UPDATE, number, values={"city": "Oslo"}) for number in range(7)]
    (some,) = view(plan, most=2)
    assert (some.many(Section.UPDATE), some.fields["city"]) == (7, 7)
    assert [item.keys[0] for item in some.items[Section.UPDATE]] == ["customer:0", "customer:1"]
    (every,) = view(plan, most=None)
    assert len(every.items[Section.UPDATE]) == 7


def test_an_update_shows_old_and_new_and_the_name_it_goes_by() -> None:
    changed = operation(
        Action.UPDATE,
        hubspot_id="77",
        values={"phone": "+4722334455", "city": "Bergen"},
        previous={"phone": None, "city": "Oslo"},
        remembered={"name": "Fjord AS"},
        rule="domain",
    )
    (found,) = view([changed], most=5)
    (item,) = found.items[Section.UPDATE]
    assert (item.title, item.hubspot_id, item.rule) == ("Fjord AS", "77", "domain")
    assert item.changes == (FieldChange("city", "Oslo", "Bergen"), FieldChange("phone", None, "+4722334455"))


def test_a_link_shows_its_ends_and_no_values() -> None:
    ends = {"from": "contact:7", "to": "customer:1", "to_type": "companies"}
    (found,) = view([operation(Action.LINK, entity="links", values=ends)], most=5)
    (item,) = found.items[Section.LINK]
    assert (item.ends, item.changes, item.title) == (("contact:7", "customer:1"), (), None)


def test_reasons_are_counted_by_section_with_the_first_records() -> None:
    plan = [operation(Action.SKIP, number, reason="too old") for number in range(5)]
    (found,) = view([*plan, operation(Action.REJECT, 9, reason="too old")], most=1)
    assert (found.reasons[Section.SKIP]["too old"].many, found.reasons[Section.REJECT]["too old"].many) == (
        5,
        1,
    )
    assert found.reasons[Section.SKIP]["too old"].keys == ["customer:0", "customer:1", "customer:2"]


def test_as_json_an_operation_has_what_it_has() -> None:
    assert as_json(operation(Action.UNCHANGED)) == {
        "entity": "companies",
        "action": "unchanged",
        "record": "customer:1",
        "partition": "2026-11-20",
    }
    conflict = operation(Action.CONFLICT, candidates=("7", "8"), reason="two fit", rule="domain")
    assert as_json(conflict)["candidates"] == ["7", "8"]
    update = operation(Action.UPDATE, hubspot_id="7", values={"city": ""}, previous={"city": "Oslo"})
    assert as_json(update)["values"] == {"city": {"old": "Oslo", "new": ""}}
    ends = {"from": "contact:7", "to": "customer:1", "to_type": "companies"}
    link = as_json(operation(Action.LINK, values=ends))
    assert (link["links"], "values" in link) == (["contact:7", "customer:1"], False)

"""Links count as made only when proven, whatever HubSpot answers."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import responses

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.associations import (
    CONTACT_TO_COMPANY,
    CONTACT_TO_PRIMARY_COMPANY,
    HUBSPOT_DEFINED,
    Link,
    archive_links,
    association_types,
    create_links,
    read_links,
    verify_types,
)
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector_tests.hubspot.portal import Reply, Script, client

CREATE = paths.association_batch("contacts", "companies", "create")
READ = paths.association_batch("contacts", "companies", "read")
ARCHIVE = paths.association_batch("contacts", "companies", "archive")
LABELS = paths.association_labels("contacts", "companies")
CONFIRMED, REJECTED, UNKNOWN = OutcomeStatus.CONFIRMED, OutcomeStatus.REJECTED, OutcomeStatus.UNKNOWN
TYPES = ((HUBSPOT_DEFINED, CONTACT_TO_COMPANY),)


def link(number: int, types: tuple[tuple[str, int], ...] = TYPES) -> Link:
    return Link(f"1{number}", f"2{number}", types, f"contact:{number}>company:{number}")


def none_of(ids: Sequence[str]) -> dict[str, Any]:
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No company is associated with contact {one}.",
            "context": {"fromObjectId": [one], "fromObjectType": ["contact"], "toObjectType": ["company"]},
        }
        for one in ids
    ]
    return {"status": "COMPLETE", "results": [], "errors": errors, "numErrors": len(errors)}


class Portal:
    """Keeps links and answers the three batch calls."""

    def __init__(self, refuse: Callable[[list[Any]], Reply | None] = lambda inputs: None) -> None:
        self.held: dict[str, dict[str, list[int]]] = {}
        self._refuse = refuse
        self.creates = Script(CREATE, self._create)
        self.reads = Script(READ, self._read)
        self.archives = Script(ARCHIVE, self._archive)

    def store(self, inputs: list[Any]) -> None:
        for item in inputs:
            kinds = [one["associationTypeId"] for one in item["types"]]
            self.held.setdefault(item["from"]["id"], {})[item["to"]["id"]] = kinds

    def _create(self, body: Any) -> Reply:
        refusal = self._refuse(body["inputs"])
        if refusal:
            return refusal
        self.store(body["inputs"])
        made = [{"fromObjectId": int(i["from"]["id"]), "toObjectId": i["to"]["id"]} for i in body["inputs"]]
        return 201, {"status": "COMPLETE", "results": made[::-1]}

    def _read(self, body: Any) -> Reply:
        ids = [item["id"] for item in body["inputs"]]
        answer = none_of([one for one in ids if not self.held.get(one)])
        answer["results"] = [
            {
                "from": {"id": one},
                "to": [
                    {
                        "toObjectId": int(other),
                        "associationTypes": [
                            {"category": HUBSPOT_DEFINED, "typeId": kind, "label": None} for kind in kinds
                        ],
                    }
                    for other, kinds in self.held[one].items()
                ],
            }
            for one in ids
            if self.held.get(one)
        ]
        return 207, answer

    def _archive(self, body: Any) -> Reply:
        refusal = self._refuse(body["inputs"])
        if refusal:
            return refusal
        for item in body["inputs"]:
            for other in item["to"]:
                self.held.get(item["from"]["id"], {}).pop(other["id"], None)
        return 204, ""


def make(*links: Link, in_flight: int = 1) -> list[Outcome]:
    made = create_links(
        client(in_flight=in_flight), "contacts", "companies", links, before=lambda batch: None
    )
    return [outcome for _, outcomes in made for outcome in outcomes]


def remove(*links: Link) -> list[Outcome]:
    gone = archive_links(client(), "contacts", "companies", links, before=lambda batch: None)
    return [outcome for _, outcomes in gone for outcome in outcomes]


@responses.activate
def test_links_are_made_two_thousand_a_call_and_proven_by_results() -> None:
    portal = Portal()
    outcomes = make(*(link(number) for number in range(4500)), in_flight=2)
    assert {one.status for one in outcomes} == {CONFIRMED}
    assert len(outcomes) == 4500
    assert sorted(len(body["inputs"]) for body in portal.creates.bodies) == [500, 2000, 2000]
    assert portal.creates.bodies[0]["inputs"][0]["types"] == [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    ]
    assert portal.reads.calls == 0


@responses.activate
def test_the_other_shape_of_results_counts_in_its_own_direction_only() -> None:
    forth = {"from": {"id": "11"}, "to": {"id": "21"}}
    back = {"from": {"id": "22"}, "to": {"id": "12"}}
    Portal(lambda inputs: (200, {"results": [None, back, forth]}))
    first, second = make(link(1), link(2))
    assert (first.status, second.status) == (CONFIRMED, UNKNOWN)


@responses.activate
def test_success_with_nothing_written_stays_unknown_after_one_more_try() -> None:
    portal = Portal(lambda inputs: (200, {"status": "COMPLETE", "results": []}))
    (outcome,) = make(link(1))
    assert (outcome.status, outcome.category) == (UNKNOWN, "UNCONFIRMED")
    assert (portal.creates.calls, portal.reads.calls) == (2, 2)


@responses.activate
def test_silent_success_is_confirmed_by_reading_all_types() -> None:
    portal: Portal

    def refuse(inputs: list[Any]) -> Reply | None:
        portal.store(inputs)
        return 200, {"results": []}

    portal = Portal(refuse)
    both = (*TYPES, (HUBSPOT_DEFINED, CONTACT_TO_PRIMARY_COMPANY))
    outcomes = make(link(1), link(2, both))
    assert {one.status for one in outcomes} == {CONFIRMED}
    assert portal.creates.calls == 1


@responses.activate
def test_a_link_that_lacks_a_type_is_not_confirmed_by_reading() -> None:
    portal = Portal(lambda inputs: (200, {"results": []}))
    portal.held = {"11": {"21": [CONTACT_TO_COMPANY]}}
    both = (*TYPES, (HUBSPOT_DEFINED, CONTACT_TO_PRIMARY_COMPANY))
    assert [one.status for one in make(link(1, both))] == [UNKNOWN]


@responses.activate
@pytest.mark.parametrize(
    "context", [{"fromObjectId": ["12"], "toObjectId": ["22"]}, {"toObjectId": ["22"]}, {"ids": ["22"]}]
)
def test_errors_in_a_success_are_matched_by_the_ids_of_the_ends(context: dict[str, list[str]]) -> None:
    problem = {"category": "VALIDATION_ERROR", "message": "One is not valid", "context": context}
    results = [{"fromObjectId": "11", "toObjectId": 21}]
    Portal(lambda inputs: (207, {"results": results, "errors": [problem]}))
    first, second = make(link(1), link(2))
    assert (first.status, second.status, second.category) == (CONFIRMED, REJECTED, "VALIDATION_ERROR")


@responses.activate
@pytest.mark.parametrize("named", [True, False])
def test_one_bad_link_does_not_take_its_neighbours_along(named: bool) -> None:
    context = {"fromObjectId": ["17"], "toObjectId": ["27"]} if named else {}

    def refuse(inputs: list[Any]) -> Reply | None:
        if not any(item["from"]["id"] == "17" for item in inputs):
            return None
        detail = {"message": "One or more associations are not valid", "context": context}
        return 400, {"category": "BAD_REQUEST", "message": "Invalid", "errors": [detail]}

    portal = Portal(refuse)
    outcomes = make(*(link(number) for number in range(10)))
    assert [one.key for one in outcomes if one.status is REJECTED] == [link(7).key]
    assert sum(one.status is CONFIRMED for one in outcomes) == 9
    assert portal.creates.calls == (2 if named else 6)


@responses.activate
def test_missing_rights_of_the_tokens_owner_stop_the_run() -> None:
    detail = {"context": {"validationResult": ["USER_DOES_NOT_HAVE_PERMISSIONS"]}}
    portal = Portal(lambda inputs: (400, {"category": "BAD_REQUEST", "message": "x", "errors": [detail]}))
    with pytest.raises(PermanentApiError, match="lost rights"):
        make(link(1), link(2))
    assert portal.creates.calls == 1


@responses.activate
def test_an_unknown_pair_of_types_stops_the_run() -> None:
    Portal(lambda inputs: (404, {"message": "Unknown object type"}))
    with pytest.raises(PermanentApiError):
        make(link(1), link(2))


@responses.activate
def test_the_same_pair_twice_goes_in_two_calls() -> None:
    portal = Portal()
    again = Link("11", "21", ((HUBSPOT_DEFINED, CONTACT_TO_PRIMARY_COMPANY),), "again")
    outcomes = make(link(1), again)
    assert {one.status for one in outcomes} == {CONFIRMED}
    assert [len(body["inputs"]) for body in portal.creates.bodies] == [1, 1]


def test_links_without_types_or_with_one_key_are_refused_here() -> None:
    with pytest.raises(UsageError, match="types"):
        make(link(1, ()))
    with pytest.raises(UsageError, match="same key"):
        make(link(1), Link("5", "6", TYPES, link(1).key))


@responses.activate
def test_removed_links_are_proven_gone() -> None:
    portal = Portal()
    portal.held = {"11": {"21": [279], "29": [279]}, "12": {"22": [1, 279]}}
    outcomes = remove(link(1), link(2))
    assert {one.status for one in outcomes} == {CONFIRMED}
    assert portal.held == {"11": {"29": [279]}, "12": {}}
    assert portal.archives.bodies[0] == {
        "inputs": [
            {"from": {"id": "11"}, "to": [{"id": "21"}]},
            {"from": {"id": "12"}, "to": [{"id": "22"}]},
        ]
    }


@responses.activate
def test_a_removal_that_does_nothing_stays_unknown() -> None:
    portal = Portal(lambda inputs: (200, {"status": "COMPLETE", "results": []}))
    portal.held = {"11": {"21": [279]}}
    assert [one.status for one in remove(link(1))] == [UNKNOWN]
    assert portal.archives.calls == 2


@responses.activate
def test_read_links_takes_empty_numbers_and_all_pages() -> None:
    def item(number: int, category: str = HUBSPOT_DEFINED, kind: int = 279) -> dict[str, Any]:
        kinds = [{"category": category, "typeId": kind, "label": None}]
        return {"toObjectId": number, "associationTypes": kinds}

    first = none_of(["3"])
    first["results"] = [
        {"from": {"id": "1"}, "to": [item(21)], "paging": {"next": {"after": "x"}}},
        {"from": {"id": 2}, "to": [item(22, "USER_DEFINED")]},
    ]
    second = {"results": [{"from": {"id": "1"}, "to": [item(21, kind=1), item(23)]}]}
    script = Script(READ, [(207, first), (200, second), (200, {"results": []})])
    found = read_links(client(), "contacts", "companies", ["1", "2", "3", "4", "1"])
    assert {one: [other.id for other in linked] for one, linked in found.items()} == {
        "1": ["21", "23"],
        "2": ["22"],
        "3": [],
    }
    assert found["1"][0].type_ids == {1, 279}
    assert found["2"][0].type_ids == frozenset()
    assert [body["inputs"] for body in script.bodies] == [
        [{"id": "1"}, {"id": "2"}, {"id": "3"}, {"id": "4"}],
        [{"id": "1", "after": "x"}],
        [{"id": "4"}],
    ]


@responses.activate
def test_read_links_asks_for_a_thousand_records_a_call() -> None:
    portal = Portal()
    found = read_links(client(in_flight=2), "contacts", "companies", [str(number) for number in range(2500)])
    assert len(found) == 2500
    assert sorted(len(body["inputs"]) for body in portal.reads.bodies) == [500, 1000, 1000]


@responses.activate
def test_other_problems_of_reading_links_raise() -> None:
    Script(READ, [(207, {"results": [], "errors": [{"category": "VALIDATION_ERROR", "message": "No"}]})])
    with pytest.raises(PermanentApiError):
        read_links(client(), "contacts", "companies", ["1"])


@responses.activate
def test_types_are_verified_by_category_and_id() -> None:
    offered = [
        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
        {"category": "USER_DEFINED", "typeId": 1, "label": "Owner"},
    ]
    Script(LABELS, [(200, {"results": offered})], "GET")
    assert [(one.type_id, one.label) for one in association_types(client(), "contacts", "companies")] == [
        (279, None),
        (1, "Owner"),
    ]
    assert verify_types(client(), "contacts", "companies") == (1,)
    assert verify_types(client(), "contacts", "companies", [279]) == ()

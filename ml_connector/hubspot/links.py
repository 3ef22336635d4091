"""Links between records as shapes, and how answers about them are read: pure functions, matched by both ids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ml_connector.errors import PermanentApiError
from ml_connector.http import Answer
from ml_connector.hubspot.answers import Context, Problem, cause_told, error_of, problems_in, refusal_of
from ml_connector.hubspot.association_types import HUBSPOT_DEFINED
from ml_connector.hubspot.interpretation import ROW_STATUSES
from ml_connector.hubspot.outcomes import UNCONFIRMED, Again, Outcome, OutcomeStatus

NO_ASSOCIATIONS = "NO_ASSOCIATIONS_FOUND"
"""The end of the sub-category that says a record has no associations, which is no failure (reference: hubspot 4)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One association to make or remove, by record ids.

    ``types`` are (category, type id) pairs; all types the pair shall have, as labels not sent are removed. ``key`` is
    the link in the words of people, unique within a call, and its trace id.
    """

    from_id: str
    to_id: str
    types: tuple[tuple[str, int], ...]
    key: str

    @property
    def trace_id(self) -> str:
        """The key: HubSpot takes no trace ids for associations."""
        return self.key


@dataclass(frozen=True, slots=True)
class AssociatedRecord:
    """The other end of an association: its record id and the (category, type id) pairs it is linked with."""

    id: str
    types: frozenset[tuple[str, int]]

    @property
    def type_ids(self) -> frozenset[int]:
        """The ids of HubSpot's own types; user-defined ones may have the same numbers and are left out."""
        return frozenset(type_id for category, type_id in self.types if category == HUBSPOT_DEFINED)


def interpret_links(answer: Answer, links: Sequence[Link], label: str) -> list[Outcome] | Again[Link]:
    """Read the answer to a batch of links to make; those that no result and no error names are unknown.

    Raises:
        CredentialsError, PermanentApiError: a refusal of the whole run; one is that the token's owner may not see the
            records (reference: hubspot 4).
    """
    if answer.ok:
        return _read_results(answer, links, removal=False)
    return _whole_refusal(answer, links, label)


def interpret_removal(answer: Answer, links: Sequence[Link], label: str) -> list[Outcome] | Again[Link]:
    """Read the answer to a batch of links to remove; success has no body worth trusting, so it stays unknown."""
    if answer.ok:
        return _read_results(answer, links, removal=True)
    return _whole_refusal(answer, links, label)


def associated(result: Mapping[str, Any]) -> tuple[str, list[AssociatedRecord], str | None]:
    """Read one result of a batch read: the id it is about, the records linked to it, and the cursor of the next page.

    Ids come as numbers or strings (reference: hubspot 4).
    """
    records = [
        AssociatedRecord(
            str(item["toObjectId"]),
            frozenset(
                (str(kind.get("category") or ""), int(kind["typeId"]))
                for kind in item.get("associationTypes") or ()
            ),
        )
        for item in result.get("to") or ()
    ]
    after = ((result.get("paging") or {}).get("next") or {}).get("after")
    return str(result["from"]["id"]), records, None if after is None else str(after)


def _whole_refusal(answer: Answer, links: Sequence[Link], label: str) -> list[Outcome] | Again[Link]:
    refusal = refusal_of(answer)
    problems = (refusal.problem, *refusal.details)
    if any(
        "PERMISSION" in reason for item in problems for reason in item.context.get("validationResult", ())
    ):
        raise PermanentApiError(
            "HubSpot does not let the token associate these records.",
            status=answer.status,
            category=refusal.category,
            correlation_id=refusal.correlation_id,
            remedy="The person who made the private app or key may have lost rights; make a new one and store it.",
        )
    named = {link.key for item in problems for link in _links_of(item.context, links)}
    if answer.status not in ROW_STATUSES and not (answer.status == 404 and named):
        raise error_of(answer, label)
    if len(links) == 1:
        named = {links[0].key}
    settled = [
        replace(
            _refused(link, refusal.category, refusal.plain(), cause_told(*problems), answer.status),
            correlation_id=refusal.correlation_id,
        )
        for link in links
        if link.key in named
    ]
    rest = [link for link in links if link.key not in named]
    return Again(settled, rest, halve=not settled) if rest else settled


def _read_results(answer: Answer, links: Sequence[Link], *, removal: bool) -> list[Outcome] | Again[Link]:
    body = answer.json()
    made = set() if removal else _pairs(body)
    wrong: dict[str, Problem] = {}
    unnamed = False
    for problem in problems_in(body):
        hit = _links_of(problem.context, links) or (list(links) if len(links) == 1 else [])
        unnamed = unnamed or not hit
        for link in hit:
            wrong.setdefault(link.key, problem)
    outcomes: list[Outcome] = []
    rest: list[Link] = []
    for link in links:
        confirmed, problem_of_link = (link.from_id, link.to_id) in made, wrong.get(link.key)
        if problem_of_link is not None and not confirmed:
            category = problem_of_link.category or "UNSPECIFIED"
            told = cause_told(problem_of_link)
            outcomes.append(_refused(link, category, problem_of_link.plain(), told, answer.status))
        elif confirmed and problem_of_link is None:
            outcomes.append(
                Outcome(link.key, link.key, OutcomeStatus.CONFIRMED, created=True, http_status=answer.status)
            )
        elif unnamed and len(links) > 1:
            rest.append(link)
        else:
            outcomes.append(_silent(link, answer.status))
    return Again(outcomes, rest, halve=len(rest) == len(links)) if rest else outcomes


def _pairs(body: Any) -> set[tuple[str, str]]:
    """Return the pairs an answer confirms; two shapes of results are in use (reference: hubspot 4)."""
    results = body.get("results") if isinstance(body, dict) else None
    pairs: set[tuple[str, str]] = set()
    for item in results if isinstance(results, list) else ():
        if not isinstance(item, dict):
            continue
        if "fromObjectId" in item and "toObjectId" in item:
            pairs.add((str(item["fromObjectId"]), str(item["toObjectId"])))
        elif isinstance(item.get("from"), dict) and isinstance(item.get("to"), dict):
            pairs.add((str(item["from"].get("id")), str(item["to"].get("id"))))
    return pairs


def _links_of(context: Context, links: Iterable[Link]) -> list[Link]:
    """Return the links that a problem's context names, by the ids of both ends or of the one it has."""
    ids = {
        side: {
            value
            for name in (f"{side}ObjectId", f"{side}ObjectIds", f"{side}Id")
            for value in context.get(name, ())
        }
        for side in ("from", "to")
    }
    either = {value for name in ("ids", "id", "objectId", "objectIds") for value in context.get(name, ())}
    if not (ids["from"] or ids["to"] or either):
        return []
    return [
        link
        for link in links
        if (not ids["from"] or link.from_id in ids["from"])
        and (not ids["to"] or link.to_id in ids["to"])
        and (ids["from"] or ids["to"] or link.from_id in either or link.to_id in either)
    ]


def _refused(link: Link, category: str | None, message: str, told: str, http_status: int) -> Outcome:
    return Outcome(
        link.key,
        link.key,
        OutcomeStatus.REJECTED,
        http_status=http_status,
        category=category,
        message=message,
        told=told,
    )


def _silent(link: Link, http_status: int) -> Outcome:
    message = "HubSpot's answer does not mention this link; its type may not exist in the portal."
    status = OutcomeStatus.UNKNOWN
    return Outcome(link.key, link.key, status, http_status=http_status, category=UNCONFIRMED, message=message)

"""The links that a run made or took away: which are taken away or made again, and which stay, with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.hubspot.associations import read_links
from ml_connector.plan.decided import MOVED_LINKS, RELEASED_LINKS
from ml_connector.plan.links import DEAL
from ml_connector.plan.operations import Action, Operation
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.made import LINES, MadeRecords
from ml_connector.undo.model import MENDED, OWED, PREFIX, RULE, named
from ml_connector.undo.portal import Neighbour, Portal
from ml_connector.undo.steps import LinkRow, LinkStep, effective, owed_before

LABELLED = "somebody has labelled it since"
NO_END = "one of its two records is not in HubSpot any more"


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that the run worked on: all that was done with it, and how it stands in the ledger now."""

    story: Sequence[LinkStep]
    mine: LinkStep
    row: LinkRow | None


class ChangedLinks:
    """Plans what becomes of the links of a run.

    Args:
        reader: the ledger.
        portal: the portal.
        made: the records that the run made: what belongs to one that stays, stays linked to it.
    """

    def __init__(self, reader: UndoReader, portal: Portal, made: MadeRecords) -> None:
        self._reader = reader
        self._portal = portal
        self._made = made
        self._run = reader.run.run_id

    def plan(self) -> Iterator[Operation]:
        """Yield the links to take away, those to make again, and those that stay with the reason."""
        for keys in self._reader.link_keys():
            stories = self._reader.link_stories(keys)
            rows = self._rows(stories)
            links = [
                _Link(stories[key], _mine(self._run, stories[key]), rows.get(key))
                for key in keys
                if stories.get(key)
            ]
            moved = [link for link in links if link.mine.entity in (RELEASED_LINKS, MOVED_LINKS)]
            yield from (_operation(link.mine, Action.SKIP, MENDED) for link in moved)
            rest = [link for link in links if link not in moved]
            removed = [link for link in rest if link.mine.action == Action.UNLINK]
            made = [link for link in rest if link.mine.action == Action.LINK and link.row is not None]
            yield from self._plan_removed(removed)
            labelled, twins = self._labelled(made), self._twins(made)
            for link in made:
                if not self._stays(link.mine):
                    yield from self._plan_made(link, labelled, twins)

    def _plan_made(self, link: _Link, labelled: set[str], twins: set[str]) -> Iterator[Operation]:
        last = effective(self._run, link.story)
        key = link.mine.key
        mine = last is not None and last.run_id == self._run and last.action == Action.LINK
        if mine and key in labelled:
            yield _operation(link.mine, Action.SKIP, LABELLED)
        elif mine or key in twins or self._never_made(link):
            owed = owed_before(self._run, link.story)
            yield _operation(link.mine, Action.UNLINK, OWED if owed else None)
        elif last is not None and last.run_id != self._run and last.undoes != self._run:
            yield _operation(link.mine, Action.SKIP, f"made again by {named(last.run_id)} since")

    def _plan_removed(self, links: Sequence[_Link]) -> Iterator[Operation]:
        """Yield what makes links again that the run took away, where both records are there and stay."""
        still = [link for link in links if link.row is None and self._is_last(link)]
        ends: dict[str, set[str]] = {}
        for link in still:
            for object_type, key in _ends(link.mine):
                ends.setdefault(object_type, set()).add(key)
        there = {
            (object_type, key)
            for object_type, keys in ends.items()
            for key in self._reader.known(object_type, keys)
            if not self._made.goes(object_type, key)
        }
        for link in still:
            known = all(place in there or place[1].startswith(DEAL) for place in _ends(link.mine))
            yield _operation(link.mine, Action.LINK if known else Action.SKIP, None if known else NO_END)

    def _is_last(self, link: _Link) -> bool:
        last = effective(self._run, link.story)
        return last is not None and (last.run_id, last.action) == (self._run, Action.UNLINK)

    def _stays(self, step: LinkStep) -> bool:
        """Return whether a link belongs to a record that stays: it starts from it, or hangs a line on its document."""
        start, end = _ends(step)
        return self._made.stays(*start) or (end[0] == LINES and self._made.stays(*end))

    def _never_made(self, link: _Link) -> bool:
        """Return whether the run is the only one that ever wanted a link, and could not make it."""
        return link.row is not None and link.row.status != "confirmed" and self._is_alone(link)

    def _rows(self, stories: Mapping[str, Sequence[LinkStep]]) -> dict[str, LinkRow]:
        """Return how links stand in the ledger, by name."""
        by_type: dict[str, list[str]] = {}
        for story in stories.values():
            by_type.setdefault(story[0].from_type, []).append(str(story[0].ends["from"]))
        return {
            row.key: row
            for from_type, keys in by_type.items()
            for row in self._reader.links_from(from_type, list(dict.fromkeys(keys)))
        }

    def _labelled(self, links: Sequence[_Link]) -> set[str]:
        """Return the names of links that somebody has labelled; where a record goes, its links go in any case."""
        asked: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
        for link in links:
            row = link.row
            if row is None or row.from_id is None or row.to_id is None:
                continue
            if not self._made.goes(row.from_type, row.from_key) and not self._made.goes(
                row.to_type, row.to_key
            ):
                asked.setdefault((row.from_type, row.to_type), {})[row.from_id, row.to_id] = row.key
        found: set[str] = set()
        for (from_type, to_type), names in asked.items():
            held = read_links(self._portal.client, from_type, to_type, {from_id for from_id, _ in names})
            for from_id, others in held.items():
                for other in others:
                    name = names.get((from_id, other.id))
                    if name and self._portal.labelled(from_type, Neighbour(to_type, other.id, other.types)):
                        found.add(name)
        return found

    def _twins(self, links: Sequence[_Link]) -> set[str]:
        """Return the names of links that the run only noted, as it had just made the same association for another key.

        Two Visma contacts may be one HubSpot contact.
        """
        found: set[str] = set()
        by_type: dict[str, list[LinkRow]] = {}
        for link in links:
            noted = link.mine.status == "done" and link.row is not None and link.row.from_id is not None
            if noted and link.row is not None and self._is_alone(link):
                by_type.setdefault(link.row.from_type, []).append(link.row)
        for from_type, rows in by_type.items():
            claims = self._reader.claims(from_type, [str(row.from_id) for row in rows])
            keys = {claim.key for mine in claims.values() for claim in mine}
            others = self._reader.links_from(from_type, sorted(keys))
            stories = self._reader.link_stories([other.key for other in others])
            made = {
                (other.from_id, other.to_id)
                for other in others
                if (last := effective(self._run, stories.get(other.key, ()))) is not None
                and (last.run_id, last.action) == (self._run, Action.LINK)
            }
            found |= {row.key for row in rows if (row.from_id, row.to_id) in made}
        return found

    def _is_alone(self, link: _Link) -> bool:
        """Return whether no other run ever worked on a link."""
        return all(self._run in (step.run_id, step.undoes) for step in link.story)


def _mine(run_id: str, story: Sequence[LinkStep]) -> LinkStep:
    """Return what a run did with a link in the end."""
    return [step for step in story if step.run_id == run_id][-1]


def _ends(step: LinkStep) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the object type and key of both ends; a link that does not say what it leads to leads to a company."""
    ends = step.ends
    return (step.from_type, ends["from"]), (ends.get("to_type") or "companies", ends["to"])


def _operation(step: LinkStep, action: Action, reason: str | None) -> Operation:
    return Operation(
        entity=PREFIX + step.entity,
        object_type=step.from_type,
        action=action,
        keys=(step.key,),
        partition=step.partition,
        values=dict(step.ends),
        rule=RULE,
        reason=reason,
    )

"""The records that a run made: which of them nobody has touched since, and which stay, with the reason.

What stays, stays whole: the links that start from it, and what of the run's own they lead to. So an invoice that a
person has changed keeps its lines, its company and its contact.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.hubspot.lost import ID_PROPERTIES
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.openings import DRAFT, STATUS
from ml_connector.plan.operations import Action
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.model import Claim, Kept, Since, Written, named, since
from ml_connector.undo.portal import Neighbour, Portal
from ml_connector.undo.steps import LinkRow, effective

Place = tuple[str, str]
"""Object type and HubSpot id of a record."""

GONE = "it is not in HubSpot any more: archived or merged by a person"
LINES = "line_items"
INVOICES = "invoices"


@dataclass(frozen=True, slots=True)
class Made:
    """A record that the run made and that is still there.

    Args:
        entity: what it is undone as.
        keys: the Visma keys that stand for it, the one it was made for first.
        partition: the window it came in.
        status: an invoice's status that keeps HubSpot from letting it be archived; empty where nothing does.
    """

    entity: str
    keys: tuple[str, ...]
    partition: str
    status: str = ""


@dataclass(slots=True)
class MadeRecords:
    """All records that the run made: those that can go, and those that stay."""

    made: dict[Place, Made] = field(default_factory=dict)
    kept: dict[Place, Kept] = field(default_factory=dict)
    by_key: dict[Place, Place] = field(default_factory=dict)
    """Places by object type and Visma key."""

    def goes(self, object_type: str, key: str) -> bool:
        """Return whether the record of a key is one that the run made and that is going to be archived."""
        place = self.by_key.get((object_type, key))
        return place is not None and place not in self.kept

    def stays(self, object_type: str, key: str) -> bool:
        """Return whether the record of a key is one that the run made and that stays."""
        place = self.by_key.get((object_type, key))
        return place is not None and place in self.kept


class MadeJudge:
    """Judges the records that a run made.

    Args:
        reader: the ledger.
        portal: the portal.
    """

    def __init__(self, reader: UndoReader, portal: Portal) -> None:
        self._reader = reader
        self._portal = portal
        self._run = reader.run.run_id

    def judge(self) -> MadeRecords:
        """Return what the run made, and what of it stays."""
        found = MadeRecords()
        for some in self._reader.written():
            made = {one.hubspot_id: one for one in some if one.made and one.archived is None}
            if made:
                self._judge_some(some[0].object_type, made, found)
        self._keep_whole(found)
        return found

    def _judge_some(self, object_type: str, made: Mapping[str, Written], found: MadeRecords) -> None:
        """Judge records of one type, each for itself."""
        ids = list(made)
        names = self._portal.writable(object_type)
        held = self._portal.held(object_type, ids, names)
        claims = self._reader.claims(object_type, ids)
        keys = {one: _keys(made[one], claims.get(one, ())) for one in ids}
        followed = self._reader.followed(object_type, [key for mine in keys.values() for key in mine])
        later = {one: since(self._run, followed.get(one, ())) for one in ids}
        edited = self._edited(object_type, names, made, held)
        foreign = self._foreign(object_type, held, keys)
        elsewhere = self._reader.elsewhere(object_type, ids)
        for hubspot_id, written in made.items():
            place = object_type, hubspot_id
            record = held.get(hubspot_id)
            if record is None:
                if not any(one.undoes == self._run for one in followed.get(hubspot_id, ())):
                    found.kept[place] = Kept(GONE)
                    found.made[place] = _made(written, keys[hubspot_id], None)
                continue
            found.made[place] = _made(written, keys[hubspot_id], record)
            found.by_key.update(((object_type, key), place) for key in keys[hubspot_id])
            why = _used(claims.get(hubspot_id, ()), later[hubspot_id]) or foreign.get(hubspot_id)
            if why is None and hubspot_id in elsewhere:
                why = Kept(f"connection {elsewhere[hubspot_id]} carries it too")
            if why is None and hubspot_id in edited:
                why = Kept(f"changed in HubSpot since: {', '.join(edited[hubspot_id])}")
            if why is not None:
                found.kept[place] = why

    def _edited(
        self,
        object_type: str,
        names: Sequence[str],
        made: Mapping[str, Written],
        held: Mapping[str, HubSpotRecord],
    ) -> dict[str, list[str]]:
        """Return what somebody else has written, by record; only what the ledger does not explain is looked up."""
        suspects: dict[str, list[str]] = {}
        for hubspot_id, record in held.items():
            ours, values = made[hubspot_id].values, record.properties
            strange = [
                name
                for name in names
                if not self._portal.same(object_type, name, ours.get(name, ""), values.get(name))
            ]
            if strange:
                suspects[hubspot_id] = strange
        return self._portal.edited(object_type, suspects) if suspects else {}

    def _foreign(
        self, object_type: str, held: Mapping[str, HubSpotRecord], keys: Mapping[str, Sequence[str]]
    ) -> dict[str, Kept]:
        """Return why records stay that are associated with others by somebody else than the run."""
        mine = [key for one in held for key in keys[one]]
        links = [*self._reader.links_from(object_type, mine), *self._reader.links_to(object_type, mine)]
        makers = self._makers(links)
        own = {pair for link in links if makers.get(link.key) == self._run for pair in _pairs(link)}
        theirs = {pair: makers[link.key] for link in links if link.key in makers for pair in _pairs(link)}
        found: dict[str, Kept] = {}
        for hubspot_id, neighbours in self._portal.neighbours(object_type, list(held)).items():
            place = object_type, hubspot_id
            strange = [
                one
                for one in neighbours
                if (place, _place(one)) not in own or self._portal.labelled(object_type, one)
            ]
            if strange:
                runs = [
                    run for one in strange if (run := theirs.get((place, _place(one)))) and run != self._run
                ]
                found[hubspot_id] = _associated(strange, runs)
        return found

    def _makers(self, links: Iterable[LinkRow]) -> dict[str, str]:
        """Return the run that made each link, by the link's name, undone ones left out."""
        stories = self._reader.link_stories(list(dict.fromkeys(link.key for link in links)))
        last = {key: effective(self._run, story) for key, story in stories.items()}
        return {
            key: step.run_id for key, step in last.items() if step is not None and step.action == Action.LINK
        }

    # --- what stays, stays whole

    def _keep_whole(self, found: MadeRecords) -> None:
        """Keep what belongs to records that stay."""
        waiting = dict(found.kept)
        while waiting:
            new: dict[Place, Kept] = {}
            by_type: dict[str, list[str]] = {}
            for place in waiting:
                if place in found.made and found.kept[place].reason != GONE:
                    by_type.setdefault(place[0], []).extend(found.made[place].keys)
            for object_type, keys in by_type.items():
                for needed, by in self._needed(object_type, keys):
                    needed_place = found.by_key.get(needed)
                    if needed_place is not None and needed_place not in found.kept:
                        new.setdefault(needed_place, Kept(f"it belongs to {by}, which stays"))
            found.kept |= new
            waiting = new

    def _needed(self, object_type: str, keys: Sequence[str]) -> Iterator[tuple[Place, str]]:
        """Yield the type and key of what records need, by the run's own links, with the key of who needs it."""
        links = self._reader.links_from(object_type, keys)
        makers = self._makers(links)
        for link in links:
            if makers.get(link.key) == self._run:
                yield (link.to_type, link.to_key), link.from_key
        if object_type == LINES:
            for link in self._reader.links_to(LINES, keys):
                if link.from_type == INVOICES:
                    yield (INVOICES, link.from_key), link.to_key


def _keys(written: Written, claims: Iterable[Claim]) -> tuple[str, ...]:
    """Return the Visma keys of a record, the one it was made for first."""
    create = written.create
    first = create.key if create is not None else written.writes[0].key
    return tuple(dict.fromkeys([first, *(claim.key for claim in claims)]))


def _made(written: Written, keys: tuple[str, ...], record: HubSpotRecord | None) -> Made:
    status = (record.properties.get(STATUS) or "") if record and written.object_type == INVOICES else ""
    return Made(written.entity, keys, written.writes[0].partition, "" if status == DRAFT else status)


def _used(claims: Iterable[Claim], later: Since) -> Kept | None:
    """Return why a record stays that later runs of ours have written to, or have taken for another Visma record."""
    if later.used_by is not None:
        names = sorted(name for name in later.writers if name not in ID_PROPERTIES) or ["its Visma id"]
        return Kept(f"changed by {named(later.used_by)} since: {', '.join(names)}", later.used_by)
    claim = next((one for one in claims if one.later is not None), None)
    if claim is None or claim.later is None:
        return None
    return Kept(f"it is {claim.key} too since {named(claim.later)}", claim.later)


def _associated(strange: Sequence[Neighbour], runs: Sequence[str]) -> Kept:
    types = ", ".join(sorted({one.object_type.replace("_", " ") for one in strange}))
    if runs:
        return Kept(f"linked by {named(runs[0])} since, with {types}", runs[0])
    return Kept(f"linked or labelled by somebody else, with {types}")


def _place(neighbour: Neighbour) -> Place:
    return neighbour.object_type, neighbour.hubspot_id


def _pairs(link: LinkRow) -> Iterator[tuple[Place, Place]]:
    """Yield both directions of a link whose ends are known."""
    if link.from_id and link.to_id:
        start, end = (link.from_type, link.from_id), (link.to_type, link.to_id)
        yield start, end
        yield end, start

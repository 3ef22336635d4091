"""Deciding: what a person says is checked against HubSpot and the ledger, then kept. HubSpot is only read."""

from dataclasses import dataclass

import sqlalchemy as sa

from ml_connector.desk.records import VismaRecord
from ml_connector.errors import UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.decisions import Decision, DecisionDesk, DueRecord, Verdict, decisions_of
from ml_connector.plan.decided import OWN_IDS

ONE = {"companies": "company", "contacts": "contact"}
"""What one record of an object is called."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command: the decision that stands (None where it was taken back), and what to know of it."""

    decision: Decision | None
    due: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decider:
    """Takes a person's word for records of one connection.

    Args:
        engine: of the ledger.
        connection: the connection's name.
        client: reads the portal.
    """

    engine: sa.Engine
    connection: str
    client: HubSpotClient

    def link(self, record: VismaRecord, hubspot_id: str, note: str | None) -> Done:
        """Keep that a Visma record is this HubSpot record.

        Raises:
            UsageError: HubSpot has no such record, or it belongs to another Visma record.
        """
        held = self._held(record.object_type, hubspot_id)
        if held is None:
            raise UsageError(
                f"HubSpot has no {ONE[record.object_type]} {hubspot_id}, or it was archived.",
                remedy="The id is the last part of the record's address in HubSpot. Restore an archived one first.",
                record=record.key,
            )
        self._require_free(record, held)
        notes = [] if held.id == hubspot_id else [f"HubSpot merged {hubspot_id} into {held.id}."]
        if record.linked and record.linked != held.id:
            notes.append(
                f"It is taken from {ONE[record.object_type]} {record.linked}, whose other values stay as they are."
            )
            notes.extend(
                f"{other} stays linked to {record.linked}; link it too if it belongs there."
                for other in record.others
                if record.record is None or other not in record.record.keys
            )
        return self._keep(record, Verdict.LINK, held.id, note, notes)

    def create(self, record: VismaRecord, note: str | None) -> Done:
        """Keep that a Visma record is none of HubSpot's records, and gets one of its own.

        Raises:
            UsageError: it is linked to one, or HubSpot allows no second one.
        """
        one = ONE[record.object_type]
        gone = None
        if record.linked:
            if self._held(record.object_type, record.linked) is not None:
                raise UsageError(
                    f"It is linked to {one} {record.linked} in HubSpot already.",
                    remedy="If that is the wrong one, make the right one in HubSpot and link it: "
                    f"ml-connector conflicts {self.connection} link {record.key} ID",
                    record=record.key,
                )
            gone = record.linked
        self._require_address(record)
        return self._keep(record, Verdict.CREATE, None, note, [], gone=gone)

    def ignore(self, record: VismaRecord, note: str | None) -> Done:
        """Keep that a Visma record is left alone, and what belongs to it."""
        notes = (
            [f"{ONE[record.object_type].capitalize()} {record.linked} in HubSpot stays as it is."]
            if record.linked
            else []
        )
        if record.object_type == "companies":
            notes.append("Its contacts and documents are left alone too.")
        return self._keep(record, Verdict.IGNORE, None, note, notes)

    def forget(self, record: VismaRecord) -> Done:
        """Take a decision back; the rules apply again.

        Raises:
            UsageError: nobody decided about the record.
        """
        made = decisions_of(self.engine, self.connection, record.object_type).get(
            (record.object_type, record.key)
        )
        if made is None:
            raise UsageError(
                "Nobody decided about it.",
                remedy=f"See `ml-connector conflicts {self.connection} list`.",
                record=record.key,
            )
        notes = []
        if record.linked and made.verdict is not Verdict.IGNORE:
            notes.append(f"It stays linked to {ONE[record.object_type]} {record.linked}.")
        if made.verdict is Verdict.IGNORE and record.object_type == "companies":
            notes.append(
                "Its contacts and documents come with their next change, or by a replay of their windows."
            )
        due = self._due(record)
        self._desk.forget(made, due, [one.key for one in record.refused])
        return Done(None, bool(due or record.refused), tuple(notes))

    def _keep(
        self,
        record: VismaRecord,
        verdict: Verdict,
        hubspot_id: str | None,
        note: str | None,
        notes: list[str],
        *,
        gone: str | None = None,
    ) -> Done:
        made = Decision(record.object_type, record.key, verdict, hubspot_id, note)
        due = None if verdict is Verdict.IGNORE else self._due(record)
        self._desk.decide(made, due, [one.key for one in record.refused], gone=gone)
        return Done(made, bool(due or record.refused), tuple(notes))

    @property
    def _desk(self) -> DecisionDesk:
        return DecisionDesk(self.engine, self.connection)

    def _due(self, record: VismaRecord) -> DueRecord | None:
        return None if record.refused else record.due

    def _held(self, object_type: str, hubspot_id: str) -> HubSpotRecord | None:
        names = sorted({*OWN_IDS[object_type].values()} & self.client.properties(object_type).keys())
        return self.client.survivor(object_type, hubspot_id, names)

    def _require_free(self, record: VismaRecord, held: HubSpotRecord) -> None:
        """Refuse a HubSpot record that another Visma record of the same kind has, by its id or by a decision."""
        kind, _, number = record.key.partition(":")
        unique = OWN_IDS[record.object_type][kind]
        carried = held.properties.get(unique)
        other = carried.partition(":")[2] if carried and carried != f"{self.connection}:{number}" else None
        if other is not None:
            name, _, rest = str(carried).partition(":")
            whose = f"{kind}:{rest}" + ("" if name == self.connection else f" of connection {name}")
            raise UsageError(
                f"{ONE[record.object_type].capitalize()} {held.id} is {whose} already.",
                remedy="Link that one elsewhere first, leave it alone in Visma, or merge the two in Visma.",
                record=record.key,
            )
        for (object_type, key), made in decisions_of(self.engine, self.connection).items():
            same_kind = key.partition(":")[0] == kind and key != record.key
            if object_type == record.object_type and made.hubspot_id == held.id and same_kind:
                raise UsageError(
                    f"{key} was linked to {ONE[object_type]} {held.id} before.",
                    remedy=f"Take that back first: ml-connector conflicts {self.connection} forget {key}",
                    record=record.key,
                )

    def _require_address(self, record: VismaRecord) -> None:
        """Refuse a second contact with one address: HubSpot keeps one contact per address (reference: hubspot 9)."""
        address = getattr(record.record, "email", None)
        if not address:
            return
        held = self.client.batch_read("contacts", [address], [], id_property="email").get(address)
        if held is not None:
            raise UsageError(
                f"Contact {held.id} in HubSpot has its e-mail address, and HubSpot keeps one contact per address.",
                remedy="Link it to that contact, leave it alone, or give it another address in Visma.",
                record=record.key,
            )

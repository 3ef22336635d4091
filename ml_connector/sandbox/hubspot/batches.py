"""Batch create, update, upsert and archive: all or nothing, or input by input when each one carries a trace id."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.calls import Call, Reply, repeated, text_id
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import (
    RefusedError,
    bad_request,
    duplicate_ids,
    non_unique_id_property,
    some_not_found,
)
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.rules import check_archive
from ml_connector.sandbox.hubspot.settings import PoisonMode
from ml_connector.sandbox.hubspot.showing import batch_json, written_json
from ml_connector.sandbox.hubspot.writing import Claims, Intent, Writer, inline_links, properties_of


@dataclass(slots=True)
class Batch:
    """What became of the inputs of one call while they were checked; indexes are positions of inputs."""

    inputs: Sequence[Mapping[str, Any]]
    intents: dict[int, Intent] = field(default_factory=dict)
    refused: dict[int, RefusedError] = field(default_factory=dict)
    isolated: dict[int, RefusedError] = field(default_factory=dict)

    @property
    def traced(self) -> bool:
        """Whether every input carries a trace id, which alone allows a partial result (reference: hubspot 3)."""
        return all(isinstance(item.get("objectWriteTraceId"), str) for item in self.inputs)


Check = Callable[[int, Mapping[str, Any], Claims], Intent | None]


def batch_create(call: Call) -> Reply:
    """POST .../batch/create."""
    writer = _writer(call)

    def check(position: int, item: Mapping[str, Any], claims: Claims) -> Intent:
        links = inline_links(call.account, writer.type, item.get("associations"))
        return writer.intend(None, properties_of(item), claims=claims, position=position, links=links)

    return _run(call, writer, call.inputs(), check, success=call.created())


def batch_update(call: Call) -> Reply:
    """POST .../batch/update: by record id, or by a unique property named per input."""
    writer = _writer(call)
    inputs = call.inputs()
    _refuse_repeats([f"{item.get('idProperty', '')}\0{text_id(item)}" for item in inputs])

    def check(position: int, item: Mapping[str, Any], claims: Claims) -> Intent | None:
        record_id, id_property = text_id(item), item.get("idProperty")
        if id_property is not None:
            check_id_property(call.account, writer.type, str(id_property))
            record = writer.store.by_key(str(id_property), record_id)
        else:
            record = writer.store.get(record_id)
            merged = writer.store.records.get(record_id)
            if merged is not None and merged.merged_into is not None:
                return None
        if record is None:
            raise some_not_found(writer.type.singular, [record_id])
        return writer.intend(record, properties_of(item), claims=claims, position=position)

    return _run(call, writer, inputs, check, success=200)


def batch_upsert(call: Call) -> Reply:
    """POST .../batch/upsert: each input names a unique property and its value in ``id``."""
    writer = _writer(call)
    inputs = call.inputs()
    _refuse_repeats([f"{item.get('idProperty', '')}\0{text_id(item)}" for item in inputs])
    for item in inputs:
        if not item.get("idProperty"):
            raise bad_request("idProperty is required for upsert.")
        check_id_property(call.account, writer.type, str(item["idProperty"]), contact_email=True)

    def check(position: int, item: Mapping[str, Any], claims: Claims) -> Intent:
        key, id_property = text_id(item), str(item["idProperty"])
        record = writer.store.by_key(id_property, key)
        properties = {id_property: key, **properties_of(item)}
        return writer.intend(record, properties, claims=claims, position=position)

    by_email = any(item["idProperty"] == "email" for item in inputs)
    return _run(call, writer, inputs, check, success=200, upsert=True, whole=by_email)


def batch_archive(call: Call) -> Reply:
    """POST .../batch/archive: record ids only; ids that are not there are passed over."""
    object_type = call.object_type()
    call.require_records("write", object_type)
    ids = [text_id(item) for item in call.inputs()]
    _refuse_repeats(ids)
    store = call.account.store(object_type)
    found = [record for record in map(store.get, ids) if record is not None]
    for record in found:
        check_archive(call.account, object_type, record)
    for record in found:
        if record.active:
            call.account.archive(store, record)
    return Reply(204)


def check_id_property(
    account: Account, object_type: ObjectType, name: str, *, contact_email: bool = False
) -> None:
    """Check that records can be found by ``name``; ``contact_email`` also lets contacts be found by e-mail.

    Raises:
        RefusedError: 400 with HubSpot's own text (reference: hubspot 3).
    """
    definition = account.catalogue(object_type).get(name)
    if contact_email and object_type.type_id == "0-1" and name == "email":
        return
    if definition is None or not definition.unique:
        raise non_unique_id_property(object_type.type_id, name, account.settings.portal_id)


def poison_for(
    account: Account, object_type: ObjectType, record: Record | None, properties: Mapping[str, Any]
) -> PoisonMode | None:
    """Return how a planted rule refuses this write, or None."""
    for rule in account.settings.poison:
        if rule.object_type != object_type.name:
            continue
        value = properties.get(rule.property)
        if value is None and record is not None:
            value = record.values.get(rule.property)
        if value is not None and re.fullmatch(rule.pattern, str(value)):
            return rule.mode
    return None


def poisoned(mode: PoisonMode) -> RefusedError:
    """Return the refusal of a planted rule."""
    if mode is PoisonMode.BATCH_409:
        return RefusedError(409, "The record conflicts with another one.", "CONFLICT")
    return bad_request("The record was refused by a rule of the account.")


def _writer(call: Call) -> Writer:
    object_type = call.object_type()
    call.require_records("write", object_type)
    return Writer(call.account, object_type)


def _refuse_repeats(keys: Sequence[str]) -> None:
    twice = repeated(keys)
    if twice:
        raise duplicate_ids([key.rpartition("\0")[2] for key in twice])


def _run(
    call: Call,
    writer: Writer,
    inputs: Sequence[Mapping[str, Any]],
    check: Check,
    *,
    success: int,
    upsert: bool = False,
    whole: bool = False,
) -> Reply:
    """Check every input, then carry out what passed; raise the first refusal where partial results are not offered."""
    batch = Batch(inputs)
    traces = [
        item["objectWriteTraceId"] for item in inputs if isinstance(item.get("objectWriteTraceId"), str)
    ]
    if repeated(traces):
        raise bad_request(f"objectWriteTraceId must be unique within a batch: {repeated(traces)}")
    if _check_all(writer, batch, check) is PoisonMode.EMPTY_RESULTS:
        return Reply(success, batch_json(call.account, []))
    if batch.refused and (whole or not batch.traced):
        raise next(iter(batch.refused.values()))
    results = []
    for position, intent in batch.intents.items():
        record, new = writer.carry_out(intent, call.account.integration())
        trace_id = inputs[position].get("objectWriteTraceId")
        shown = written_json(writer.type, record, intent.changes, trace_id)
        results.append({**shown, "new": new} if upsert else shown)
    failed = sorted({**batch.refused, **batch.isolated}.items())
    errors = [problem.item(_context(inputs[position])) for position, problem in failed]
    body = batch_json(call.account, call.account.shuffled(results), errors)
    return Reply(call.partial() if errors else success, body)


def _check_all(writer: Writer, batch: Batch, check: Check) -> PoisonMode | None:
    """Fill a batch; return EMPTY_RESULTS when a planted rule says so."""
    claims = Claims()
    outcome = None
    for position, item in enumerate(batch.inputs):
        try:
            intent = check(position, item, claims)
        except RefusedError as problem:
            (batch.isolated if problem.category == "OBJECT_NOT_FOUND" else batch.refused)[position] = problem
            continue
        if intent is None:
            continue
        mode = poison_for(writer.account, writer.type, intent.record, intent.changes)
        if mode is None:
            batch.intents[position] = intent
        elif mode is PoisonMode.INPUT_ERROR:
            batch.isolated[position] = poisoned(mode)
        elif mode is PoisonMode.EMPTY_RESULTS:
            outcome = mode
        elif mode is not PoisonMode.MISSING_RESULT:
            raise poisoned(mode)
    return outcome


def _context(item: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what an error says about the input it belongs to."""
    context = {}
    if isinstance(item.get("id"), str | int):
        context["ids"] = [str(item["id"])]
    if isinstance(item.get("objectWriteTraceId"), str):
        context["objectWriteTraceId"] = [item["objectWriteTraceId"]]
    return context

"""Every path of the account's API and the handler behind it. Dated and old numbered versions share handlers."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from ml_connector.sandbox.hubspot import (
    account_calls,
    association_calls,
    batches,
    label_calls,
    property_calls,
    record_calls,
    schema_calls,
)
from ml_connector.sandbox.hubspot.gateway import Gateway, Handler
from ml_connector.sandbox.hubspot.rates import Kind
from ml_connector.sandbox.hubspot.search import search


class _Version(Convertor[str]):
    """A version in a path; subclasses say which."""

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Dated(_Version):
    regex = "2026-03|2026-09"


class _Numbered(_Version):
    regex = "v[134]"


register_url_convertor("hubspot_dated", _Dated())
register_url_convertor("hubspot_numbered", _Numbered())

DATED, NUMBERED = "{version:hubspot_dated}", "{version:hubspot_numbered}"


class _Paths:
    """Collects routes for one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.found: list[BaseRoute] = []

    def add(
        self,
        method: str,
        paths: str | tuple[str, ...],
        operation: str,
        handler: Handler,
        *,
        kind: Kind = Kind.GENERAL,
        writes: bool = False,
    ) -> None:
        """Serve a handler under one path or several."""
        endpoint = self.gateway.endpoint(operation, handler, kind=kind, writes=writes)
        for path in (paths,) if isinstance(paths, str) else paths:
            self.found.append(Route(path, endpoint, methods=[method]))


def api_routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes of the whole API of one account."""
    paths = _Paths(gateway)
    _associations(paths)
    _labels(paths)
    _objects(paths)
    _properties(paths)
    _account(paths)
    return paths.found


def _associations(paths: _Paths) -> None:
    kind = Kind.ASSOCIATION
    both = (f"/crm/associations/{DATED}", f"/crm/{NUMBERED}/associations")
    for end, handler, writes in (
        ("create", association_calls.batch_create, True),
        ("associate/default", association_calls.batch_default, True),
        ("read", association_calls.batch_read, False),
        ("archive", association_calls.batch_archive, True),
        ("labels/archive", association_calls.batch_labels_archive, True),
    ):
        where = tuple(f"{base}/{{from_type}}/{{to_type}}/batch/{end}" for base in both)
        paths.add("POST", where, f"associations batch {end}", handler, kind=kind, writes=writes)
    records = (f"/crm/objects/{DATED}", f"/crm/{NUMBERED}/objects")
    default = tuple(
        f"{base}/{{object_type}}/{{record_id}}/associations/default/{{to_type}}/{{to_id}}" for base in records
    )
    pair = tuple(
        f"{base}/{{object_type}}/{{record_id}}/associations/{{to_type}}/{{to_id}}" for base in records
    )
    every = tuple(f"{base}/{{object_type}}/{{record_id}}/associations/{{to_type}}" for base in records)
    paths.add("PUT", default, "association default", association_calls.put_default, kind=kind, writes=True)
    paths.add("PUT", pair, "association put", association_calls.put_typed, kind=kind, writes=True)
    paths.add("DELETE", pair, "association delete", association_calls.delete_pair, kind=kind, writes=True)
    paths.add("GET", every, "association list", association_calls.list_of_record, kind=kind)


def _labels(paths: _Paths) -> None:
    kind = Kind.ASSOCIATION
    bases = (f"/crm/associations/{DATED}", f"/crm/{NUMBERED}/associations")
    where = tuple(f"{base}/{{from_type}}/{{to_type}}/labels" for base in bases)
    one = tuple(f"{path}/{{label_id:int}}" for path in where)
    paths.add("GET", where, "labels list", label_calls.list_labels, kind=kind)
    paths.add("POST", where, "labels create", label_calls.create_label, kind=kind, writes=True)
    paths.add("PUT", where, "labels update", label_calls.update_label, kind=kind, writes=True)
    paths.add("DELETE", one, "labels delete", label_calls.delete_label, kind=kind, writes=True)


def _objects(paths: _Paths) -> None:
    bases = (f"/crm/objects/{DATED}/{{object_type}}", f"/crm/{NUMBERED}/objects/{{object_type}}")

    def under(end: str) -> tuple[str, ...]:
        return tuple(f"{base}{end}" for base in bases)

    paths.add("POST", under("/batch/read"), "batch read", record_calls.batch_read)
    paths.add("POST", under("/batch/create"), "batch create", batches.batch_create, writes=True)
    paths.add("POST", under("/batch/update"), "batch update", batches.batch_update, writes=True)
    paths.add("POST", under("/batch/upsert"), "batch upsert", batches.batch_upsert, writes=True)
    paths.add("POST", under("/batch/archive"), "batch archive", batches.batch_archive, writes=True)
    paths.add("POST", under("/search"), "search", search, kind=Kind.SEARCH)
    paths.add("POST", under("/merge"), "merge", record_calls.merge_records, writes=True)
    paths.add("GET", under(""), "list", record_calls.list_records)
    paths.add("POST", under(""), "create", record_calls.create_record, writes=True)
    paths.add("GET", under("/{record_id}"), "read", record_calls.read_record)
    paths.add("PATCH", under("/{record_id}"), "update", record_calls.update_record, writes=True)
    paths.add("DELETE", under("/{record_id}"), "archive", record_calls.archive_record, writes=True)


def _properties(paths: _Paths) -> None:
    bases = (f"/crm/properties/{DATED}/{{object_type}}", f"/crm/{NUMBERED}/properties/{{object_type}}")

    def under(end: str) -> tuple[str, ...]:
        return tuple(f"{base}{end}" for base in bases)

    calls = property_calls
    paths.add("POST", under("/batch/create"), "properties batch create", calls.batch_create, writes=True)
    paths.add("POST", under("/batch/read"), "properties batch read", calls.batch_read)
    paths.add("POST", under("/batch/archive"), "properties batch archive", calls.batch_archive, writes=True)
    paths.add("GET", under("/groups"), "property groups list", calls.list_groups)
    paths.add("POST", under("/groups"), "property groups create", calls.create_group, writes=True)
    paths.add("GET", under("/groups/{name}"), "property groups read", calls.read_group)
    paths.add("PATCH", under("/groups/{name}"), "property groups update", calls.update_group, writes=True)
    paths.add("DELETE", under("/groups/{name}"), "property groups archive", calls.archive_group, writes=True)
    paths.add("GET", under(""), "properties list", calls.list_properties)
    paths.add("POST", under(""), "properties create", calls.create_property, writes=True)
    paths.add("GET", under("/{name}"), "properties read", calls.read_property)
    paths.add("PATCH", under("/{name}"), "properties update", calls.update_property, writes=True)
    paths.add("DELETE", under("/{name}"), "properties archive", calls.archive_property, writes=True)


def _account(paths: _Paths) -> None:
    calls, schemas = account_calls, schema_calls
    versions = (DATED, NUMBERED)
    paths.add(
        "GET", tuple(f"/account-info/{item}/details" for item in versions), "account", calls.account_details
    )
    paths.add("POST", "/oauth/v2/private-apps/get/access-token-info", "token info", calls.token_info)
    paths.add(
        "GET",
        (f"/crm/limits/{DATED}/custom-properties", f"/crm/limits/{NUMBERED}/custom-properties"),
        "property limits",
        calls.custom_property_limits,
    )
    paths.add("GET", tuple(f"/tax-rates/{item}/tax-rates" for item in versions), "tax rates", calls.tax_rates)
    paths.add("GET", (f"/crm/owners/{DATED}", f"/crm/{NUMBERED}/owners"), "owners", calls.owners)
    paths.add(
        "GET",
        (f"/crm/pipelines/{DATED}/{{object_type}}", f"/crm/{NUMBERED}/pipelines/{{object_type}}"),
        "pipelines",
        calls.pipelines,
    )
    where = tuple(f"/crm-object-schemas/{item}/schemas" for item in versions)
    one = tuple(f"{path}/{{object_type}}" for path in where)
    paths.add("GET", where, "schemas list", schemas.list_schemas)
    paths.add("POST", where, "schemas create", schemas.create_schema, writes=True)
    paths.add("GET", one, "schemas read", schemas.read_schema)
    paths.add("DELETE", one, "schemas delete", schemas.delete_schema, writes=True)
    for prefix in ("/crm", "/crm-object-schemas", "/account-info", "/oauth", "/tax-rates"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            paths.add(method, f"{prefix}/{{rest:path}}", "unknown path", calls.unknown)

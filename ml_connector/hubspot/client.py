"""The HubSpot client: the calls that read one portal, each a method that says what comes back.

What writes has its own modules: :mod:`~ml_connector.hubspot.batches` for records,
:mod:`~ml_connector.hubspot.associations` for links, :mod:`~ml_connector.hubspot.properties` for properties.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence

from ml_connector.errors import PermanentApiError, TransientApiError
from ml_connector.http import Transport
from ml_connector.hubspot import lookup, paths
from ml_connector.hubspot.calls import Call, Caller, results_of
from ml_connector.hubspot.history import Remembered, read_history
from ml_connector.hubspot.limits import Bucket, PortalLimits
from ml_connector.hubspot.models import (
    Account,
    HubSpotRecord,
    PropertyDefinition,
    TokenInfo,
    account_from,
    definition_from,
    record_from,
)
from ml_connector.hubspot.paths import API_VERSION

__all__ = ["API_VERSION", "Account", "HubSpotClient", "HubSpotRecord", "PropertyDefinition", "TokenInfo"]

PAGE_SIZE = 100
"""Records per list page (reference: hubspot 3)."""


class HubSpotClient(Caller):
    """Reads one portal; many threads may share it, and all clients of one token share its limits.

    The arguments are those of :class:`ml_connector.hubspot.calls.Caller`. Every method raises
    CredentialsError (401), PermanentApiError (403 with the missing scopes, 400, 404, daily limit) or
    TransientApiError (no usable answer within the retry budget).
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = "https://api.hubapi.com",
        in_flight: int = 8,
        transport: Transport | None = None,
        limits: PortalLimits | None = None,
    ) -> None:
        super().__init__(token, base_url=base_url, in_flight=in_flight, transport=transport, limits=limits)
        self._lock = threading.Lock()
        self._definitions: dict[str, dict[str, PropertyDefinition]] = {}
        self._token_info: TokenInfo | None = None

    def account(self) -> Account:
        """Return the portal behind the token: its id, time zone and currencies (reference: hubspot 12)."""
        body = self.call(Call("GET", paths.ACCOUNT_DETAILS))
        if "portalId" not in body:
            raise self._not_hubspot()
        account = account_from(body)
        self.limits.time_zone = account.time_zone
        return account

    def token_info(self) -> TokenInfo:
        """Return the portal and scopes of the token, asked for once per client (reference: hubspot 12)."""
        if self._token_info is None:
            body = self.call(Call("POST", paths.ACCESS_TOKEN_INFO, {"tokenKey": self._token}))
            if "hubId" not in body:
                raise self._not_hubspot()
            self._token_info = TokenInfo(int(body["hubId"]), frozenset(body.get("scopes") or ()))
        return self._token_info

    def properties(self, object_type: str) -> dict[str, PropertyDefinition]:
        """Return the property definitions of a type by name, asked for once per client."""
        with self._lock:
            known = self._definitions.get(object_type)
        return known if known is not None else self.refresh_properties(object_type)

    def refresh_properties(self, object_type: str) -> dict[str, PropertyDefinition]:
        """Ask again for the property definitions of a type and return them by name."""
        body = self.call(Call("GET", paths.properties(object_type)))
        definitions = {item["name"]: definition_from(item) for item in results_of(body)}
        with self._lock:
            self._definitions[object_type] = definitions
        return definitions

    def list_records(
        self, object_type: str, properties: Sequence[str], associations: Sequence[str] = ()
    ) -> Iterator[list[HubSpotRecord]]:
        """Yield all records of a type in pages of 100, in the order of their ids; no index lag, no cap.

        ``associations`` names types whose linked ids come along, such as ``companies``.
        """
        params = {"limit": str(PAGE_SIZE), "properties": ",".join(properties)}
        if associations:
            params["associations"] = ",".join(associations)
        while True:
            body = self.call(Call("GET", paths.objects(object_type), params=params))
            page = [record_from(item) for item in results_of(body)]
            if page:
                yield page
            after = lookup.next_page(body)
            if after is None:
                return
            if after == params.get("after"):
                raise TransientApiError(f"HubSpot's list of {object_type} does not go on after one page.")
            params = {**params, "after": after}

    def batch_read(
        self,
        object_type: str,
        ids: Iterable[str],
        properties: Sequence[str],
        *,
        id_property: str | None = None,
    ) -> dict[str, HubSpotRecord]:
        """Return records by the id asked for, 100 a call; those that do not exist are left out.

        Args:
            object_type: such as ``companies``.
            ids: record ids, or values of ``id_property``.
            properties: the properties to return; with ``hs_merged_object_ids`` among them, a record that was merged
                into another is found under its old id too, where HubSpot returns the survivor.
            id_property: a unique property whose values ``ids`` are; None for record ids.
        """
        return lookup.read_batches(self, object_type, ids, properties, id_property)

    def survivor(self, object_type: str, record_id: str, properties: Sequence[str]) -> HubSpotRecord | None:
        """Return a record by its id or, if it was merged, the one that it was merged into; None for an archived one.

        Unlike a batch read, a read of one record leads on from an id that was merged (reference: hubspot 3).
        """
        return lookup.read_one(self, object_type, record_id, properties)

    def history(self, object_type: str, ids: Iterable[str], properties: Sequence[str]) -> list[Remembered]:
        """Return records with the values their properties have had, 50 a call; those that do not exist are left out."""
        return read_history(self, object_type, ids, properties)

    def search(
        self, object_type: str, property_name: str, values: Iterable[str], properties: Sequence[str]
    ) -> list[HubSpotRecord]:
        """Return candidates: records whose property is one of the values, each once.

        The index lags behind writes and never shows archived records, so the result finds records to look at
        and decides nothing between create and update (reference: hubspot 3).
        """
        definition = self.properties(object_type).get(property_name)
        fold = definition is None or definition.type != "enumeration"
        return lookup.search_values(self, object_type, property_name, values, properties, fold=fold)

    def count(self, object_type: str) -> int:
        """Return how many records of a type the search index knows: an estimate to plan with."""
        body = {"filterGroups": [], "properties": ["hs_object_id"], "sorts": [], "limit": 1, "after": "0"}
        answer = self.call(Call("POST", paths.search(object_type), body, bucket=Bucket.SEARCH))
        return int(answer.get("total") or 0)

    def _not_hubspot(self) -> PermanentApiError:
        return PermanentApiError(
            "The host answered, but not as HubSpot does.", remedy="Check the setting HUBSPOT_API_URL."
        )

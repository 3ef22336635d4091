"""Which of the values a record wants a portal lets be written, read from its definitions. Pure.

Which of HubSpot's own properties are read-only is not documented and differs between portals (reference: hubspot 5).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.hubspot.models import PropertyDefinition

OWN_PREFIX = "visma_"
"""Properties of ours are made before anything is written, so they count as writable though a new portal lacks them."""


@dataclass(frozen=True, slots=True)
class Writable:
    """Names of properties that can be written, and those that cannot; both in the order they were asked for."""

    names: tuple[str, ...]
    dropped: tuple[str, ...]


def writable(names: Iterable[str], definitions: Mapping[str, PropertyDefinition]) -> Writable:
    """Return which of the names a portal lets be written: those it defines and does not keep for itself."""
    kept: list[str] = []
    dropped: list[str] = []
    for name in names:
        found = definitions.get(name)
        allowed = name.startswith(OWN_PREFIX) if found is None else not found.read_only
        (kept if allowed else dropped).append(name)
    return Writable(tuple(kept), tuple(dropped))

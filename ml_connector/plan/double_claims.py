"""Two Visma records that fit one HubSpot company: two must not be written to one, unless a person says so. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ml_connector.plan.decided import NEXT_RUN, RULE
from ml_connector.plan.operations import Action, Operation


def settled(claims: Sequence[Operation], hubspot_id: str) -> Iterator[Operation]:
    """Yield the claims on one company as they may be carried out; conflicts where nothing tells whose it is.

    What a person decided comes before what rules found. Of a customer and a supplier that a person linked with one
    company the second one follows in the next run, which then knows what the first has written.
    """
    decided = [claim for claim in claims if claim.rule == RULE]
    kinds = [key.partition(":")[0] for claim in decided for key in claim.keys]
    if len(claims) == 1:
        yield claims[0]
    elif not decided or len(set(kinds)) < len(kinds):
        yield from (_double_claim(claim, hubspot_id) for claim in claims)
    else:
        yield decided[0]
        for claim in decided[1:]:
            yield replace(_unsent(claim, hubspot_id), action=Action.CONFLICT, reason=NEXT_RUN)
        yield from (_double_claim(claim, hubspot_id) for claim in claims if claim.rule != RULE)


def _double_claim(claim: Operation, hubspot_id: str) -> Operation:
    """Return a claim as a conflict."""
    by = "a decision" if claim.rule == RULE else claim.rule
    reason = f"several Visma records fit this HubSpot company by {by}; a person has to choose one"
    return replace(_unsent(claim, hubspot_id), action=Action.CONFLICT, reason=reason)


def _unsent(claim: Operation, hubspot_id: str) -> Operation:
    return replace(claim, hubspot_id=None, candidates=(hubspot_id,), values={}, previous={})

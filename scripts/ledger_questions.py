"""Questions to the ledger, ready to be copied from ``docs/ledger.md``; a test asks them all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words and in SQL; what stands in quotes there is to be replaced."""

    words: str
    sql: str


QUESTIONS = (
    Question(
        "Which HubSpot record is a customer, and which run made the link?",
        """\
SELECT hubspot_id, stamp, first_run, last_run FROM ml_connector.identity
WHERE connection = 'acme' AND object_type = 'companies' AND record_key = 'customer:10023'""",
    ),
    Question(
        "What happened to one record?",
        """\
SELECT intended_at, action, status, rule, reason, message, properties, previous, run_id FROM ml_connector.operation
WHERE connection = 'acme' AND record_key = 'customer:10023' ORDER BY id""",
    ),
    Question(
        "What did a run change, field by field?",
        """\
SELECT o.record_key, p.key AS property, o.previous ->> p.key AS before, p.value AS written
FROM ml_connector.operation AS o CROSS JOIN LATERAL jsonb_each_text(o.properties) AS p
WHERE o.run_id = '0f9c2a44' AND o.action = 'update' AND o.status = 'confirmed' ORDER BY o.id, p.key""",
    ),
    Question(
        "How much was written on each day?",
        """\
SELECT intended_at::date AS day, entity, action, count(*) FROM ml_connector.operation
WHERE connection = 'acme' AND status = 'confirmed' GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3""",
    ),
    Question(
        "Which records changed most often in the last thirty days?",
        """\
SELECT record_key, count(*) AS updates FROM ml_connector.operation
WHERE connection = 'acme' AND action = 'update' AND status = 'confirmed' AND intended_at > now() - interval '30 days'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20""",
    ),
    Question(
        "What is refused now, by cause, and since when?",
        """\
SELECT cause, entity, count(*), min(first_seen) AS since, max(attempts) AS attempts FROM ml_connector.reject
WHERE connection = 'acme' AND dismissed_at IS NULL GROUP BY 1, 2 ORDER BY 3 DESC""",
    ),
    Question(
        "Which links wait, and for what?",
        """\
SELECT from_key, to_key, status, reason FROM ml_connector.link
WHERE connection = 'acme' AND status <> 'confirmed' ORDER BY updated_at LIMIT 100""",
    ),
    Question(
        "How long did the last runs take, and how many calls did they need?",
        """\
SELECT run_id, kind, status, finished_at - started_at AS took,
       summary -> 'requests' -> 'visma' ->> 'calls' AS visma_calls,
       summary -> 'requests' -> 'hubspot' ->> 'calls' AS hubspot_calls
FROM ml_connector.run WHERE connection = 'acme' ORDER BY started_at DESC LIMIT 20""",
    ),
    Question(
        "Which values have people changed in HubSpot that Visma has otherwise?",
        """\
SELECT record_key, property, ours, theirs, wanted, outcome, edited_at FROM ml_connector.edit
WHERE connection = 'acme' ORDER BY last_seen DESC LIMIT 100""",
    ),
)

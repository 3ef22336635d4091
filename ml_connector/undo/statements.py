"""The questions that an undo asks the ledger."""

import sqlalchemy as sa

_COLUMNS = """
  o.id, o.run_id, CASE WHEN r.kind = 'undo' THEN r.of_run END, o.entity, o.record_key, o.object_type, o.action,
  o.status, coalesce(o.partition, ''), o.hubspot_id, o.created, coalesce(o.properties, '{}'),
  coalesce(o.previous, '{}')"""

_WROTE = """
  o.action IN ('create', 'update', 'open', 'archive') AND o.hubspot_id IS NOT NULL
  AND (o.status = 'confirmed' OR (o.status IN ('pending', 'intended', 'unknown') AND o.properties <> '{}'))"""
"""An operation that was not confirmed may have written all the same: what HubSpot holds will tell."""

OF_RUN = sa.text(
    f"""
    SELECT {_COLUMNS}
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.run_id = :run AND {_WROTE}
    ORDER BY o.object_type, max(o.id) OVER (PARTITION BY o.object_type, o.hubspot_id) DESC, o.hubspot_id, o.id
    """  # noqa: S608 - the columns are this program's own
)
"""Backwards: what was written last comes first."""

MENDED = sa.text(
    """
    SELECT DISTINCT object_type, record_key FROM ml_connector.operation
    WHERE connection = :connection AND run_id = :run AND entity = :entity AND action = 'update'
    """
)

HISTORY = sa.text(
    f"""
    SELECT {_COLUMNS}
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.record_key = ANY(CAST(:keys AS text[])) AND {_WROTE}
    ORDER BY o.id
    """  # noqa: S608
)

FOLLOWED = sa.text(
    f"""
    SELECT o.id, o.run_id, CASE WHEN r.kind = 'undo' THEN r.of_run END, o.entity, o.record_key, o.object_type,
           o.action, o.status, coalesce(o.partition, ''), o.hubspot_id, o.created,
           (SELECT coalesce(jsonb_object_agg(name, ''), '{{}}') FROM jsonb_object_keys(o.properties) AS name),
           '{{}}'::jsonb
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.record_key = ANY(CAST(:keys AS text[])) AND o.object_type = :object_type
      AND o.id > :after AND o.run_id <> :run AND {_WROTE}
    ORDER BY o.id
    """  # noqa: S608
)
"""Only the names of what others wrote: a record may have been written every day for years."""

ELSEWHERE = sa.text(
    """
    SELECT i.hubspot_id, min(i.connection) FROM ml_connector.identity AS i
    JOIN ml_connector.binding AS b ON b.connection = i.connection AND b.side = 'hubspot_portal'
    WHERE b.value = (
        SELECT value FROM ml_connector.binding WHERE connection = :connection AND side = 'hubspot_portal'
      )
      AND i.connection <> :connection AND i.object_type = :object_type AND i.hubspot_id = ANY(CAST(:keys AS text[]))
    GROUP BY i.hubspot_id
    """
)

CLAIMS = sa.text(
    """
    SELECT i.hubspot_id, i.record_key, coalesce(i.fingerprint, ''), i.first_run, r.started_at
    FROM ml_connector.identity AS i LEFT JOIN ml_connector.run AS r ON r.run_id = i.first_run
    WHERE i.connection = :connection AND i.object_type = :object_type
      AND i.hubspot_id = ANY(CAST(:ids AS text[]))
    ORDER BY i.record_key
    """
)

LINKS_OF_RUN = sa.text(
    """
    SELECT DISTINCT o.object_type, o.record_key FROM ml_connector.operation AS o
    WHERE o.connection = :connection AND o.run_id = :run AND o.action IN ('link', 'unlink')
      AND o.record_key > :from ORDER BY 2 LIMIT :most
    """
)

LINK_STORY = sa.text(
    """
    SELECT o.record_key, o.run_id, CASE WHEN r.kind = 'undo' THEN r.of_run END, o.entity, o.object_type, o.action,
           o.status, o.properties, coalesce(o.partition, '')
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.record_key = ANY(CAST(:keys AS text[]))
      AND o.action IN ('link', 'unlink')
    ORDER BY o.id
    """
)

_LINK_ROWS = """
    SELECT from_type, from_key, to_type, to_key, from_id, to_id, status FROM ml_connector.link
    WHERE connection = :connection"""

LINKS_FROM = sa.text(
    f"{_LINK_ROWS} AND from_type = :object_type AND from_key = ANY(CAST(:keys AS text[])) ORDER BY 2, 4"
)
LINKS_TO = sa.text(
    f"{_LINK_ROWS} AND to_type = :object_type AND to_key = ANY(CAST(:keys AS text[])) ORDER BY 2, 4"
)

REFUSED_THEN = sa.text(
    """
    SELECT entity, record_key FROM ml_connector.reject
    WHERE connection = :connection AND (
      (run_id = :run AND first_seen >= :since AND dismissed_at IS NULL) OR starts_with(entity, :prefix)
    )
    """
)

_OPEN_UNDOS = """
    SELECT run_id FROM ml_connector.run
    WHERE connection = :connection AND kind = 'undo' AND of_run = :run AND status NOT IN ('done', 'rejects')"""
"""The undo that is going on, and earlier ones of the same run that were broken off."""

ADOPTED = sa.text(
    f"""
    SELECT DISTINCT i.object_type, i.record_key, i.hubspot_id FROM ml_connector.operation AS o
    JOIN ml_connector.identity AS i
      ON i.connection = o.connection AND i.object_type = o.object_type AND i.hubspot_id = o.hubspot_id
    WHERE o.connection = :connection AND o.run_id IN ({_OPEN_UNDOS}) AND o.rule = :rule
      AND o.status IN ('confirmed', 'done') AND i.first_run = :run
    """  # noqa: S608
)

OWED_AGAIN = sa.text(
    f"""
    SELECT DISTINCT object_type, properties->>'from', coalesce(properties->>'to_type', 'companies'), properties->>'to'
    FROM ml_connector.operation
    WHERE connection = :connection AND run_id IN ({_OPEN_UNDOS}) AND action = 'unlink' AND reason = :reason
      AND status IN ('confirmed', 'done')
    """  # noqa: S608
)

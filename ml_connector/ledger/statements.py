"""The statements of the journal. Rows come as arrays, one per column, which PostgreSQL unnests."""

import sqlalchemy as sa

from ml_connector.causes.catalogue import TRIED_IN_EVERY_RUN

OPERATION = sa.text(
    """
    INSERT INTO ml_connector.operation
      (run_id, connection, partition, entity, record_key, object_type, action, reason, rule, trace_id, status,
       hubspot_id, properties, previous, stamp, intended_at, finished_at)
    SELECT :run_id, :connection, v.partition, v.entity, v.record_key, v.object_type, v.action, v.reason, v.rule,
           v.trace_id, :status, v.hubspot_id, v.properties::jsonb, v.previous::jsonb, v.stamp::timestamp, now(),
           CASE WHEN :finished THEN now() END
    FROM unnest(:partition ::text[], :entity ::text[], :record_key ::text[], :object_type ::text[], :action ::text[],
                :reason ::text[], :rule ::text[], :trace_id ::text[], :hubspot_id ::text[], :properties ::text[],
                :previous ::text[], :stamp ::text[])
      AS v(partition, entity, record_key, object_type, action, reason, rule, trace_id, hubspot_id, properties,
           previous, stamp)
    """
)

SETTLE = sa.text(
    """
    UPDATE ml_connector.operation AS o
    SET status = v.status, hubspot_id = coalesce(v.hubspot_id, o.hubspot_id), http_status = v.http_status,
        category = v.category, message = v.message, correlation_id = v.correlation_id, created = v.created,
        finished_at = now()
    FROM unnest(:trace_id ::text[], :status ::text[], :hubspot_id ::text[], :http_status ::int[], :category ::text[],
                :message ::text[], :correlation_id ::text[], :created ::boolean[])
      AS v(trace_id, status, hubspot_id, http_status, category, message, correlation_id, created)
    WHERE o.run_id = :run_id AND o.trace_id = v.trace_id
    """
)

IDENTITY = sa.text(
    """
    INSERT INTO ml_connector.identity AS i
      (connection, object_type, record_key, hubspot_id, email, fingerprint, properties, stamp, first_run, last_run,
       updated_at)
    SELECT :connection, v.object_type, v.record_key, v.hubspot_id, v.email, v.fingerprint, v.properties::jsonb,
           v.stamp::timestamp, :run_id, :run_id, now()
    FROM unnest(:object_type ::text[], :record_key ::text[], :hubspot_id ::text[], :email ::text[],
                :fingerprint ::text[], :properties ::text[], :stamp ::text[])
      AS v(object_type, record_key, hubspot_id, email, fingerprint, properties, stamp)
    ON CONFLICT (connection, object_type, record_key) DO UPDATE
    SET hubspot_id = excluded.hubspot_id, email = coalesce(excluded.email, i.email),
        fingerprint = coalesce(nullif(excluded.fingerprint, ''), i.fingerprint),
        properties = i.properties || excluded.properties,
        stamp = greatest(i.stamp, excluded.stamp), last_run = excluded.last_run, updated_at = now()
    """
)

"""An operation without a fingerprint says some of what the record wants, such as an invoice that is opened: what was
known of the whole stays."""

SEEN = sa.text(
    """
    UPDATE ml_connector.identity AS i SET stamp = v.stamp::timestamp
    FROM unnest(:object_type ::text[], :record_key ::text[], :stamp ::text[]) AS v(object_type, record_key, stamp)
    WHERE i.connection = :connection AND i.object_type = v.object_type AND i.record_key = v.record_key
      AND i.stamp < v.stamp::timestamp
    """
)
"""A version without a change still makes older ones old: a value that went and came back is the newest."""

LINK = sa.text(
    """
    INSERT INTO ml_connector.link
      (connection, from_type, from_key, to_type, to_key, from_id, to_id, types, status, reason, run_id, updated_at)
    SELECT :connection, v.from_type, v.from_key, v.to_type, v.to_key, v.from_id, v.to_id, v.types, v.status, v.reason,
           :run_id, now()
    FROM unnest(:from_type ::text[], :from_key ::text[], :to_type ::text[], :to_key ::text[], :from_id ::text[],
                :to_id ::text[], :types ::text[], :status ::text[], :reason ::text[])
      AS v(from_type, from_key, to_type, to_key, from_id, to_id, types, status, reason)
    ON CONFLICT (connection, from_type, from_key, to_type, to_key) DO UPDATE
    SET from_id = excluded.from_id, to_id = excluded.to_id, types = excluded.types, status = excluded.status,
        reason = excluded.reason, run_id = excluded.run_id, updated_at = now()
    """
)

FORGET_IDENTITY = sa.text(
    """
    DELETE FROM ml_connector.identity AS i
    USING unnest(:object_type ::text[], :record_key ::text[], :hubspot_id ::text[])
      AS v(object_type, record_key, hubspot_id)
    WHERE i.connection = :connection AND i.object_type = v.object_type AND i.record_key = v.record_key
      AND i.hubspot_id = v.hubspot_id
    """
)

FORGET_LINKS_FROM = sa.text(
    """
    DELETE FROM ml_connector.link AS l
    USING unnest(:object_type ::text[], :record_key ::text[], :hubspot_id ::text[])
      AS v(object_type, record_key, hubspot_id)
    WHERE l.connection = :connection AND l.from_type = v.object_type AND l.from_key = v.record_key
      AND coalesce(l.from_id, v.hubspot_id) = v.hubspot_id
    """
)

FORGET_LINKS_TO = sa.text(
    """
    DELETE FROM ml_connector.link AS l
    USING unnest(:object_type ::text[], :record_key ::text[], :hubspot_id ::text[])
      AS v(object_type, record_key, hubspot_id)
    WHERE l.connection = :connection AND l.to_type = v.object_type AND l.to_key = v.record_key
      AND coalesce(l.to_id, v.hubspot_id) = v.hubspot_id
    """
)

FORGET = (FORGET_IDENTITY, FORGET_LINKS_FROM, FORGET_LINKS_TO)
"""A record that was archived: its identity and links, unless its key stands for another HubSpot record by now."""

UNLINK = sa.text(
    """
    DELETE FROM ml_connector.link AS l
    USING unnest(:from_type ::text[], :from_key ::text[], :to_type ::text[], :to_key ::text[])
      AS v(from_type, from_key, to_type, to_key)
    WHERE l.connection = :connection AND l.from_type = v.from_type AND l.from_key = v.from_key
      AND l.to_type = v.to_type AND l.to_key = v.to_key
    """
)

UNWANT = sa.text(
    """
    UPDATE ml_connector.link AS l SET status = 'unwanted', reason = v.reason, run_id = :run_id, updated_at = now()
    FROM unnest(:from_type ::text[], :from_key ::text[], :to_type ::text[], :to_key ::text[], :reason ::text[])
      AS v(from_type, from_key, to_type, to_key, reason)
    WHERE l.connection = :connection AND l.from_type = v.from_type AND l.from_key = v.from_key
      AND l.to_type = v.to_type AND l.to_key = v.to_key
    """
)
"""A link that is about to be taken away: should that fail, or its process die, a later run tries again."""

REJECT = sa.text(
    """
    INSERT INTO ml_connector.reject AS r
      (connection, entity, record_key, cause, message, remedy, record, partition, version, run_id, first_seen,
       last_seen)
    SELECT :connection, v.entity, v.record_key, v.cause, v.message, v.remedy, v.record::jsonb, v.partition, v.version,
           :run_id, now(), now()
    FROM unnest(:entity ::text[], :record_key ::text[], :cause ::text[], :message ::text[], :remedy ::text[],
                :record ::text[], :partition ::text[], :version ::text[])
      AS v(entity, record_key, cause, message, remedy, record, partition, version)
    ON CONFLICT (connection, entity, record_key) DO UPDATE
    SET cause = excluded.cause, message = excluded.message, remedy = excluded.remedy,
        record = coalesce(excluded.record, r.record), partition = excluded.partition, version = excluded.version,
        run_id = excluded.run_id, last_seen = now(),
        dismissed_at = CASE WHEN r.cause = excluded.cause THEN r.dismissed_at END,
        (attempts, due_at) = (
          SELECT again.attempts,
                 CASE WHEN again.attempts > 1 AND excluded.cause <> ALL(:every_run ::text[])
                        AND coalesce(excluded.record, r.record) IS NOT NULL
                   THEN now() + interval '1 hour' * least(168, 2 ^ least(again.attempts - 2, 10)) END
          FROM (
            SELECT CASE WHEN r.cause = excluded.cause AND r.version IS NOT DISTINCT FROM excluded.version
                          AND (SELECT settings FROM ml_connector.run WHERE run_id = r.run_id)
                              IS NOT DISTINCT FROM (SELECT settings FROM ml_connector.run WHERE run_id = :run_id)
                     THEN r.attempts + 1 ELSE 1 END AS attempts
          ) AS again
        )
    WHERE r.version IS NULL OR excluded.version IS NULL OR r.version COLLATE "C" <= excluded.version COLLATE "C"
    """
).bindparams(every_run=TRIED_IN_EVERY_RUN)
"""A record that is refused is due in the next run, then after 1, 2, 4 hours and so on, up to a week. The count begins
anew with another cause, another version of the record, or other settings, and where a person has set it to 0. What
only waits for something else, and what has no record of its own to try, is due in every run.

An older version than the one that was refused, as a replay may carry, changes nothing: a retry would send it, and the
newer one would be lost."""

EDIT = sa.text(
    """
    INSERT INTO ml_connector.edit AS e
      (connection, object_type, record_key, property, hubspot_id, ours, theirs, wanted, source, edited_at, outcome,
       first_seen, last_seen, run_id)
    SELECT :connection, v.object_type, v.record_key, v.property, v.hubspot_id, v.ours, v.theirs, v.wanted, v.source,
           v.edited_at::timestamptz, v.outcome, now(), now(), :run_id
    FROM unnest(:object_type ::text[], :record_key ::text[], :property ::text[], :hubspot_id ::text[], :ours ::text[],
                :theirs ::text[], :wanted ::text[], :source ::text[], :edited_at ::text[], :outcome ::text[])
      AS v(object_type, record_key, property, hubspot_id, ours, theirs, wanted, source, edited_at, outcome)
    ON CONFLICT (connection, object_type, record_key, property) DO UPDATE
    SET hubspot_id = excluded.hubspot_id, ours = coalesce(excluded.ours, e.ours), theirs = excluded.theirs,
        wanted = excluded.wanted, source = excluded.source, edited_at = excluded.edited_at,
        outcome = excluded.outcome, last_seen = now(), run_id = excluded.run_id
    """
)

EDIT_GONE = sa.text(
    """
    DELETE FROM ml_connector.edit AS e
    USING unnest(:object_type ::text[], :record_key ::text[]) AS v(object_type, record_key)
    WHERE e.connection = :connection AND e.object_type = v.object_type AND e.record_key = v.record_key
      AND e.run_id <> :run_id
    """
)
"""After :data:`EDIT`, of records that were looked at: what this run did not meet is no difference any more."""

CLEAR = sa.text(
    """
    DELETE FROM ml_connector.reject AS r
    USING unnest(:entity ::text[], :record_key ::text[], :version ::text[]) AS v(entity, record_key, version)
    WHERE r.connection = :connection AND r.entity = v.entity AND r.record_key = v.record_key
      AND (v.version = '' OR r.version IS NULL OR r.version COLLATE "C" <= v.version COLLATE "C")
    """
)
"""A replay, or a plan that is loaded late, may carry an older version than the one that was refused: that one stays."""

LOST = sa.text(
    """
    SELECT o.run_id, o.trace_id, o.entity, o.object_type, o.record_key, o.hubspot_id, o.properties, o.action,
           coalesce(o.stamp::text, ''),
           ARRAY(SELECT i.record_key FROM ml_connector.identity AS i
                 WHERE i.connection = o.connection AND i.object_type = o.object_type AND i.hubspot_id = o.hubspot_id
                 ORDER BY 1)
    FROM ml_connector.operation AS o
    WHERE o.connection = :connection AND o.status IN ('intended', 'unknown') ORDER BY o.id
    """
)

SETTLE_LOST = sa.text(
    """
    UPDATE ml_connector.operation AS o
    SET status = v.status, hubspot_id = coalesce(v.hubspot_id, o.hubspot_id), message = v.message,
        finished_at = now()
    FROM unnest(:run ::text[], :trace_id ::text[], :status ::text[], :hubspot_id ::text[], :message ::text[])
      AS v(run, trace_id, status, hubspot_id, message)
    WHERE o.run_id = v.run AND o.trace_id = v.trace_id AND o.connection = :connection
    """
)

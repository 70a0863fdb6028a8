-- The engine's hot statements. Each names one workspace, asks the database's clock, and costs what its batch costs, not what history costs.
-- Functions, so that plans live in the server (also behind a pooler) and the planner cannot sort a whole backlog to take the first
-- hundred: with wrong statistics it may (54 ms at 50,000 due against 3 ms from the index).

-- Due runs of one workspace become the caller's until the lease ends. A leased run stays 'active' and its due_at is the end of the lease,
-- so a lapsed lease is simply due again. `at` is the present for everything that is decided about these runs.
CREATE FUNCTION claim_enrollments(ws uuid, take int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, automation_id uuid, version_id uuid, profile_id uuid, event_id uuid, step_id text, step_due_at timestamptz,
  ready_at timestamptz, was_due_at timestamptz, attempt int, at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  -- A CTE, because a LIMIT with SKIP LOCKED in a subquery may be run again and claim more than asked.
  WITH due AS MATERIALIZED (
    SELECT id, due_at FROM enrollments
    WHERE workspace_id = ws AND due_at <= present
    ORDER BY due_at, id LIMIT take
    FOR UPDATE SKIP LOCKED
  )
  UPDATE enrollments e
  SET lease_token = token, due_at = present + lease_ms * interval '1 millisecond', attempt = e.attempt + 1
  FROM due WHERE e.workspace_id = ws AND e.id = due.id
  RETURNING e.id, e.automation_id, e.version_id, e.profile_id, e.event_id, e.step_id, e.step_due_at, e.ready_at, due.due_at, e.attempt, present;
END $$;

-- All decisions about a claim at once: runs move, their sends are queued, lanes and the record of decisions are written. What is no longer
-- the caller's is left alone, with everything that hangs on it, and answered.
--   runs       [{id, status, reason, step_id, step_due_at, ready_at, due_at, attempt, park_for}]   park_for: an automation seen paused
--   sends      [{id, enrollment_id, step_id, connection_id, message_stream, version_id, scheduled_at}]
--   decisions  [{id, enrollment_id, step_id, kind, reason, details}]
-- lock_timeout, because a change of an automation with a large backlog holds its row for long, and the runs of other workspaces are
-- advanced in the same round: these are decided anew when their lease has lapsed.
CREATE FUNCTION settle_enrollments(ws uuid, token uuid, runs jsonb, sends jsonb, decisions jsonb) RETURNS TABLE (lost uuid)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE paused uuid[]; saved uuid[]; present timestamptz := clock_timestamp();
BEGIN
  -- A run of a paused automation leaves the queue only while the automation is surely paused: the lock lets a resume wait, and a resume
  -- makes everything due in a statement after its change of status, so either it finds the parked run or we find it live.
  SELECT array_agg(a.id) INTO paused FROM (
    SELECT a.id FROM automations a
    WHERE a.workspace_id = ws AND a.status = 'paused'
      AND a.id IN (SELECT r.park_for FROM jsonb_to_recordset(runs) r(park_for uuid) WHERE r.park_for IS NOT NULL)
    ORDER BY a.id FOR SHARE) a;

  PERFORM FROM enrollments e WHERE e.workspace_id = ws AND e.id IN (SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid)) ORDER BY e.id FOR NO KEY UPDATE;
  WITH moved AS (
    UPDATE enrollments e SET
      status = r.status, reason = r.reason, step_id = r.step_id, step_due_at = r.step_due_at, ready_at = r.ready_at, attempt = r.attempt,
      due_at = CASE WHEN r.park_for IS NULL THEN r.due_at WHEN r.park_for = ANY (paused) THEN NULL ELSE present END,
      ended_at = CASE WHEN r.status <> 'active' THEN present END,
      lease_token = NULL
    FROM jsonb_to_recordset(runs) r(id uuid, status text, reason text, step_id text, step_due_at timestamptz, ready_at timestamptz,
      due_at timestamptz, attempt int, park_for uuid)
    WHERE e.workspace_id = ws AND e.id = r.id AND e.lease_token = token
    RETURNING e.id)
  SELECT array_agg(id) INTO saved FROM moved;

  -- The address as it is now, so that the log shows and finds a send that is held or skipped; where it really goes is decided when it leaves.
  INSERT INTO sends (workspace_id, id, kind, connection_id, message_stream, automation_id, version_id, enrollment_id, step_id, profile_id,
    to_email, status, scheduled_at, due_at, created_at)
  SELECT ws, s.id, 'automation', s.connection_id, s.message_stream, e.automation_id, s.version_id, e.id, s.step_id, e.profile_id,
    nullif(btrim(p.traits->>'email'), ''), 'queued', s.scheduled_at, present, present
  FROM jsonb_to_recordset(sends) s(id uuid, enrollment_id uuid, step_id text, connection_id uuid, message_stream text, version_id uuid, scheduled_at timestamptz)
  JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id
  JOIN profiles p ON p.workspace_id = ws AND p.id = e.profile_id
  WHERE s.enrollment_id = ANY (saved)
  ON CONFLICT (workspace_id, enrollment_id, step_id) DO NOTHING;

  INSERT INTO send_lanes (workspace_id, connection_id, message_stream)
  SELECT DISTINCT ws, s.connection_id, s.message_stream
  FROM jsonb_to_recordset(sends) s(enrollment_id uuid, connection_id uuid, message_stream text)
  WHERE s.enrollment_id = ANY (saved)
    AND NOT EXISTS (SELECT FROM send_lanes l WHERE l.workspace_id = ws AND l.connection_id = s.connection_id AND l.message_stream = s.message_stream)
  ORDER BY 2, 3
  ON CONFLICT DO NOTHING;

  INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason, details)
  SELECT ws, d.id, e.profile_id, e.automation_id, e.id, d.send_id, d.step_id, d.kind, d.reason, d.details
  FROM jsonb_to_recordset(decisions) d(id uuid, enrollment_id uuid, send_id uuid, step_id text, kind text, reason text, details jsonb)
  JOIN enrollments e ON e.workspace_id = ws AND e.id = d.enrollment_id
  WHERE d.enrollment_id = ANY (saved);

  RETURN QUERY SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid) WHERE saved IS NULL OR r.id <> ALL (saved);
END $$;

-- Due sends of one connection and stream become 'sending' and the attempt is stored, before anybody calls out. Nothing is given while the
-- workspace is stopped, the connection cannot send, the provider asked for a pause, or the server is not the one the caller has opened.
CREATE FUNCTION claim_sends(ws uuid, connection uuid, stream text, server text, take int, token uuid, batch uuid, start_ms int, lease_ms int)
RETURNS TABLE (id uuid, number int, at timestamptz, failures int)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := clock_timestamp(); failed int;
BEGIN
  SELECT l.failures INTO failed FROM connections c JOIN workspaces w ON w.id = c.workspace_id
    JOIN send_lanes l ON l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream
  WHERE c.workspace_id = ws AND c.id = connection AND c.status IN ('ready', 'unvalidated') AND c.deleted_at IS NULL
    AND c.server_id IS NOT DISTINCT FROM server AND w.sending_stopped_at IS NULL AND (l.not_before IS NULL OR l.not_before <= present);
  IF NOT FOUND THEN RETURN; END IF;

  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'queued' AND due_at <= present
    ORDER BY due_at, id LIMIT take
    FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE sends s SET status = 'sending', lease_token = token, batch_id = batch, reason = NULL, detail = NULL, unknown_since = NULL,
      due_at = present + lease_ms * interval '1 millisecond',
      attempts = coalesce((SELECT max(a.number) FROM send_attempts a WHERE a.workspace_id = ws AND a.send_id = s.id), 0) + 1
    FROM due WHERE s.workspace_id = ws AND s.id = due.id
    RETURNING s.id, s.attempts
  ), opened AS (
    INSERT INTO send_attempts (workspace_id, send_id, number, batch_id, connection_id, message_stream, server_id, started_at, send_by)
    SELECT ws, c.id, c.attempts, batch, connection, stream, server, present, present + start_ms * interval '1 millisecond' FROM claimed c
  )
  SELECT c.id, c.attempts, present, failed FROM claimed c;
END $$;

-- The same for sends that are the caller's already and go into a smaller batch, because the provider refused the whole of the last one.
CREATE FUNCTION reopen_sends(ws uuid, ids uuid[], token uuid, batch uuid, start_ms int, lease_ms int) RETURNS TABLE (id uuid, number int, at timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  WITH again AS (
    UPDATE sends s SET batch_id = batch, due_at = present + lease_ms * interval '1 millisecond', attempts = s.attempts + 1
    WHERE s.workspace_id = ws AND s.id = ANY (ids) AND s.lease_token = token AND s.status = 'sending'
    RETURNING s.id, s.attempts
  ), opened AS (
    INSERT INTO send_attempts (workspace_id, send_id, number, batch_id, connection_id, message_stream, server_id, started_at, send_by)
    SELECT ws, n.id, n.attempts, batch, o.connection_id, o.message_stream, o.server_id, present, present + start_ms * interval '1 millisecond'
    FROM again n JOIN send_attempts o ON o.workspace_id = ws AND o.send_id = n.id AND o.number = n.attempts - 1
  )
  SELECT n.id, n.attempts, present FROM again n;
END $$;

-- Sends of one lane whose lease lapsed while 'sending', and 'unknown' ones whose next look is due, become the caller's.
CREATE FUNCTION claim_unsettled(ws uuid, connection uuid, stream text, take int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  WITH lapsed AS MATERIALIZED (
    SELECT id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'sending' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  ), unknown AS MATERIALIZED (
    SELECT id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'unknown' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  )
  UPDATE sends s SET lease_token = token, due_at = present + lease_ms * interval '1 millisecond'
  FROM (SELECT id FROM lapsed UNION ALL SELECT id FROM unknown) due WHERE s.workspace_id = ws AND s.id = due.id
  RETURNING s.id, present;
END $$;

-- What became of attempts and of their sends, at once. Facts (accepted, refused, never left) are kept for their attempt whoever holds the lease;
-- a fact about the mail itself also settles a send that is 'unknown' or 'queued', and one that is 'sending' or 'skipped' when it was
-- accepted. Decisions need the lease. Whoever waits for a settled send is woken. Answers the ids whose row was not changed.
--   attempts   [{send_id, number, outcome, code, detail, seen, undo}]   undo: no call was made; seen: 1 when a search that sees did not show it
--   outcomes   [{id, number, fact, status, reason, detail, due_at, park_for, provider_message_id, sent_at, to_email, from_email, subject}]
--   decisions  [{id, send_id, kind, reason, details}]
CREATE FUNCTION save_sends(ws uuid, token uuid, attempts jsonb, outcomes jsonb, decisions jsonb) RETURNS TABLE (lost uuid)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE paused uuid[]; saved uuid[]; ended uuid[]; present timestamptz := clock_timestamp();
BEGIN
  SELECT array_agg(a.id) INTO paused FROM (
    SELECT a.id FROM automations a
    WHERE a.workspace_id = ws AND a.status = 'paused'
      AND a.id IN (SELECT o.park_for FROM jsonb_to_recordset(outcomes) o(park_for uuid) WHERE o.park_for IS NOT NULL)
    ORDER BY a.id FOR SHARE) a;

  PERFORM FROM sends s WHERE s.workspace_id = ws AND s.id IN (SELECT o.id FROM jsonb_to_recordset(outcomes) o(id uuid)) ORDER BY s.id FOR NO KEY UPDATE;

  WITH undone AS (
    DELETE FROM send_attempts a USING jsonb_to_recordset(attempts) r(send_id uuid, number int, undo bool), sends s
    WHERE r.undo AND a.workspace_id = ws AND a.send_id = r.send_id AND a.number = r.number
      AND s.workspace_id = ws AND s.id = r.send_id AND s.lease_token = token AND s.attempts = r.number
    RETURNING a.send_id)
  UPDATE sends s SET attempts = s.attempts - 1 FROM undone WHERE s.workspace_id = ws AND s.id = undone.send_id;

  UPDATE send_attempts a SET
    outcome = CASE WHEN r.outcome IS NOT NULL AND (a.outcome IS NULL OR r.outcome = 'accepted') THEN r.outcome ELSE a.outcome END,
    code = coalesce(r.code, a.code), detail = coalesce(r.detail, a.detail),
    absent_seen = a.absent_seen + coalesce(r.seen, 0),
    checked_at = CASE WHEN r.seen IS NOT NULL THEN present ELSE a.checked_at END
  FROM jsonb_to_recordset(attempts) r(send_id uuid, number int, outcome text, code int, detail text, seen int)
  WHERE a.workspace_id = ws AND a.send_id = r.send_id AND a.number = r.number;

  -- What news of the provider has raised further stays as it is.
  WITH settled AS (
    UPDATE sends s SET
      status = CASE WHEN s.status IN ('queued', 'sending', 'unknown', 'skipped') THEN o.status ELSE s.status END,
      reason = CASE WHEN s.status IN ('queued', 'sending', 'unknown', 'skipped') THEN o.reason ELSE s.reason END,
      detail = CASE WHEN s.status IN ('queued', 'sending', 'unknown', 'skipped') THEN o.detail ELSE s.detail END,
      due_at = CASE WHEN s.status NOT IN ('queued', 'sending', 'unknown', 'skipped') THEN s.due_at
        WHEN o.park_for IS NULL THEN o.due_at WHEN o.park_for = ANY (paused) THEN NULL ELSE present END,
      lease_token = NULL,
      unknown_since = CASE WHEN o.status = 'unknown' THEN coalesce(s.unknown_since, present) END,
      provider_message_id = coalesce(s.provider_message_id, o.provider_message_id),
      sent_at = CASE WHEN o.status = 'sent' THEN coalesce(s.sent_at, o.sent_at, present) ELSE s.sent_at END,
      to_email = coalesce(o.to_email, s.to_email), from_email = coalesce(o.from_email, s.from_email), subject = coalesce(o.subject, s.subject)
    FROM jsonb_to_recordset(outcomes) o(id uuid, number int, fact text, status text, reason text, detail text, due_at timestamptz, park_for uuid,
      provider_message_id text, sent_at timestamptz, to_email text, from_email text, subject text)
    WHERE s.workspace_id = ws AND s.id = o.id AND (
      (s.lease_token = token AND s.status IN ('sending', 'unknown'))
      OR o.fact = 'accepted'
      OR (o.fact = 'refused' AND s.status IN ('unknown', 'queued') AND s.attempts = o.number))
    RETURNING s.id, s.status)
  SELECT array_agg(id), array_agg(id) FILTER (WHERE status NOT IN ('queued', 'sending', 'unknown')) INTO saved, ended FROM settled;
  -- See 20261121000004_sends: the same for whoever ends a send.
  IF ended IS NOT NULL THEN PERFORM wake_enrollments(ws, ended); END IF;

  INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason, details)
  SELECT ws, d.id, s.profile_id, s.automation_id, s.enrollment_id, s.id, s.step_id, d.kind, d.reason, d.details
  FROM jsonb_to_recordset(decisions) d(id uuid, send_id uuid, kind text, reason text, details jsonb)
  JOIN sends s ON s.workspace_id = ws AND s.id = d.send_id AND s.profile_id IS NOT NULL
  WHERE d.send_id = ANY (saved);

  RETURN QUERY SELECT o.id FROM jsonb_to_recordset(outcomes) o(id uuid) WHERE saved IS NULL OR o.id <> ALL (saved);
END $$;

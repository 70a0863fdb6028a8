-- The engine under every fault. What is made due "now" is due at once: clock_timestamp() put into a timestamptz(3) is rounded, and may lie
-- ahead by half a millisecond, so the present is always taken to the millisecond, downwards.

-- A lane (connection and stream) that the provider refuses for its stream or account is held by itself, with the reason. `held_for` is
-- the updated_at of the connection that was refused: whoever changes or validates it makes the hold void, with no clock to compare.
-- `probes`: the last messages to the black hole, newest first, because a search that lags for long shows none of the newest ones.
ALTER TABLE "send_lanes"
  ADD COLUMN "held_reason" TEXT,
  ADD COLUMN "held_detail" TEXT,
  ADD COLUMN "held_for" TIMESTAMPTZ(3),
  ADD COLUMN "probes" JSONB NOT NULL DEFAULT '[]';
UPDATE "send_lanes" SET "probes" = jsonb_build_array(jsonb_build_object(
  'batch_id', "probe_batch_id", 'server_id', "probe_server_id", 'sent_at', "probe_sent_at"))
WHERE "probe_batch_id" IS NOT NULL;
ALTER TABLE "send_lanes" DROP COLUMN "probe_batch_id", DROP COLUMN "probe_server_id";

-- Emails that were queued by then were to be dropped: also those that were on their way at that moment and come back into the queue.
ALTER TABLE "workspaces" ADD COLUMN "skip_before" TIMESTAMPTZ(3);
ALTER TABLE "automations" ADD COLUMN "skip_before" TIMESTAMPTZ(3);

-- What holds a lane: null when nothing does, or when its connection was changed or validated since.
CREATE FUNCTION lane_hold(held_reason text, held_for timestamptz, connection_updated_at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN held_for = connection_updated_at THEN held_reason END $$;

-- When a lane opens: null when it is open.
CREATE FUNCTION lane_opens_at(not_before timestamptz, held_reason text, held_for timestamptz, connection_updated_at timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN held_reason IS NULL OR held_for = connection_updated_at THEN not_before END $$;

-- Due sends of one connection and stream become 'sending' and the attempt is stored, before anybody calls out. Nothing is given while the
-- workspace is stopped, the connection cannot send, the provider asked for a pause, or the server is not the one the caller has opened.
-- Of a lane that was held and is to be tried again, one send finds out whether it still is.
DROP FUNCTION claim_sends(uuid, uuid, text, text, int, uuid, uuid, int, int);
CREATE FUNCTION claim_sends(ws uuid, connection uuid, stream text, server text, take int, token uuid, batch uuid, start_ms int, lease_ms int)
RETURNS TABLE (id uuid, number int, at timestamptz, failures int, hold text)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp()); failed int; held text;
BEGIN
  SELECT l.failures, lane_hold(l.held_reason, l.held_for, c.updated_at) INTO failed, held FROM connections c JOIN workspaces w ON w.id = c.workspace_id
    JOIN send_lanes l ON l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream
  WHERE c.workspace_id = ws AND c.id = connection AND c.status IN ('ready', 'unvalidated') AND c.deleted_at IS NULL
    AND c.server_id IS NOT DISTINCT FROM server AND w.sending_stopped_at IS NULL
    AND coalesce(lane_opens_at(l.not_before, l.held_reason, l.held_for, c.updated_at) <= present, true);
  IF NOT FOUND THEN RETURN; END IF;

  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'queued' AND due_at <= present
    ORDER BY due_at, id LIMIT CASE WHEN held IS NULL THEN take ELSE 1 END
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
  SELECT c.id, c.attempts, present, failed, held FROM claimed c;
END $$;

-- The same for sends that are the caller's already and go into a smaller batch, because the provider refused the whole of the last one.
CREATE OR REPLACE FUNCTION reopen_sends(ws uuid, ids uuid[], token uuid, batch uuid, start_ms int, lease_ms int) RETURNS TABLE (id uuid, number int, at timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp());
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

-- Asked right before a call, in one statement: which of these sends are still the caller's, and may leave. Whoever stops the workspace,
-- disables or changes the connection, pauses or archives the automation, ends the run or signals to it, and has been told that it is done,
-- is seen here. What is confirmed counts as begun. Answers the sends that are the caller's; the others are somebody else's by now.
CREATE FUNCTION confirm_sends(ws uuid, connection uuid, server text, token uuid, ids uuid[], numbers int[]) RETURNS TABLE (id uuid, may boolean)
LANGUAGE sql STABLE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH lane AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM connections c JOIN workspaces w ON w.id = c.workspace_id
      WHERE c.workspace_id = ws AND c.id = connection AND c.status IN ('ready', 'unvalidated') AND c.deleted_at IS NULL
        AND c.server_id IS NOT DISTINCT FROM server AND w.sending_stopped_at IS NULL) AS may)
  SELECT s.id, lane.may AND a.status = 'live' AND a.deleted_at IS NULL AND e.status IS DISTINCT FROM 'exited' AND NOT (
    e.status IS NOT DISTINCT FROM 'active' AND EXISTS (SELECT FROM run_signals g
      WHERE g.workspace_id = ws AND g.enrollment_id = s.enrollment_id AND g.seen_at IS NULL))
  FROM lane, unnest(ids, numbers) n(id, number)
  JOIN sends s ON s.workspace_id = ws AND s.id = n.id AND s.lease_token = token AND s.status = 'sending' AND s.attempts = n.number
  JOIN automations a ON a.workspace_id = ws AND a.id = s.automation_id
  LEFT JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id
$$;

-- Sends of one lane whose lease lapsed while 'sending', and 'unknown' ones whose next look is due, become the caller's.
CREATE OR REPLACE FUNCTION claim_unsettled(ws uuid, connection uuid, stream text, take int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp());
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

-- Whether what became of an attempt changes its send's status. 'failed' is the provider's word where its message id is known, and ours
-- where not: then that it was accepted after all is news.
CREATE FUNCTION send_is_open(status text, provider_message_id text, fact text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT status IN ('queued', 'sending', 'unknown', 'skipped') OR (status = 'failed' AND provider_message_id IS NULL AND fact IS NOT DISTINCT FROM 'accepted')
$$;

-- What became of attempts and of their sends, at once. Facts (accepted, refused, never left) are kept for their attempt whoever holds the lease;
-- a fact about the mail itself also settles a send that is 'unknown' or 'queued', and one that is 'sending', 'skipped' or 'failed' by our own
-- decision when it was accepted: by whichever attempt, so that what was queued again does not leave twice. Decisions need the lease. Whoever
-- waits for a settled send is woken. Answers the ids whose row was not changed.
--   attempts   [{send_id, number, outcome, code, detail, seen, undo}]   undo: no call was made; seen: 1 when a search that sees did not show it
--   outcomes   [{id, number, fact, status, reason, detail, due_at, park_for, stream, provider_message_id, sent_at, to_email, from_email, subject}]
--   decisions  [{id, send_id, kind, reason, details}]
-- `stream`: the send goes on in another lane of its connection.
CREATE OR REPLACE FUNCTION save_sends(ws uuid, token uuid, attempts jsonb, outcomes jsonb, decisions jsonb) RETURNS TABLE (lost uuid)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE paused uuid[]; saved uuid[]; ended uuid[]; present timestamptz;
BEGIN
  SELECT array_agg(a.id) INTO paused FROM (
    SELECT a.id FROM automations a
    WHERE a.workspace_id = ws AND a.status = 'paused'
      AND a.id IN (SELECT o.park_for FROM jsonb_to_recordset(outcomes) o(park_for uuid) WHERE o.park_for IS NOT NULL)
    ORDER BY a.id FOR SHARE) a;

  PERFORM FROM sends s WHERE s.workspace_id = ws AND s.id IN (SELECT o.id FROM jsonb_to_recordset(outcomes) o(id uuid)) ORDER BY s.id FOR NO KEY UPDATE;
  present := date_trunc('milliseconds', clock_timestamp());

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

  INSERT INTO send_lanes (workspace_id, connection_id, message_stream)
  SELECT DISTINCT ws, s.connection_id, o.stream
  FROM jsonb_to_recordset(outcomes) o(id uuid, stream text) JOIN sends s ON s.workspace_id = ws AND s.id = o.id
  WHERE o.stream IS NOT NULL ORDER BY 2, 3 ON CONFLICT DO NOTHING;

  -- What news of the provider has raised further stays as it is.
  WITH settled AS (
    UPDATE sends s SET
      status = CASE WHEN send_is_open(s.status, s.provider_message_id, o.fact) THEN o.status ELSE s.status END,
      reason = CASE WHEN send_is_open(s.status, s.provider_message_id, o.fact) THEN o.reason ELSE s.reason END,
      detail = CASE WHEN send_is_open(s.status, s.provider_message_id, o.fact) THEN o.detail ELSE s.detail END,
      due_at = CASE WHEN NOT send_is_open(s.status, s.provider_message_id, o.fact) THEN s.due_at
        WHEN o.park_for IS NULL THEN o.due_at WHEN o.park_for = ANY (paused) THEN NULL ELSE present END,
      lease_token = NULL,
      unknown_since = CASE WHEN o.status = 'unknown' THEN coalesce(s.unknown_since, present) END,
      provider_message_id = coalesce(s.provider_message_id, o.provider_message_id),
      sent_at = CASE WHEN o.status = 'sent' THEN coalesce(s.sent_at, o.sent_at, present) ELSE s.sent_at END,
      message_stream = CASE WHEN o.status = 'queued' THEN coalesce(o.stream, s.message_stream) ELSE s.message_stream END,
      to_email = coalesce(o.to_email, s.to_email), from_email = coalesce(o.from_email, s.from_email), subject = coalesce(o.subject, s.subject)
    FROM jsonb_to_recordset(outcomes) o(id uuid, number int, fact text, status text, reason text, detail text, due_at timestamptz, park_for uuid,
      stream text, provider_message_id text, sent_at timestamptz, to_email text, from_email text, subject text)
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

-- Puts the runs that stand at these sends back to work. A lease that someone holds on such a run is taken away: they decided by
-- what the send was before.
CREATE OR REPLACE FUNCTION wake_enrollments(ws uuid, send_ids uuid[]) RETURNS int LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE woken int;
BEGIN
  WITH standing AS (
    SELECT e.id FROM sends s JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id
    WHERE s.workspace_id = ws AND s.id = ANY(send_ids) AND e.status = 'active' AND e.step_id = s.step_id
    ORDER BY e.id FOR NO KEY UPDATE OF e)
  UPDATE enrollments e SET due_at = date_trunc('milliseconds', clock_timestamp()), lease_token = NULL
  FROM standing WHERE e.workspace_id = ws AND e.id = standing.id;
  GET DIAGNOSTICS woken = ROW_COUNT;
  RETURN woken;
END $$;

-- Drops queued sends of automations (of one, or of all), says so, and lets their runs go on. Without `overdue_since`, all of them, and those
-- on their way as soon as they come back. With it (when the stop began), those that were to leave since then, and those that the stop
-- alone has kept: what was queued before and waits for another reason is not late because of the stop.
DROP FUNCTION skip_queued_sends(uuid, uuid, timestamptz, text);
CREATE FUNCTION skip_queued_sends(ws uuid, automation uuid, overdue_since timestamptz, why text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE skipped uuid[]; present timestamptz := date_trunc('milliseconds', clock_timestamp());
BEGIN
  IF overdue_since IS NULL AND automation IS NULL THEN
    UPDATE workspaces SET skip_before = present WHERE id = ws;
  ELSIF overdue_since IS NULL THEN
    UPDATE automations SET skip_before = present WHERE workspace_id = ws AND id = automation;
  END IF;

  WITH queued AS (
    SELECT s.id FROM sends s
    WHERE s.workspace_id = ws AND s.status = 'queued' AND s.kind = 'automation' AND (automation IS NULL OR s.automation_id = automation)
      AND (overdue_since IS NULL OR (s.scheduled_at <= present AND (s.scheduled_at >= overdue_since OR (
        s.reason IS DISTINCT FROM 'late' AND (s.due_at IS NULL OR s.due_at <= present)
        AND NOT EXISTS (SELECT FROM connections c LEFT JOIN send_lanes l
            ON l.workspace_id = ws AND l.connection_id = c.id AND l.message_stream = s.message_stream
          WHERE c.workspace_id = ws AND c.id = s.connection_id
            AND (c.status NOT IN ('ready', 'unvalidated') OR lane_hold(l.held_reason, l.held_for, c.updated_at) IS NOT NULL))
        AND NOT EXISTS (SELECT FROM workspaces w WHERE w.id = ws AND w.sending_stopped_at IS NOT NULL AND automation IS NOT NULL)
        AND NOT EXISTS (SELECT FROM automations a WHERE a.workspace_id = ws AND a.id = s.automation_id AND a.status = 'paused' AND automation IS NULL)))))
    ORDER BY s.id FOR NO KEY UPDATE OF s
  ), dropped AS (
    UPDATE sends s SET status = 'skipped', reason = why, due_at = NULL, lease_token = NULL
    FROM queued WHERE s.workspace_id = ws AND s.id = queued.id
    RETURNING s.id, s.profile_id, s.automation_id, s.enrollment_id, s.step_id
  ), told AS (
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason)
    SELECT ws, uuid_v7(), profile_id, automation_id, enrollment_id, id, step_id, 'skipped', why
    FROM dropped WHERE profile_id IS NOT NULL)
  SELECT array_agg(id) INTO skipped FROM dropped;
  IF skipped IS NULL THEN RETURN 0; END IF;
  PERFORM wake_enrollments(ws, skipped);
  RETURN cardinality(skipped);
END $$;

-- Runs whose time has come (of one automation, or of all) leave out the sends that they were ready for before now.
CREATE OR REPLACE FUNCTION skip_overdue_steps(ws uuid, automation uuid) RETURNS int LANGUAGE plpgsql AS $$
DECLARE marked int; present timestamptz := date_trunc('milliseconds', clock_timestamp());
BEGIN
  WITH overdue AS (
    SELECT id FROM enrollments
    WHERE workspace_id = ws AND due_at <= present AND status = 'active' AND (automation IS NULL OR automation_id = automation)
    ORDER BY id FOR NO KEY UPDATE)
  UPDATE enrollments e SET overdue_skip_before = present
  FROM overdue WHERE e.workspace_id = ws AND e.id = overdue.id;
  GET DIAGNOSTICS marked = ROW_COUNT;
  RETURN marked;
END $$;

-- Why a queued send stands still although nothing is wrong with it: the one fact that holds many.
DROP FUNCTION send_hold(uuid, uuid, uuid);
CREATE FUNCTION send_hold(ws uuid, connection uuid, stream text, automation uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM workspaces WHERE id = ws AND sending_stopped_at IS NOT NULL) THEN 'sending_stopped'
    WHEN c.id IS NULL OR c.status = 'disabled' OR c.deleted_at IS NOT NULL THEN 'connection_disabled'
    WHEN c.status = 'failing' THEN 'connection_failing'
    WHEN lane_hold(l.held_reason, l.held_for, c.updated_at) IS NOT NULL THEN l.held_reason
    WHEN EXISTS (SELECT FROM automations WHERE workspace_id = ws AND id = automation AND status = 'paused') THEN 'paused'
  END
  FROM (SELECT) one LEFT JOIN connections c ON c.workspace_id = ws AND c.id = connection
  LEFT JOIN send_lanes l ON l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream $$;

-- Rows are looked up by their ids, whatever the planner believes. Of a workspace that is younger than the last ANALYZE it believes that it has
-- hardly a row, and compared each of its people with each of its runs and each decision: 200 runs of a workspace with 500 people took half a
-- minute so. As in the functions of the intake, plans are made for a workspace like any other (force_generic_plan), and none that reads all
-- of a workspace once to compare it with a few rows. All else is as it was.
CREATE OR REPLACE FUNCTION settle_enrollments(ws uuid, token uuid, runs jsonb, sends jsonb, decisions jsonb) RETURNS TABLE (lost uuid)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE paused uuid[]; queued uuid[]; refused uuid[]; saved uuid[]; setting bool; exiting bool; signalled bool; present timestamptz;
BEGIN
  SELECT bool_or(jsonb_typeof(r.set) = 'object'), bool_or(r.status = 'exited'),
    bool_or(r.status <> 'active' OR r.used IS NOT NULL OR r.seen IS NOT NULL) INTO setting, exiting, signalled
  FROM jsonb_to_recordset(runs) r(status text, set jsonb, used uuid[], seen uuid[]);

  -- A run of a paused automation leaves the queue only while the automation is surely paused: the lock lets a resume wait, and a resume
  -- makes everything due in a statement after its change of status, so either it finds the parked run or we find it live.
  SELECT array_agg(a.id) INTO paused FROM (
    SELECT a.id FROM automations a
    WHERE a.workspace_id = ws AND a.status = 'paused'
      AND a.id IN (SELECT r.park_for FROM jsonb_to_recordset(runs) r(park_for uuid) WHERE r.park_for IS NOT NULL)
    ORDER BY a.id FOR SHARE) a;
  IF setting THEN
    PERFORM FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY (ARRAY(
      SELECT coalesce(q.merged_into_id, q.id) FROM jsonb_to_recordset(runs) r(id uuid, set jsonb)
      CROSS JOIN LATERAL (SELECT profile_id FROM enrollments WHERE workspace_id = ws AND id = r.id OFFSET 0) e
      CROSS JOIN LATERAL (SELECT id, merged_into_id FROM profiles WHERE workspace_id = ws AND id = e.profile_id OFFSET 0) q
      WHERE jsonb_typeof(r.set) = 'object'))
    ORDER BY p.id FOR NO KEY UPDATE;
  END IF;
  -- The foreign key of a send takes its person anyway, and would do so after the runs: a merge takes people first.
  IF jsonb_array_length(sends) > 0 THEN
    PERFORM FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY (ARRAY(
      SELECT e.profile_id FROM jsonb_to_recordset(sends) s(enrollment_id uuid)
      CROSS JOIN LATERAL (SELECT profile_id FROM enrollments WHERE workspace_id = ws AND id = s.enrollment_id OFFSET 0) e))
    ORDER BY p.id FOR KEY SHARE;
  END IF;
  -- Emails that wait for the address that a run sets are woken by set_traits, after the runs are held.
  IF EXISTS (SELECT FROM jsonb_to_recordset(runs) r(set jsonb) WHERE r.set ? 'email') THEN
    PERFORM FROM sends s WHERE s.workspace_id = ws AND s.id = ANY (ARRAY(
      SELECT q.id FROM jsonb_to_recordset(runs) r(id uuid, status text, set jsonb)
      CROSS JOIN LATERAL (SELECT profile_id FROM enrollments WHERE workspace_id = ws AND id = r.id OFFSET 0) e
      CROSS JOIN LATERAL (
        SELECT id, reason, enrollment_id FROM sends WHERE workspace_id = ws AND profile_id = e.profile_id AND status = 'queued' OFFSET 0) q
      WHERE r.set ? 'email' AND q.reason = 'awaiting_email' OR r.status = 'exited' AND q.enrollment_id = r.id))
    ORDER BY s.id FOR NO KEY UPDATE;
  END IF;
  IF exiting THEN
    SELECT array_agg(l.id) INTO queued FROM (
      SELECT s.id FROM sends s
      WHERE s.workspace_id = ws AND s.status = 'queued' AND s.enrollment_id = ANY (ARRAY(
        SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid, status text) WHERE r.status = 'exited'))
      ORDER BY s.id FOR NO KEY UPDATE) l;
  END IF;
  PERFORM FROM enrollments e WHERE e.workspace_id = ws AND e.id = ANY (ARRAY(SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid))) ORDER BY e.id FOR NO KEY UPDATE;
  -- After the locks: whoever changed these rows before us did so earlier, by this clock too.
  present := date_trunc('milliseconds', clock_timestamp());

  IF setting THEN refused := set_traits(ws, token, runs); END IF;
  WITH moved AS (
    UPDATE enrollments e SET
      status = r.status, reason = r.reason, step_id = r.step_id, step_due_at = r.step_due_at, ready_at = r.ready_at, attempt = r.attempt,
      due_at = CASE WHEN r.park_for IS NULL THEN r.due_at WHEN r.park_for = ANY (paused) THEN NULL ELSE present END,
      passed_step_ids = CASE WHEN r.passed IS NULL THEN e.passed_step_ids ELSE coalesce(e.passed_step_ids, '{}') || r.passed END,
      ended_at = CASE WHEN r.status <> 'active' THEN present END,
      lease_token = NULL
    FROM jsonb_to_recordset(runs) r(id uuid, status text, reason text, step_id text, step_due_at timestamptz, ready_at timestamptz,
      due_at timestamptz, attempt int, park_for uuid, passed text[])
    WHERE e.workspace_id = ws AND e.id = r.id AND e.lease_token = token
    RETURNING e.id)
  SELECT array_agg(id) INTO saved FROM moved;

  IF signalled THEN
    DELETE FROM run_signals g USING jsonb_to_recordset(runs) r(id uuid, status text, used uuid[])
    WHERE g.workspace_id = ws AND g.enrollment_id = r.id AND r.id = ANY (saved) AND (r.status <> 'active' OR g.event_id = ANY (r.used));
    UPDATE run_signals g SET seen_at = present FROM jsonb_to_recordset(runs) r(id uuid, seen uuid[])
    WHERE g.workspace_id = ws AND g.enrollment_id = r.id AND r.id = ANY (saved) AND g.event_id = ANY (r.seen) AND g.seen_at IS NULL;
  END IF;

  IF queued IS NOT NULL THEN
    WITH dropped AS (
      UPDATE sends s SET status = 'skipped', due_at = NULL, lease_token = NULL,
        reason = CASE e.reason WHEN 'archived' THEN 'automation_archived' WHEN 'profile_deleted' THEN 'person_gone' ELSE 'run_ended' END
      FROM enrollments e
      WHERE s.workspace_id = ws AND s.id = ANY (queued) AND s.status = 'queued' AND e.workspace_id = ws AND e.id = s.enrollment_id AND e.id = ANY (saved)
      RETURNING s.id, s.reason, s.profile_id, s.automation_id, s.enrollment_id, s.step_id)
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason)
    SELECT ws, uuid_v7(), profile_id, automation_id, enrollment_id, id, step_id, 'skipped', reason FROM dropped WHERE profile_id IS NOT NULL;
  END IF;

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
  SELECT ws, d.id, e.profile_id, e.automation_id, e.id, d.send_id, d.step_id, d.kind,
    CASE WHEN d.reason = 'profile_updated' AND e.id = ANY (refused) THEN 'update_refused' ELSE d.reason END, d.details
  FROM jsonb_to_recordset(decisions) d(id uuid, enrollment_id uuid, send_id uuid, step_id text, kind text, reason text, details jsonb)
  JOIN enrollments e ON e.workspace_id = ws AND e.id = d.enrollment_id
  WHERE d.enrollment_id = ANY (saved);

  RETURN QUERY SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid) WHERE saved IS NULL OR r.id <> ALL (saved);
END $$;

ALTER FUNCTION settle_enrollments(uuid, uuid, jsonb, jsonb, jsonb)
  SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_material = off;
ALTER FUNCTION save_sends(uuid, uuid, jsonb, jsonb, jsonb)
  SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_material = off;
ALTER FUNCTION set_traits(uuid, uuid, jsonb)
  SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_material = off;
ALTER FUNCTION reopen_sends(uuid, uuid[], uuid, uuid, int, int)
  SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_material = off;
ALTER FUNCTION wake_enrollments(uuid, uuid[])
  SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET enable_material = off;
ALTER FUNCTION claim_enrollments(uuid, int, uuid, int) SET plan_cache_mode = force_generic_plan SET enable_material = off;
ALTER FUNCTION claim_sends(uuid, uuid, text, text, int, uuid, uuid, int, int) SET plan_cache_mode = force_generic_plan SET enable_material = off;
ALTER FUNCTION claim_unsettled(uuid, uuid, text, int, int, uuid, int) SET plan_cache_mode = force_generic_plan SET enable_material = off;

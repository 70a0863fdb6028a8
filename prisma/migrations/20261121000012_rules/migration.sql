-- The rest of the rules: runs remember what they have passed, signals what was looked at, and decisions may write traits and end runs with
-- what they had queued.

-- AlterTable
ALTER TABLE "enrollments" ADD COLUMN "passed_step_ids" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "run_signals" ADD COLUMN "seen_at" TIMESTAMPTZ(3);

-- See 20261121000003_dispatch. What is made due "now" must not lie ahead of the clock, as it would by the rounding of timestamptz(3): the
-- present is always taken to the millisecond, downwards.
DROP FUNCTION claim_enrollments(uuid, int, uuid, int);
CREATE FUNCTION claim_enrollments(ws uuid, take int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, automation_id uuid, version_id uuid, profile_id uuid, event_id uuid, step_id text, step_due_at timestamptz,
  ready_at timestamptz, was_due_at timestamptz, attempt int, passed_step_ids text[], at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp());
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
  RETURNING e.id, e.automation_id, e.version_id, e.profile_id, e.event_id, e.step_id, e.step_due_at, e.ready_at, due.due_at, e.attempt,
    coalesce(e.passed_step_ids, '{}'), present;
END $$;

-- Writes the traits that runs set, of the caller's runs only. Sets of one person in one claim are one change, later runs' over earlier
-- ones'. Returns the runs whose person would have more traits than fit: nothing of theirs is set. The people are locked.
CREATE FUNCTION set_traits(ws uuid, token uuid, runs jsonb) RETURNS uuid[]
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE refused uuid[]; addressed uuid[];
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT e.id, coalesce(q.merged_into_id, q.id) AS profile_id, r.set
    FROM jsonb_to_recordset(runs) r(id uuid, set jsonb)
    JOIN enrollments e ON e.workspace_id = ws AND e.id = r.id AND e.lease_token = token
    JOIN profiles q ON q.workspace_id = ws AND q.id = e.profile_id
    WHERE jsonb_typeof(r.set) = 'object'
  ), folded AS (
    SELECT k.profile_id, coalesce(jsonb_object_agg(k.key, k.value) FILTER (WHERE jsonb_typeof(k.value) <> 'null'), '{}') AS set,
      coalesce(array_agg(k.key) FILTER (WHERE jsonb_typeof(k.value) = 'null'), '{}') AS unset
    FROM (SELECT DISTINCT ON (w.profile_id, j.key) w.profile_id, j.key, j.value
      FROM wanted w CROSS JOIN LATERAL jsonb_each(w.set) j ORDER BY w.profile_id, j.key, w.id DESC) k
    GROUP BY k.profile_id
  ), next AS MATERIALIZED (
    SELECT p.id, (p.traits || f.set) - f.unset AS traits FROM folded f JOIN profiles p ON p.workspace_id = ws AND p.id = f.profile_id
  ), fitting AS (
    -- As in ingest.
    UPDATE profiles p SET traits = n.traits FROM next n
    WHERE p.workspace_id = ws AND p.id = n.id
      AND (SELECT count(*) FROM jsonb_object_keys(n.traits)) <= 256 AND length(n.traits::text) <= 65536
    RETURNING p.id)
  SELECT array_agg(w.id) FILTER (WHERE t.id IS NULL), array_agg(DISTINCT t.id) FILTER (WHERE w.set ? 'email') INTO refused, addressed
  FROM wanted w LEFT JOIN fitting t ON t.id = w.profile_id;
  IF addressed IS NOT NULL THEN PERFORM wake_addressed(ws, addressed); END IF;
  RETURN refused;
END $$;

-- All decisions about a claim at once: runs move, their people's traits are set, their sends are queued, or dropped where the run exits, lanes
-- and the record of decisions are written, and signals are done with. What is no longer the caller's is left alone, with everything that hangs on it,
-- and answered.
--   runs       [{id, status, reason, step_id, step_due_at, ready_at, due_at, attempt, park_for, passed, set, used, seen}]
--              park_for: an automation seen paused; passed: steps left behind; set: traits, null removes one;
--              used, seen: events of signals that are done with, and that were looked at and may yet be waited for
--   sends      [{id, enrollment_id, step_id, connection_id, message_stream, version_id, scheduled_at}]
--   decisions  [{id, enrollment_id, step_id, kind, reason, details}]
-- Locks in the order automations, profiles, sends, enrollments, each by id.
-- lock_timeout, because a change of an automation with a large backlog holds its row for long, and the runs of other workspaces are
-- advanced in the same round: these are decided anew when their lease has lapsed.
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
    PERFORM FROM profiles p WHERE p.workspace_id = ws AND p.id IN (
      SELECT coalesce(q.merged_into_id, q.id) FROM jsonb_to_recordset(runs) r(id uuid, set jsonb)
      JOIN enrollments e ON e.workspace_id = ws AND e.id = r.id JOIN profiles q ON q.workspace_id = ws AND q.id = e.profile_id
      WHERE jsonb_typeof(r.set) = 'object')
    ORDER BY p.id FOR NO KEY UPDATE;
  END IF;
  -- The foreign key of a send takes its person anyway, and would do so after the runs: a merge takes people first.
  IF jsonb_array_length(sends) > 0 THEN
    PERFORM FROM profiles p WHERE p.workspace_id = ws AND p.id IN (
      SELECT e.profile_id FROM jsonb_to_recordset(sends) s(enrollment_id uuid)
      JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id)
    ORDER BY p.id FOR KEY SHARE;
  END IF;
  IF exiting THEN
    SELECT array_agg(l.id) INTO queued FROM (
      SELECT s.id FROM jsonb_to_recordset(runs) r(id uuid, status text)
      JOIN sends s ON s.workspace_id = ws AND s.enrollment_id = r.id AND s.status = 'queued'
      WHERE r.status = 'exited' ORDER BY s.id FOR NO KEY UPDATE OF s) l;
  END IF;
  PERFORM FROM enrollments e WHERE e.workspace_id = ws AND e.id IN (SELECT r.id FROM jsonb_to_recordset(runs) r(id uuid)) ORDER BY e.id FOR NO KEY UPDATE;
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

-- Who is under way in another version than this one, by version and step. Reads up to so many.
CREATE FUNCTION runs_elsewhere(ws uuid, automation uuid, version uuid, people_max int)
RETURNS TABLE (version_id uuid, number int, step_id text, people int) LANGUAGE sql STABLE AS $$
  SELECT e.version_id, v.number, e.step_id, count(*)::int
  FROM (SELECT version_id, step_id FROM enrollments
    WHERE workspace_id = ws AND automation_id = automation AND status = 'active' AND version_id IS DISTINCT FROM version LIMIT people_max) e
  JOIN automation_versions v ON v.workspace_id = ws AND v.id = e.version_id
  GROUP BY 1, 2, 3 ORDER BY v.number DESC, e.step_id NULLS FIRST
$$;

-- The same, and they stay where they stand until the transaction ends: the caller holds them all, and what the runs that stand at steps
-- `gone` have queued. Sends first, as everybody does; what is queued in between is locked when it is dropped.
CREATE FUNCTION hold_runs_elsewhere(ws uuid, automation uuid, version uuid, gone text[])
RETURNS TABLE (version_id uuid, number int, step_id text, people int) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  IF cardinality(gone) > 0 THEN
    PERFORM FROM sends s WHERE s.workspace_id = ws AND s.id IN (
      SELECT s.id FROM enrollments e JOIN sends s ON s.workspace_id = ws AND s.enrollment_id = e.id AND s.status = 'queued'
      WHERE e.workspace_id = ws AND e.automation_id = automation AND e.status = 'active' AND e.version_id <> version AND e.step_id = ANY (gone))
    ORDER BY s.id FOR NO KEY UPDATE;
  END IF;
  PERFORM FROM enrollments e
  WHERE e.workspace_id = ws AND e.automation_id = automation AND e.status = 'active' AND e.version_id <> version
  ORDER BY e.id FOR NO KEY UPDATE;
  RETURN QUERY SELECT * FROM runs_elsewhere(ws, automation, version, NULL);
END $$;

-- Moves the runs that stand at one step of one version, whoever is deciding about them. `fate`:
--   same      they go on at the step of that id, with its due time
--   changed   they go on there as if they had just reached it, because it is another kind of step
--   gone      their run ends, and what they have queued is dropped
-- Returns how many. What queued sends are to say stays with the version that queued them.
CREATE FUNCTION move_runs(ws uuid, automation uuid, from_version uuid, step text, to_version uuid, fate text) RETURNS int
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE runs uuid[]; present timestamptz := date_trunc('milliseconds', clock_timestamp()); told jsonb;
BEGIN
  SELECT jsonb_build_object('from_version', f.number, 'to_version', t.number) INTO told
  FROM automation_versions f, automation_versions t WHERE f.workspace_id = ws AND f.id = from_version AND t.workspace_id = ws AND t.id = to_version;

  WITH moved AS (
    UPDATE enrollments e SET
      version_id = CASE WHEN fate = 'gone' THEN e.version_id ELSE to_version END,
      status = CASE WHEN fate = 'gone' THEN 'exited' ELSE e.status END,
      reason = CASE WHEN fate = 'gone' THEN 'step_removed' ELSE e.reason END,
      ended_at = CASE WHEN fate = 'gone' THEN present END,
      step_due_at = CASE WHEN fate = 'changed' THEN NULL ELSE e.step_due_at END,
      ready_at = CASE WHEN fate = 'changed' THEN present ELSE e.ready_at END,
      due_at = CASE WHEN fate = 'gone' THEN NULL WHEN fate = 'changed' OR e.lease_token IS NOT NULL THEN present ELSE e.due_at END,
      lease_token = NULL
    WHERE e.workspace_id = ws AND e.automation_id = automation AND e.status = 'active' AND e.version_id = from_version
      AND e.step_id IS NOT DISTINCT FROM step
    RETURNING e.id, e.profile_id
  ), said AS (
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, step_id, kind, reason, details)
    SELECT ws, uuid_v7(), moved.profile_id, automation, moved.id, step,
      CASE WHEN fate = 'gone' THEN 'exited' ELSE 'moved' END, CASE WHEN fate = 'gone' THEN 'step_removed' ELSE 'moved' END, told
    FROM moved)
  SELECT array_agg(id) INTO runs FROM moved;
  IF runs IS NULL THEN RETURN 0; END IF;

  IF fate = 'gone' THEN
    DELETE FROM run_signals g WHERE g.workspace_id = ws AND g.enrollment_id = ANY (runs);
    WITH dropped AS (
      UPDATE sends s SET status = 'skipped', reason = 'run_ended', due_at = NULL, lease_token = NULL
      WHERE s.workspace_id = ws AND s.enrollment_id = ANY (runs) AND s.status = 'queued'
      RETURNING s.id, s.profile_id, s.enrollment_id, s.step_id)
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason)
    SELECT ws, uuid_v7(), profile_id, automation, enrollment_id, id, step_id, 'skipped', 'run_ended' FROM dropped WHERE profile_id IS NOT NULL;
  END IF;
  RETURN cardinality(runs);
END $$;

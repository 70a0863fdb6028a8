-- What a send's end means for the run that waits for it, and why a queued send stands still. These touch the tables of other rooms,
-- always in the order sends, enrollments, each by id; that is why they are here, in one place, and not in a store.

-- Search by the beginning of an address, whatever the database's collation. This operator class serves equality as well, so the
-- index of people stays one. Addresses are compared in lower case, and kept as they were given.
CREATE INDEX "suppressions_email_prefix" ON "suppressions" ("workspace_id", "email" text_pattern_ops);
DROP INDEX "profiles_email";
CREATE INDEX "profiles_email" ON "profiles" ("workspace_id", lower("traits"->>'email') text_pattern_ops);

DROP INDEX "sends_to_email_prefix";
CREATE INDEX "sends_to_email_prefix" ON "sends" ("workspace_id", lower("to_email") text_pattern_ops, "id");

-- Puts the runs that stand at these sends back to work. A lease that someone holds on such a run is taken away: they decided by
-- what the send was before.
CREATE FUNCTION wake_enrollments(ws uuid, send_ids uuid[]) RETURNS int LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE woken int;
BEGIN
  WITH standing AS (
    SELECT e.id FROM sends s JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id
    WHERE s.workspace_id = ws AND s.id = ANY(send_ids) AND e.status = 'active' AND e.step_id = s.step_id
    ORDER BY e.id FOR NO KEY UPDATE OF e)
  UPDATE enrollments e SET due_at = now(), lease_token = NULL
  FROM standing WHERE e.workspace_id = ws AND e.id = standing.id;
  GET DIAGNOSTICS woken = ROW_COUNT;
  RETURN woken;
END $$;

-- Drops queued sends of automations (of one, or of all) that were to leave before a moment, says so, and lets their runs go on.
CREATE FUNCTION skip_queued_sends(ws uuid, automation uuid, before timestamptz, why text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE skipped uuid[];
BEGIN
  WITH queued AS (
    SELECT id FROM sends
    WHERE workspace_id = ws AND status = 'queued' AND kind = 'automation' AND scheduled_at < before
      AND (automation IS NULL OR automation_id = automation)
    ORDER BY id FOR NO KEY UPDATE
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

-- Runs whose time has come (of one automation, or of all) leave out the sends that they were ready for before now. Rounded as the
-- column is: a run woken in this very transaction is due "now" to the millisecond, which may lie ahead of now().
CREATE FUNCTION skip_overdue_steps(ws uuid, automation uuid) RETURNS int LANGUAGE plpgsql AS $$
DECLARE marked int;
BEGIN
  WITH overdue AS (
    SELECT id FROM enrollments
    WHERE workspace_id = ws AND due_at <= now()::timestamptz(3) AND status = 'active' AND (automation IS NULL OR automation_id = automation)
    ORDER BY id FOR NO KEY UPDATE)
  UPDATE enrollments e SET overdue_skip_before = now()
  FROM overdue WHERE e.workspace_id = ws AND e.id = overdue.id;
  GET DIAGNOSTICS marked = ROW_COUNT;
  RETURN marked;
END $$;

-- Why a queued send stands still although nothing is wrong with it: the one fact that holds many.
CREATE FUNCTION send_hold(ws uuid, connection uuid, automation uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM workspaces WHERE id = ws AND sending_stopped_at IS NOT NULL) THEN 'sending_stopped'
    WHEN EXISTS (SELECT FROM connections WHERE workspace_id = ws AND id = connection AND (status = 'disabled' OR deleted_at IS NOT NULL))
      THEN 'connection_disabled'
    WHEN EXISTS (SELECT FROM connections WHERE workspace_id = ws AND id = connection AND status = 'failing') THEN 'connection_failing'
    WHEN EXISTS (SELECT FROM automations WHERE workspace_id = ws AND id = automation AND status = 'paused') THEN 'paused'
  END $$;

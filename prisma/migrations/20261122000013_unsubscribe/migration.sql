-- Tells the runs that an unsubscribe may end: every active run of the people of these addresses (lower case) whose version says
-- `on_unsubscribe: "exit"`, also of a paused automation. As with events (signal_runs): each becomes due, whoever is deciding about it loses
-- it, and while the signal is unread nothing of the run is sent. The signal names no event; whether the run ends is decided by what is
-- suppressed when it is looked at, so a signal too many, or one that comes twice, does nothing.
-- Call it in the transaction that writes the suppressions, before they are written: runs are locked before suppressions.
-- Returns how many runs were told.
CREATE FUNCTION signal_unsubscribed(ws uuid, emails text[]) RETURNS int
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off SET lock_timeout = '10s' AS $$
DECLARE runs uuid[]; told uuid[]; present timestamptz;
BEGIN
  SELECT array_agg(e.id) INTO runs
  FROM profiles q
  CROSS JOIN LATERAL (SELECT q.id UNION ALL SELECT t.id FROM profiles t WHERE t.workspace_id = ws AND t.merged_into_id = q.id) p
  JOIN enrollments e ON e.workspace_id = ws AND e.profile_id = p.id AND e.status = 'active'
  JOIN automation_versions v ON v.workspace_id = ws AND v.id = e.version_id
  WHERE q.workspace_id = ws AND lower(q.traits->>'email') = ANY (emails) AND q.merged_into_id IS NULL
    AND v.definition->>'on_unsubscribe' = 'exit';
  IF runs IS NULL THEN RETURN 0; END IF;

  SELECT array_agg(l.id) INTO told FROM (
    SELECT e.id FROM enrollments e WHERE e.workspace_id = ws AND e.id = ANY (runs) AND e.status = 'active' ORDER BY e.id FOR NO KEY UPDATE) l;
  IF told IS NULL THEN RETURN 0; END IF;
  present := date_trunc('milliseconds', clock_timestamp());
  INSERT INTO run_signals (workspace_id, enrollment_id, event_id, received_at)
  SELECT ws, t.run, uuid_v7(), present FROM unnest(told) t(run);
  UPDATE enrollments e SET due_at = present, lease_token = NULL WHERE e.workspace_id = ws AND e.id = ANY (told);
  RETURN cardinality(told);
END $$;

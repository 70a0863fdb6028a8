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

-- As it was, and one thing more that is seen in the last look before a call: whoever unsubscribed, or was suppressed otherwise, and has been
-- told that it is done. What may not leave for that goes back, and is skipped with the reason when it is looked at again.
CREATE OR REPLACE FUNCTION confirm_sends(ws uuid, connection uuid, server text, token uuid, ids uuid[], numbers int[]) RETURNS TABLE (id uuid, may boolean)
LANGUAGE sql STABLE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH lane AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM connections c JOIN workspaces w ON w.id = c.workspace_id
      WHERE c.workspace_id = ws AND c.id = connection AND c.status IN ('ready', 'unvalidated') AND c.deleted_at IS NULL
        AND c.server_id IS NOT DISTINCT FROM server AND w.sending_stopped_at IS NULL) AS may)
  SELECT s.id, lane.may AND a.status = 'live' AND a.deleted_at IS NULL AND e.status IS DISTINCT FROM 'exited' AND NOT (
    e.status IS NOT DISTINCT FROM 'active' AND EXISTS (SELECT FROM run_signals g
      WHERE g.workspace_id = ws AND g.enrollment_id = s.enrollment_id AND g.seen_at IS NULL))
    AND NOT EXISTS (SELECT FROM profiles q
      JOIN profiles p ON p.workspace_id = ws AND p.id = coalesce(q.merged_into_id, q.id)
      JOIN suppressions u ON u.workspace_id = ws AND u.email = lower(btrim(p.traits->>'email')) AND u.active
        AND (u.scope = 'workspace' OR (u.connection_id = connection AND u.stream IN (s.message_stream, '*')))
      WHERE q.workspace_id = ws AND q.id = s.profile_id)
  FROM lane, unnest(ids, numbers) n(id, number)
  JOIN sends s ON s.workspace_id = ws AND s.id = n.id AND s.lease_token = token AND s.status = 'sending' AND s.attempts = n.number
  JOIN automations a ON a.workspace_id = ws AND a.id = s.automation_id
  LEFT JOIN enrollments e ON e.workspace_id = ws AND e.id = s.enrollment_id
$$;

-- Takes sends of a lane whose lease lapsed or whose look-up is due, those due first, and of no more batches than can be asked about: what is
-- not asked about is not touched, so that emails that were sent one by one cost no more to look up than those of full batches.
DROP FUNCTION claim_unsettled(uuid, uuid, text, int, uuid, int);
CREATE FUNCTION claim_unsettled(ws uuid, connection uuid, stream text, take int, batches int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp());
BEGIN
  RETURN QUERY
  WITH lapsed AS MATERIALIZED (
    SELECT id, due_at FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'sending' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  ), unknown AS MATERIALIZED (
    SELECT id, due_at FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'unknown' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  ), due AS MATERIALIZED (
    -- The last attempt stands for all of a send: few have several that are open, and the searches are bounded as well.
    SELECT d.id, d.due_at, (SELECT a.batch_id FROM send_attempts a WHERE a.workspace_id = ws AND a.send_id = d.id ORDER BY a.number DESC LIMIT 1) AS batch
    FROM (SELECT * FROM lapsed UNION ALL SELECT * FROM unknown) d
  ), asked AS MATERIALIZED (
    SELECT batch FROM due GROUP BY batch ORDER BY min(due_at), batch LIMIT batches
  )
  UPDATE sends s SET lease_token = token, due_at = present + lease_ms * interval '1 millisecond'
  FROM (SELECT d.id FROM due d JOIN asked ON asked.batch IS NOT DISTINCT FROM d.batch ORDER BY d.due_at, d.id LIMIT take) mine
  WHERE s.workspace_id = ws AND s.id = mine.id
  RETURNING s.id, present;
END $$;

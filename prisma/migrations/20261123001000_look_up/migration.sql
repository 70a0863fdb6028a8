-- Takes sends of a lane whose lease lapsed or whose look-up is due, those due first, and of no more batches than can be asked about: what is
-- not asked about is not written, so that emails that were sent one by one cost no more to look up than those of full batches.
-- `sends.batch_id` is the batch of the newest attempt, which stands for all of a send: few have several that are open, and the searches are
-- bounded as well.
DROP FUNCTION claim_unsettled(uuid, uuid, text, int, uuid, int);
CREATE FUNCTION claim_unsettled(ws uuid, connection uuid, stream text, take int, batches int, token uuid, lease_ms int)
RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp());
BEGIN
  RETURN QUERY
  WITH lapsed AS MATERIALIZED (
    SELECT id, due_at, batch_id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'sending' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  ), unknown AS MATERIALIZED (
    SELECT id, due_at, batch_id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'unknown' AND due_at <= present
    ORDER BY due_at, id LIMIT take FOR UPDATE SKIP LOCKED
  ), due AS MATERIALIZED (
    SELECT * FROM lapsed UNION ALL SELECT * FROM unknown
  ), asked AS MATERIALIZED (
    SELECT batch_id FROM due GROUP BY batch_id ORDER BY min(due_at), batch_id LIMIT batches
  )
  UPDATE sends s SET lease_token = token, due_at = present + lease_ms * interval '1 millisecond'
  FROM (SELECT d.id FROM due d JOIN asked ON asked.batch_id IS NOT DISTINCT FROM d.batch_id ORDER BY d.due_at, d.id LIMIT take) mine
  WHERE s.workspace_id = ws AND s.id = mine.id
  RETURNING s.id, present;
END $$;

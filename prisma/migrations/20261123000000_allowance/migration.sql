-- How many of `want` may leave now through a connection with limits, whose row the caller has locked. What leaves is told to
-- `use_allowance`. Zero always sets when to ask again (`opens_at`, by which dispatchers sleep), also after the limits were changed: a day's
-- ceiling that is used up opens at midnight UTC, a slot at its end, and the place of a call is looked for ten times a second.
CREATE OR REPLACE FUNCTION allowance(ws uuid, connection uuid, want int, present timestamptz) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE m connection_limits; today date := (present AT TIME ZONE 'UTC')::date; most int := want; ceiling int; slots int; slot_ends timestamptz;
  opens timestamptz;
BEGIN
  SELECT l.* INTO m FROM connection_limits l WHERE l.workspace_id = ws AND l.connection_id = connection;
  IF m.opens_at > present THEN RETURN 0; END IF;

  ceiling := warm_up_ceiling(m.warm_up, m.warm_up_from, today) - CASE WHEN m.day = today THEN m.day_used ELSE 0 END;
  IF m.sends_per_second_max IS NOT NULL THEN
    slots := rate_slots(m.sends_per_second_max);
    slot_ends := m.claimed_at + ceil(1000.0 / slots) * interval '1 millisecond';
    most := least(most, m.sends_per_second_max / slots - CASE WHEN slot_ends > present THEN m.slot_used ELSE 0 END);
  END IF;
  IF ceiling <= 0 THEN
    opens := (today + 1)::timestamp AT TIME ZONE 'UTC';
  ELSIF most <= 0 THEN
    opens := slot_ends;
  ELSIF m.calls_at_once_max <= (
    SELECT count(DISTINCT s.batch_id) FROM send_lanes l JOIN sends s ON s.workspace_id = ws AND s.connection_id = connection
      AND s.message_stream = l.message_stream AND s.status = 'sending' AND s.due_at > present
    WHERE l.workspace_id = ws AND l.connection_id = connection) THEN
    opens := present + interval '100 milliseconds';
  ELSE
    RETURN least(most, ceiling); -- without a ceiling: most
  END IF;
  UPDATE connection_limits l SET opens_at = opens WHERE l.workspace_id = ws AND l.connection_id = connection;
  RETURN 0;
END $$;

-- A person's answer holds for what they saw; all else is as it was. The old signature goes, because a call that does not say what was seen
-- would fit both. Servers of the release before make that call, and it means what it meant.
DROP FUNCTION resolve_sends(uuid, uuid[], text, text, text);

-- One answer of one person about sends, at once: 'sent' (the provider took it), 'again' (it leaves now), 'skip' (it never leaves).
-- Open to it are sends that are 'unknown' and queued ones that are 'late'; of a late one nobody can say that it was sent, and a test
-- has no run that it could leave from again. Whoever looks such a send up at this moment loses the lease: facts go on counting, their
-- decisions do not. The first answer wins: everything is read again once the rows are locked. Locks sends, then enrollments, by id.
-- seen, seen_attempts (null: not told): what the person saw, 'late' or 'unknown', and after how many attempts. Whoever saw something else
-- is refused: "send now" of a late email never doubles one that has become unknown meanwhile.
--   result   resolved · repeated (decided so already, nothing was done) · refused · missing
--   status, reason, hold: as the send stands now; decided_*: the newest answer of a person, if there was one
CREATE FUNCTION resolve_sends(ws uuid, ids uuid[], choice text, who_kind text, who_id text, seen text DEFAULT NULL, seen_attempts int DEFAULT NULL)
RETURNS TABLE (id uuid, result text, kind text, status text, reason text, detail text, hold text, decided_reason text, decided_by text, decided_at timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz; who text; said text; open uuid[];
BEGIN
  PERFORM FROM sends s WHERE s.workspace_id = ws AND s.id = ANY (ids) ORDER BY s.id FOR NO KEY UPDATE;
  -- To the millisecond, downwards: rounded up, what is due now would be due a little later.
  present := date_trunc('milliseconds', clock_timestamp());
  who := CASE
    WHEN who_kind = 'user' THEN coalesce((SELECT coalesce(u.name, u.email) FROM users u WHERE u.id::text = who_id), who_id)
    WHEN who_kind LIKE '%key' THEN coalesce((SELECT k.name FROM api_keys k WHERE k.workspace_id = ws AND k.id::text = who_id), who_id)
    WHEN who_kind = 'operator' THEN 'Command line' ELSE who_id END;
  said := CASE choice WHEN 'sent' THEN 'marked_sent' WHEN 'again' THEN 'sent_again_by_person' ELSE 'skipped_by_person' END;

  SELECT array_agg(s.id) INTO open FROM sends s
  WHERE s.workspace_id = ws AND s.id = ANY (ids) AND NOT (choice = 'again' AND s.kind = 'test')
    AND (s.status = 'unknown' OR (s.status = 'queued' AND s.reason = 'late' AND choice <> 'sent'))
    AND (seen IS NULL OR seen = CASE s.status WHEN 'unknown' THEN 'unknown' ELSE 'late' END)
    AND (seen_attempts IS NULL OR seen_attempts = s.attempts);

  IF open IS NOT NULL THEN
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason, details)
    SELECT ws, uuid_v7(), s.profile_id, s.automation_id, s.enrollment_id, s.id, s.step_id,
      CASE choice WHEN 'sent' THEN 'sent' WHEN 'again' THEN 'queued' ELSE 'skipped' END, said,
      jsonb_build_object('by', who, 'by_kind', who_kind, 'was', CASE s.status WHEN 'unknown' THEN 'unknown' ELSE 'late' END)
    FROM sends s WHERE s.workspace_id = ws AND s.id = ANY (open) AND s.profile_id IS NOT NULL;

    INSERT INTO audit_entries (workspace_id, id, actor_kind, actor_id, action, subject, data)
    SELECT ws, uuid_v7(), who_kind, who_id, CASE choice WHEN 'sent' THEN 'send.marked_sent' WHEN 'again' THEN 'send.sent_again' ELSE 'send.skipped' END,
      s.to_email, jsonb_build_object('id', s.id, 'was', CASE s.status WHEN 'unknown' THEN 'unknown' ELSE 'late' END)
    FROM sends s WHERE s.workspace_id = ws AND s.id = ANY (open);

    -- The person answers for it that none of these calls carried it. A fact that comes later still overrides this.
    IF choice = 'again' THEN
      UPDATE send_attempts a SET outcome = 'absent', checked_at = present, detail = concat_ws(' ', a.detail, format('%s decided that it is sent again.', who))
      FROM unnest(open) o(send_id) WHERE a.workspace_id = ws AND a.send_id = o.send_id AND a.outcome IS NULL;
    END IF;

    UPDATE sends s SET
      status = CASE choice WHEN 'sent' THEN 'sent' WHEN 'again' THEN 'queued' ELSE 'skipped' END,
      reason = CASE WHEN choice <> 'again' THEN said END,
      detail = CASE WHEN choice <> 'again' THEN format('%s by %s on %s UTC.', CASE choice WHEN 'sent' THEN 'Marked as sent' ELSE 'Skipped' END, who,
        to_char(present AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')) END,
      scheduled_at = CASE WHEN choice = 'again' THEN present ELSE s.scheduled_at END,
      due_at = CASE WHEN choice = 'again' THEN present END,
      -- If it left, then with its newest call.
      sent_at = CASE WHEN choice = 'sent' THEN coalesce(s.sent_at,
        (SELECT max(a.started_at) FROM send_attempts a WHERE a.workspace_id = ws AND a.send_id = s.id), present) ELSE s.sent_at END,
      lease_token = NULL, unknown_since = NULL
    FROM unnest(open) o(send_id) WHERE s.workspace_id = ws AND s.id = o.send_id;

    IF choice <> 'again' THEN PERFORM wake_enrollments(ws, open); END IF;
  END IF;

  RETURN QUERY
  SELECT i.id,
    CASE WHEN s.id IS NULL THEN 'missing' WHEN s.id = ANY (open) THEN 'resolved'
      WHEN s.reason = said OR (choice = 'again' AND s.kind <> 'test' AND s.status IN ('queued', 'sending') AND s.reason IS DISTINCT FROM 'late' AND d.reason = said)
        THEN 'repeated'
      ELSE 'refused' END,
    s.kind, s.status, s.reason, s.detail,
    CASE WHEN s.status = 'queued' THEN send_hold(ws, s.connection_id, s.message_stream, s.automation_id) END,
    d.reason, d.details->>'by', uuid_time(d.id)
  FROM (SELECT DISTINCT id FROM unnest(ids) given(id)) i
  LEFT JOIN sends s ON s.workspace_id = ws AND s.id = i.id
  LEFT JOIN LATERAL (
    SELECT d.id, d.reason, d.details FROM decisions d
    WHERE d.workspace_id = ws AND d.enrollment_id = s.enrollment_id AND d.send_id = s.id
      AND d.reason IN ('marked_sent', 'sent_again_by_person', 'skipped_by_person')
    ORDER BY d.id DESC LIMIT 1) d ON true;
END $$;

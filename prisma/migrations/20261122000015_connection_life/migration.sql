-- Living with connections: a default one, limits of what leaves through each, a breaker that opens when it fails, what it came to by
-- the hour, and alerts when that is bad.

-- One row for each workspace, so that there is one default by construction.
CREATE TABLE "default_connections" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,

    CONSTRAINT "default_connections_pkey" PRIMARY KEY ("workspace_id"),
    CONSTRAINT "default_connections_workspace_id_connection_id_fkey" FOREIGN KEY ("workspace_id", "connection_id")
      REFERENCES "connections"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "default_connections_workspace_id_connection_id_key" ON "default_connections"("workspace_id", "connection_id");
INSERT INTO "default_connections" ("workspace_id", "connection_id")
SELECT DISTINCT ON ("workspace_id") "workspace_id", "id" FROM "connections" WHERE "deleted_at" IS NULL ORDER BY "workspace_id", "id";

-- What may leave through a connection, for those that have a limit, and what has left. The row is locked by the claim, so that limits
-- hold over all processes; `opens_at` is when there is room again, by which dispatchers sleep.
CREATE TABLE "connection_limits" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "sends_per_second_max" INTEGER,
    "calls_at_once_max" INTEGER,
    "warm_up" JSONB,
    "warm_up_from" DATE,
    "opens_at" TIMESTAMPTZ(3),
    "claimed_at" TIMESTAMPTZ(3),
    "slot_used" INTEGER NOT NULL DEFAULT 0,
    "day" DATE,
    "day_used" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "connection_limits_pkey" PRIMARY KEY ("workspace_id", "connection_id"),
    CONSTRAINT "connection_limits_workspace_id_connection_id_fkey" FOREIGN KEY ("workspace_id", "connection_id")
      REFERENCES "connections"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- What came of a connection's sends by the hour. `shard` spreads those who count at the same moment over rows of their own, so that no
-- webhook waits for another one's commit.
CREATE TABLE "connection_hours" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "shard" SMALLINT NOT NULL,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "delivered" INTEGER NOT NULL DEFAULT 0,
    "bounced" INTEGER NOT NULL DEFAULT 0,
    "complained" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "connection_hours_pkey" PRIMARY KEY ("workspace_id", "connection_id", "hour", "shard")
);
CREATE INDEX "connection_hours_workspace_id_hour_idx" ON "connection_hours"("workspace_id", "hour");
-- For forgetting what is old, of all workspaces.
CREATE INDEX "connection_hours_hour_idx" ON "connection_hours" USING BRIN ("hour");

-- `open` is true or null, so that the key allows one open alert of a kind and any number that are over. `deliver_at`: when somebody is
-- to be told next, or until when somebody is telling; null: nothing (more) to tell.
CREATE TABLE "alerts" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "open" BOOLEAN,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,
    "figures" JSONB NOT NULL DEFAULT '{}',
    "deliveries" JSONB NOT NULL DEFAULT '[]',
    "deliver_at" TIMESTAMPTZ(3),
    "deliver_tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("workspace_id", "id"),
    CONSTRAINT "alerts_workspace_id_connection_id_fkey" FOREIGN KEY ("workspace_id", "connection_id")
      REFERENCES "connections"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "alerts_open" ON "alerts"("workspace_id", "connection_id", "kind", "open");
CREATE INDEX "alerts_deliver_at_idx" ON "alerts"("deliver_at");

CREATE TABLE "alert_settings" (
    "workspace_id" UUID NOT NULL,
    "webhook_url" TEXT,
    "sealed_webhook_secret" BYTEA,
    "email_admins" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "alert_settings_pkey" PRIMARY KEY ("workspace_id"),
    CONSTRAINT "alert_settings_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- The breaker lives in the lanes: it is open while `failures` has reached `breaker_failures()` and `not_before` is ahead, half open when
-- that has passed. Since when and why, for people.
ALTER TABLE "send_lanes" ADD COLUMN "open_since" TIMESTAMPTZ(3), ADD COLUMN "open_why" TEXT;

-- After so many calls in a row that were put off or got no answer, a connection rests, and one small batch finds out whether it is well.
CREATE FUNCTION breaker_failures() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 3 $$;
CREATE FUNCTION breaker_batch() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 10 $$;

-- How many may leave on a day of a warm-up: null when there is no plan, or when it has reached its end.
CREATE FUNCTION warm_up_ceiling(plan jsonb, began date, today date) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN c < (plan->>'until')::float8 THEN c::int END
  -- The exponent is bounded, because a number that is too large is an error and not much.
  FROM (SELECT floor((plan->>'start_per_day')::float8 * power((plan->>'growth')::float8, least(greatest(today - began, 0), 400))) AS c) t
$$;

-- Of a limit per second, what one slot carries and how long it lasts: a slot begins no sooner than that after the last claim of the one
-- before, so no second, wherever it begins, sees more than the limit. Slots divide the second evenly where that loses nothing.
CREATE FUNCTION rate_slots(per_second int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN per_second > 100 THEN ceil(per_second / 100.0)::int WHEN per_second % 4 = 0 THEN 4 WHEN per_second % 3 = 0 THEN 3
    WHEN per_second % 2 = 0 THEN 2 ELSE 1 END
$$;

-- How many of `want` may leave now through a connection with limits, whose row the caller has locked. What leaves is told to
-- `use_allowance`. Zero sets when to ask again, where that is known: calls under way end when they do.
CREATE FUNCTION allowance(ws uuid, connection uuid, want int, present timestamptz) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE m connection_limits; today date := (present AT TIME ZONE 'UTC')::date; most int := want; ceiling int; slots int;
BEGIN
  SELECT l.* INTO m FROM connection_limits l WHERE l.workspace_id = ws AND l.connection_id = connection;
  IF m.opens_at > present THEN RETURN 0; END IF;
  IF m.calls_at_once_max IS NOT NULL AND m.calls_at_once_max <= (
    SELECT count(DISTINCT s.batch_id) FROM send_lanes l JOIN sends s ON s.workspace_id = ws AND s.connection_id = connection
      AND s.message_stream = l.message_stream AND s.status = 'sending' AND s.due_at > present
    WHERE l.workspace_id = ws AND l.connection_id = connection) THEN RETURN 0; END IF;
  IF m.sends_per_second_max IS NOT NULL THEN
    slots := rate_slots(m.sends_per_second_max);
    most := least(most, m.sends_per_second_max / slots
      - CASE WHEN m.claimed_at > present - ceil(1000.0 / slots) * interval '1 millisecond' THEN m.slot_used ELSE 0 END);
  END IF;
  ceiling := warm_up_ceiling(m.warm_up, m.warm_up_from, today);
  IF ceiling IS NOT NULL THEN most := least(most, ceiling - CASE WHEN m.day = today THEN m.day_used ELSE 0 END); END IF;
  RETURN greatest(most, 0);
END $$;

-- Notes that `taken` leave: when the slot is used up the next one is waited for, and when the day's ceiling is reached the next day (UTC).
CREATE FUNCTION use_allowance(ws uuid, connection uuid, taken int, present timestamptz) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE today date := (present AT TIME ZONE 'UTC')::date;
BEGIN
  UPDATE connection_limits l SET claimed_at = present, slot_used = n.slot_used, day = today, day_used = n.day_used,
    opens_at = CASE
      WHEN n.day_used >= warm_up_ceiling(l.warm_up, l.warm_up_from, today) THEN (today + 1)::timestamp AT TIME ZONE 'UTC'
      WHEN n.slot_used >= l.sends_per_second_max / n.slots THEN present + n.slot_ms * interval '1 millisecond' END
  FROM (SELECT s.slots, s.slot_ms, taken + CASE WHEN m.day = today THEN m.day_used ELSE 0 END AS day_used,
      taken + CASE WHEN m.claimed_at > present - s.slot_ms * interval '1 millisecond' THEN m.slot_used ELSE 0 END AS slot_used
    FROM connection_limits m
    CROSS JOIN LATERAL (SELECT rate_slots(m.sends_per_second_max) AS slots, ceil(1000.0 / rate_slots(m.sends_per_second_max)) AS slot_ms) s
    WHERE m.workspace_id = ws AND m.connection_id = connection) n
  WHERE l.workspace_id = ws AND l.connection_id = connection;
END $$;

-- Due sends of one connection and stream become 'sending' and the attempt is stored, before anybody calls out. Nothing is given while the
-- workspace is stopped, the connection cannot send, the provider asked for a pause, the connection's limits leave no room, or the server is
-- not the one the caller has opened. Of a lane that was held and is to be tried again, one send finds out whether it still is; of a
-- connection whose breaker was open, one small batch (`trial`): until its end, or the lease's, nobody else gets any.
DROP FUNCTION claim_sends(uuid, uuid, text, text, int, uuid, uuid, int, int);
CREATE FUNCTION claim_sends(ws uuid, connection uuid, stream text, server text, take int, token uuid, batch uuid, start_ms int, lease_ms int)
RETURNS TABLE (id uuid, number int, at timestamptz, failures int, hold text, trial boolean, limited boolean)
LANGUAGE plpgsql SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE present timestamptz := date_trunc('milliseconds', clock_timestamp()); failed int; held text; most int := take; tries boolean; bound boolean; taken int;
BEGIN
  SELECT l.failures, lane_hold(l.held_reason, l.held_for, c.updated_at), l.held_reason IS NULL AND l.failures >= breaker_failures()
    INTO failed, held, tries
  FROM connections c JOIN workspaces w ON w.id = c.workspace_id
    JOIN send_lanes l ON l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream
  WHERE c.workspace_id = ws AND c.id = connection AND c.status IN ('ready', 'unvalidated') AND c.deleted_at IS NULL
    AND c.server_id IS NOT DISTINCT FROM server AND w.sending_stopped_at IS NULL
    AND coalesce(lane_opens_at(l.not_before, l.held_reason, l.held_for, c.updated_at) <= present, true);
  IF NOT FOUND THEN RETURN; END IF;

  -- Whoever claims for this connection at the same moment waits here, and then sees what was claimed.
  PERFORM FROM connection_limits m WHERE m.workspace_id = ws AND m.connection_id = connection FOR NO KEY UPDATE;
  bound := FOUND;
  IF bound THEN
    present := date_trunc('milliseconds', clock_timestamp());
    most := allowance(ws, connection, take, present);
    IF most = 0 THEN RETURN; END IF;
  END IF;

  IF tries THEN
    PERFORM FROM send_lanes l WHERE l.workspace_id = ws AND l.connection_id = connection ORDER BY l.message_stream FOR NO KEY UPDATE;
    SELECT l.failures, l.failures >= breaker_failures() INTO failed, tries FROM send_lanes l
    WHERE l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream AND l.held_reason IS NULL
      AND (l.not_before IS NULL OR l.not_before <= present);
    IF NOT FOUND THEN RETURN; END IF;
  END IF;
  IF tries THEN
    UPDATE send_lanes l SET not_before = present + lease_ms * interval '1 millisecond'
    WHERE l.workspace_id = ws AND l.connection_id = connection AND l.held_reason IS NULL AND l.failures >= breaker_failures();
    most := least(most, breaker_batch());
  END IF;

  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT id FROM sends
    WHERE workspace_id = ws AND connection_id = connection AND message_stream = stream AND status = 'queued' AND due_at <= present
    ORDER BY due_at, id LIMIT CASE WHEN held IS NULL THEN most ELSE 1 END
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
  SELECT c.id, c.attempts, present, failed, held, tries, bound FROM claimed c;
  GET DIAGNOSTICS taken = ROW_COUNT;

  IF bound AND taken > 0 THEN PERFORM use_allowance(ws, connection, taken, present); END IF;
  IF tries AND taken = 0 THEN
    UPDATE send_lanes l SET not_before = present
    WHERE l.workspace_id = ws AND l.connection_id = connection AND l.held_reason IS NULL AND l.failures >= breaker_failures();
  END IF;
END $$;

-- Why a queued send stands still although nothing is wrong with it: the one fact that holds many.
CREATE OR REPLACE FUNCTION send_hold(ws uuid, connection uuid, stream text, automation uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM workspaces WHERE id = ws AND sending_stopped_at IS NOT NULL) THEN 'sending_stopped'
    WHEN c.id IS NULL OR c.status = 'disabled' OR c.deleted_at IS NOT NULL THEN 'connection_disabled'
    WHEN c.status = 'failing' THEN 'connection_failing'
    WHEN lane_hold(l.held_reason, l.held_for, c.updated_at) IS NOT NULL THEN l.held_reason
    WHEN EXISTS (SELECT FROM automations WHERE workspace_id = ws AND id = automation AND status = 'paused') THEN 'paused'
    WHEN m.day = (now() AT TIME ZONE 'UTC')::date AND m.day_used >= warm_up_ceiling(m.warm_up, m.warm_up_from, m.day) THEN 'warm_up'
  END
  FROM (SELECT) one LEFT JOIN connections c ON c.workspace_id = ws AND c.id = connection
  LEFT JOIN send_lanes l ON l.workspace_id = ws AND l.connection_id = connection AND l.message_stream = stream
  LEFT JOIN connection_limits m ON m.workspace_id = ws AND m.connection_id = connection $$;

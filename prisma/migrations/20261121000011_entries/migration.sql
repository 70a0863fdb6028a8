-- Who enters when, and what is heard of who is in: gates of re-entry, signals of events that runs listen for, and counting what people did.

-- DropIndex
DROP INDEX "enrollments_workspace_id_profile_id_idx";

-- CreateTable
CREATE TABLE "run_signals" (
    "workspace_id" UUID NOT NULL,
    "enrollment_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT date_trunc('milliseconds'::text, clock_timestamp()),

    CONSTRAINT "run_signals_pkey" PRIMARY KEY ("workspace_id","enrollment_id","event_id")
);

-- CreateTable
CREATE TABLE "entry_gates" (
    "workspace_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "automation_id" UUID NOT NULL,
    "entered_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "entry_gates_pkey" PRIMARY KEY ("workspace_id","profile_id","automation_id")
);

-- CreateIndex
CREATE INDEX "enrollments_workspace_id_profile_id_status_idx" ON "enrollments"("workspace_id", "profile_id", "status");

-- CreateIndex
CREATE INDEX "events_workspace_id_profile_id_name_occurred_at_idx" ON "events"("workspace_id", "profile_id", "name", "occurred_at");

-- AddForeignKey
ALTER TABLE "run_signals" ADD CONSTRAINT "run_signals_workspace_id_enrollment_id_fkey" FOREIGN KEY ("workspace_id", "enrollment_id") REFERENCES "enrollments"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entry_gates" ADD CONSTRAINT "entry_gates_workspace_id_automation_id_fkey" FOREIGN KEY ("workspace_id", "automation_id") REFERENCES "automations"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entry_gates" ADD CONSTRAINT "entry_gates_workspace_id_profile_id_fkey" FOREIGN KEY ("workspace_id", "profile_id") REFERENCES "profiles"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Gates are renewed in place and signals come and go.
ALTER TABLE "entry_gates" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "run_signals" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The moment that an ISO 8601 text names; null for anything else, a date that does not exist included. What lib/conditions/instant.ts
-- says: UTC where no offset is named, and no finer than a millisecond. Immutable, because the text that is cast always names its zone.
CREATE FUNCTION instant(value text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF value !~ '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-5]):?[0-5][0-9])?)?$' THEN
    RETURN NULL;
  END IF;
  IF substr(value, 6, 2)::int NOT BETWEEN 1 AND 12 THEN RETURN NULL; END IF;
  IF substr(value, 9, 2)::int NOT BETWEEN 1 AND extract(day FROM (left(value, 7) || '-01')::date + interval '1 month' - interval '1 day') THEN
    RETURN NULL;
  END IF;
  IF length(value) = 10 THEN RETURN (value || 'T00:00Z')::timestamptz; END IF;
  IF value !~ '(Z|[+-][0-9]{2}:?[0-9]{2})$' THEN value := value || 'Z'; END IF;
  RETURN regexp_replace(value, '(\.[0-9]{3})[0-9]+', '\1')::timestamptz;
END $$;

-- Enters people into automations whose re-entry rule lets them in, and says why in the same breath. Returns how many entered.
--   x_key     '' with the rule "once", the event's id else
--   x_every   with the rule "once every so long": how long; null else
-- A gate is the moment of a person's last entry into an automation, whatever the rule and the version, so one row answers every rule, and
-- whoever enters at the same moment from another process waits for it. All gates are written in one order. Where there is none yet, the
-- person's runs answer: those of before there were gates, so that nothing had to be filled in for them.
-- What a rule keeps out is mostly kept out by reading, before anything is written or locked.
DROP FUNCTION enroll(uuid, uuid[], uuid[], uuid[], uuid[], text[], jsonb[]);
CREATE OR REPLACE FUNCTION enroll(
  ws uuid, x_event uuid[], x_profile uuid[], x_automation uuid[], x_version uuid[], x_key text[], x_details jsonb[], x_every interval[] DEFAULT NULL
) RETURNS int LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
  entered int;
  present timestamptz := date_trunc('milliseconds', clock_timestamp());
  -- By automation: how long ago the last entry must be.
  latest_by jsonb;
BEGIN
  SELECT jsonb_object_agg(x.automation, CASE WHEN x.every IS NOT NULL THEN present - x.every WHEN x.key = '' THEN '-infinity' ELSE 'infinity' END)
  INTO latest_by FROM unnest(x_automation, x_key, x_every) x(automation, key, every);

  WITH door AS MATERIALIZED (
    SELECT DISTINCT x.automation, x.profile, (latest_by->>x.automation::text)::timestamptz AS latest
    FROM unnest(x_automation, x_profile) x(automation, profile)
  ), gate AS (
    INSERT INTO entry_gates AS g (workspace_id, profile_id, automation_id, entered_at)
    SELECT ws, d.profile, d.automation, present FROM door d
    LEFT JOIN entry_gates known ON known.workspace_id = ws AND known.automation_id = d.automation AND known.profile_id = d.profile
    WHERE CASE WHEN d.latest = 'infinity' THEN true
      WHEN known.entered_at IS NOT NULL THEN known.entered_at <= d.latest
      ELSE NOT EXISTS (SELECT FROM enrollments e
        WHERE e.workspace_id = ws AND e.automation_id = d.automation AND e.profile_id = d.profile AND e.created_at > d.latest) END
    ORDER BY d.profile, d.automation
    ON CONFLICT (workspace_id, profile_id, automation_id) DO UPDATE SET entered_at = greatest(g.entered_at, excluded.entered_at)
    WHERE g.entered_at <= (latest_by->>excluded.automation_id::text)::timestamptz
    RETURNING automation_id, profile_id
  ), entry AS (
    INSERT INTO enrollments (workspace_id, id, automation_id, version_id, profile_id, entry_key, event_id, ready_at, due_at)
    SELECT DISTINCT ON (x.automation, x.profile, CASE WHEN x.every IS NULL THEN x.key ELSE '' END)
      ws, uuid_v7(), x.automation, x.version, x.profile, x.key, x.event, present, present
    FROM unnest(x_event, x_profile, x_automation, x_version, x_key, x_every) WITH ORDINALITY x(event, profile, automation, version, key, every, position)
    JOIN gate ON gate.automation_id = x.automation AND gate.profile_id = x.profile
    ORDER BY x.automation, x.profile, CASE WHEN x.every IS NULL THEN x.key ELSE '' END, x.position
    ON CONFLICT DO NOTHING
    RETURNING id, automation_id, profile_id, event_id)
  INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, kind, reason, details)
  SELECT ws, uuid_v7(), entry.profile_id, entry.automation_id, entry.id, 'entered', 'trigger', x.details
  FROM entry JOIN unnest(x_event, x_automation, x_details) x(event, automation, details)
    ON x.event = entry.event_id AND x.automation = entry.automation_id;
  GET DIAGNOSTICS entered = ROW_COUNT;
  RETURN entered;
END $$;

-- Tells runs of an event that their version listens to: every active run of that person, also of a paused automation and of a workspace that
-- sends nothing. Each becomes due, and whoever is deciding about it loses it: what was decided without knowing is not written.
--   versions   {event name: [version id, …]}
-- Called once, in the transaction that stored the events, after all runs that they start: that transaction holds their people against merges.
-- Returns how many runs were told.
CREATE FUNCTION signal_runs(ws uuid, event_ids uuid[], profile_ids uuid[], names text[], versions jsonb) RETURNS int
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off SET lock_timeout = '10s' AS $$
DECLARE runs uuid[]; heard uuid[]; told uuid[]; present timestamptz;
BEGIN
  SELECT array_agg(e.id), array_agg(x.event) INTO runs, heard
  FROM unnest(event_ids, profile_ids, names) x(event, person, name)
  CROSS JOIN LATERAL (SELECT x.person AS id UNION ALL SELECT t.id FROM profiles t WHERE t.workspace_id = ws AND t.merged_into_id = x.person) p
  JOIN enrollments e ON e.workspace_id = ws AND e.profile_id = p.id AND e.status = 'active'
  WHERE versions->x.name ? e.version_id::text
    -- A run that began in this very transaction hears of what came after its own event (ids of one group tell the order), not before.
    AND NOT (e.xmin = pg_current_xact_id()::xid AND e.event_id >= x.event);
  IF runs IS NULL THEN RETURN 0; END IF;

  SELECT array_agg(l.id) INTO told FROM (
    SELECT e.id FROM enrollments e WHERE e.workspace_id = ws AND e.id = ANY (runs) AND e.status = 'active' ORDER BY e.id FOR NO KEY UPDATE) l;
  IF told IS NULL THEN RETURN 0; END IF;
  -- Read once the runs are ours: a decision that was written before came before, by this clock too.
  present := date_trunc('milliseconds', clock_timestamp());
  INSERT INTO run_signals (workspace_id, enrollment_id, event_id, received_at)
  SELECT ws, s.run, s.event, present FROM unnest(runs, heard) s(run, event) WHERE s.run = ANY (told)
  ON CONFLICT DO NOTHING;
  UPDATE enrollments e SET due_at = present, lease_token = NULL WHERE e.workspace_id = ws AND e.id = ANY (told);
  RETURN cardinality(told);
END $$;

-- The smallest UUID of a moment: bounds of the partitions, and of "since" in queries on a UUIDv7 key.
CREATE FUNCTION uuid_floor(t timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- A UUIDv7 of the database's clock.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(r, 14, 3) || substr(r, 17, 16))::uuid
  FROM (SELECT replace(gen_random_uuid()::text, '-', '') r) g $$;

-- When a UUIDv7 was made.
CREATE FUNCTION uuid_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0);

-- Makes the partitions of the running month and of its neighbours. Any process may call it, any number at once.
-- ATTACH asks only SHARE UPDATE EXCLUSIVE on the parent, so reads and writes go on. The month before is made too: a demo or an
-- import writes rows of recent weeks.
CREATE FUNCTION ensure_partitions(parent regclass, months_ahead int, at timestamptz DEFAULT now()) RETURNS int LANGUAGE plpgsql AS $$
DECLARE made int := 0; month timestamptz; child text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ensure_partitions'));
  FOR i IN -1..months_ahead LOOP
    month := date_trunc('month', at, 'UTC') + make_interval(months => i);
    child := parent::text || to_char(month AT TIME ZONE 'UTC', '"_p"YYYYMM');
    CONTINUE WHEN to_regclass(child) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child,
      uuid_floor(month), uuid_floor(month + interval '1 month'));
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

SELECT ensure_partitions(t, 2) FROM unnest(ARRAY['events', 'engagement_events', 'decisions', 'webhook_events']::regclass[]) t;

-- A person is found by address; the address lives in the traits.
CREATE INDEX "profiles_email" ON "profiles" ("workspace_id", lower("traits"->>'email'));
-- Prefix search in the send log.
CREATE INDEX "sends_to_email_prefix" ON "sends" ("workspace_id", "to_email" text_pattern_ops, "id");

-- Rows that are claimed and settled change in place, and their dead versions are cleared early.
ALTER TABLE "enrollments" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "sends" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

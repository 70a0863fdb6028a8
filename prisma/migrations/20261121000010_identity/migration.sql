-- Identity: profiles that turn out to be one person become one, and an identifier of two identified people goes with whoever the call names.
--
-- Locks, always in this order, each class sorted: idempotency keys, messages, profiles, identifiers, sends, enrollments.
-- A merge holds all of its profiles FOR UPDATE: only who holds that may repoint all identifiers of a profile. It keeps out intake
-- (which holds FOR KEY SHARE or FOR NO KEY UPDATE what it hangs something on) and the foreign keys of new sends and enrollments.

-- What happened to a person's identifiers other than that an event brought a new one. For people, not for look-ups.
CREATE TABLE "identity_changes" (
  "workspace_id" UUID NOT NULL,
  "id" UUID NOT NULL,
  "kind" TEXT NOT NULL,
  "profile_id" UUID NOT NULL,
  "other_id" UUID,
  "identifier_kind" TEXT,
  "value" TEXT,
  "event_id" UUID,
  "details" JSONB NOT NULL DEFAULT '{}',
  CONSTRAINT "identity_changes_pkey" PRIMARY KEY ("workspace_id", "id")
);
CREATE INDEX "identity_changes_workspace_id_profile_id_id_idx" ON "identity_changes" ("workspace_id", "profile_id", "id");
CREATE INDEX "identity_changes_workspace_id_other_id_id_idx" ON "identity_changes" ("workspace_id", "other_id", "id");

-- Profiles that were merged away and whose history may still carry their id: work for rewrite_merged.
CREATE TABLE "merged_histories" (
  "workspace_id" UUID NOT NULL,
  "profile_id" UUID NOT NULL,
  "due_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "merged_histories_pkey" PRIMARY KEY ("workspace_id", "profile_id")
);
CREATE INDEX "merged_histories_due" ON "merged_histories" ("due_at");

-- The queued emails of these people that wait for an address are due at once. Returns how many.
CREATE FUNCTION wake_addressed(ws uuid, profiles uuid[]) RETURNS int LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE woken int;
BEGIN
  WITH waiting AS (
    SELECT s.id FROM sends s WHERE s.workspace_id = ws AND s.profile_id = ANY (profiles) AND s.status = 'queued' AND s.reason = 'awaiting_email'
    ORDER BY s.id FOR NO KEY UPDATE)
  UPDATE sends s SET due_at = date_trunc('milliseconds', clock_timestamp())
  FROM waiting WHERE s.workspace_id = ws AND s.id = waiting.id;
  GET DIAGNOSTICS woken = ROW_COUNT;
  RETURN woken;
END $$;

-- Until the migration of the entries: the interval of once_every is not looked at yet.
CREATE FUNCTION enroll(
  ws uuid, x_event uuid[], x_profile uuid[], x_automation uuid[], x_version uuid[], x_key text[], x_details jsonb[], x_every interval[]
) RETURNS int LANGUAGE sql AS $$ SELECT enroll(ws, x_event, x_profile, x_automation, x_version, x_key, x_details) $$;

-- What the database knows about identifiers, and which of these messages were stored before. Look-ups one by one, and the kind compared in a
-- way that no index serves, because with the statistics of a young table the planner would read a whole workspace instead.
CREATE FUNCTION identity_facts(ws uuid, i_kind text[], i_value text[], mids text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off SET enable_bitmapscan = off SET enable_material = off AS $$
BEGIN
  RETURN jsonb_build_object(
    'known', coalesce((
      SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'profileId', p.id, 'identified', p.named IS NOT NULL))
      FROM unnest(i_kind, i_value) i(kind, value)
      CROSS JOIN LATERAL (
        SELECT CASE WHEN i.kind = 'profile' THEN i.value::uuid ELSE
          (SELECT d.profile_id FROM identifiers d WHERE d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value) END AS id OFFSET 0) owner
      CROSS JOIN LATERAL (
        SELECT q.id, (SELECT true FROM identifiers x WHERE x.workspace_id = ws AND x.profile_id = q.id AND x.kind || '' = 'external' LIMIT 1) AS named
        FROM (SELECT coalesce(o.merged_into_id, o.id) AS id FROM profiles o WHERE o.workspace_id = ws AND o.id = owner.id LIMIT 1) q LIMIT 1) p), '[]'),
    'seen', coalesce((SELECT jsonb_agg(m.message_id) FROM messages m WHERE m.workspace_id = ws AND m.message_id = ANY (mids)), '[]'));
END $$;

DROP FUNCTION ingest;

-- Returns one object with what the caller has to know:
--   taken     requests whose idempotency key is taken, with what is stored there; nothing was done
--   unsure    true when something that the caller took for granted is not so: two profiles in one component, a second external id for a
--             profile, an identifier that is to be taken over and is somebody else's. It asks identity_facts, then calls again; nothing was done
--   otherwise everything is stored:
--   enrolled  how many people entered an automation
--   people    for each event of p_event that was new: the profile as it is now, for conditions that look at it
--   kept      how many times a browser's address was not put over the address of an identified person
--   woken     how many emails that waited for an address got one
--   signalled how many runs were told of an event that they listen to
CREATE FUNCTION ingest(
  ws uuid, seen_version int,
  r_scope text[], r_key text[], r_hash text[], r_status int[], r_answer bytea[],                     -- requests with an idempotency key
  e_mid text[], e_comp int[], e_id uuid[], e_name text[], e_props jsonb[], e_context jsonb[], e_source text[], e_at timestamptz[],
  i_kind text[], i_value text[], i_comp int[], i_event uuid[],                                      -- identifiers (distinct) and who brought them
  i_from uuid[],                                    -- whose profile an identifier is taken from; nil: it changed hands within the group and must be new
  c_new uuid[], c_known uuid[], c_external int[],   -- components 1..n: id if new, profile that a user_id names, first event that names the external id
  t_event int[], t_traits jsonb[],                                                                  -- traits by event, null removes one
  x_event int[], x_automation uuid[], x_version uuid[], x_key text[], x_details jsonb[], x_every interval[], -- enrollments to open
  s_event int[], s_versions jsonb,                                                                  -- events that versions listen to, and which: name → versions
  p_event int[]                                                                                     -- events whose people the caller must see
) RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off SET lock_timeout = '10s' AS $$
#variable_conflict use_variable
DECLARE
  n int := cardinality(c_new); found_rows int; told jsonb; too_much bool; nobody uuid := '00000000-0000-0000-0000-000000000000';
  takes bool := cardinality(array_remove(i_from, NULL)) > 0; c_same int[]; addressed uuid[]; woken int := 0; signalled int := 0;
  i_profile uuid[]; c_profile uuid[]; c_named bool[]; c_email text[]; claims int[]; many int[];
  fresh text[]; e_live bool[]; c_live bool[]; locks uuid[]; wanted int;
  kept int := 0; enrolled int := 0; op record;
  s_comp int[]; s_set jsonb[]; s_unset text[];
BEGIN
  PERFORM 1 FROM workspaces w WHERE w.id = ws AND w.version = seen_version;
  IF NOT FOUND THEN RAISE EXCEPTION 'workspace changed' USING ERRCODE = 'GF001'; END IF;

  -- 1. Requests that were answered before.
  IF cardinality(r_key) > 0 THEN
    SELECT jsonb_agg(jsonb_build_object('request', r.o, 'hash', k.body_hash, 'status', k.status, 'answer', encode(k.answer, 'base64')))
    INTO told FROM unnest(r_scope, r_key) WITH ORDINALITY r(scope, key, o)
    JOIN idempotency_keys k ON k.workspace_id = ws AND k.scope = r.scope AND k.key = r.key AND k.created_at > now() - interval '24 hours';
    IF told IS NOT NULL THEN RETURN jsonb_build_object('taken', told); END IF;
  END IF;

  -- 2. Whom do the identifiers name today?
  SELECT array_agg(d.profile_id ORDER BY i.o) INTO i_profile
  FROM unnest(i_kind, i_value) WITH ORDINALITY i(kind, value, o)
  LEFT JOIN identifiers d ON d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value;

  -- A profile that was merged meanwhile is its survivor.
  IF cardinality(array_remove(c_known, NULL)) > 0 THEN
    SELECT array_agg(coalesce(q.merged_into_id, q.id) ORDER BY k.o) INTO c_known
    FROM unnest(c_known) WITH ORDINALITY k(id, o) LEFT JOIN profiles q ON q.workspace_id = ws AND q.id = k.id;
  END IF;
  -- What is taken over still is where it was when the caller looked; it says nothing about whom its component is.
  IF takes THEN
    PERFORM 1 FROM unnest(i_from, i_profile) t(was, profile) WHERE t.was IS NOT NULL AND t.was <> coalesce(t.profile, nobody);
    IF FOUND THEN RETURN jsonb_build_object('unsure', true); END IF;
    SELECT array_agg(CASE WHEN t.was IS NULL THEN t.profile END ORDER BY t.o) INTO i_profile
    FROM unnest(i_from, i_profile) WITH ORDINALITY t(was, profile, o);
  END IF;

  SELECT array_agg(p.ps[1] ORDER BY c.o), array_agg(c.o) FILTER (WHERE cardinality(p.ps) > 1) INTO c_profile, many
  FROM generate_series(1, n) c(o)
  LEFT JOIN (SELECT x.comp, array_agg(DISTINCT x.profile) ps FROM (
      SELECT i.comp, i.profile FROM unnest(i_comp, i_profile) i(comp, profile) WHERE i.profile IS NOT NULL
      UNION ALL SELECT k.o, k.id FROM unnest(c_known) WITH ORDINALITY k(id, o) WHERE k.id IS NOT NULL) x
    GROUP BY x.comp) p ON p.comp = c.o;

  -- Components that bring an existing profile its external id: it must not have one yet, and they must bring the same.
  IF array_position(i_profile, NULL) IS NOT NULL THEN
    SELECT array_agg(DISTINCT i.comp) INTO claims FROM unnest(i_kind, i_comp, i_profile) i(kind, comp, profile)
    WHERE i.kind = 'external' AND i.profile IS NULL AND c_profile[i.comp] IS NOT NULL;
  END IF;
  IF claims IS NOT NULL AND many IS NULL THEN
    SELECT array_agg(c.o) INTO many FROM unnest(claims) c(o)
    WHERE EXISTS (SELECT FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = c_profile[c.o] AND d.kind = 'external')
      OR EXISTS (SELECT FROM unnest(claims) x(o) WHERE x.o <> c.o AND c_profile[x.o] = c_profile[c.o]);
  END IF;
  IF many IS NOT NULL THEN RETURN jsonb_build_object('unsure', true); END IF;

  -- Components that turn out to be one profile are one: each row is changed once, and the last word counts.
  IF cardinality(t_event) > 0 AND (SELECT count(p.id) <> count(DISTINCT p.id) FROM unnest(c_profile) p(id)) THEN
    SELECT array_agg(s.first ORDER BY s.o) INTO c_same FROM (
      SELECT c.o, CASE WHEN c.id IS NULL THEN c.o ELSE min(c.o) OVER (PARTITION BY c.id) END AS first
      FROM unnest(c_profile) WITH ORDINALITY c(id, o)) s;
    SELECT array_agg(c_same[e.comp] ORDER BY e.o) INTO e_comp FROM unnest(e_comp) WITH ORDINALITY e(comp, o);
    SELECT array_agg(c_same[i.comp] ORDER BY i.o) INTO i_comp FROM unnest(i_comp) WITH ORDINALITY i(comp, o);
    SELECT array_agg(m.event ORDER BY c.o) INTO c_external FROM generate_series(1, n) c(o)
    LEFT JOIN (SELECT x.first, min(x.event) AS event FROM unnest(c_external, c_same) x(event, first) GROUP BY x.first) m ON m.first = c.o;
  END IF;

  -- 3. From here on it writes. The answers first.
  IF cardinality(r_key) > 0 THEN
    DELETE FROM idempotency_keys k USING unnest(r_scope, r_key) r(scope, key)
    WHERE k.workspace_id = ws AND k.scope = r.scope AND k.key = r.key AND k.created_at <= now() - interval '24 hours';
    INSERT INTO idempotency_keys (workspace_id, scope, key, body_hash, status, answer)
    SELECT ws, r.* FROM unnest(r_scope, r_key, r_hash, r_status, r_answer) r(scope, key, hash, status, answer)
    ORDER BY r.scope, r.key ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows <> cardinality(r_key) THEN RAISE EXCEPTION 'idempotency key taken meanwhile' USING ERRCODE = '40001'; END IF;
  END IF;
  IF n = 0 THEN RETURN jsonb_build_object('enrolled', 0); END IF;

  -- 4. Which messages are new? (Waits for another group that is storing the same one.) What has no message id always is.
  IF cardinality(array_remove(e_mid, NULL)) = 0 THEN
    e_live := array_fill(true, ARRAY[cardinality(e_mid)]);
  ELSE
    WITH m AS (
      INSERT INTO messages (workspace_id, message_id) SELECT ws, e.mid FROM unnest(e_mid) e(mid) WHERE e.mid IS NOT NULL ORDER BY e.mid
      ON CONFLICT DO NOTHING RETURNING message_id)
    SELECT array_agg(message_id) INTO fresh FROM m;
    SELECT array_agg(e.mid IS NULL OR f.mid IS NOT NULL ORDER BY e.o) INTO e_live
    FROM unnest(e_mid) WITH ORDINALITY e(mid, o) LEFT JOIN unnest(fresh) f(mid) ON f.mid = e.mid;
  END IF;
  -- A repeated message takes nothing over: it did so the first time, and others may have since.
  IF takes AND NOT (true = ALL (e_live)) THEN RAISE EXCEPTION 'a repeated message in a takeover' USING ERRCODE = 'GF002'; END IF;
  SELECT array_agg(e.comp IS NOT NULL ORDER BY c.o) INTO c_live
  FROM generate_series(1, n) c(o) LEFT JOIN (SELECT DISTINCT u.comp FROM unnest(e_comp, e_live) u(comp, live) WHERE u.live) e ON e.comp = c.o;

  -- 5. Hold the known profiles that something is going to hang on.
  IF array_position(i_profile, NULL) IS NOT NULL OR cardinality(x_event || s_event || p_event || t_event) > 0 THEN
    SELECT array_agg(DISTINCT l.p) INTO locks FROM (
      SELECT c_profile[i.comp] p FROM unnest(i_comp, i_profile) i(comp, profile) WHERE i.profile IS NULL
      UNION ALL SELECT t.was FROM unnest(i_from) t(was) WHERE t.was <> nobody
      UNION ALL SELECT c_profile[e_comp[x]] FROM unnest(x_event || s_event || p_event || t_event) x) l WHERE l.p IS NOT NULL;
  END IF;
  IF locks IS NOT NULL THEN
    IF cardinality(t_event) > 0 OR claims IS NOT NULL THEN
      PERFORM 1 FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY(locks) ORDER BY p.id FOR NO KEY UPDATE;
    ELSE
      PERFORM 1 FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY(locks) ORDER BY p.id FOR KEY SHARE;
    END IF;
    SELECT count(*) INTO found_rows FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY(locks) AND p.merged_into_id IS NULL;
    IF found_rows <> cardinality(locks) THEN RAISE EXCEPTION 'profile merged meanwhile' USING ERRCODE = '40001'; END IF;
  END IF;
  IF claims IS NOT NULL THEN
    PERFORM 1 FROM unnest(claims) c(o) JOIN identifiers d ON d.workspace_id = ws AND d.profile_id = c_profile[c.o] AND d.kind = 'external';
    IF FOUND THEN RAISE EXCEPTION 'profile identified meanwhile' USING ERRCODE = '40001'; END IF;
  END IF;

  -- 6. Traits: the last word on each key counts, and null takes it away. A browser's word on the address of an identified person who
  --    has one does not, so these are gone through one by one, in the order in which they came.
  IF cardinality(t_event) > 0 THEN
    IF EXISTS (SELECT FROM unnest(t_event, t_traits) t(event, traits) WHERE e_source[t.event] = 'browser' AND t.traits ? 'email') THEN
      SELECT array_agg(p.traits->>'email' ORDER BY c.o), array_agg(d.profile_id IS NOT NULL ORDER BY c.o) INTO c_email, c_named
      FROM generate_series(1, n) c(o)
      LEFT JOIN profiles p ON p.workspace_id = ws AND p.id = c_profile[c.o]
      LEFT JOIN LATERAL (SELECT i.profile_id FROM identifiers i
        WHERE i.workspace_id = ws AND i.profile_id = p.id AND i.kind = 'external' LIMIT 1) d ON true;
      FOR op IN SELECT t.o, t.event, e_comp[t.event] comp, t.traits->>'email' email, e_source[t.event] = 'browser' browser
        FROM unnest(t_event, t_traits) WITH ORDINALITY t(event, traits, o) WHERE t.traits ? 'email' AND e_live[t.event] ORDER BY t.event
      LOOP
        IF op.browser AND c_email[op.comp] IS NOT NULL AND c_email[op.comp] IS DISTINCT FROM op.email
          AND (c_named[op.comp] OR c_external[op.comp] < op.event) THEN
          t_traits[op.o] := t_traits[op.o] - 'email';
          kept := kept + 1;
        ELSE
          c_email[op.comp] := op.email;
        END IF;
      END LOOP;
    END IF;
    SELECT array_agg(s.comp), array_agg(s.set), array_agg(s.unset) INTO s_comp, s_set, s_unset FROM (
      SELECT k.comp, coalesce(jsonb_object_agg(k.key, k.value) FILTER (WHERE jsonb_typeof(k.value) <> 'null'), '{}') AS set,
        coalesce(jsonb_agg(k.key) FILTER (WHERE jsonb_typeof(k.value) = 'null'), '[]')::text AS unset
      FROM (SELECT DISTINCT ON (e_comp[t.event], j.key) e_comp[t.event] comp, j.key, j.value
            FROM unnest(t_event, t_traits) t(event, traits) CROSS JOIN LATERAL jsonb_each(t.traits) j
            WHERE e_live[t.event] ORDER BY e_comp[t.event], j.key, t.event DESC) k
      GROUP BY k.comp) s;
  END IF;

  -- 7. New profiles, new identifiers, changed traits.
  IF array_position(c_profile, NULL) IS NOT NULL THEN
    INSERT INTO profiles (workspace_id, id, traits)
    SELECT ws, c_new[c.o], coalesce(s.set, '{}') FROM generate_series(1, n) c(o) LEFT JOIN unnest(s_comp, s_set) s(comp, set) ON s.comp = c.o
    WHERE c_live[c.o] AND c_profile[c.o] IS NULL;
  END IF;
  IF array_position(i_profile, NULL) IS NOT NULL THEN
    SELECT count(*) INTO wanted FROM unnest(i_comp, i_profile, i_from) i(comp, profile, was)
    WHERE i.profile IS NULL AND c_live[i.comp] AND coalesce(i.was = nobody, true);
  END IF;
  IF wanted > 0 THEN
    INSERT INTO identifiers (workspace_id, kind, value, profile_id, event_id)
    SELECT ws, i.kind, i.value, coalesce(c_profile[i.comp], c_new[i.comp]), i.event
    FROM unnest(i_kind, i_value, i_comp, i_profile, i_event, i_from) i(kind, value, comp, profile, event, was)
    WHERE i.profile IS NULL AND c_live[i.comp] AND coalesce(i.was = nobody, true) ORDER BY i.kind, i.value
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows <> wanted THEN RAISE EXCEPTION 'identifier taken meanwhile' USING ERRCODE = '40001'; END IF;
  END IF;
  IF takes THEN
    SELECT count(*) INTO wanted FROM unnest(i_comp, i_from) i(comp, was) WHERE i.was <> nobody AND coalesce(c_profile[i.comp], c_new[i.comp]) <> i.was;
    WITH taken AS (
      UPDATE identifiers d SET profile_id = coalesce(c_profile[i.comp], c_new[i.comp]), event_id = i.event, created_at = now()
      FROM unnest(i_kind, i_value, i_comp, i_event, i_from) i(kind, value, comp, event, was)
      WHERE d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value AND d.profile_id = i.was
        AND i.was <> nobody AND coalesce(c_profile[i.comp], c_new[i.comp]) <> i.was
      RETURNING d.kind, d.value, d.profile_id, d.event_id, i.was)
    INSERT INTO identity_changes (workspace_id, id, kind, profile_id, other_id, identifier_kind, value, event_id)
    SELECT ws, uuid_v7(), 'taken_over', t.profile_id, t.was, t.kind, t.value, t.event_id FROM taken t;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows <> wanted THEN RAISE EXCEPTION 'identifier taken over meanwhile' USING ERRCODE = '40001'; END IF;
  END IF;
  IF s_comp IS NOT NULL THEN
    WITH changed AS (
      UPDATE profiles p SET traits = (p.traits || s.set) - ARRAY(SELECT jsonb_array_elements_text(s.unset::jsonb))
      FROM unnest(s_comp, s_set, s_unset) s(comp, set, unset)
      WHERE p.workspace_id = ws AND p.id = c_profile[s.comp] RETURNING p.traits)
    SELECT bool_or((SELECT count(*) FROM jsonb_object_keys(changed.traits)) > 256 OR length(changed.traits::text) > 65536)
    INTO too_much FROM changed;
    SELECT coalesce(too_much, false) OR coalesce(bool_or((SELECT count(*) FROM jsonb_object_keys(s.set)) > 256 OR length(s.set::text) > 65536), false)
    INTO too_much FROM unnest(s_set) s(set);
    IF too_much THEN RAISE EXCEPTION 'too many traits' USING ERRCODE = 'GF003'; END IF;
    SELECT array_agg(c_profile[s.comp]) INTO addressed FROM unnest(s_comp, s_set) s(comp, set) WHERE s.set ? 'email' AND c_profile[s.comp] IS NOT NULL;
    IF addressed IS NOT NULL THEN woken := wake_addressed(ws, addressed); END IF;
  END IF;

  -- 8. Events, and the enrollments they cause.
  INSERT INTO events (workspace_id, id, profile_id, name, properties, context, source, occurred_at)
  SELECT ws, e.id, coalesce(c_profile[e.comp], c_new[e.comp]), e.name, e.props, e.context, e.source, e.at
  FROM unnest(e_comp, e_id, e_name, e_props, e_context, e_source, e_at, e_live) e(comp, id, name, props, context, source, at, live)
  WHERE e.live;
  IF cardinality(x_event) > 0 THEN
    SELECT enroll(ws, array_agg(e_id[x.event] ORDER BY x.o), array_agg(coalesce(c_profile[e_comp[x.event]], c_new[e_comp[x.event]]) ORDER BY x.o),
      array_agg(x.automation ORDER BY x.o), array_agg(x.version ORDER BY x.o), array_agg(x.key ORDER BY x.o), array_agg(x.details ORDER BY x.o),
      array_agg(x.every ORDER BY x.o))
    INTO enrolled
    FROM unnest(x_event, x_automation, x_version, x_key, x_details, x_every) WITH ORDINALITY x(event, automation, version, key, details, every, o)
    WHERE e_live[x.event];
  END IF;
  IF cardinality(s_event) > 0 THEN
    SELECT signal_runs(ws, array_agg(e_id[s.event]), array_agg(coalesce(c_profile[e_comp[s.event]], c_new[e_comp[s.event]])), array_agg(e_name[s.event]), s_versions)
    INTO signalled FROM unnest(s_event) s(event) WHERE e_live[s.event];
  END IF;
  told := jsonb_build_object('enrolled', coalesce(enrolled, 0), 'kept', kept, 'woken', woken, 'signalled', coalesce(signalled, 0));
  IF cardinality(p_event) = 0 THEN RETURN told; END IF;
  RETURN told || jsonb_build_object('people', (
    SELECT jsonb_agg(jsonb_build_object('event', e.o, 'id', p.id, 'traits', p.traits, 'created_at', p.created_at, 'external_id',
      (SELECT min(d.value) FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = p.id AND d.kind = 'external')))
    FROM unnest(p_event) e(o) JOIN profiles p ON p.workspace_id = ws AND p.id = coalesce(c_profile[e_comp[e.o]], c_new[e_comp[e.o]])
    WHERE e_live[e.o]));
END $$;

-- The ids of all steps in the order in which they are written; the same order as allSteps() of lib/automations/path.ts.
CREATE FUNCTION step_ids(steps jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE ids text[] := '{}'; step jsonb; inside jsonb;
BEGIN
  FOR step IN SELECT s FROM jsonb_array_elements(CASE jsonb_typeof(steps) WHEN 'array' THEN steps ELSE '[]' END) WITH ORDINALITY t(s, o) ORDER BY o LOOP
    ids := ids || (step->>'id');
    FOR inside IN SELECT b->'steps' FROM jsonb_array_elements(coalesce(step->'branches', step->'variants', '[]')) WITH ORDINALITY t(b, o) ORDER BY o LOOP
      ids := ids || step_ids(inside);
    END LOOP;
    ids := ids || step_ids(step->'then') || step_ids(step->'else');
  END LOOP;
  RETURN ids;
END $$;

-- The settings, and the keys that are named once more as a whole (= ANY), pin the plans: whatever the statistics say, every table here is
-- reached through its key. With those of a young table the planner reads all of a workspace's profiles instead.
-- Makes each set of profiles one person: the oldest survives (or the one that is named), keeps its traits and gets those that it lacks.
-- What belongs to one who is merged away moves: identifiers, runs, unsettled sends, entries. Events stay where they are, found through
-- survivor and tombstones, and are rewritten by and by. Two who both have an external id are made one only where a survivor is named.
-- A set one of whose profiles was merged meanwhile is left out: the caller looks again. Returns merged, woken, and who became whom.
--   s_survivor  who survives whatever their ages; null: the oldest
--   s_browser   whether a browser's event asked for it: then the address of an identified person stays
--   s_details   what asked for it, for people
CREATE FUNCTION merge_profiles(ws uuid, m_set int[], m_profile uuid[], s_survivor uuid[], s_browser bool[], s_details jsonb[]) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off SET enable_bitmapscan = off SET enable_material = off SET lock_timeout = '10s' AS $$
#variable_conflict use_variable
DECLARE
  had_sends bool; had_runs bool; sets int[]; winner uuid[]; loser uuid[]; everyone uuid[]; lost uuid[]; kept uuid[]; woken int; present timestamptz := clock_timestamp();
BEGIN
  PERFORM 1 FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY (m_profile) ORDER BY p.id FOR UPDATE;

  WITH member AS (
    SELECT m.s, p.id, p.created_at, p.merged_into_id IS NOT NULL AS gone,
      (SELECT true FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = p.id AND d.kind || '' = 'external' LIMIT 1) IS NOT NULL AS named
    FROM (SELECT DISTINCT s, id FROM unnest(m_set, m_profile) m(s, id)) m JOIN profiles p ON p.workspace_id = ws AND p.id = m.id
    WHERE p.id = ANY (m_profile)
  ), sound AS (
    SELECT m.s, coalesce(s_survivor[m.s], (array_agg(m.id ORDER BY m.created_at, m.id))[1]) AS winner FROM member m GROUP BY m.s
    HAVING NOT bool_or(m.gone) AND (s_survivor[m.s] IS NOT NULL OR count(*) FILTER (WHERE m.named) <= 1))
  SELECT array_agg(m.s ORDER BY m.id), array_agg(g.winner ORDER BY m.id), array_agg(m.id ORDER BY m.id) INTO sets, winner, loser
  FROM member m JOIN sound g ON g.s = m.s WHERE m.id <> g.winner;
  IF loser IS NULL THEN RETURN jsonb_build_object('merged', 0, 'woken', 0, 'survivors', '{}'::jsonb); END IF;
  everyone := loser || winner;

  -- Traits: what the survivor lacks comes from the oldest who has it, as far as the limits of a profile allow; the address first.
  WITH lacking AS (
    SELECT DISTINCT ON (l.winner, t.key) l.winner, t.key, t.value
    FROM unnest(winner, loser) l(winner, loser)
    JOIN profiles q ON q.workspace_id = ws AND q.id = l.loser
    JOIN profiles p ON p.workspace_id = ws AND p.id = l.winner
    CROSS JOIN LATERAL jsonb_each(q.traits) t
    WHERE q.id = ANY (loser) AND p.id = ANY (winner) AND NOT p.traits ? t.key ORDER BY l.winner, t.key, q.created_at, q.id
  ), counted AS (
    SELECT k.*, row_number() OVER w AS nth, sum(length(to_json(k.key)::text) + length(k.value::text) + 4) OVER w AS letters
    FROM lacking k WINDOW w AS (PARTITION BY k.winner ORDER BY k.key <> 'email', k.key)
  ), filled AS (
    SELECT p.id, jsonb_object_agg(k.key, k.value) AS traits FROM counted k JOIN profiles p ON p.workspace_id = ws AND p.id = k.winner
    WHERE p.id = ANY (winner) AND (SELECT count(*) FROM jsonb_object_keys(p.traits)) + k.nth <= 256 AND length(p.traits::text) + k.letters <= 65536 GROUP BY p.id)
  UPDATE profiles p SET traits = p.traits || f.traits FROM filled f WHERE p.workspace_id = ws AND p.id = ANY (winner) AND p.id = f.id;
  UPDATE profiles p SET traits = p.traits || jsonb_build_object('email', q.traits->'email')
  FROM unnest(sets, winner, loser) l(s, winner, loser) JOIN profiles q ON q.workspace_id = ws AND q.id = l.loser
  WHERE p.workspace_id = ws AND p.id = ANY (winner) AND p.id = l.winner AND q.id = ANY (loser) AND s_browser[l.s] AND q.traits->>'email' IS NOT NULL
    AND EXISTS (SELECT FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = q.id AND d.kind = 'external');

  -- Tombstones point at the end of the chain.
  UPDATE profiles p SET merged_into_id = l.winner FROM unnest(winner, loser) l(winner, loser)
  WHERE p.workspace_id = ws AND p.merged_into_id = ANY (loser) AND p.merged_into_id = l.loser;
  UPDATE profiles p SET merged_into_id = l.winner FROM unnest(winner, loser) l(winner, loser)
  WHERE p.workspace_id = ws AND p.id = ANY (loser) AND p.id = l.loser;
  UPDATE identifiers d SET profile_id = l.winner FROM unnest(winner, loser) l(winner, loser)
  WHERE d.workspace_id = ws AND d.profile_id = ANY (loser) AND d.profile_id = l.loser;

  -- From here on no send and no run of theirs changes but here.
  PERFORM 1 FROM sends s WHERE s.workspace_id = ws AND s.profile_id = ANY (everyone) AND s.status IN ('queued', 'sending', 'unknown')
    ORDER BY s.id FOR NO KEY UPDATE;
  had_sends := FOUND;
  PERFORM 1 FROM enrollments e WHERE e.workspace_id = ws AND e.profile_id = ANY (everyone) ORDER BY e.id FOR NO KEY UPDATE;
  had_runs := FOUND;
  IF had_runs THEN SELECT l.lost, l.kept INTO lost, kept FROM runs_lost(ws, winner, loser) l; END IF;

  IF lost IS NOT NULL THEN
    UPDATE enrollments e SET status = 'exited', reason = 'merged', due_at = NULL, lease_token = NULL, ended_at = present
    WHERE e.workspace_id = ws AND e.id = ANY (lost);
    DELETE FROM run_signals r WHERE r.workspace_id = ws AND r.enrollment_id = ANY (lost);
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, step_id, kind, reason, details)
    SELECT ws, uuid_v7(), e.profile_id, e.automation_id, e.id, e.step_id, 'exited', 'merged', jsonb_build_object('enrollment_id', l.kept)
    FROM unnest(lost, kept) l(id, kept) JOIN enrollments e ON e.workspace_id = ws AND e.id = l.id
    WHERE e.id = ANY (lost);
    WITH dropped AS (
      UPDATE sends s SET status = 'skipped', reason = 'merged_run', detail = NULL, due_at = NULL, lease_token = NULL
      WHERE s.workspace_id = ws AND s.enrollment_id = ANY (lost) AND s.status = 'queued'
      RETURNING s.id, s.profile_id, s.automation_id, s.enrollment_id, s.step_id)
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason)
    SELECT ws, uuid_v7(), d.profile_id, d.automation_id, d.enrollment_id, d.id, d.step_id, 'skipped', 'merged_run' FROM dropped d;
  END IF;
  IF had_sends THEN
    UPDATE sends s SET profile_id = l.winner FROM unnest(winner, loser) l(winner, loser)
    WHERE s.workspace_id = ws AND s.profile_id = ANY (loser) AND s.profile_id = l.loser AND s.status IN ('queued', 'sending', 'unknown');
    -- An address that one brought is what the other waited for.
    SELECT wake_addressed(ws, array_agg(p.id)) INTO woken FROM profiles p
    WHERE p.workspace_id = ws AND p.id = ANY (winner) AND p.traits->>'email' IS NOT NULL;
  END IF;
  IF had_runs THEN PERFORM hand_over_runs(ws, winner, loser); END IF;

  INSERT INTO entry_gates (workspace_id, automation_id, profile_id, entered_at)
  SELECT ws, g.automation_id, l.winner, max(g.entered_at) FROM unnest(winner, loser) l(winner, loser)
  JOIN entry_gates g ON g.workspace_id = ws AND g.profile_id = l.loser WHERE g.profile_id = ANY (loser) GROUP BY g.automation_id, l.winner
  ON CONFLICT (workspace_id, automation_id, profile_id) DO UPDATE SET entered_at = greatest(entry_gates.entered_at, excluded.entered_at);
  DELETE FROM entry_gates g WHERE g.workspace_id = ws AND g.profile_id = ANY (loser);

  INSERT INTO identity_changes (workspace_id, id, kind, profile_id, other_id, details)
  SELECT ws, uuid_v7(), CASE WHEN s_survivor[l.s] IS NULL THEN 'merged' ELSE 'aliased' END, l.winner, l.loser, coalesce(s_details[l.s], '{}')
  FROM unnest(sets, winner, loser) l(s, winner, loser);
  -- A group that is being stored just now may yet put an event on a tombstone; none takes a minute.
  INSERT INTO merged_histories (workspace_id, profile_id, due_at) SELECT ws, l.id, present + interval '60 seconds' FROM unnest(loser) l(id);
  RETURN jsonb_build_object('merged', cardinality(loser), 'woken', coalesce(woken, 0), 'survivors',
    (SELECT jsonb_object_agg(l.loser, l.winner) FROM unnest(winner, loser) l(winner, loser)));
END $$;

-- Active runs that do not go on when these become one, each with the run for which it makes way. With re-entry `once` or `once_every` a
-- person is in an automation once: of two active runs the one furthest along stays (by the place of its step in its version; then the
-- one whose email is further, then the one that was ready first), and none goes on beside a run that another of them went through already.
CREATE FUNCTION runs_lost(ws uuid, winner uuid[], loser uuid[]) RETURNS TABLE (lost uuid[], kept uuid[])
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off SET enable_bitmapscan = off SET enable_material = off AS $$
#variable_conflict use_variable
BEGIN
  RETURN QUERY
  WITH person AS (
    SELECT l.winner, l.loser AS id FROM unnest(winner, loser) l(winner, loser)
    UNION SELECT l.winner, l.winner FROM unnest(winner, loser) l(winner, loser)
  ), busy AS (
    -- Most people who are merged are in no automation twice: nothing is read of those.
    SELECT p.winner, e.automation_id FROM person p JOIN enrollments e ON e.workspace_id = ws AND e.profile_id = p.id
    WHERE e.profile_id = ANY (winner || loser) GROUP BY 1, 2 HAVING count(DISTINCT e.profile_id) > 1 AND bool_or(e.status = 'active')
  ), run AS (
    SELECT b.winner, e.automation_id, e.id, e.profile_id, e.status, e.reason, e.created_at, e.ready_at,
      CASE WHEN v.definition->>'reentry' = 'once' THEN 'infinity' ELSE (v.definition->'reentry'->>'once_every')::interval END AS every,
      coalesce(array_position(step_ids(v.definition->'steps'), e.step_id), 0) AS place,
      coalesce((SELECT CASE s.status WHEN 'queued' THEN 1 ELSE 2 END FROM sends s
        WHERE s.workspace_id = ws AND s.enrollment_id = e.id AND s.step_id = e.step_id), 0) AS mailed
    FROM busy b JOIN person p ON p.winner = b.winner
    JOIN enrollments e ON e.workspace_id = ws AND e.profile_id = p.id AND e.automation_id = b.automation_id
    JOIN automation_versions v ON v.workspace_id = ws AND v.id = e.version_id
    WHERE e.profile_id = ANY (winner || loser) AND v.definition->>'reentry' <> 'every_time'
  ), blocked AS (
    SELECT r.id, o.id AS kept FROM run r CROSS JOIN LATERAL (
      SELECT o.id FROM run o WHERE o.winner = r.winner AND o.automation_id = r.automation_id AND o.profile_id <> r.profile_id
        AND o.status <> 'active' AND o.reason IS DISTINCT FROM 'merged'
        AND greatest(r.created_at - o.created_at, o.created_at - r.created_at) < r.every
      ORDER BY o.created_at, o.id LIMIT 1) o
    WHERE r.status = 'active'
  ), ranked AS (
    SELECT r.id, first_value(r.id) OVER (PARTITION BY r.winner, r.automation_id
      ORDER BY r.place DESC, r.mailed DESC, r.ready_at, r.created_at, r.id) AS kept
    FROM run r WHERE r.status = 'active' AND r.id NOT IN (SELECT b.id FROM blocked b)
  ), over AS (SELECT b.id, b.kept FROM blocked b UNION ALL SELECT r.id, r.kept FROM ranked r WHERE r.kept <> r.id)
  SELECT array_agg(o.id ORDER BY o.id), array_agg(o.kept ORDER BY o.id) FROM over o;
END $$;

-- Runs go to the survivor. Of several that would be the same entry the active one goes, else the survivor's own stays, else the oldest
-- goes; the others keep to the tombstone, where a person's history is looked for as well.
CREATE FUNCTION hand_over_runs(ws uuid, winner uuid[], loser uuid[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off SET enable_bitmapscan = off SET enable_material = off AS $$
#variable_conflict use_variable
DECLARE moving uuid[]; target uuid[];
BEGIN
  SELECT array_agg(r.id), array_agg(r.winner) INTO moving, target FROM (
    SELECT DISTINCT ON (p.winner, e.automation_id, e.entry_key) e.id, p.winner, e.profile_id
    FROM (SELECT l.winner, l.loser AS id FROM unnest(winner, loser) l(winner, loser)
          UNION SELECT l.winner, l.winner FROM unnest(winner, loser) l(winner, loser)) p
    JOIN enrollments e ON e.workspace_id = ws AND e.profile_id = p.id WHERE e.profile_id = ANY (winner || loser)
    ORDER BY p.winner, e.automation_id, e.entry_key, e.status <> 'active', e.profile_id <> p.winner, e.created_at, e.id) r
  WHERE r.profile_id <> r.winner;
  IF moving IS NULL THEN RETURN; END IF;
  -- The survivor's own, where it makes room, is an entry by itself.
  UPDATE enrollments o SET entry_key = o.id::text
  FROM unnest(moving, target) m(id, winner) JOIN enrollments e ON e.workspace_id = ws AND e.id = m.id
  WHERE e.id = ANY (moving) AND o.workspace_id = ws AND o.profile_id = ANY (target) AND o.profile_id = m.winner AND o.automation_id = e.automation_id AND o.entry_key = e.entry_key;
  UPDATE enrollments e SET profile_id = m.winner FROM unnest(moving, target) m(id, winner) WHERE e.workspace_id = ws AND e.id = ANY (moving) AND e.id = m.id;
END $$;

-- Folds other identifiers into the person whom any of the three ids names, who survives; a name that nobody has yet becomes the external
-- id of the person. Returns target, merged, woken; or conflict: profiles of which the other belongs to somebody else.
CREATE FUNCTION alias_profile(ws uuid, named text, anonymous text, previous text, fresh uuid) RETURNS jsonb
LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '10s' AS $$
DECLARE target uuid; source uuid[]; held uuid[]; before uuid[]; found_rows int; details jsonb; told jsonb;
BEGIN
  SELECT l.target, l.source INTO target, source FROM alias_named(ws, named, anonymous, previous) l;
  before := target || source;
  held := array_remove(before, NULL);
  PERFORM 1 FROM profiles p WHERE p.workspace_id = ws AND p.id = ANY (held) ORDER BY p.id FOR UPDATE;
  SELECT l.target, l.source INTO target, source FROM alias_named(ws, named, anonymous, previous) l;
  IF before IS DISTINCT FROM target || source THEN RAISE EXCEPTION 'aliased meanwhile' USING ERRCODE = '40001'; END IF;

  -- Somebody else's: whoever has another external id than the one that is folded in.
  SELECT array_agg(DISTINCT d.profile_id) INTO held FROM identifiers d
  WHERE d.workspace_id = ws AND d.profile_id = ANY (source) AND d.profile_id IS DISTINCT FROM target
    AND d.kind = 'external' AND d.value IS DISTINCT FROM previous;
  IF held IS NOT NULL THEN RETURN jsonb_build_object('conflict', to_jsonb(array_remove(target || held, NULL))); END IF;

  details := jsonb_strip_nulls(jsonb_build_object('user_id', named, 'anonymous_id', anonymous, 'previous_id', previous));
  IF target IS NULL THEN
    target := coalesce(source[1], source[2], fresh);
    INSERT INTO profiles (workspace_id, id) VALUES (ws, target) ON CONFLICT DO NOTHING;
  ELSE
    named := NULL;
  END IF;
  WITH attached AS (
    INSERT INTO identifiers (workspace_id, kind, value, profile_id)
    SELECT ws, i.kind, i.value, target FROM (VALUES ('anonymous', anonymous), ('external', previous), ('external', named)) i(kind, value)
    WHERE i.value IS NOT NULL AND NOT EXISTS (SELECT FROM identifiers d WHERE d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value)
    ORDER BY i.kind, i.value
    ON CONFLICT DO NOTHING RETURNING kind, value)
  INSERT INTO identity_changes (workspace_id, id, kind, profile_id, identifier_kind, value, details)
  SELECT ws, uuid_v7(), 'aliased', target, a.kind, a.value, details FROM attached a;
  PERFORM 1 FROM (VALUES ('anonymous', anonymous), ('external', previous), ('external', named)) i(kind, value)
  WHERE i.value IS NOT NULL AND NOT EXISTS (SELECT FROM identifiers d WHERE d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value);
  IF FOUND THEN RAISE EXCEPTION 'identifier taken meanwhile' USING ERRCODE = '40001'; END IF;

  held := array_remove(source, NULL);
  told := merge_profiles(ws, array_fill(1, ARRAY[1 + cardinality(held)]), target || held, ARRAY[target], ARRAY[false], ARRAY[details]);
  RETURN told || jsonb_build_object('target', target);
END $$;

-- Whom the ids of an alias name today.
CREATE FUNCTION alias_named(ws uuid, named text, anonymous text, previous text) RETURNS TABLE (target uuid, source uuid[])
LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT coalesce(p.merged_into_id, p.id) FROM profiles p
     WHERE p.workspace_id = ws AND p.id = CASE WHEN named ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN named::uuid END),
    (SELECT d.profile_id FROM identifiers d WHERE d.workspace_id = ws AND d.kind = 'external' AND d.value = named),
    (SELECT d.profile_id FROM identifiers d WHERE d.workspace_id = ws AND d.kind = 'anonymous' AND d.value = named)),
    ARRAY[(SELECT d.profile_id FROM identifiers d WHERE d.workspace_id = ws AND d.kind = 'anonymous' AND d.value = anonymous),
      (SELECT d.profile_id FROM identifiers d WHERE d.workspace_id = ws AND d.kind = 'external' AND d.value = previous)]
$$;

-- Gives the survivors the events and decisions of those who were merged into them, at most so many rows; several processes may at once.
-- Returns how many rows it rewrote, or took off its list.
CREATE FUNCTION rewrite_merged(take int) RETURNS int LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '2s' AS $$
DECLARE one record; survivor uuid; left_over int := take; moved int;
BEGIN
  FOR one IN SELECT h.workspace_id ws, h.profile_id id FROM merged_histories h WHERE h.due_at <= clock_timestamp()
    ORDER BY h.due_at LIMIT 100 FOR UPDATE SKIP LOCKED
  LOOP
    SELECT p.merged_into_id INTO survivor FROM profiles p WHERE p.workspace_id = one.ws AND p.id = one.id;
    IF survivor IS NOT NULL THEN
      UPDATE events e SET profile_id = survivor
      WHERE e.workspace_id = one.ws AND e.id = ANY (ARRAY(SELECT x.id FROM events x WHERE x.workspace_id = one.ws AND x.profile_id = one.id LIMIT left_over));
      GET DIAGNOSTICS moved = ROW_COUNT;
      left_over := left_over - moved;
      EXIT WHEN left_over <= 0;
      UPDATE decisions d SET profile_id = survivor
      WHERE d.workspace_id = one.ws AND d.id = ANY (ARRAY(SELECT x.id FROM decisions x WHERE x.workspace_id = one.ws AND x.profile_id = one.id LIMIT left_over));
      GET DIAGNOSTICS moved = ROW_COUNT;
      left_over := left_over - moved;
      EXIT WHEN left_over <= 0;
    END IF;
    DELETE FROM merged_histories h WHERE h.workspace_id = one.ws AND h.profile_id = one.id;
    left_over := left_over - 1;
    EXIT WHEN left_over <= 0;
  END LOOP;
  RETURN take - left_over;
END $$;

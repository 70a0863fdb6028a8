-- Intake: one call stores one group of events of one workspace. TypeScript has joined the group's identifiers into components (ids that
-- occur in one event belong together), so each component is one person; see lib/events/components.ts.
--
-- SQLSTATEs of our own: GF001 the workspace changed since its facts were cached (load them again, call again),
-- GF003 a profile's traits grew beyond their limit (the event is refused). What changed between reading and locking raises 40001,
-- and the group is tried again from the start.
--
-- Locks, always in this order, each class sorted: idempotency keys, messages, profiles, identifiers, enrollments.
-- Profiles that only get an identifier or an enrollment are held FOR KEY SHARE, those that get traits or their external id
-- FOR NO KEY UPDATE, so that no two groups give one profile two external ids.
--
-- plan_cache_mode, because planning these statements anew takes longer than running them (2 ms against 1 of a small group), and every
-- table is reached through its key whatever the arrays hold. What has nothing to do is passed over for the same reason.

-- Enters people into automations, unless they are in already under that key. Says why in the same breath.
-- Returns how many entered.
CREATE FUNCTION enroll(
  ws uuid, x_event uuid[], x_profile uuid[], x_automation uuid[], x_version uuid[], x_key text[], x_details jsonb[]
) RETURNS int LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE entered int;
BEGIN
  WITH entry AS (
    INSERT INTO enrollments (workspace_id, id, automation_id, version_id, profile_id, entry_key, event_id, ready_at, due_at)
    SELECT DISTINCT ON (x.automation, x.profile, x.key)
      ws, uuid_v7(), x.automation, x.version, x.profile, x.key, x.event, clock_timestamp(), clock_timestamp()
    FROM unnest(x_event, x_profile, x_automation, x_version, x_key) WITH ORDINALITY x(event, profile, automation, version, key, position)
    ORDER BY x.automation, x.profile, x.key, x.position
    ON CONFLICT DO NOTHING
    RETURNING id, automation_id, profile_id, event_id)
  INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, kind, reason, details)
  SELECT ws, uuid_v7(), entry.profile_id, entry.automation_id, entry.id, 'entered', 'trigger', x.details
  FROM entry JOIN unnest(x_event, x_automation, x_details) x(event, automation, details)
    ON x.event = entry.event_id AND x.automation = entry.automation_id;
  GET DIAGNOSTICS entered = ROW_COUNT;
  RETURN entered;
END $$;

-- Returns one object with what the caller has to know:
--   taken     requests whose idempotency key is taken, with what is stored there; nothing was done
--   known     identifiers that belong to existing profiles which one component would have to merge; nothing was done
--   otherwise everything is stored:
--   enrolled  how many people entered an automation
--   people    for each event of p_event that was new: the profile as it is now, for conditions that look at it
--   kept      how many times a browser's address was not put over the address of an identified person
CREATE FUNCTION ingest(
  ws uuid, seen_version int,
  r_scope text[], r_key text[], r_hash text[], r_status int[], r_answer bytea[],                     -- requests with an idempotency key
  e_mid text[], e_comp int[], e_id uuid[], e_name text[], e_props jsonb[], e_context jsonb[], e_source text[], e_at timestamptz[],
  i_kind text[], i_value text[], i_comp int[], i_event uuid[],                                      -- identifiers (distinct) and who brought them
  c_new uuid[], c_known uuid[], c_external int[],   -- components 1..n: id if new, profile that a user_id names, first event that names the external id
  t_event int[], t_traits jsonb[],                                                                  -- traits by event, null removes one
  x_event int[], x_automation uuid[], x_version uuid[], x_key text[], x_details jsonb[],            -- enrollments to open
  p_event int[]                                                                                     -- events whose people the caller must see
) RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET enable_seqscan = off SET lock_timeout = '10s' AS $$
#variable_conflict use_variable
DECLARE
  n int := cardinality(c_new); found_rows int; told jsonb; too_much bool;
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

  SELECT array_agg(p.ps[1] ORDER BY c.o), array_agg(c.o) FILTER (WHERE cardinality(p.ps) > 1) INTO c_profile, many
  FROM generate_series(1, n) c(o)
  LEFT JOIN (SELECT x.comp, array_agg(DISTINCT x.profile) ps FROM (
      SELECT i.comp, i.profile FROM unnest(i_comp, i_profile) i(comp, profile) WHERE i.profile IS NOT NULL
      UNION ALL SELECT k.o, k.id FROM unnest(c_known) WITH ORDINALITY k(id, o) WHERE k.id IS NOT NULL) x
    GROUP BY x.comp) p ON p.comp = c.o;

  -- Components that bring an existing profile its external id: it must not have one yet.
  IF array_position(i_profile, NULL) IS NOT NULL THEN
    SELECT array_agg(DISTINCT i.comp) INTO claims FROM unnest(i_kind, i_comp, i_profile) i(kind, comp, profile)
    WHERE i.kind = 'external' AND i.profile IS NULL AND c_profile[i.comp] IS NOT NULL;
  END IF;
  IF claims IS NOT NULL THEN
    SELECT many || array_agg(DISTINCT c.o) INTO many FROM unnest(claims) c(o)
    JOIN identifiers d ON d.workspace_id = ws AND d.profile_id = c_profile[c.o] AND d.kind = 'external';
  END IF;
  IF cardinality(many) > 0 THEN
    SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, 'profile', i.profile, 'external',
      (SELECT min(d.value) FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = i.profile AND d.kind = 'external')))
    INTO told FROM unnest(i_kind, i_value, i_comp, i_profile) i(kind, value, comp, profile)
    WHERE i.comp = ANY(many) AND i.profile IS NOT NULL;
    RETURN jsonb_build_object('known', coalesce(told, '[]'));
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
  IF n = 0 THEN RETURN jsonb_build_object('enrolled', 0, 'kept', 0); END IF;

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
  SELECT array_agg(e.comp IS NOT NULL ORDER BY c.o) INTO c_live
  FROM generate_series(1, n) c(o) LEFT JOIN (SELECT DISTINCT u.comp FROM unnest(e_comp, e_live) u(comp, live) WHERE u.live) e ON e.comp = c.o;

  -- 5. Hold the known profiles that something is going to hang on.
  IF array_position(i_profile, NULL) IS NOT NULL OR cardinality(x_event || p_event || t_event) > 0 THEN
    SELECT array_agg(DISTINCT l.p) INTO locks FROM (
      SELECT c_profile[i.comp] p FROM unnest(i_comp, i_profile) i(comp, profile) WHERE i.profile IS NULL
      UNION ALL SELECT c_profile[e_comp[x]] FROM unnest(x_event || p_event || t_event) x) l WHERE l.p IS NOT NULL;
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
    SELECT count(*) INTO wanted FROM unnest(i_comp, i_profile) i(comp, profile) WHERE i.profile IS NULL AND c_live[i.comp];
  END IF;
  IF wanted > 0 THEN
    INSERT INTO identifiers (workspace_id, kind, value, profile_id, event_id)
    SELECT ws, i.kind, i.value, coalesce(c_profile[i.comp], c_new[i.comp]), i.event
    FROM unnest(i_kind, i_value, i_comp, i_profile, i_event) i(kind, value, comp, profile, event)
    WHERE i.profile IS NULL AND c_live[i.comp] ORDER BY i.kind, i.value
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows <> wanted THEN RAISE EXCEPTION 'identifier taken meanwhile' USING ERRCODE = '40001'; END IF;
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
  END IF;

  -- 8. Events, and the enrollments they cause.
  INSERT INTO events (workspace_id, id, profile_id, name, properties, context, source, occurred_at)
  SELECT ws, e.id, coalesce(c_profile[e.comp], c_new[e.comp]), e.name, e.props, e.context, e.source, e.at
  FROM unnest(e_comp, e_id, e_name, e_props, e_context, e_source, e_at, e_live) e(comp, id, name, props, context, source, at, live)
  WHERE e.live;
  IF cardinality(x_event) > 0 THEN
    SELECT enroll(ws, array_agg(e_id[x.event] ORDER BY x.o), array_agg(coalesce(c_profile[e_comp[x.event]], c_new[e_comp[x.event]]) ORDER BY x.o),
      array_agg(x.automation ORDER BY x.o), array_agg(x.version ORDER BY x.o), array_agg(x.key ORDER BY x.o), array_agg(x.details ORDER BY x.o))
    INTO enrolled
    FROM unnest(x_event, x_automation, x_version, x_key, x_details) WITH ORDINALITY x(event, automation, version, key, details, o)
    WHERE e_live[x.event];
  END IF;
  IF cardinality(p_event) = 0 THEN RETURN jsonb_build_object('enrolled', coalesce(enrolled, 0), 'kept', kept); END IF;
  RETURN jsonb_build_object('enrolled', coalesce(enrolled, 0), 'kept', kept, 'people', (
    SELECT jsonb_agg(jsonb_build_object('event', e.o, 'id', p.id, 'traits', p.traits, 'created_at', p.created_at, 'external_id',
      (SELECT min(d.value) FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = p.id AND d.kind = 'external')))
    FROM unnest(p_event) e(o) JOIN profiles p ON p.workspace_id = ws AND p.id = coalesce(c_profile[e_comp[e.o]], c_new[e_comp[e.o]])
    WHERE e_live[e.o]));
END $$;

-- The rate limit of the porch: takes tokens of one bucket, which fills up by itself. All that is needed or nothing; up to `want` at
-- once, so that a process need not come back for each request. Who needs more than a full bucket holds gets it from a full one,
-- which then owes the rest.
CREATE FUNCTION take_tokens(ws uuid, bucket text, per_second float8, burst float8, need float8, want float8)
RETURNS TABLE (taken float8, remaining float8) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE at timestamptz := clock_timestamp();
BEGIN
  INSERT INTO rate_buckets (workspace_id, name, tokens, updated_at) VALUES (ws, bucket, burst, at) ON CONFLICT DO NOTHING;
  SELECT least(burst, b.tokens + greatest(0, extract(epoch FROM at - b.updated_at)) * per_second) INTO remaining
  FROM rate_buckets b WHERE b.workspace_id = ws AND b.name = bucket FOR UPDATE;
  taken := CASE WHEN remaining >= least(need, burst) THEN greatest(need, least(want, floor(remaining))) ELSE 0 END;
  remaining := remaining - taken;
  UPDATE rate_buckets b SET tokens = remaining, updated_at = greatest(at, b.updated_at) WHERE b.workspace_id = ws AND b.name = bucket;
  RETURN NEXT;
END $$;

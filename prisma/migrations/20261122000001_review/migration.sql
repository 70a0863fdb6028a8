-- What a second reading of the rules and of identity found.

-- Folds other identifiers into the person whom any of the three ids names, who survives; a name that nobody has yet becomes the external
-- id of the person. Returns target, merged, woken; or conflict: profiles of which the other belongs to somebody else.
CREATE OR REPLACE FUNCTION alias_profile(ws uuid, named text, anonymous text, previous text, fresh uuid) RETURNS jsonb
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
  -- Nobody was locked for an identifier that nobody had: who took it meanwhile has it now, and then all of this is looked at anew.
  PERFORM 1 FROM (VALUES ('anonymous', anonymous), ('external', previous), ('external', named)) i(kind, value)
  LEFT JOIN identifiers d ON d.workspace_id = ws AND d.kind = i.kind AND d.value = i.value
  WHERE i.value IS NOT NULL AND (d.profile_id IS NULL OR d.profile_id <> ALL (target || array_remove(source, NULL)));
  IF FOUND THEN RAISE EXCEPTION 'identifier taken meanwhile' USING ERRCODE = '40001'; END IF;

  held := array_remove(source, NULL);
  told := merge_profiles(ws, array_fill(1, ARRAY[1 + cardinality(held)]), target || held, ARRAY[target], ARRAY[false], ARRAY[details]);
  RETURN told || jsonb_build_object('target', target);
END $$;

-- As before, but whose conditions look at the external id see the one that everything else shows: the oldest.
CREATE OR REPLACE FUNCTION ingest(
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
      (SELECT d.value FROM identifiers d WHERE d.workspace_id = ws AND d.profile_id = p.id AND d.kind = 'external' ORDER BY d.created_at, d.value LIMIT 1)))
    FROM unnest(p_event) e(o) JOIN profiles p ON p.workspace_id = ws AND p.id = coalesce(c_profile[e_comp[e.o]], c_new[e_comp[e.o]])
    WHERE e_live[e.o]));
END $$;

DROP FUNCTION move_runs;

-- Moves the runs that stand at these places (a version and a step of it, null before the first), whoever is deciding about them. `fate`:
--   same      they go on at the step of that id, with its due time
--   changed   they go on there as if they had just reached it, because it is another kind of step
--   gone      their run ends, and what they have queued is dropped
-- Returns how many of each. What queued sends are to say stays with the version that queued them.
CREATE FUNCTION move_runs(ws uuid, automation uuid, to_version uuid, from_version uuid[], step text[], fates text[])
RETURNS TABLE (fate text, people int) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE ended uuid[]; present timestamptz := date_trunc('milliseconds', clock_timestamp()); counts jsonb;
BEGIN
  -- An id of a step is never empty, so the empty text stands for "before the first" and the places can be hashed.
  WITH place AS (
    SELECT f.version, coalesce(f.step, '') AS step, f.fate, jsonb_build_object('from_version', v.number, 'to_version', t.number) AS told
    FROM unnest(from_version, step, fates) f(version, step, fate)
    JOIN automation_versions v ON v.workspace_id = ws AND v.id = f.version
    JOIN automation_versions t ON t.workspace_id = ws AND t.id = to_version
  ), moved AS (
    UPDATE enrollments e SET
      version_id = CASE WHEN p.fate = 'gone' THEN e.version_id ELSE to_version END,
      status = CASE WHEN p.fate = 'gone' THEN 'exited' ELSE e.status END,
      reason = CASE WHEN p.fate = 'gone' THEN 'step_removed' ELSE e.reason END,
      ended_at = CASE WHEN p.fate = 'gone' THEN present END,
      step_due_at = CASE WHEN p.fate = 'changed' THEN NULL ELSE e.step_due_at END,
      ready_at = CASE WHEN p.fate = 'changed' THEN present ELSE e.ready_at END,
      due_at = CASE WHEN p.fate = 'gone' THEN NULL WHEN p.fate = 'changed' OR e.lease_token IS NOT NULL THEN present ELSE e.due_at END,
      lease_token = NULL
    FROM place p
    WHERE e.workspace_id = ws AND e.automation_id = automation AND e.status = 'active' AND e.version_id = p.version AND coalesce(e.step_id, '') = p.step
    RETURNING e.id, e.profile_id, nullif(p.step, '') AS step, p.fate, p.told
  ), said AS (
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, step_id, kind, reason, details)
    SELECT ws, uuid_v7(), m.profile_id, automation, m.id, m.step,
      CASE WHEN m.fate = 'gone' THEN 'exited' ELSE 'moved' END, CASE WHEN m.fate = 'gone' THEN 'step_removed' ELSE 'moved' END, m.told
    FROM moved m)
  SELECT array_agg(m.id) FILTER (WHERE m.fate = 'gone'), jsonb_object_agg(m.fate, m.people) INTO ended, counts FROM (
    SELECT m.id, m.fate, count(*) OVER (PARTITION BY m.fate) AS people FROM moved m) m;

  IF ended IS NOT NULL THEN
    DELETE FROM run_signals g WHERE g.workspace_id = ws AND g.enrollment_id = ANY (ended);
    WITH dropped AS (
      UPDATE sends s SET status = 'skipped', reason = 'run_ended', due_at = NULL, lease_token = NULL
      WHERE s.workspace_id = ws AND s.enrollment_id = ANY (ended) AND s.status = 'queued'
      RETURNING s.id, s.profile_id, s.enrollment_id, s.step_id)
    INSERT INTO decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason)
    SELECT ws, uuid_v7(), profile_id, automation, enrollment_id, id, step_id, 'skipped', 'run_ended' FROM dropped WHERE profile_id IS NOT NULL;
  END IF;
  RETURN QUERY SELECT c.key, c.value::int FROM jsonb_each_text(coalesce(counts, '{}')) c;
END $$;

SET session_replication_role = replica;
SET synchronous_commit = off;
CREATE TEMP TABLE drawn AS
    SELECT number, md5(number::text) AS word, number %% 20 = 0 AS is_open, at,
           overlay(  -- see intake.db.uuid7
               replace(gen_random_uuid()::text, '-', '')
               PLACING lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1
           )::uuid AS id
    FROM generate_series(%(first)s, %(last)s) AS number,
         LATERAL (SELECT now() - number * interval '1 minute' AS at) AS moment;
INSERT INTO intake_assessmentrequest
    (id, reference, stage, outcome, received_at, due_at, due_uses_default_hours, promise, closed_at, acknowledged_at,
     form_key, private_link_hash, spam_signals, is_synthetic, version, snooze_reason, preferred_time, time_zone,
     referrer_path)
    SELECT id, upper(lpad(to_hex(number / 65536), 4, '0') || '-' || lpad(to_hex(number %% 65536), 4, '0')),
           CASE WHEN is_open THEN 'reaching' ELSE 'closed' END, CASE WHEN is_open THEN '' ELSE 'not_reached' END,
           at, at + interval '4 hours', false, 'We will call tomorrow, Friday, by 3:30 in the afternoon, Arizona time.',
           CASE WHEN is_open THEN NULL ELSE at + interval '2 days' END, at, word || md5(word),
           CASE WHEN is_open THEN md5(word || 'link') || word END, '', false, 0, '', 'evening', 'America/Denver', ''
    FROM drawn;
INSERT INTO intake_encryptedtext (id, request_id, kind, envelope, key_id, recorded_at)
    SELECT id, id, 'answers', decode(repeat(word, 40), 'hex'), 'bench', at FROM drawn;
INSERT INTO intake_contactpreferences
    (request_id, recorded_at, for_whom, may_call, may_leave_voicemail, may_text, may_email, introduction,
     preferred_time, time_zone, is_from_link)
    SELECT id, at, 'self', true, true, false, false, 'first_name', 'evening', 'America/Denver', false FROM drawn;
INSERT INTO intake_consentrecord (request_id, purpose, wording_version, wording_sha256, recorded_at)
    SELECT id, purpose, '2026-11', word || word, at FROM drawn, unnest(ARRAY['contact', 'voicemail']) AS purpose;
INSERT INTO intake_blindindex (request_id, kind, value, key_id)
    SELECT id, kind, left(md5(word || kind), 32), 'bench' FROM drawn, unnest(ARRAY['phone', 'email']) AS kind
    UNION ALL
    SELECT id, 'name', '14:' || left(md5(word || part), 4), 'bench' FROM drawn, unnest(ARRAY['one', 'two']) AS part
    ON CONFLICT DO NOTHING;
INSERT INTO intake_event (request_id, code, from_value, to_value, occurred_at)
    SELECT id, code, '', 'new', at FROM drawn, unnest(ARRAY['received', 'closed']) AS code;
INSERT INTO intake_outboxmessage (request_id, kind, state, attempts, next_try_at, claimed_at, sent_at, last_error,
     refused, sender)
    SELECT id, 'new_request', 'sent', 1, at, at, at, '', 0, '' FROM drawn;

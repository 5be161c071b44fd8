\ir ../../support/ledger.sql
begin;
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.effect_log'::regclass and a.attnum > 0),
  'transaction_id text, name text, key text, state text, request jsonb, response jsonb, attempt integer, asks integer, answer text, created_at timestamp with time zone, sent_at timestamp with time zone, '
  'unknown_since timestamp with time zone, ask_at timestamp with time zone, settled_at timestamp with time zone', 'its columns');
select at_work(n), outside(n, n) from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) n;
select faultline.settle_effect(id('SENT'), 1, 'SENT', 'charge', 'UNKNOWN', '"timeout"');
select results_eq('select transaction_id, name, key, state, request, response, attempt, asks, answer from faultline.effect_log order by created_at',
  $$select n, 'charge', faultline._effect_key(n, 'charge'), n, '{"amount": 5}'::jsonb, case when n in ('APPLIED', 'ABSENT') then '{"receipt": 7}'::jsonb end, 1, case n when 'SENT' then 1 else 0 end, case n when 'SENT' then 'timeout' end
    from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) n$$, 'every effect: what was sent with which key, and what is known of it');
select is((l.sent_at, l.unknown_since, l.settled_at), (f.sent_at, f.unknown_since, f.settled_at), 'and when: ' || l.transaction_id) from faultline.effect_log l, effect(l.transaction_id) f;
select is(act(role, 'select count(*) from faultline.effect_log'), '4', role || ' reads it') from unnest(array['faultline_observer', 'faultline_operator']) role;
select refused(role, 'select 1 from faultline.effect_log', '42501', 'permission denied for view effect_log') from unnest(array['faultline_producer', 'faultline_runner']) role;

select * from finish();
rollback;

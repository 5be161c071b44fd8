\ir ../../support/prelude.sql
-- A job that may run now wakes whoever sleeps on the bell of its queue, also if its payload stands apart; one for later
-- does not. The sleeper is a prepared transaction that holds the bell.
select * from no_plan();
\set notes `mktemp`
listen faultline;
begin; select pg_advisory_xact_lock_shared(1181838444, n) from generate_series(0, 15) n; prepare transaction 'sleeper';
\o :notes
select faultline.enqueue('t', '{}', 'plain');
select faultline.enqueue('t', large('large') -> 'payload', 'large');
select faultline.enqueue('t', '{}', 'past', run_at => now() - interval '1 day');
select faultline.enqueue('t', '{}', 'later', run_at => now() + interval '1 day');
\o
\set heard `cat :notes; rm :notes`
rollback prepared 'sleeper';
select is((select string_agg(m[1], ' ' order by m[1]) from regexp_matches(:'heard', 'notification "faultline" with payload "(\w+)" received', 'gi') m), 'large past plain', 'all but the one for later');
select * from finish();

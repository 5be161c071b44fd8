\ir ../../support/ledger.sql
select * from no_plan();

-- The ledger's, as observers see them, with times to ten seconds.
create function tap.lines() returns setof text language sql as $$
select replace(m.name, 'faultline_', '') || coalesce(' ' || (labels ->> 'state'), '') || ' ' || case when m.name like '%seconds' then trunc(m.value::numeric, -1) else m.value::numeric end
from faultline.metrics() m where m.name ~ 'transactions|transaction_oldest|effects'
$$;
select submitted('waits'), at_work('runs'), at_work('dead'), job_ends('dead', 'failed'), applied('applied'), applied('done'), job_ends('done', 'succeeded'),
  at_work('burnt'), job_ends('burnt', 'discarded'), submitted('burnt too'), faultline.fail_transaction('burnt too', 'r'), failed('no transaction') \g /dev/null
select at_work(n), outside(n, 'SENT') from unnest(array['unknown', 'known', 'sent']) n \g /dev/null
select faultline.settle_effect(id(n), 1, n, 'charge', 'UNKNOWN') from unnest(array['unknown', 'known']) n \g /dev/null
select faultline.settle_effect(id('known'), 1, 'known', 'charge', 'ABSENT'), faultline.reconcile() \g /dev/null
update faultline.transactions set created_at = clock_timestamp() - interval '90 s' where transaction_id = 'runs';
update faultline.transactions set created_at = clock_timestamp() - interval '1 day' where state <> 'INIT';
select results_eq('select lines()', $$values ('transactions INIT 6'), ('transactions APPLIED 1'), ('transactions FAILED 2'), ('transactions_dead 1'), ('transaction_oldest_init_seconds 90'), ('effects_unknown 1')$$,
  'by state but for what is settled well; dead letters that hold a transaction; the oldest INIT; effects of which nobody knows');

-- Each count ends at ten thousand.
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at, state, reason, settled_at)
select state || n, 't', '{}', 1, -n * 10 - length(state), now(), state, case state when 'FAILED' then 'r' end, case state when 'FAILED' then now() end
from generate_series(1, 10001) n, unnest(array['INIT', 'APPLIED', 'FAILED']) state;
insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at, state, sent_at, unknown_since)
select 'INIT' || n, 'e', n::text, '{}', 1, 1, now(), 'SENT', now(), now() from generate_series(1, 10001) n;
insert into faultline.jobs_live (type, queue, payload, state, attempt, priority, max_attempts, ready_at, created_at, finished_at, transaction_id)
select 't', 'big', '{}', 'failed', 1, 2, 5, now(), now(), now(), 'x' from generate_series(1, 10001) n;
set session_replication_role = origin;
select results_eq($$select l from lines() l where l !~ 'oldest'$$, $$values ('transactions INIT 10000'), ('transactions APPLIED 10000'), ('transactions FAILED 10000'), ('transactions_dead 10000'), ('effects_unknown 10000')$$, 'counts stand still there');

select * from finish();

\ir ../../support/ledger.sql
select * from no_plan();

-- The job's row is locked, for it may be deleted, and the transaction; of a task the run comes before both. All this also
-- where there is nothing left to do.
select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}}}') \g /dev/null
select faultline.trigger_workflow('w') as run \gset
update faultline.jobs_live set payload = '{"name": "task"}' where run_id = :run;
select claimed('task'), faultline.begin_effect(id('task'), 1, 'task', 'mail'), at_work('plain'), at_work('other'), faultline.trigger_workflow('w') \g /dev/null
create function tap.locks() returns text language sql as $$
select string_agg(n || ' ' || held(rows_), ', ' order by o)
from (
  select 'run ' || run_id, format('runs r where r.run_id = %s', run_id), run_id from faultline.runs
  union all select 'job of ' || n, format('jobs_live j where j.job_id = %s', id(n)), 10 from unnest(array['other', 'plain', 'task']) n
  union all select n, format('transactions t where t.transaction_id = %L', n), 20 from unnest(array['other', 'plain', 'task']) n
) rows_ (n, rows_, o)
where held(rows_) <> 'free'
$$;
select is(:run::bigint, 1::bigint, 'the first run there is');
select is(operate(format($$select faultline.fail_transaction(%L, 'r')$$, n)), 'FAILED', 'burnt: ' || n) from unnest(array['plain', 'task']) n;
begin;
select faultline.fail_transaction('plain', 'r') \g /dev/null
prepare transaction 'burning';
select is(locks(), 'job of plain for update, plain for no key update', 'of a job without a run');
rollback prepared 'burning';
begin;
select faultline.fail_transaction('task', 'r') \g /dev/null
prepare transaction 'burning';
select is(locks(), 'run 1 for no key update, job of task for update, task for no key update', 'of a task');
rollback prepared 'burning';

-- Only who changes a run has to see what others have just committed.
begin isolation level repeatable read;
select is(operate($$select faultline.fail_transaction('other', 'r')$$), 'FAILED', 'without a run any isolation will do');
select refused('faultline_operator', $$select faultline.fail_transaction('task', 'r')$$, 'FL004', 'changing a run does not work in a transaction that is REPEATABLE READ');
commit;

select * from finish();

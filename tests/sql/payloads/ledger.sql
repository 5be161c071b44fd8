\ir ../../support/ledger.sql
-- The request of a transaction is its job's payload, also where that stands apart from the job's row.
begin;
select * from no_plan();

create function tap.body(name text) returns jsonb language sql as $$ select large(body.name) -> 'payload' $$;
select faultline.submit_transaction('t', 't', body('own'), 'own') as own \gset
select faultline.enqueue('t', body('own'), 'dup') as dup, faultline.enqueue('t', body('else'), 'else') as else_, faultline.enqueue('t', body('new'), 'new') as new \gset
select is((select count(*) from faultline.jobs_live where payload is null), 4::bigint, 'four jobs with large payloads');
select count(*) from faultline.claim_jobs('{own,dup,else,new}', runner(1), 10) \g /dev/null

-- A look, and the work, of a duplicate and of another.
select is(faultline.open_ledger(:own, 1, 't'), null, 'its own job may look');
select is(faultline.open_ledger(:dup, 1, 't'), null, 'a duplicate too');
select refuses(format('select faultline.open_ledger(%s, 1, ''t'')', :else_), 'FL002', format('transaction ''t'' stands for job %s, which has another kind or request', :own), 'another request may not');
select refuses(format('select faultline.apply_ledger(%s, 1, ''t'', ''{}'')', :else_), 'FL002', format('transaction ''t'' stands for job %s, which has another kind or request', :own), 'nor work');
select is((t.kind, t.request, t.request_hash), ('t'::text, body('new'), faultline._arguments_hash('t', body('new'))), 'a transaction that nobody submitted has the payload as its request')
from (select * from faultline.apply_ledger(:new, 1, 'made', '{}') offset 0) a, lateral (select * from faultline.transactions x where x.transaction_id = 'made' and a.entry_id > 0) t;
select created as created, entry_id as entry from faultline.apply_and_complete(:own, 1, 't', '{}') \gset
select is((:'created'::boolean, (select state from faultline.jobs where job_id = :own)), (true, 'succeeded'::text), 'applied, and completed');
-- The duplicate finds the entry, running and over.
select is(entry_id, :entry::bigint, 'a duplicate finds the entry') from faultline.apply_and_complete(:dup, 1, 't', '{}');
select is(entry_id, :entry::bigint, 'and once more when it is over') from faultline.apply_and_complete(:dup, 1, 't', '{}');
select faultline.complete_job(:else_, 1) \g /dev/null
select refuses(format('select faultline.apply_and_complete(%s, 1, ''t'', ''{}'')', :else_), 'FL002', format('attempt 1 of job %s has ended, and not with transaction ''t''', :else_), 'another that is over does not');

-- What became of a job that nobody has told of: by its kind and its request.
select faultline.submit_transaction('quiet', 't', body('quiet'), 'quiet') as quiet, faultline.submit_transaction('usurped', 't', body('usurped'), 'quiet') as usurped \gset
select count(*) from faultline.claim_jobs('{quiet}', runner(1), 10) \g /dev/null
set local session_replication_role = replica;
update faultline.jobs_live set transaction_id = null where job_id in (:quiet, :usurped);
update faultline.payloads set payload = body('usurper') where job_id = :usurped;
set local session_replication_role = origin;
select results_eq(format($$select verdict from faultline.complete_jobs('{%s,%s}', '{1,1}')$$, :quiet, :usurped), $$values ('ok'), ('ok')$$, 'both are over');
select is(faultline._settle(transaction('quiet')), 'FAILED', 'it is over, and left no entry');
select is(faultline._settle(transaction('usurped')), 'INIT', 'a job of another request is not its job');
select is((select j.payload from faultline.jobs j where j.job_id = (transaction('usurped')).job_id), body('usurped'), 'it has its job again, with the payload');

select * from finish();
rollback;

\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- One shape for every state: the columns of the view jobs, and cancel_requested.
select queued('queued', '{"idempotency_key": "k", "tags": ["x"], "priority": 1, "run_at": "2100-01-01Z"}'), running('running'), failed('failed'), running('succeeded'), queued('cancelled'), failed('discarded'),
       running('retried'), running('cancelling'), running('cancelled running');
select faultline.complete_job(id('succeeded'), 1, '{"r": 1}'), faultline.cancel_job(id('cancelled')), faultline.discard_job(id('discarded')), faultline.fail_job(id('retried'), 1, '{"message": "e"}'),
       faultline.cancel_job(id('cancelling')), faultline.cancel_job(id('cancelled running'));
select faultline.cancelled(id('cancelled running'), 1);
create temporary table names as select unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded', 'retried', 'cancelling', 'cancelled running']) as name;
select is((select array_agg(key order by key collate "C") from jsonb_object_keys(faultline.job_status(id(name))) key),
          (select array_agg(key order by key collate "C") from (select attname::text as key from pg_attribute where attrelid = 'faultline.jobs'::regclass and attnum > 0 union all select 'cancel_requested') k),
          name || ': the columns of the view, and cancel_requested')
from names;
select is(faultline.job_status(id(name)) - 'cancel_requested', to_jsonb(j), name || ': what the view says')
from names join faultline.jobs j on j.job_id = id(name);
select is((s ->> 'state', s ->> 'attempt', (s -> 'cancel_requested')::boolean), (state, attempt::text, cancel), name || ': its state')
from (values ('queued', 'queued'::text, 0, false), ('running', 'running', 1, false), ('failed', 'failed', 1, false), ('succeeded', 'succeeded', 1, false), ('cancelled', 'cancelled', 0, true),
             ('discarded', 'discarded', 1, false), ('retried', 'queued', 1, false), ('cancelling', 'running', 1, true), ('cancelled running', 'cancelled', 1, true)) v (name, state, attempt, cancel),
  lateral faultline.job_status(id(name)) s;
select is(faultline.job_status(id('succeeded')) -> 'result', '{"r": 1}'::jsonb, 'a result');
select is(faultline.job_status(id('retried')) -> 'error', '{"message": "e"}'::jsonb, 'an error');
select repeats($$select faultline.job_status(123456789) is null$$, 't', 'no job: NULL');
select repeats($$select faultline.job_status(null) is null$$, 't', 'NULL: NULL');
select id('queued') as id \gset
set local role faultline_producer;
select is(faultline.job_status(:id) ->> 'state', 'queued', 'faultline_producer may');
set local role faultline_observer;
select is(faultline.job_status(:id) ->> 'state', 'queued', 'faultline_observer may');
reset role;

select * from finish();
rollback;

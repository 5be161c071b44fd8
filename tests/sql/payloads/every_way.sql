\ir ../../support/workflows.sql
-- A payload that stands apart from its job's row is read and kept like any other, whatever way the job takes.
begin;
select * from no_plan();

-- Where it stands, and whether all who show it show the same.
create function tap.stands(job bigint) returns text language sql volatile security definer
as $$
select case when r.payload is null then 'apart' else 'in the row' end
  || case when (select j.payload from faultline.jobs j where j.job_id = job) is distinct from faultline.job_status(job) -> 'payload' then ', shown in two ways' else '' end
from (select l.payload from faultline.jobs_live l where l.job_id = job union all select d.payload from faultline.jobs_done d where d.job_id = job) r
$$;
create function tap.shown(job bigint) returns jsonb language sql volatile security definer as $$ select faultline.job_status(job) -> 'payload' $$;
create function tap.kept() returns bigint language sql volatile security definer as $$ select count(*) from faultline.payloads $$;
create function tap.body(name text, size int default 5000) returns jsonb language sql as $$ select large(body.name, body.size) -> 'payload' $$;
-- What a claim hands over.
create function tap.handed(queue text, batch int default 10) returns jsonb language sql volatile security definer
as $$ select jsonb_agg(c.payload order by c.job_id) from faultline.claim_jobs(array[handed.queue], runner(1), handed.batch) c $$;

-- Made in each way, small and large.
select faultline.enqueue('t', body('one'), 'one') as one, faultline.enqueue('t', '{"name": "small"}', 'one') as small,
  faultline.enqueue('t', body('key'), 'one', idempotency_key => 'k') as keyed, faultline.enqueue('t', body('late'), 'late', run_at => '2100-01-01Z') as late \gset
select is(array[stands(:one), stands(:small), stands(:keyed), stands(:late)], '{apart,in the row,apart,apart}', 'enqueue');
select is(array[shown(:one), shown(:small), shown(:keyed)], array[body('one'), '{"name": "small"}', body('key')], 'each has its own');
select is(kept(), 3::bigint, 'what is small is in no other table');
select is(faultline.enqueue('t', body('key'), 'one', idempotency_key => 'k'), :keyed::bigint, 'the same key again is the same job');
select throws_ok($$select faultline.enqueue('t', body('other'), 'one', idempotency_key => 'k')$$, 'FL002', null, 'with another payload it is refused');
select is(kept(), 3::bigint, 'neither writes a payload');
select is(handed('one'), jsonb_build_array(body('one'), '{"name": "small"}'::jsonb, body('key')), 'a claim hands them over');
select array_agg(job_id order by ordinal) as many from faultline.enqueue_many(jsonb_build_array(
  '{"type": "t", "queue": "many"}'::jsonb, jsonb_build_object('type', 't', 'queue', 'many', 'payload', body('a')), jsonb_build_object('type', 't', 'queue', 'many', 'payload', '{"name": "b"}'::jsonb),
  jsonb_build_object('type', 't', 'queue', 'many', 'payload', body('c'), 'idempotency_key', 'c'))) \gset
select is(array(select stands(j) from unnest(:'many'::bigint[]) j), '{in the row,apart,in the row,apart}', 'enqueue_many');
select is(array(select shown(j) from unnest(:'many'::bigint[]) j), array['{}', body('a'), '{"name": "b"}', body('c')], 'each has its own');
select is(array(select p.payload from faultline.payloads p where p.job_id = any (:'many') order by p.job_id), array(select p from unnest(array[body('a'), body('c')]) p order by p ->> 'name' desc), 'and no other');
select array_agg(id order by o) as bulk from faultline.enqueue_bulk('t', jsonb_build_array(body('x'), '{}'::jsonb, body('y', 100000), '{"name": "z"}'::jsonb), 'bulk') with ordinality b (id, o) \gset
select is(array(select stands(j) from unnest(:'bulk'::bigint[]) j), '{apart,in the row,apart,in the row}', 'enqueue_bulk');
select is(array(select shown(j) from unnest(:'bulk'::bigint[]) j), array[body('x'), '{}', body('y', 100000), '{"name": "z"}'], 'in the order of the array');
select is(handed('bulk', 3), jsonb_build_array(body('x'), '{}'::jsonb, body('y', 100000)), 'a claim hands over those that it takes');
select is(c.payload, '{"name": "z"}', 'claim_job too') from faultline.claim_job('bulk', runner(1), 10) c;
select throws_ok($$select faultline.enqueue_bulk('t', jsonb_build_array(body('x'), '[]'::jsonb), 'none')$$, 'FL004', null, 'all or nothing');

select kept() as kept \gset

-- Wherever the job goes, the payload stays where it is.
create function tap.same(job bigint, way text) returns text language sql
as $$ select tap.is((tap.stands(same.job), tap.shown(same.job)), ('apart'::text, tap.body('one')), same.way) $$;
select faultline.release_job(:one, 1) \g /dev/null
select same(:one, 'released');
update faultline.jobs_live set ready_at = now() where job_id = :one;
select is(handed('one'), jsonb_build_array(body('one')), 'handed over once more');
select faultline.fail_job(:one, 2, '{}', false) \g /dev/null
select same(:one, 'a dead letter');
select faultline.retry_job(:one) \g /dev/null
select same(:one, 'tried again');
select is(handed('one'), jsonb_build_array(body('one')), 'and handed over');
select is(faultline.complete_job(:one, 3, '{"r": 1}'), 'ok', 'completed');
select same(:one, 'finished');
select results_eq(format($$select job_id, verdict from faultline.complete_jobs('{%s,%s}', '{1,1}')$$, :keyed, (:'bulk'::bigint[])[3]),
  format($$values (%s::bigint, 'ok'), (%s, 'ok')$$, :keyed, (:'bulk'::bigint[])[3]), 'completed in a group');
select is((stands(:keyed), shown(:keyed), stands((:'bulk'::bigint[])[3]), shown((:'bulk'::bigint[])[3])), ('apart'::text, body('key'), 'apart'::text, body('y', 100000)), 'finished');
select faultline.cancel_job(:late) \g /dev/null
select is((stands(:late), shown(:late)), ('apart'::text, body('late')), 'cancelled');
select faultline.fail_jobs(array[(:'bulk'::bigint[])[1]], '{1}', null, '{f}') \g /dev/null
select faultline.discard_job((:'bulk'::bigint[])[1]) \g /dev/null
select is((stands((:'bulk'::bigint[])[1]), shown((:'bulk'::bigint[])[1])), ('apart'::text, body('x')), 'failed in a group, and discarded');
select is(faultline.enqueue('t', body('key'), 'one', idempotency_key => 'k'), :keyed::bigint, 'a key stands for its finished job');
select is(kept(), :kept::bigint, 'no payload was written or lost');

-- Tasks of a workflow.
select faultline.put_workflow(jsonb_build_object('name', 'w', 'tasks', jsonb_build_object(
  'a', jsonb_build_object('type', 't', 'queue', 'tasks', 'payload', body('a')), 'b', '{"type": "t", "queue": "tasks", "needs": "a"}'::jsonb,
  'c', jsonb_build_object('type', 't', 'queue', 'tasks', 'needs', 'a', 'payload', body('c'))))) \g /dev/null
select faultline.trigger_workflow('w') as run \gset
select is(handed('tasks'), jsonb_build_array(body('a')), 'a task that begins with the run');
select faultline.complete_job(job_id, 1) from faultline.jobs where run_id = :run and task = 'a' \g /dev/null
select is(handed('tasks'), jsonb_build_array('{}'::jsonb, body('c')), 'tasks that begin together');
select is((select array_agg(stands(j.job_id) order by j.task) from faultline.jobs j where j.run_id = :run), '{apart,in the row,apart}', 'where they stand');
select faultline.complete_job(job_id, 1) from faultline.jobs where run_id = :run and task = 'b' \g /dev/null
select r.verdict from faultline.jobs j, lateral faultline.complete_jobs(array[j.job_id], '{1}') r where j.run_id = :run and j.task = 'c' \g /dev/null
select is((select string_agg(concat_ws(' ', j.task, j.state, j.payload ->> 'name'), ', ' order by j.task) from faultline.jobs j where j.run_id = :run), 'a succeeded a, b succeeded, c succeeded c', 'to the end of the run');
select is(faultline.run_status(:run) ->> 'state', 'succeeded', 'which succeeds');

select is_empty('select * from faultline.verify()', 'nothing is wrong');

select * from finish();
rollback;

\ir ../../support/operating.sql
-- Values that come from a table: compressed in its row, compressed beside it, and beside it as they are. What they take there
-- says where they stand, and nothing else: not whether a plan is for this value (the first five of a session) or for all.
select * from no_plan();

-- As in a new session: a function that was altered is compiled anew.
create function tap.afresh() returns void language plpgsql as $$
declare
  f regprocedure;
begin
  for f in select oid from pg_proc where pronamespace = 'faultline'::regnamespace and proname in ('_add_job', 'enqueue_many', 'enqueue_bulk') loop
    execute format('alter function %s volatile', f);
  end loop;
end
$$;
create function tap.stands(job bigint) returns text language sql volatile security definer
as $$ select case when l.payload is null then 'apart' else 'in the row' end from faultline.jobs_live l where l.job_id = job $$;
create table tap.stored (name text, payload jsonb);
insert into tap.stored values ('compressed', jsonb_build_object('text', repeat('x', 20000))), ('far compressed', jsonb_build_object('text', repeat('x', 250000))),
  ('far', (select jsonb_build_object('text', string_agg(md5(n::text), '')) from generate_series(1, 1000) n));
alter table tap.stored alter payload set storage external;
insert into tap.stored values ('as it is', jsonb_build_object('text', repeat('x', 20000)));
select results_eq('select name, pg_column_size(payload) > 1500, length(payload::text) > 1500 from tap.stored', $$values ('compressed', false, true), ('far compressed', true, true), ('far', true, true), ('as it is', true, true)$$, 'what they take');
create function tap.queue_of(how text, name text) returns text language sql immutable as $$ select how || '.' || replace(name, ' ', '-') $$;
create function tap.right_ones(how text) returns text language sql volatile security definer
as $$ select string_agg(format('%s %s', (select count(*) from faultline.claim_jobs(array[queue_of(how, s.name)], runner(1), 100) c join faultline.jobs j using (job_id) where c.payload = s.payload and j.payload = s.payload), s.name), ', ' order by s.name)
  from tap.stored s $$;
select afresh() \g /dev/null
select faultline.enqueue('t', s.payload, queue_of('quick', s.name)) from tap.stored s, generate_series(1, 10) \g /dev/null
select is((select string_agg(distinct stands(j.job_id) || ': ' || j.queue, ', ') from faultline.jobs j where j.queue like 'quick.%'), 'apart: quick.as-it-is, apart: quick.far, apart: quick.far-compressed, in the row: quick.compressed', 'where they stand');
select is(right_ones('quick'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'enqueue');
select afresh() \g /dev/null
select faultline.enqueue('t', s.payload, queue_of('slow', s.name), tags => '{a}') from tap.stored s, generate_series(1, 10) \g /dev/null
select is(right_ones('slow'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'enqueue with more arguments');
select afresh() \g /dev/null
select faultline.enqueue('t', s.payload, queue_of('key', s.name), idempotency_key => s.name || n) from tap.stored s, generate_series(1, 10) n \g /dev/null
select is(right_ones('key'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'enqueue with a key');
select afresh() \g /dev/null
select faultline.submit_transaction(s.name || n, 't', s.payload, queue_of('tx', s.name)) from tap.stored s, generate_series(1, 10) n \g /dev/null
select is(right_ones('tx'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'submit_transaction');
select afresh() \g /dev/null
select count(*) from (select jsonb_agg(jsonb_build_object('type', 't', 'queue', queue_of('many', s.name), 'payload', s.payload)) as jobs from tap.stored s) m, generate_series(1, 10) n, faultline.enqueue_many(case when n > 0 then m.jobs end) \g /dev/null
select is(right_ones('many'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'enqueue_many');
select afresh() \g /dev/null
select count(*) from tap.stored s, generate_series(1, 10) n, faultline.enqueue_bulk('t', case when n > 0 then jsonb_build_array(s.payload) end, queue_of('bulk', s.name)) \g /dev/null
select is(right_ones('bulk'), '10 as it is, 10 compressed, 10 far, 10 far compressed', 'enqueue_bulk');

select healthy('nothing is wrong');

select * from finish();

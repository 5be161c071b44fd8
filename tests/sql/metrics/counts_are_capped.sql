\ir ../../support/operating.sql
begin;
select * from no_plan();

-- Depth at ten million jobs costs what it does at ten thousand: each count ends there.
set local session_replication_role = replica;
create function tap.plant(how_many int, state text) returns void language sql
as $$
insert into faultline.jobs_live (type, queue, payload, state, attempt, priority, max_attempts, ready_at, created_at, lease_owner, lease_expires_at, finished_at)
select 't', 'big', '{}', state, 1, 1 + n % 4, 5, now(), now(), case state when 'running' then gen_random_uuid() end,
       case state when 'running' then now() + interval '1 h' end, case state when 'failed' then now() end
from generate_series(1, how_many) n
$$;
create function tap.counted() returns text language sql
as $$
select string_agg(coalesce(labels ->> 'state', case name when 'faultline_queue_ready' then 'ready' else 'dead letters' end) || ' ' || value, ', ' order by name, labels ->> 'state')
from faultline.metrics() where name in ('faultline_queue_depth', 'faultline_dead_letters', 'faultline_queue_ready')
$$;
select plant(9999, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select is(counted(), 'dead letters 9999, failed 9999, queued 9999, running 9999, ready 9999', 'below the cap they are exact, all levels together');
select plant(1, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select is(counted(), 'dead letters 10000, failed 10000, queued 10000, running 10000, ready 10000', 'at the cap too');
select plant(3, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select is(counted(), 'dead letters 10000, failed 10000, queued 10000, running 10000, ready 10000', 'and beyond it they stand still');


-- What is ready is counted first: ten thousand that wait for their time hide none of it, on whatever level it is.
update faultline.jobs_live set ready_at = now() + interval '1 day' where state = 'queued' and priority < 4 \g /dev/null
select is(value, (select count(*) from faultline.jobs_live where state = 'queued' and priority = 4)::float, 'ready is exact')
from faultline.metrics() where name = 'faultline_queue_ready';
select plant(12000, 'queued') \g /dev/null
update faultline.jobs_live set ready_at = now() + interval '1 day' where state = 'queued' and priority < 4 \g /dev/null
select is(counted(), 'dead letters 10000, failed 10000, queued 10000, running 10000, ready ' || (select count(*) from faultline.jobs_live where state = 'queued' and priority = 4), 'and depth stays at its cap');


-- With more than twenty queues counts by queue end earlier; what is counted over all queues does not.
create function tap.most() returns float language sql as $$ select value from faultline.metrics() where name = 'faultline_queue_depth_most' $$;
select faultline.enqueue('t', queue => 'other' || n) from generate_series(1, 19) n \g /dev/null
select is(most(), 10000::float, 'twenty queues');
select faultline.enqueue('t', queue => 'other20') \g /dev/null
select is(most(), 1000::float, 'twenty-one');
select results_eq(
  $$select name, labels ->> 'state', value from faultline.metrics() where labels ->> 'queue' = 'big' and name in ('faultline_queue_depth', 'faultline_queue_ready') order by 1, 2$$,
  $$values ('faultline_queue_depth', 'failed', 1000::float), ('faultline_queue_depth', 'queued', 1000), ('faultline_queue_depth', 'running', 1000), ('faultline_queue_ready', null, 1000)$$,
  'each count by queue');
select is(value, 10000::float, 'not dead letters') from faultline.metrics() where name = 'faultline_dead_letters';

select * from finish();
rollback;

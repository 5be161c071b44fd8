\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The job exists if and only if the caller's transaction commits; and all a caller needs is EXECUTE.
create table public.orders (order_id int primary key);
create function public.order_placed() returns trigger language plpgsql
as $$
begin
  perform faultline.enqueue('welcome', jsonb_build_object('name', 'order ' || new.order_id));
  return null;
end
$$;
create trigger order_placed after insert on public.orders for each row execute function public.order_placed();
grant usage on schema public to faultline_producer;
grant insert, delete on public.orders to faultline_producer;

set local role faultline_producer;
insert into public.orders values (1), (2);
savepoint before_three;
insert into public.orders values (3);
rollback to before_three;
select faultline.enqueue('t', '{"name": "rolled back"}', idempotency_key => 'free') as rolled_back \gset
rollback to before_three;
select faultline.enqueue('t', '{"name": "kept"}', idempotency_key => 'free') as kept \gset
select throws_ok('select * from faultline.jobs_live', '42501', 'permission denied for table jobs_live', 'a producer can''t read the table');
select throws_ok('insert into faultline.jobs_live default values', '42501', 'permission denied for table jobs_live', 'nor write it');
select throws_ok('select faultline._enqueue(''t'', ''{}'', ''q'', null, 2, 1, null, null, null, null, ''{}'', null)', '42501',
                 'permission denied for function _enqueue', 'nor call what is private');
select throws_ok('select faultline.claim_job(''q'', null)', '42501', 'permission denied for function claim_job', 'nor claim');
reset role;

select is(state_of('order 1'), 'queued', 'a trigger enqueues as faultline_producer');
select is(state_of('order 2'), 'queued', 'for each row');
select is(state_of('order 3'), null, 'what was rolled back never happened');
select is(state_of('rolled back'), null, 'nor this');
select is(state_of('kept'), 'queued', 'a key given in what was rolled back is free');
select isnt(:kept, :rolled_back, 'and makes a job of its own');

-- Nobody else.
create role stranger;
grant usage on schema faultline to stranger;
set local role stranger;
select throws_ok('select faultline.enqueue(''t'')', '42501', 'permission denied for function enqueue', 'a stranger can''t enqueue');
reset role;
set local role faultline_observer;
select throws_ok('select faultline.enqueue(''t'')', '42501', 'permission denied for function enqueue', 'an observer can''t enqueue');
reset role;

-- The path of the caller leads nowhere.
create temporary table jobs_live (job_id bigint);
create function pg_temp.clock_timestamp() returns timestamptz language sql as 'select ''infinity''::timestamptz';
set local search_path = pg_temp, tap, public;
select isnt((job(faultline.enqueue('t'))).ready_at, 'infinity', 'objects of the caller''s are not taken for ours');
select is((select count(*) from pg_temp.jobs_live), 0::bigint, 'not the table either');

select * from finish();
rollback;

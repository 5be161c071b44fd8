\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- May a runner that ends with its work end?
create function pg_temp.left_(queues text[] default null, floor text default null) returns boolean language sql as $$ select faultline.unfinished(queues, floor) $$;
select is((pg_temp.left_(), pg_temp.left_('{q}'), pg_temp.left_('{}')), (false, false, false), 'nothing there');
select queued('q');
select is((pg_temp.left_(), pg_temp.left_('{q}'), pg_temp.left_('{x,q}'), pg_temp.left_('{x}'), pg_temp.left_('{}')), (true, true, true, false, false), 'a queued job');
select claimed('q');
select is((pg_temp.left_(), pg_temp.left_('{q}'), pg_temp.left_('{x,q}'), pg_temp.left_('{x}')), (true, true, true, false), 'a running one');
select expired('q');
select is((pg_temp.left_(), pg_temp.left_('{q}')), (true, true), 'one whose lease has passed');
select faultline.fail_job(id('q'), 1, '{}', retry_in => '1 day');
select is((pg_temp.left_(), pg_temp.left_('{q}')), (true, true), 'a retry that waits');
select claimed('q'); select faultline.fail_job(id('q'), 2, '{}', retryable => false);
select is((pg_temp.left_(), pg_temp.left_('{q}')), (false, false), 'a dead letter is finished, as far as a runner is concerned');
select queued(n, jsonb_build_object('queue', 'levels', 'priority', p)) from (values ('p4', 4)) v (n, p);
select is((pg_temp.left_(), pg_temp.left_('{levels}')), (true, true), 'of any level');
select faultline.pause_queue('levels');
select is((pg_temp.left_(), pg_temp.left_('{levels}')), (true, true), 'a paused queue is not finished');
select is(pg_temp.left_(array[null, 'levels']), true, 'a NULL is no queue');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', clock_timestamp() + interval '1 hour', 'queues', jsonb_build_object('levels', array_fill(clock_timestamp() + interval '1 hour', array[4])))::text as token \gset
select is((pg_temp.left_(null, :'token'), pg_temp.left_('{levels}', :'token')), (false, false), 'what lies below a floor is not walked');
select running('r');
select is((pg_temp.left_(null, :'token'), pg_temp.left_('{r}', :'token')), (false, false), 'running or queued');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', (live('r')).lease_expires_at)::text as token \gset
select is((pg_temp.left_(null, :'token'), pg_temp.left_('{r}', :'token'), pg_temp.left_('{levels}', :'token')), (true, true, true), 'a lease at the floor is seen, and queues that the token does not name');
savepoint s;
delete from faultline.jobs_live where payload ->> 'name' <> 'r';
select is(pg_temp.left_(null, :'token'), true, 'a lease at the floor, if nothing else is left');
rollback to s;
select running('r2');
select is((pg_temp.left_(), pg_temp.left_('{r,r2}')), (true, true), 'two running ones');
select is((select provolatile::text from pg_proc where oid = 'faultline.unfinished'::regproc), 's', 'stable: it may be asked within a query');
select refuses('select faultline.unfinished(floor => ''junk'')', 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');
select repeats('select faultline.unfinished()', 't', 'changes nothing');
set local role faultline_runner;
select is(faultline.unfinished('{levels}'), true, 'faultline_runner may');
set local role faultline_observer;
select is(faultline.unfinished(), true, 'faultline_observer may');
reset role;

select * from finish();
rollback;

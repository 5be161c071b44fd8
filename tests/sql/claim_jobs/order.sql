\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- What a claim takes, and in which order.
create function pg_temp.claims(queues text[], batch int default 1, floor text default null) returns text language sql
as $$ select string_agg(name_of(job_id), ' ') from faultline.claim_jobs(queues, runner(1), batch, floor => claims.floor) $$;
create function pg_temp.ready(name text, ago interval) returns void language sql
as $$ update faultline.jobs_live set ready_at = clock_timestamp() - ago where job_id = id(name) $$;

-- Priority over all queues, then the queues in the order given, then ready_at, then the id.
select queued(n, jsonb_build_object('queue', q, 'priority', p)), pg_temp.ready(n, ago)
from (values ('q2 p4', 'q2', 4, interval '9 hours'), ('q1 p4', 'q1', 4, '1 hour'), ('q1 p2 young', 'q1', 2, '1 hour'), ('q1 p2 old', 'q1', 2, '2 hours'),
             ('q2 p2', 'q2', 2, '9 hours'), ('q2 p1', 'q2', 1, '1 s'), ('q2 p3', 'q2', 3, '1 s'), ('other p1', 'other', 1, '9 hours')) v (n, q, p, ago);
savepoint s;
select is(pg_temp.claims('{q1,q2}', 100), 'q2 p1 q1 p2 old q1 p2 young q2 p2 q2 p3 q1 p4 q2 p4', 'priority 1 first, over all queues; then as the queues are named; then ready_at');
select is(pg_temp.claims('{q1,q2}', 100), null, 'nothing is claimed twice');
select is(state_of('other p1'), 'queued', 'other queues are untouched');
rollback to s;
select is(pg_temp.claims('{q2,q1}', 4), 'q2 p1 q2 p2 q1 p2 old q1 p2 young', 'the other way round; at most batch');
rollback to s;
select is(pg_temp.claims('{q2,q1,q2,q2}', 100), 'q2 p1 q2 p2 q1 p2 old q1 p2 young q2 p3 q2 p4 q1 p4', 'a queue named twice is one');
rollback to s;
select is(pg_temp.claims('{q1}'), 'q1 p2 old', 'one by one');
select is(pg_temp.claims('{q1}', null), 'q1 p2 young', 'batch NULL is one');
select is(pg_temp.claims('{nobody,q1}'), 'q1 p4', 'and so on');
rollback to s;
update faultline.jobs_live set ready_at = '2020-01-01', priority = 2;
select is(pg_temp.claims('{q2}', 100), (select string_agg(name_of(job_id), ' ' order by job_id) from faultline.jobs_live where queue = 'q2'), 'of the same time by id');
rollback to s;

-- RETURNING comes in physical order, the answer does not.
update faultline.jobs_live set ready_at = ready_at - interval '1 day' where payload ->> 'name' = 'q1 p2 young';
select is(pg_temp.claims('{q1}', 2), 'q1 p2 young q1 p2 old', 'by ready_at, wherever the rows lie');

-- What is not ready is not claimed.
select queued('future', '{"run_at": "2100-01-01"}'), running('running'), failed('dead'), queued('gone');
select faultline.cancel_job(id('gone'));
select is(pg_temp.claims('{future,running,dead,gone,nobody}', 100), null, 'neither what is to run later, nor what runs, nor dead letters, nor what is over');
select pg_temp.ready('future', '0');
select is(pg_temp.claims('{future}'), 'future', 'the time has come');

-- Paused: what runs goes on, nothing new starts.
select queued('paused'), faultline.pause_queue('paused', 'why'), queued('open');
select is(pg_temp.claims('{paused,open}', 10), 'open', 'a paused queue is passed over');
select faultline.resume_queue('paused');
select is(pg_temp.claims('{paused}'), 'paused', 'until it is resumed');

-- max_running, over all runners and claims.
select queued('l' || n, '{"queue": "limited"}') from generate_series(1, 5) n;
select queued('free');
select faultline.set_queue('limited', '{"max_running": 2}') is not null;
select is(pg_temp.claims('{limited,free}', 10), 'l1 l2 free', 'two at a time; others are not held up');
select is(pg_temp.claims('{limited}', 10), null, 'two run: no third');
select faultline.complete_job(id('l1'), 1);
select is((select string_agg(name_of(job_id), ' ') from faultline.claim_jobs('{limited}', runner(2), 10)), 'l3', 'one ended: one starts, at another runner too');
select is(pg_temp.claims('{limited,limited}', 10), null, 'named twice it has no second limit');
select expired('l2');
select is(pg_temp.claims('{limited}', 10), null, 'an expired lease counts until it is reaped: its handler may well be running');
select faultline.reap_expired();
select is(pg_temp.claims('{limited}', 10), 'l4', 'not after');
select faultline.set_queue('limited', '{"max_running": 1}') is not null;
select is(pg_temp.claims('{limited}', 10), null, 'a limit that is lowered below what runs');
select faultline.set_queue('limited', '{"max_running": null}') is not null;
select is(pg_temp.claims('{limited}', 10), 'l5', 'no limit any more');
select queued('s' || n, '{"queue": "single"}') from generate_series(1, 3) n;
select faultline.set_queue('single', '{"max_running": 1}') is not null;
select is(pg_temp.claims('{single,single}', 10), 's1', 'nor when nothing runs yet');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', (live('s1')).lease_expires_at)::text as lease_token \gset
select is(pg_temp.claims('{single}', 10, :'lease_token'), null, 'a lease at the floor itself is counted');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', (live('s1')).lease_expires_at + interval '1 s')::text as lease_token \gset
select is(pg_temp.claims('{single}', 10, :'lease_token'), 's2', 'what is below it is not walked');
select queued('lp' || p, jsonb_build_object('queue', 'limited-levels', 'priority', p)) from generate_series(4, 1, -1) p;
select faultline.set_queue('limited-levels', '{"max_running": 3}') is not null;
select is(pg_temp.claims('{limited-levels}', 10), 'lp1 lp2 lp3', 'one limit for all levels');
select queued('pl', '{"queue": "paused-limited"}'), faultline.set_queue('paused-limited', '{"max_running": 3}') is not null, faultline.pause_queue('paused-limited');
select is(pg_temp.claims('{paused-limited}', 10), null, 'paused and limited');

-- The floor bounds the walk from below, by queue and level.
select queued(n, jsonb_build_object('queue', q, 'priority', p)), pg_temp.ready(n, ago)
from (values ('below', 'floored', 2, interval '1 hour'), ('above', 'floored', 2, '1 minute'), ('other level', 'floored', 3, '1 hour'), ('other queue', 'bare', 2, '1 hour')) v (n, q, p, ago);
create function pg_temp.token(read_at timestamptz, floors jsonb) returns text language sql as $$ select jsonb_build_object('read_at', read_at, 'queues', jsonb_build_object('floored', floors))::text $$;
savepoint f;
select is(pg_temp.claims('{floored,bare}', 10, pg_temp.token(clock_timestamp(), jsonb_build_array(null, clock_timestamp() - interval '10 min', null, null))), 'above other queue other level',
          'what lies below is not walked; a level and a queue that the token does not name is');
rollback to f;
select is(pg_temp.claims('{floored,bare}', 10, pg_temp.token(clock_timestamp(), jsonb_build_array(null, (live('above')).ready_at, null, null))), 'above other queue other level', 'a job at the floor itself is seen');
rollback to f;
select is(pg_temp.claims('{floored,bare}', 10, pg_temp.token(clock_timestamp() + interval '1 min', jsonb_build_array(null, clock_timestamp(), null, null))), 'below above other queue other level',
          'a token ahead of the clock is no floor');
rollback to f;
select queued('twin ' || n, '{"queue": "twins"}') from generate_series(1, 4) n;
update faultline.jobs_live set ready_at = now() where queue = 'twins';
select jsonb_build_object('read_at', clock_timestamp(), 'queues', jsonb_build_object('twins', array_fill((live('twin 1')).ready_at, array[4])), 'jobs', jsonb_build_object('twins', array[0, id('twin 3'), 0, 0]))::text as twins \gset
select is(pg_temp.claims('{twins}', 10, :'twins'), 'twin 3 twin 4', 'of jobs that are ready at one time those before the floor''s job are not walked');
select is(pg_temp.claims('{twins}', 10), 'twin 1 twin 2', 'without a floor they are');
select queued('bare twin');
select is(pg_temp.claims('{bare-twin}', 10, :'twins'), 'bare twin', 'the floor of one queue says nothing of another');

select refuses($$select * from faultline.claim_jobs('{q}', runner(1), floor => 'junk')$$, 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');

select * from finish();
rollback;

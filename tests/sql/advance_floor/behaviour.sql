\ir ../../support/prelude.sql
-- The floor moves to a time only once every transaction that could still commit something below it is over. Each call
-- is a transaction of its own; transactions that are still open are prepared ones.
select * from no_plan();
create function tap.floor_of(token text, queue text, level int) returns timestamptz language sql as $$ select (token::jsonb -> 'queues' -> queue ->> (level - 1))::timestamptz $$;

-- The first call proves nothing yet, the second does: the first's time is the floor where nothing waits.
select clock_timestamp() as before \gset
select faultline.advance_floor('{q,r}') as t1 \gset
select is(:'t1'::jsonb ? 'queues', false, 'one call proves nothing');
select ok((:'t1'::jsonb ->> 'read_at')::timestamptz between :'before' and clock_timestamp(), 'it reads the clock');
select faultline.advance_floor('{q,r}', :'t1') as t2 \gset
select is(array(select floor_of(:'t2', q, l) from unnest(array['q', 'r']) q, generate_series(1, 4) l), array_fill((:'t1'::jsonb ->> 'next_at')::timestamptz, array[8]),
          'the second proves the time of the first: where nothing waits it is the floor of every level');
select is((:'t2'::jsonb ->> 'lease')::timestamptz, (:'t1'::jsonb ->> 'next_at')::timestamptz, 'and that of leases');
select ok((:'t2'::jsonb ->> 'next_xid')::xid8 > (:'t1'::jsonb ->> 'next_xid')::xid8, 'and the next is on its way');

-- A job that waits holds its own level back, and nothing else; so does a lease.
select queued('q2', '{"queue": "q", "priority": 2}') , running('held');
select faultline.advance_floor('{q,held}', :'t2') as t3 \gset
select faultline.advance_floor('{q,held}', :'t3') as t4 \gset
select is(floor_of(:'t4', 'q', 2), (live('q2')).ready_at, 'the first job that waits is the floor of its level');
select is(floor_of(:'t4', 'q', l), (:'t3'::jsonb ->> 'next_at')::timestamptz, format('level %s is held back by nothing', l)) from unnest(array[1, 3, 4]) l;
select ok((:'t4'::jsonb ->> 'lease')::timestamptz < (live('held')).lease_expires_at, 'a lease to come is above the floor');
select is(:'t4'::jsonb -> 'queues' ? 'r', false, 'a queue that is not asked for is dropped');
select expired('held', '1 hour'), running('a'), expired('a', '30 min'), running('z'), expired('z', '20 min');
select faultline.advance_floor('{q}') as u1 \gset
select faultline.advance_floor('{q}', :'u1') as u2 \gset
select is((:'u2'::jsonb ->> 'lease')::timestamptz, (live('held')).lease_expires_at, 'the first that has passed is the floor of leases');
select faultline.advance_floor('{q}', :'u2') as u3 \gset
select is(((:'u3'::jsonb ->> 'lease')::timestamptz, floor_of(:'u3', 'q', 2)), ((live('held')).lease_expires_at, (live('q2')).ready_at), 'and as long as they wait, they are the floor');
select is(faultline.reap_expired(floor => :'u2'), 3::bigint, 'where the reaper finds it');
select answers(format('select name_of(job_id) from faultline.claim_jobs(''{q}'', runner(1), floor => %L)', :'u2'), 'q2', 'and a claim the job');

-- An open writer holds the proof back, however often it is asked for; the wait is for the same xid.
begin; select faultline.enqueue('t', '{"name": "late"}', 'q'); prepare transaction 'writer';
select faultline.advance_floor('{q}', null) as w1 \gset
select faultline.advance_floor('{q}', :'w1') as w2 \gset
select is(:'w2'::text, :'w1', 'somebody writes: nothing is proven, the token is as it was');
select faultline.advance_floor('{q}', :'u2') as w3 \gset
select is(floor_of(:'w3', 'q', 2), (:'u2'::jsonb ->> 'next_at')::timestamptz, 'a time from before the writer began is proven all the same');
commit prepared 'writer';
select ok((live('late')).ready_at < (:'w1'::jsonb ->> 'read_at')::timestamptz, 'it committed a job that is older than the floor that was to be');
select ok((live('late')).ready_at > floor_of(:'w3', 'q', 2), 'but not than the one that was proven');
select faultline.advance_floor('{q}', :'w2') as w4 \gset
select is(floor_of(:'w4', 'q', 2), (live('late')).ready_at, 'and that is the floor now');
select answers(format('select name_of(job_id) from faultline.claim_jobs(''{q}'', runner(1), floor => %L)', :'w4'), 'late', 'so it is found');

-- The wait is for whoever has an older xid, not for the asker itself: what that one writes later is later.
begin; select faultline.advance_floor('{q}') as x1 \gset
prepare transaction 'asker';
select faultline.advance_floor('{q}', :'x1') as x2 \gset
rollback prepared 'asker';
select is(:'x2'::jsonb ? 'queues', true, 'the transaction that asked first may be open still');

-- A claim that is not committed does not let the floor pass its job.
select queued('claimed', '{"queue": "c"}');
begin; select count(*) from faultline.claim_job('c', runner(1)); prepare transaction 'claimer';
select faultline.advance_floor('{c}') as c1 \gset
rollback prepared 'claimer';
select faultline.advance_floor('{c}', :'c1') as c2 \gset
select is(floor_of(:'c2', 'c', 2), (live('claimed')).ready_at, 'a claim that rolls back is not jumped');

-- Only as the first in its transaction: with an xid already its own would be older than the clock it reads.
begin;
select pg_current_xact_id() is not null;
select is(faultline.advance_floor('{q}', :'w4'), :'w4'::text, 'later in a transaction it returns what it got');
select is(faultline.advance_floor('{q}', null), null, 'or nothing');
rollback;
begin;
select clock_timestamp() as before \gset
select faultline.advance_floor('{q}') as b1 \gset
select cmp_ok((:'b1'::jsonb ->> 'read_at')::timestamptz, '>=', :'before', 'the time is the clock''s, not that of the transaction''s start');
rollback;

-- A token ahead of the clock is of another server, or the clock stepped back: anew.
select jsonb_build_object('read_at', clock_timestamp() + interval '1 hour', 'next_at', clock_timestamp(), 'next_xid', '3', 'queues', '{}'::jsonb)::text as ahead \gset
select faultline.advance_floor('{q}', :'ahead') as a1 \gset
select is(:'a1'::jsonb ? 'queues', false, 'a token ahead of the clock proves nothing: it begins anew');
select ok((:'a1'::jsonb ->> 'read_at')::timestamptz <= clock_timestamp(), 'with the clock''s time');

-- Down to the job: a million jobs may have one run_at.
select queued('same' || n, '{"queue": "same"}') from generate_series(1, 3) n;
select clock_timestamp() as same \gset
update faultline.jobs_live set ready_at = :'same' where queue = 'same';
select faultline.advance_floor('{same}') as s1 \gset
select faultline.advance_floor('{same}', :'s1') as s2 \gset
select is((floor_of(:'s2', 'same', 2), :'s2'::jsonb -> 'jobs' -> 'same'), ((live('same1')).ready_at, jsonb_build_array(0, id('same1'), 0, 0)), 'the first of those that are ready at the same time');
select answers(format('select name_of(job_id) from faultline.claim_jobs(''{same}'', runner(1), floor => %L)', :'s2'), 'same1', 'is found');
select faultline.advance_floor('{same}', :'s2') as s3 \gset
select is((floor_of(:'s3', 'same', 2), :'s3'::jsonb -> 'jobs' -> 'same'), ((live('same2')).ready_at, jsonb_build_array(0, id('same2'), 0, 0)), 'then the second');
select faultline.release_job(id('same1'), 1);
update faultline.jobs_live set ready_at = :'same' where job_id = id('same1');
select faultline.advance_floor('{same}', :'s3') as s3 \gset
select is(:'s3'::jsonb -> 'jobs' -> 'same' -> 1, to_jsonb(id('same2')), 'it stays there, and what lies before it is not walked');
update faultline.jobs_live set ready_at = ready_at + interval '1 day' where queue = 'same' and state = 'queued';
select faultline.advance_floor('{same}', :'s3') as s4 \gset
select is((floor_of(:'s4', 'same', 2), :'s4'::jsonb -> 'jobs' -> 'same'), ((:'s3'::jsonb ->> 'next_at')::timestamptz, '[0, 0, 0, 0]'::jsonb), 'a job to come is above the proven time, which is the floor then');

-- The first by time, whatever the ids.
select queued('younger', '{"queue": "two"}'), queued('older', '{"queue": "two"}');
update faultline.jobs_live set ready_at = ready_at - interval '1 hour' where job_id = id('older');
select faultline.advance_floor('{two}') as o1 \gset
select faultline.advance_floor('{two}', :'o1') as o2 \gset
select is((floor_of(:'o2', 'two', 2), :'o2'::jsonb -> 'jobs' -> 'two' -> 1), ((live('older')).ready_at, to_jsonb(id('older'))), 'of two jobs it is the one that has been ready for longer');

-- What is ready at the proven time itself is not below it: another with a lower id may come yet.
select faultline.advance_floor('{at}') as m1 \gset
select queued('at');
update faultline.jobs_live set ready_at = (:'m1'::jsonb ->> 'next_at')::timestamptz where job_id = id('at');
select faultline.advance_floor('{at}', :'m1') as m2 \gset
select is((floor_of(:'m2', 'at', 2), :'m2'::jsonb -> 'jobs' -> 'at'), ((live('at')).ready_at, '[0, 0, 0, 0]'::jsonb), 'the floor is the proven time, to no job');
select faultline.advance_floor('{at}', (:'m2'::jsonb - 'jobs')::text) as m3 \gset
select is((floor_of(:'m3', 'at', 2), :'m3'::jsonb -> 'jobs' -> 'at'), ((live('at')).ready_at, jsonb_build_array(0, id('at'), 0, 0)), 'where it is found, and by a token that says no jobs');

-- Every 30 s from the very beginning: should a clock that was set back have left jobs below the floor, they are above
-- it again.
create function tap.swept(token text, ago interval) returns text language sql as $$ select jsonb_set(token::jsonb, '{swept_at}', to_jsonb(clock_timestamp() - ago))::text $$;
select queued('left below', '{"queue": "sweep"}'), running('lease below');
select faultline.advance_floor('{sweep}') as p1 \gset
select faultline.advance_floor('{sweep}', :'p1') as p2 \gset
select is(:'p2'::jsonb ->> 'swept_at', :'p2'::jsonb ->> 'read_at', 'the first proof is a sweep');
update faultline.jobs_live set ready_at = '2020-01-01Z' where job_id = id('left below');
update faultline.jobs_live set lease_expires_at = '2020-01-02Z' where job_id = id('lease below');
select faultline.advance_floor('{sweep}', swept(:'p2', '29.2 s')) as p3 \gset
select is((floor_of(:'p3', 'sweep', 2) >= floor_of(:'p2', 'sweep', 2), (:'p3'::jsonb ->> 'lease')::timestamptz >= (:'p2'::jsonb ->> 'lease')::timestamptz), (true, true), 'after less than 30 s it starts where it was');
select is((:'p3'::jsonb ->> 'swept_at')::timestamptz < (:'p3'::jsonb ->> 'read_at')::timestamptz - interval '29.2 s', true, 'and the last sweep is remembered');
select faultline.advance_floor('{sweep}', swept(:'p3', '30 s')) as p4 \gset
select is((floor_of(:'p4', 'sweep', 2), :'p4'::jsonb -> 'jobs' -> 'sweep' -> 1, (:'p4'::jsonb ->> 'lease')::timestamptz), ('2020-01-01Z'::timestamptz, to_jsonb(id('left below')), '2020-01-02Z'::timestamptz), 'then from the very beginning');
select is(:'p4'::jsonb ->> 'swept_at', :'p4'::jsonb ->> 'read_at', 'which is a sweep');
select faultline.reap_expired();

-- An empty list of queues has a floor of leases.
select faultline.advance_floor('{}') as e1 \gset
select faultline.advance_floor('{}', :'e1') as e2 \gset
select is((:'e2'::jsonb -> 'queues', :'e2'::jsonb ? 'lease'), ('{}'::jsonb, true), 'no queue: the floor of leases alone');

-- What can't be.
select refuses('select faultline.advance_floor(null)', 'FL004', 'queues is NULL or has a NULL in it', 'no queues');
select refuses('select faultline.advance_floor(array[''q'', null])', 'FL004', 'queues is NULL or has a NULL in it', 'a queue that is NULL');
select throws_ok('select faultline.advance_floor(''{q}'', ''junk'')', 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');
select tap.everything() as before \gset
select faultline.advance_floor('{q}') is not null;
select is(tap.everything(), :'before'::text, 'it changes nothing');

set role faultline_runner;
select isnt(faultline.advance_floor('{q}'), null, 'faultline_runner may');
set role faultline_observer;
select isnt(faultline.advance_floor('{q}'), null, 'faultline_observer may');
reset role;
select * from finish();

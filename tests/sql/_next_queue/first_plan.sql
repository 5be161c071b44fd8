\ir ../../support/prelude.sql
select * from no_plan();

-- In a session that has no plan yet, with an end, where the index of deadlines would be the cheaper one to walk.
set session_replication_role = replica;
insert into faultline.jobs_live (ready_at, created_at, attempt, max_attempts, priority, state, type, queue, payload, lease_owner, lease_expires_at)
select now(), now(), 1, 5, 2, 'running', 't', 'q' || to_char(n * 7919 % 5000, 'FM0000'), '{}', runner(1), now() + n * interval '1 s' from generate_series(1, 4999) n;
set session_replication_role = origin;
analyze faultline.jobs_live;
select is(faultline._next_queue('n', 'z', false), 'q0001', 'the first by name, not the first to expire');

select * from finish();

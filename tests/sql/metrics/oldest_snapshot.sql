\ir ../../support/operating.sql
select * from no_plan();

-- A second session holds a snapshot, as pg_dump would.
select second_session();
create function tap.age() returns float language sql as $$ select value from faultline.metrics() where name = 'faultline_oldest_snapshot_seconds' $$;
select is(age(), 'NaN'::float, 'without the right to see the sessions of others nobody can know');
grant pg_read_all_stats to faultline_owner;
select is(age(), 0::float, 'nobody holds a snapshot');
select dblink_exec('other', 'begin isolation level repeatable read') \g /dev/null
select n from dblink('other', 'select 1') as d (n int) \g /dev/null
select pg_sleep(0.05) \g /dev/null
select ok(age() >= 0.05, 'the age of the oldest one, in seconds');
select dblink_exec('other', 'commit') \g /dev/null
select is(age(), 0::float, 'and nobody again');
-- What was prepared and forgotten holds the same horizon.
select dblink_exec('other', 'begin'), dblink_exec('other', 'create table tap.prepared ()'), dblink_exec('other', $$prepare transaction 'metrics'$$) \g /dev/null
select pg_sleep(0.05) \g /dev/null
select ok(age() >= 0.05, 'a prepared transaction counts');
select dblink_exec('other', $$rollback prepared 'metrics'$$) \g /dev/null
revoke pg_read_all_stats from faultline_owner;

select * from finish();

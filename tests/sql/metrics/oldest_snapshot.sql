\ir ../../support/operating.sql
select * from no_plan();

-- A second session holds a snapshot, as pg_dump would.
select second_session();
grant pg_read_all_stats to faultline_owner;
create function tap.age() returns float language sql as $$ select value from faultline.metrics() where name = 'faultline_oldest_snapshot_seconds' $$;
select is(age(), 0::float, 'nobody holds a snapshot');
select dblink_exec('other', 'begin isolation level repeatable read') \g /dev/null
select n from dblink('other', 'select 1') as d (n int) \g /dev/null
select pg_sleep(0.05) \g /dev/null
select ok(age() >= 0.05, 'the age of the oldest one, in seconds');
select dblink_exec('other', 'commit') \g /dev/null
select is(age(), 0::float, 'and nobody again');
revoke pg_read_all_stats from faultline_owner;

select * from finish();

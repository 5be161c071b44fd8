\ir ../../support/operating.sql
select * from no_plan();

create function tap.days(parent text) returns date[] language sql
as $$
select array(
  select to_date(right(c.relname, 8), 'YYYYMMDD')
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = ('faultline.' || parent)::regclass and c.relname ~ ('^' || parent || '_[0-9]{8}$') order by 1)
$$;
create function tap.drop_days(parent text, first int, last int) returns void language plpgsql
as $$
begin
  for day in first..last loop
    execute format('drop table faultline.%I', parent || '_' || to_char((now() at time zone 'UTC')::date + day, 'YYYYMMDD'));
  end loop;
end
$$;
select (now() at time zone 'UTC')::date as today \gset
\set expected 'array(select (:''today''::date + n)::date from generate_series(0, 14) n)'

-- As installed.
select is(days(p), :expected, p || ' has today and 14 days ahead after deploy') from unnest(array['jobs_done', 'job_events']) p;

-- From nothing.
select drop_days(p, 0, 14) from unnest(array['jobs_done', 'job_events']) p \g /dev/null
select is(days('jobs_done') || days('job_events'), '{}', 'all of them are gone');
select is(run('select faultline.maintain()')::jsonb,
  '{"created": 30, "moved": 0, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'it says what it made');
select is(days(p), :expected, p || ': today and 14 days ahead') from unnest(array['jobs_done', 'job_events']) p;
select healthy('nothing is wrong with them');
select is(array_agg(pg_get_expr(c.relpartbound, c.oid) order by c.relname),
  array(select format('FOR VALUES FROM (''%s 00:00:00+00'') TO (''%s 00:00:00+00'')', d, d + 1) from unnest(:expected) d), parent || ': each has its day, of UTC')
from pg_inherits i join pg_class c on c.oid = i.inhrelid, unnest(array['jobs_done', 'job_events']) parent
where i.inhparent = ('faultline.' || parent)::regclass and c.relname !~ 'default$' group by parent;
select is(count(*), 0::bigint, 'each belongs to faultline_owner, and to nobody else')
from pg_class c where c.relnamespace = 'faultline'::regnamespace and c.relispartition and (c.relowner <> 'faultline_owner'::regrole or c.relacl is not null);
select is(count(*), 30::bigint, 'history can''t be changed in any of them')
from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relname ~ '_[0-9]{8}$' and t.tgname like '%append_only' and t.tgenabled = 'O';
select is(count(*), 15::bigint, 'the CHECK of the last move holds in each') from pg_constraint where conname = 'jobs_done_move' and conrelid::regclass::text ~ '_[0-9]{8}$' and convalidated;

-- Repeated.
select everything() as before \gset
select is(operate('select faultline.maintain()')::jsonb,
  '{"created": 0, "moved": 0, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'repeated, it finds nothing to do');
select is(everything(), :'before', 'and changes nothing');
-- A gap, and a new day.
select drop_days('jobs_done', 14, 14), drop_days('jobs_done', 3, 4), drop_days('job_events', 14, 14) \g /dev/null
select is(run('select faultline.maintain()')::jsonb ->> 'created', '4', 'it makes what is missing');
select is(days(p), :expected, p || ' is complete again') from unnest(array['jobs_done', 'job_events']) p;

select * from finish();

\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- A floor holds for its own queue and level, and for no other: what is below it is not looked at (nothing may be there),
-- what is below that of a neighbour is claimed.
create table tap.places as select q, l, row_number() over () as place from unnest(array['a', 'b', 'c']) q, generate_series(1, 4) l;
select queued(q || l, jsonb_build_object('queue', q, 'priority', l)) from tap.places \g /dev/null
update faultline.jobs_live set ready_at = now();
-- A token with a floor above the job of this place (by its time, or by its id at the same time), and exactly at all others.
create function tap.token(above int, by_id boolean) returns text language sql volatile security definer
as $$
select jsonb_build_object('read_at', pg_catalog.clock_timestamp(),
  'queues', jsonb_object_agg(q, times), 'jobs', jsonb_object_agg(q, ids))::text
from (
  select p.q,
    jsonb_agg(case when p.place <> above or by_id then j.run_at else '2100-01-01Z' end order by p.l) as times,
    jsonb_agg(case when p.place <> above then j.job_id when by_id then j.job_id + 1000000 else 0 end order by p.l) as ids
  from tap.places p join faultline.jobs j on j.queue = p.q and j.priority = p.l
  group by p.q
) v
$$;
create function tap.claimed_above(queues text[], above int, by_id boolean) returns text language plpgsql volatile security definer
as $$
declare
  found_ text;
begin
  begin
    select string_agg(name_of(c.job_id), ' ' order by o) into found_
    from faultline.claim_jobs(queues, runner(1), 12, null, token(above, by_id)) with ordinality c (job_id, attempt, type, payload, queue, max_attempts, timeout, lease_expires_at, run_id, task, headers, failures, priority, tags, run_at, started_at, created_at, transaction_id, o);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    return found_;
  end;
end
$$;
select is(claimed_above('{a,b,c}', place::int, by_id),
          (select string_agg(o.q || o.l, ' ' order by o.l, o.q) from tap.places o where o.place <> p.place),
          format('all but that of queue %s, level %s, below its floor by %s', q, l, case when by_id then 'its id' else 'its time' end))
from tap.places p, unnest(array[false, true]) by_id;
select is(claimed_above(array[q], place::int, false), (select string_agg(o.q || o.l, ' ' order by o.l) from tap.places o where o.q = p.q and o.place <> p.place), format('of queue %s alone, but level %s', q, l))
from tap.places p;
select is(claimed_above('{c,a}', 99, false), 'c1 a1 c2 a2 c3 a3 c4 a4', 'at their floors all of them');

select * from finish();
rollback;

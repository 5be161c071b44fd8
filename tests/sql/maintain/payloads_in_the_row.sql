\ir ../../support/prelude.sql
-- A finished job keeps its payload in the row up to 4 kB, where PostgreSQL's default would write it elsewhere from 2 kB on.
begin;
select * from no_plan();

select faultline.maintain() \g /dev/null
create function pg_temp.elsewhere(size int) returns boolean language plpgsql
as $$
declare
  id bigint;
  toast regclass;
  before bigint;
begin
  -- Digests, which can't be compressed.
  select faultline.enqueue('t', jsonb_build_object('text', left(string_agg(md5(n::text || random()), ''), size))) into id from generate_series(1, 300) n;
  perform faultline.claim_job('default', '11111111-1111-1111-1111-111111111111');
  select c.reltoastrelid into toast from pg_class c where c.oid = to_regclass('faultline.jobs_done_' || to_char(now() at time zone 'UTC', 'YYYYMMDD'));
  before := pg_relation_size(toast);
  perform faultline.complete_job(id, 1);
  return pg_relation_size(toast) > before;
end
$$;
select is(pg_temp.elsewhere(1000), false, 'a small payload is in the row');
select is(pg_temp.elsewhere(3600), false, 'one of 3.6 kB too');
select is(pg_temp.elsewhere(4200), true, 'one of 4.2 kB is not');
select is(array_agg(distinct c.reloptions::text), array['{toast_tuple_target=4080}'], 'so it is in every partition, and in the net below them')
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'faultline.jobs_done'::regclass;
select is(count(c.reloptions), 0::bigint, 'events are as they were')
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'faultline.job_events'::regclass;

select * from finish();
rollback;

\ir ../../support/prelude.sql
-- A finished job stays in one piece up to 4 kB, and so does a payload that stands apart, where PostgreSQL's default would
-- write parts of it elsewhere from 2 kB on.
begin;
select * from no_plan();

select faultline.maintain() \g /dev/null
-- Digests, which can't be compressed.
create function pg_temp.digests(size int) returns jsonb language sql as $$ select jsonb_build_object('text', left(string_agg(md5(n::text || random()), ''), size)) from generate_series(1, 300) n $$;
create function pg_temp.elsewhere(payload int, result int) returns boolean[] language plpgsql
as $$
declare
  id bigint;
  toasts constant regclass[] := array[
    (select c.reltoastrelid from pg_class c where c.oid = to_regclass('faultline.jobs_done_' || to_char(now() at time zone 'UTC', 'YYYYMMDD'))),
    (select c.reltoastrelid from pg_class c where c.oid = 'faultline.payloads'::regclass)];
  before constant bigint[] := array[pg_relation_size(toasts[1]), pg_relation_size(toasts[2])];
begin
  select faultline.enqueue('t', pg_temp.digests(payload)) into id;
  perform faultline.claim_job('default', '11111111-1111-1111-1111-111111111111');
  perform faultline.complete_job(id, 1, pg_temp.digests(result));
  return array[pg_relation_size(toasts[1]) > before[1], pg_relation_size(toasts[2]) > before[2]];
end
$$;
select is(pg_temp.elsewhere(1000, 1000), '{f,f}', 'a small payload is in the row, and so is a result');
select is(pg_temp.elsewhere(100, 3600), '{f,f}', 'a result of 3.6 kB too');
select is(pg_temp.elsewhere(100, 4200), '{t,f}', 'one of 4.2 kB is not');
select is(pg_temp.elsewhere(4000, 100), '{f,f}', 'a payload of 4 kB stands apart in one piece');
select is(pg_temp.elsewhere(4200, 100), '{f,t}', 'one of 4.2 kB does not');
select is(array_agg(distinct c.reloptions::text), array['{toast_tuple_target=4080}'], 'so it is in every partition, and in the net below them')
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'faultline.jobs_done'::regclass;
select is(count(c.reloptions), 0::bigint, 'events are as they were')
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'faultline.job_events'::regclass;

select * from finish();
rollback;

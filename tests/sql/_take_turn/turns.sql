\ir ../../support/prelude.sql
select * from no_plan();

-- Results go to variables first: pgTAP writes, and a transaction that has written takes no turn.
create view tap.turns as
select l.classid::bigint - 1181838446 as turn, l.objid::bigint as bucket
from pg_locks l
where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.granted and l.mode = 'ExclusiveLock'
  and l.database = (select d.oid from pg_database d where d.datname = current_database());
grant select on tap.turns to public;
create function tap.bucket(queue text) returns bigint language sql as $$ select hashtext(queue)::bigint & 4294967295 $$;

begin;
select faultline._take_turn('a') \g /dev/null
select array_agg(array[turn, bucket]) as turns from tap.turns \gset
select faultline._take_turn('b') \g /dev/null
select count(*) as both_ from tap.turns \gset
select pg_current_xact_id_if_assigned() is null as no_xid, current_setting('lock_timeout') as lock_timeout \gset
commit;
select is(:'turns', array[array[0, bucket('a')]]::text, 'the first turn of this queue');
select is(:both_, 2, 'another queue has turns of its own');
select ok(:'no_xid', 'it needs no transaction id');
select is(:'lock_timeout', current_setting('lock_timeout'), 'the session''s lock_timeout is as before');
select is((select count(*) from tap.turns), 0::bigint, 'the turn ends with the transaction');

create function tap.claim(batch int) returns bigint language sql as $$
  select count(*) from faultline.claim_jobs(queues => '{a,b}', runner => '11111111-1111-1111-1111-111111111111', batch => batch)
$$;
begin;
select claim(50) \gset
select count(*) as idle from tap.turns \gset
commit;
select is(:idle, 0, 'a claim where nothing is ready takes no turn');
select count(faultline.enqueue('t', queue => 'a')) from generate_series(1, 200) \g /dev/null
begin;
select claim(49) \gset
select count(*) as small from tap.turns \gset
commit;
begin;
select claim(50) \gset
select array_agg(bucket) as large from tap.turns \gset
commit;
begin;
select pg_current_xact_id() \gset
select claim(50) \gset
select count(*) as late from tap.turns \gset
commit;
select is(:small, 0, 'a claim of 49 takes no turn');
select is(:'large', array[bucket('a')]::text, 'a claim of 50 takes one, of its first queue');
select is(:late, 0, 'and none in a transaction that has written');

select * from finish();

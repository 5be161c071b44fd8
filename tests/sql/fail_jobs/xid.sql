\ir ../../support/prelude.sql
select * from no_plan();

-- The floor rests on this: a transaction has its xid before it reads the clock for ready_at.
begin;
select running('a'), running('b') \g /dev/null
commit;
begin;
select pg_current_xact_id_if_assigned() is not null as before \gset
select count(*) from faultline.fail_jobs('{}', '{}') \g /dev/null
select pg_current_xact_id_if_assigned() is not null as after \gset
commit;
select is(array[:'before', :'after'], array['f', 't']::text[], 'a group of none has its xid all the same');
select array_agg(verdict) as verdicts from faultline.fail_jobs(ids('a', 'b'), '{1,1}', null, null, '{1 h,1 h}') \gset
select is(:'verdicts'::text, '{ok,ok}', 'a group');
select is((live('a')).ready_at, (live('b')).ready_at, 'has one reading of the clock');

-- Whoever has a snapshot of the whole transaction can report jobs without a run: there is nothing to wait for.
select running('c') \g /dev/null
begin isolation level repeatable read;
select is((select verdict from faultline.fail_jobs(ids('c'), '{1}')), 'ok', 'under REPEATABLE READ');
commit;

select * from finish();

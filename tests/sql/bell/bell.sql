\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Sixteen bells, and each queue always has the same.
select is(array(select distinct faultline.bell('queue ' || n) from generate_series(1, 1000) n order by 1), array(select generate_series(0, 15)), 'all sixteen, and none else');
select is((select count(*) from generate_series(1, 1000) n where faultline.bell('queue ' || n) <> hashtext('queue ' || n) & 15), 0::bigint, 'by the hash of the name');
select is(faultline.bell('default'), faultline.bell('default'), 'always the same');
select is(faultline.bell(null), null, 'no queue, no bell');
select is(provolatile, 'i', 'it is immutable') from pg_proc where oid = 'faultline.bell(text)'::regprocedure;
set local role faultline_runner;
select cmp_ok(faultline.bell('q'), '>=', 0, 'faultline_runner may');
reset role;

select * from finish();
rollback;

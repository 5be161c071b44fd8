\ir ../../support/prelude.sql
begin;
select * from no_plan();

select queued('q'), running('a'), failed('dead'), running('done'), faultline.complete_job(id('done'), 1);
select is(faultline._is_running(id('a'), 1), true, 'the running attempt');
select is(faultline._is_running(id('a'), n), false, 'attempt ' || n || ' is not') from unnest(array[0, 2]) n;
select is(faultline._is_running(id(n), a), false, n || ' is not running') from (values ('q', 0), ('dead', 1), ('done', 1)) v (n, a);
select is(faultline._is_running(null, null), false, 'nor is nothing');

select * from finish();
rollback;

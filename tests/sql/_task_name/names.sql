\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._task_name('a', item), name, format('item %s', item)) from (values (-1, 'a'), (0, 'a[0]'), (1, 'a[1]'), (9999, 'a[9999]')) v (item, name);
select volatility_is('faultline', '_task_name', array['text', 'integer'], 'immutable', 'it depends on nothing else');

select * from finish();
rollback;

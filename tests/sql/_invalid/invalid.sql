\ir ../../support/prelude.sql
begin;
select * from no_plan();

select refuses($$select faultline._invalid('the value 5 is bad', 'Use 6')$$, 'FL004', 'the value 5 is bad', 'raises FL004 with the message');
select throws_ok($$select faultline._invalid('the value 5 is bad')$$, 'FL004', 'the value 5 is bad', 'a hint is not a must');
create function pg_temp.hint(statement text) returns text language plpgsql as $$
declare hint text;
begin
  execute statement;
  return 'none';
exception when sqlstate 'FL004' then
  get stacked diagnostics hint = pg_exception_hint;
  return hint;
end $$;
select is(pg_temp.hint($$select faultline._invalid('m', 'Use 6')$$), 'Use 6', 'the hint says what to do');
select is(pg_temp.hint($$select faultline._invalid('m')$$), '', 'or is empty');

select * from finish();
rollback;

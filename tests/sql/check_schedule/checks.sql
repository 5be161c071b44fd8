\ir ../../support/schedules.sql
begin;
select * from no_plan();

select changes_nothing('faultline_operator', $$select faultline.check_schedule('{"name": "n", "every": "1m", "type": "t"}') ->> 'every'$$, '60', 'it returns what would be stored, and stores nothing');
select refused('faultline_operator', $$select faultline.check_schedule('{"name": "n", "every": "0s", "type": "t"}')$$, 'FL004', 'every: "0s" is out of bounds', 'It lies between 00:00:01 and 366 days');
select refused('faultline_runner', $$select faultline.check_schedule('{}')$$, '42501', 'permission denied for function check_schedule');

select * from finish();
rollback;

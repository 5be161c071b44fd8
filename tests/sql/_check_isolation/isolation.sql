\ir ../../support/schedules.sql
select * from no_plan();

-- Who waited for a schedule has to see what it waited for.
select put('s') \g /dev/null
select lives_ok('select faultline._check_isolation(''it'')', 'READ COMMITTED');
begin isolation level repeatable read;
select throws_ok(format('select faultline.%s', call), 'FL004', format('%s does not work in a transaction that is REPEATABLE READ', split_part(call, '(', 1)), call)
from unnest(array['put_schedule(''{"name": "s", "every": "1m", "type": "t"}'')', 'fire_schedule(''s'', now(), 1)', 'fire_schedules(''[]'')', 'fire_now(''s'')']) call;
commit;
begin isolation level serializable;
select throws_ok('select faultline._check_isolation(''it'')', 'FL004', 'it does not work in a transaction that is SERIALIZABLE', 'SERIALIZABLE');
commit;

select * from finish();

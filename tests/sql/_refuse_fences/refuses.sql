\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Whoever calls it knows that something is wrong; it says what.
select test
from (values
  ($$'{1,2}', '{1}', '{}'$$, 'job_ids has 2 elements, attempts 1', 'One of each for each job'),
  ($$'{}', null, '{}'$$, 'job_ids or attempts has a NULL in it', 'A report carries both, as the claim returned them'),
  ($$'{1}', null, '{}'$$, 'job_ids has 1 elements, attempts 0', 'One of each for each job'),
  ($$null, '{1}', '{}'$$, 'job_ids has 0 elements, attempts 1', 'One of each for each job'),
  ($$'{1,2}', '{1,1}', '{"z": 3, "a": null}'$$, 'job_ids has 2 elements, attempts 2, z 3, a none', 'One of each for each job'),
  ($$'{1,2}', '{1,1}', '{"z": 2, "a": 1}'$$, 'job_ids has 2 elements, attempts 2, z 2, a 1', 'One of each for each job'),
  ($$'{1,2}', '{1}', '{"z": null}'$$, 'job_ids has 2 elements, attempts 1, z none', 'One of each for each job'),
  ($$array_fill(null::bigint, array[10001]), array_fill(1, array[10001]), '{"z": null}'$$, 'the group has 10001 jobs', 'At most 10000 a call'),
  ($$array_fill(null::bigint, array[10000]), array_fill(1, array[10000]), '{"z": 10000}'$$, 'job_ids or attempts has a NULL in it', 'A report carries both, as the claim returned them'),
  ($$'{1,2}', '{1,null}', '{}'$$, 'job_ids or attempts has a NULL in it', 'A report carries both, as the claim returned them')
) as v (arguments, message, hint), format('select faultline._refuse_fences(''group'', %s)', arguments) call,
  unnest(array[refuses(call, 'FL004', message, arguments), is(hint_of(call), hint, 'what to do')]) test;
select refuses($$select faultline._refuse_fences('beat', array_fill(1::bigint, array[10001]), array_fill(1, array[10001]), '{}')$$, 'FL004', 'the beat has 10001 jobs', 'what it is');

select * from finish();
rollback;

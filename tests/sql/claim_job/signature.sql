\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'claim_job',
  'queue text, runner uuid, batch integer DEFAULT 1, lease interval DEFAULT NULL::interval, '
  'floor text DEFAULT NULL::text',
  'SETOF faultline.claimed_job',
  '{faultline_runner}');

select * from finish();
rollback;

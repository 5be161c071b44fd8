\ir ../../support/prelude.sql
begin;
select * from no_plan();

select queued('a');
select faultline._record(id('a'), 3, 'fail', runner(1), '{"a": 1, "b": null, "c": {"d": null}}');
select is((e.job_id, e.attempt, e.verb, e.runner, e.detail), (id('a'), 3, 'fail'::text, runner(1), '{"a": 1, "c": {"d": null}}'::jsonb), 'one event; nulls are left out, but below they stay') from last_event('a') e;
select ok(e.at > now() and e.at <= clock_timestamp(), 'at the clock''s time') from last_event('a') e;
select faultline._record(id('a'), null, 'cancel', null, null);
select is((e.attempt, e.runner, e.detail), (null::int, null::uuid, '{}'::jsonb), 'without details they are empty') from last_event('a') e;
create role operator_jane login in role faultline_operator;
select id('a') as id \gset
set local session authorization operator_jane;
select faultline.cancel_job(:id);
reset session authorization;
select is((select actor from faultline.job_events where job_id = :id order by event_id desc limit 1), 'operator_jane', 'actor is who logged in, not the owner of the functions');
select throws_ok(format('select faultline._record(1, 1, %L, null, null)', verb), '23514', null, verb || ' is no verb') from unnest(array['complete', 'claim', '']) verb;

select * from finish();
rollback;

\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Whether it finishes it, and how, by the tasks of this run alone: others, of the same workflow, have failed or are still running.
select begun('{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}}', '{"l": [1]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1]}') as other \gset
select faultline.trigger_workflow('w', '{"l": [1]}') as third \gset
update faultline.tasks set state = 'failed', finished_at = now() where run_id = :other;
create function tap.finishes(run bigint, states text[]) returns text language plpgsql volatile security definer as $$
declare
  answer boolean;
begin
  update faultline.runs r set state = 'running', finished_at = null where r.run_id = run;
  update faultline.tasks t
  set state = s.state, job_id = 1, finished_at = case when s.state not in ('waiting', 'queued', 'running') then now() end
  from unnest(array['a', 'm', 'm'], array[-1, -1, 0], states) s (name, item, state)
  where t.run_id = run and t.name = s.name and t.item = s.item;
  answer := faultline._finish_run(r) from faultline.runs r where r.run_id = run;
  return answer || ': ' || tap.run_is(run);
end
$$;
select is(finishes(:run, states), answer, states::text)
from (values
  ('{waiting,succeeded,succeeded}'::text[], 'false: running'), ('{queued,succeeded,succeeded}', 'false: running'), ('{running,skipped,succeeded}', 'false: running'),
  ('{succeeded,failed,queued}', 'false: running'), ('{failed,running,succeeded}', 'false: running'),
  ('{succeeded,succeeded,succeeded}', 'true: succeeded'), ('{skipped,skipped,skipped}', 'true: succeeded'),
  ('{failed,succeeded,succeeded}', 'true: failed'), ('{cancelled,succeeded,succeeded}', 'true: failed'), ('{succeeded,failed,failed}', 'true: failed'),
  ('{succeeded,succeeded,failed}', 'true: succeeded')) v (states, answer);
select is(run_is(:other) || ', ' || run_is(:third), 'running, running', 'no other run is finished');
select ok(r.finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'when it was, not when the transaction began') from faultline.runs r where r.run_id = :run;
update faultline.runs set state = 'cancelled' where run_id = :run;
select is(faultline._finish_run(r), false, 'one that has ended otherwise is not finished again') from faultline.runs r where r.run_id = :run;
select is(run_is(:run), 'cancelled', 'it stays as it is');

select * from finish();
rollback;

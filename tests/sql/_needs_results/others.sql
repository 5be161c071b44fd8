\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Of what it needs, in its run, few or many; the list of a for_each and not its items.
select begun((select jsonb_object_agg('n' || n, '{"type": "t"}'::jsonb) from generate_series(2, 9) n) || '{"n1": {"type": "t", "for_each": "input.l"}}', '{"l": [1, 2]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1, 2]}') as other \gset
update faultline.tasks set state = 'succeeded', finished_at = now(), result = to_jsonb(name || ' ' || item || ' ' || case run_id when :run then 'here' else 'there' end) where name <> 'n2';
update faultline.tasks set result = '["P", "Q"]' where run_id = :run and name = 'n1' and item = -1;
select is((n.results, n.bytes::int, n.error), ('{"input": {"l": [1, 2]}, "n1": ["P", "Q"], "n2": null, "n3": "n3 -1 here"}'::jsonb, octet_length(n.results::text), null::jsonb), 'few')
from faultline.runs r, faultline._needs_results(r, 'z', '{"needs": ["n3", "n1", "n2"]}') n where r.run_id = :run;
select is((n.results, n.bytes::int, n.error), ((select '{"input": {"l": [1, 2]}, "n1": ["P", "Q"], "n2": null}' || jsonb_object_agg('n' || k, format('n%s -1 here', k)) from generate_series(3, 9) k), octet_length(n.results::text), null::jsonb), 'many')
from faultline.runs r, faultline._needs_results(r, 'z', jsonb_build_object('needs', (select jsonb_agg('n' || k) from generate_series(1, 9) k))) n where r.run_id = :run;

select * from finish();
rollback;

\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "z": {"type": "t", "needs": ["b", "a"]}}', '{"é": 1}') as run \gset
select task_ends(:run, 'a', 'succeeded', '{"ö": [1, null]}'), task_ends(:run, 'b') \g /dev/null
select is((n.results, n.bytes::int, n.error), ('{"input": {"é": 1}, "a": {"ö": [1, null]}, "b": null}'::jsonb, octet_length(n.results::text), null::jsonb), 'the results by name and the input, and how many bytes they have')
from faultline.runs r, faultline._needs_results(r, 'z', '{"needs": ["b", "a"]}') n where r.run_id = :run;
select is((n.results, n.bytes::int), ('{"input": {"é": 1}}'::jsonb, octet_length(n.results::text)), 'nothing is needed')
from faultline.runs r, faultline._needs_results(r, 'a', '{"needs": []}') n where r.run_id = :run;

select begun((select jsonb_object_agg('n' || n, '{"type": "t"}'::jsonb) from generate_series(1, 9) n)) as run \gset
update faultline.tasks set state = 'succeeded', finished_at = now(), result = to_jsonb(name) where run_id = :run and name <> 'n9';
select is((n.results - 'input', n.bytes::int, n.error), (jsonb_object_agg('n' || i, case when i < 9 then 'n' || i end), octet_length(n.results::text), null::jsonb), format('%s results', many))
from generate_series(8, 9) many, generate_series(1, many) i, faultline.runs r, faultline._needs_results(r, 'z', jsonb_build_object('needs', (select jsonb_agg('n' || k) from generate_series(1, many) k))) n
where r.run_id = :run
group by many, n.results, n.bytes, n.error;

select * from finish();
rollback;

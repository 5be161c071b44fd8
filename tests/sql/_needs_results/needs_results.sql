\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "z": {"type": "t", "needs": ["b", "a"]}}', '{"é": 1}') as run \gset
select task_ends(:run, 'a', 'succeeded', '{"ö": [1, null]}'), task_ends(:run, 'b') \g /dev/null
select is((n.results, n.bytes::int, n.error), ('{"input": {"é": 1}, "a": {"ö": [1, null]}, "b": null}'::jsonb, octet_length(n.results::text), null::jsonb), 'the results by name and the input, and how many bytes they have')
from faultline.runs r, faultline._needs_results(r, 'z', '{"needs": ["b", "a"]}') n where r.run_id = :run;
select is((n.results, n.bytes::int), ('{"input": {"é": 1}}'::jsonb, octet_length(n.results::text)), 'nothing is needed')
from faultline.runs r, faultline._needs_results(r, 'a', '{"needs": []}') n where r.run_id = :run;

select * from finish();
rollback;

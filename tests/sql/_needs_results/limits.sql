\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- 32 MiB as text, to the byte: the input, and what is needed.
select begun((select jsonb_object_agg('n' || n, '{"type": "t"}'::jsonb) from generate_series(1, 9) n)) as run \gset
update faultline.tasks set state = 'succeeded', finished_at = now(), result = '1' where run_id = :run and name <> 'n2';
create function tap.given(many int, bytes int) returns text language sql volatile security definer as $$
-- Each of them is ', "n1": 1' and one is null; the input is '{"input": ""}' with so much in it.
select concat_ws(', ', n.bytes, n.results is not null, n.error)
from faultline.runs r,
  faultline._needs_results(jsonb_populate_record(r, jsonb_build_object('input', repeat('x', bytes - 13 - many * 9 - 3))), 'z', jsonb_build_object('needs', (select jsonb_agg('n' || k) from generate_series(1, many) k))) n
where r.run_id = (select max(run_id) from faultline.runs)
$$;
select is(given(many, 33554432 + more), answer, format('%s results and %s bytes more', many, more))
from (values
  (8, 1, '33554433, f, {"type": "ContextError", "message": "task z would be given too much: the input of its run and 8 of the 8 results that it needs have 33554433 bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references"}'),
  (9, 0, '33554432, t'),
  (9, 9, '33554441, f, {"type": "ContextError", "message": "task z would be given too much: the input of its run and 9 of the 9 results that it needs have 33554441 bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references"}'),
  -- It looks at no more of many than it has to.
  (9, 10, '33554433, f, {"type": "ContextError", "message": "task z would be given too much: the input of its run and 8 of the 9 results that it needs have 33554433 bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references"}')) v (many, more, answer);

select * from finish();
rollback;

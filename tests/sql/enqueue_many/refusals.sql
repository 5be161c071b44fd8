\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- All or nothing: one bad element, and the error names its place.
create function pg_temp.refuses_second(element text, errcode text, message text) returns setof text language sql
as $$
select refuses(format('select * from faultline.enqueue_many(%L)', format('[{"type": "t"}, %s, {"type": "t", "idempotency_key": "kept?"}]', element)),
               errcode, 'job 2: ' || message, 'refused, and with it its whole array: ' || left(element, 90))
$$;
select pg_temp.refuses_second(element, 'FL004', message)
from (values
  ('5', 'it is not an object but of type number'),
  ('null', 'it is not an object but of type null'),
  ('"t"', 'it is not an object but of type string'),
  ('[{"type": "t"}]', 'it is not an object but of type array'),
  ('[{"type": "t", "idempotency_key": "k"}]', 'it is not an object but of type array'),
  ('{}', 'type NULL is not a name'),
  ('{"type": null}', 'type NULL is not a name'),
  ('{"type": ""}', 'type '''' is not a name'),
  ('{"type": "a b"}', 'type ''a b'' is not a name'),
  ('{"type": {"a": 1}}', 'type ''{"a": 1}'' is not a name'),
  ('{"type": "t", "queue": "a/b"}', 'queue ''a/b'' is not a name'),
  ('{"type": "t", "queue": ""}', 'queue '''' is not a name'),
  ('{"type": "t", "prio": 1}', 'it has the unknown key ''prio'''),
  ('{"type": "t", "idempotency_key": "k", "prio": 1}', 'it has the unknown key ''prio'''),
  ('{"Type": "t"}', 'it has the unknown key ''Type'''),
  ('{"type": "t", "payload": []}', 'the payload is not an object but of type array'),
  ('{"type": "t", "payload": "{}"}', 'the payload is not an object but of type string'),
  ('{"type": "t", "priority": 0}', 'priority 0 is out of bounds'),
  ('{"type": "t", "priority": 5}', 'priority 5 is out of bounds'),
  ('{"type": "t", "priority": 2.5}', 'invalid input syntax for type integer: "2.5"'),
  ('{"type": "t", "priority": "high"}', 'invalid input syntax for type integer: "high"'),
  ('{"type": "t", "priority": 3000000000}', 'value "3000000000" is out of range for type integer'),
  ('{"type": "t", "max_attempts": 0}', 'max_attempts 0 is out of bounds'),
  ('{"type": "t", "max_attempts": 101}', 'max_attempts 101 is out of bounds'),
  ('{"type": "t", "run_at": "infinity"}', 'run_at infinity is not a time'),
  ('{"type": "t", "run_at": "-infinity"}', 'run_at -infinity is not a time'),
  ('{"type": "t", "run_at": "soon"}', 'invalid input syntax for type timestamp with time zone: "soon"'),
  ('{"type": "t", "run_at": "2026-02-30"}', 'date/time field value out of range: "2026-02-30"'),
  ('{"type": "t", "timeout": "-1s"}', 'timeout -00:00:01 is out of bounds'),
  ('{"type": "t", "timeout": "99999999 years"}', 'timeout 99999999 years is out of bounds'),
  ('{"type": "t", "timeout": "five"}', 'invalid input syntax for type interval: "five"'),
  ('{"type": "t", "idempotency_ttl": "1 day"}', 'idempotency_ttl is given without idempotency_key'),
  ('{"type": "t", "idempotency_key": ""}', 'the idempotency key has 0 characters'),
  ('{"type": "t", "idempotency_key": "k", "idempotency_ttl": "0"}', 'idempotency_ttl 00:00:00 is out of bounds'),
  ('{"type": "t", "idempotency_key": "k", "run_at": "soon"}', 'invalid input syntax for type timestamp with time zone: "soon"'),
  ('{"type": "t", "backoff": []}', 'backoff [] is not an object'),
  ('{"type": "t", "backoff": {"delay": "-1s"}}', 'backoff delay -00:00:01 is out of bounds'),
  ('{"type": "t", "tags": ["a b"]}', 'tag ''a b'' is not a name'),
  ('{"type": "t", "tags": [null]}', 'tag NULL is not a name'),
  ('{"type": "t", "tags": {"a": 1}}', 'expected JSON array'),
  ('{"type": "t", "tags": [["a", "b"], ["c", "d"]]}', 'tags is an array of arrays'),
  ('{"type": "t", "idempotency_key": "k", "tags": [["a"]]}', 'tags is an array of arrays'),
  ('{"type": "t", "headers": []}', 'headers is not an object but of type array')
) v (element, message);
select pg_temp.refuses_second(format('{"type": "%s"}', repeat('a', 129)), 'FL004', format('type ''%s'' is not a name', repeat('a', 129)));
select pg_temp.refuses_second(format('{"type": "t", "queue": "%s"}', repeat('q', 129)), 'FL004', format('queue ''%s'' is not a name', repeat('q', 129)));
select pg_temp.refuses_second(format('{"type": "t", "idempotency_key": "%s"}', repeat('k', 256)), 'FL004', 'the idempotency key has 256 characters');
select pg_temp.refuses_second(format('{"type": "t", "payload": {"a": "%s"}}', repeat('x', 262145 - 9)), 'FL004', 'the payload has 262145 bytes as text');
select lives_ok(format('select faultline.enqueue_many(%L)', format('[{"type": "%s", "queue": "%s"}]', repeat('a', 128), repeat('q', 128))), 'names of 128 characters');
select lives_ok(format('select faultline.enqueue_many(%L)', format('[{"type": "t", "idempotency_key": "%s"}]', repeat('k', 255))), 'a key of 255 characters');
select lives_ok(format('select faultline.enqueue_many(%L)', format('[{"type": "t", "payload": {"a": "%s"}}]', repeat('x', 262144 - 9))), 'a payload of 262144 bytes');
select lives_ok($$select faultline.enqueue_many('[{"type": "t", "priority": 1, "max_attempts": 1}, {"type": "t", "priority": 4, "max_attempts": 100}]')$$, 'the bounds themselves');

-- The key of another job, other arguments.
select queued('taken', '{"idempotency_key": "k"}');
select refuses($$select * from faultline.enqueue_many('[{"type": "t"}, {"type": "t", "queue": "a", "idempotency_key": "a"}, {"type": "other", "queue": "taken", "idempotency_key": "k"}]')$$,
               'FL002', format('job 3: idempotency key ''k'' of queue taken stands for job %s, which has another type or payload', id('taken')),
               'a key reused with other arguments names its place');
select throws_like($$select * from faultline.enqueue_many('[{"type": "t", "idempotency_key": "n"}, {"type": "t", "payload": {"a": 1}, "idempotency_key": "n"}]')$$,
                   'job 2: idempotency key ''n'' of queue default stands for job %, which has another type or payload', 'within one array too');

-- One clear error, whichever way it was found: no statement of ours is printed below it.
create function pg_temp.context_of(jobs text) returns text language plpgsql
as $$
declare
  context text;
begin
  perform faultline.enqueue_many(jobs::jsonb);
  return 'no error';
exception when sqlstate 'FL004' then
  get stacked diagnostics context = pg_exception_context;
  return substring(context from '(?s)^(.*?)\n?SQL statement "SELECT faultline.enqueue_many');
end
$$;
select cmp_ok(array_length(string_to_array(pg_temp.context_of(jobs), e'\n'), 1), '<=', 3, 'the context of what is wrong with ' || jobs)
from unnest(array['[{"type": "a b"}]', '[{"type": "t"}, {"type": "t", "tags": ["a b"]}]', '[{"type": "t", "run_at": "soon"}]',
                  '[{"type": "t", "idempotency_key": ""}]', '[5]', '[{"type": "t", "prio": 1}]']) jobs;

-- What is no array.
select refuses('select * from faultline.enqueue_many(null)', 'FL004', 'jobs is not an array but NULL', 'NULL');
select refuses(format('select * from faultline.enqueue_many(%L)', v), 'FL004', 'jobs is not an array but of type ' || t, v)
from (values ('{"type": "t"}', 'object'), ('"t"', 'string'), ('null', 'null'), ('5', 'number')) v (v, t);

-- In a transaction that goes on.
savepoint s;
select job_id as gone from faultline.enqueue_many('[{"type": "t", "payload": {"name": "gone"}}]') \gset
rollback to s;
select is(state_of('gone'), null, 'rolled back, it never happened');
set local role faultline_producer;
select lives_ok($$select * from faultline.enqueue_many('[{"type": "t", "idempotency_key": "p"}, {"type": "t"}]')$$, 'faultline_producer may');
reset role;
set local role faultline_observer;
select throws_ok($$select * from faultline.enqueue_many('[]')$$, '42501', 'permission denied for function enqueue_many', 'faultline_observer may not');
reset role;

-- An error that is no element's fault is passed on as it is.
create function pg_temp.full_() returns trigger language plpgsql as $$ begin raise exception using errcode = '22000', message = 'the disk is full', hint = 'x'; end $$;
create trigger full_ before insert on faultline.jobs_live for each row execute function pg_temp.full_();
select refuses($$select * from faultline.enqueue_many('[{"type": "t"}]')$$, '22000', 'the disk is full', 'what is wrong with no element is not put to one');

select * from finish();
rollback;

\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- false when nothing is wrong with an element of enqueue_many's array; else FL004 with its place.
select is(faultline._refuse_item(3, item::jsonb), false, 'nothing is wrong with ' || item)
from unnest(array['{"type": "t"}', '{"type": "t", "payload": null, "backoff": null, "headers": null, "queue": null}',
                  '{"type": "t", "payload": {}, "queue": "q", "run_at": "2100-01-01", "priority": 1, "max_attempts": 1, "idempotency_key": "k", "idempotency_ttl": "1 day", "backoff": {}, "timeout": "1 s", "tags": ["a"], "headers": {}}']) item;
select refuses(format('select faultline._refuse_item(3, %L)', item), 'FL004', 'job 3: ' || message, item)
from (values ('5', 'it is not an object but of type number'), ('{"type": "t", "a": 1}', 'it has the unknown key ''a'''), ('{"type": "t", "run_at": "soon"}', 'invalid input syntax for type timestamp with time zone: "soon"'),
             ('{"type": "t", "payload": []}', 'the payload is not an object but of type array'), ('{"type": "t", "backoff": {"a": 1}}', 'backoff has no key ''a'''), ('{"type": "t", "headers": 5}', 'headers is not an object but of type number'), (format('{"type": "t", "%s": 1}', repeat('k', 200)), format('it has the unknown key ''%s''', repeat('k', 100)))) v (item, message);

select * from finish();
rollback;

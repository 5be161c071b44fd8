\ir ../../support/ledger.sql
-- Beside those of queues and leases the token has a floor for reconcile (due) and one for wake_tasks (wake): the first
-- transaction, the first task that is due.
select * from no_plan();
select applied(n), faultline.complete_job(id(n), 1) from unnest(array['first', 'second']) n \g /dev/null
select faultline.put_workflow('{"name": "w", "tasks": {"first": {"wait": "10m"}, "second": {"wait": "20m"}}}'), faultline.trigger_workflow('w') \g /dev/null
create function tap.due(name text, at timestamptz) returns void language sql as $$
update faultline.transactions set due_at = at where transaction_id = due.name;
update faultline.tasks set due_at = at where tasks.name = due.name;
$$;
create function tap.floors(token text) returns timestamptz[] language sql as $$ select array[(token::jsonb ->> 'due')::timestamptz, (token::jsonb ->> 'wake')::timestamptz] $$;
create function tap.twice(at text) returns timestamptz[] language sql as $$ select array[at::timestamptz, at::timestamptz] $$;

select due('first', clock_timestamp() - interval '2 hours'), due('second', clock_timestamp() - interval '1 hour');
select due_at as first from faultline.tasks where name = 'first' \gset
select due_at as second from faultline.tasks where name = 'second' \gset
select due('first', :'first'), due('second', :'second');
select faultline.advance_floor('{}') as t1 \gset
select faultline.advance_floor('{}', :'t1') as t2 \gset
select is(floors(:'t2'), twice(:'first'), 'what has been due for longest is the floor');
select faultline.advance_floor('{}', :'t2') as t3 \gset
select is(floors(:'t3'), twice(:'first'), 'and stays it as long as it is due');
select jsonb_set(jsonb_set(:'t3', '{due}', to_jsonb(:'second'::timestamptz)), '{wake}', to_jsonb(:'second'::timestamptz))::text as above \gset
select faultline.advance_floor('{}', :'above') as t4 \gset
select is(floors(:'t4'), twice(:'second'), 'what lies below the floor is not walked');
select jsonb_set(:'t4', '{swept_at}', to_jsonb(clock_timestamp() - interval '30 s'))::text as old \gset
select faultline.advance_floor('{}', :'old') as t5 \gset
select is(floors(:'t5'), twice(:'first'), 'unless 30 s are over: then from the very beginning');
select faultline.advance_floor('{}', (:'t5'::jsonb - '{due,wake}'::text[])::text) as t6 \gset
select is(floors(:'t6'), twice(:'first'), 'as without a floor');

select due(n, clock_timestamp() + interval '1 hour') from unnest(array['first', 'second']) n;
select faultline.advance_floor('{}', :'t6') as t7 \gset
select is(floors(:'t7'), twice(:'t6'::jsonb ->> 'next_at'), 'what is due later is above the proven time, which is the floor then');
select due(n, null) from unnest(array['first', 'second']) n;
select faultline.advance_floor('{}', :'t7') as t8 \gset
select is(floors(:'t8'), twice(:'t7'::jsonb ->> 'next_at'), 'as it is where nothing is due');
select * from finish();

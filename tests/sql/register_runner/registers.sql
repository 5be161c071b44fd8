\ir ../../support/operating.sql
select * from no_plan();

select run($$select faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'worker-1', 42, '0.1.0', '{mail,default}')$$);
select results_eq('select runner, host, pid, version, queues, started_at = last_seen_at from faultline.runners',
  $$values ('aaaaaaaa-0000-0000-0000-000000000001'::uuid, 'worker-1', 42, '0.1.0', '{mail,default}'::text[], true)$$, 'a runner is known');
select ok(last_seen_at between now() - interval '1 minute' and clock_timestamp(), 'and was seen just now') from faultline.runners;

update faultline.runners set started_at = now() - interval '1 hour', last_seen_at = now() - interval '1 hour';
select run($$select faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'worker-1', 42, '0.1.0', '{mail,default}')$$);
select results_eq($$select started_at < now() - interval '59 minutes', last_seen_at > now() - interval '1 minute' from faultline.runners$$,
  $$values (true, true)$$, 'repeated, it is the same runner, seen again');
select run($$select faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'worker-2', 43, '0.1.1')$$);
select results_eq('select host, pid, version, queues from faultline.runners', $$values ('worker-2', 43, '0.1.1', null::text[])$$,
  'what it says of itself is what holds; without queues it serves all');
select run(format($$select faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000002', %L, 1, %L)$$, repeat('h', 300), repeat('v', 100)));
select results_eq($$select length(host), length(version) from faultline.runners where pid = 1$$, $$values (255, 64)$$, 'long names are cut');
select is_empty('select * from faultline.job_events', 'presence is nothing out of the ordinary');

-- How many are there.
delete from faultline.runners;
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'h', 1, 'v'), 1, 'it counts itself');
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'h', 1, 'v'), 1, 'once');
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000002', 'h', 1, 'v'), 2, 'and the others');
update faultline.runners set last_seen_at = clock_timestamp() - interval '29 seconds' where runner = 'aaaaaaaa-0000-0000-0000-000000000001';
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000002', 'h', 1, 'v'), 2, 'that were seen within 30 s');
update faultline.runners set last_seen_at = clock_timestamp() - interval '30 seconds' where runner = 'aaaaaaaa-0000-0000-0000-000000000001';
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000002', 'h', 1, 'v'), 1, 'not those that were seen before that');
insert into faultline.runners (runner, host, pid, version, started_at, last_seen_at)
select gen_random_uuid(), 'h', 1, 'v', now(), clock_timestamp() from generate_series(1, 998);
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'h', 1, 'v'), 1000, 'a thousand');
select is(faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000003', 'h', 1, 'v'), 1000, 'and no more');

select refused('faultline_runner', format('select faultline.register_runner(%s)', arguments), 'FL004',
  'runner, host, pid or version is NULL', 'A runner says who it is')
from unnest(array['null, ''h'', 1, ''v''', 'gen_random_uuid(), null, 1, ''v''', 'gen_random_uuid(), ''h'', null, ''v''', 'gen_random_uuid(), ''h'', 1, null']) as arguments;

select * from finish();

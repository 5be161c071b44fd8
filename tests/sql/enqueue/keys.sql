\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- One idempotency key, one job: promise 6.
select faultline.enqueue('t', '{"a": 1, "b": [2, 3]}', 'q', idempotency_key => 'k') as first \gset

select repeats($$select faultline.enqueue('t', '{"a": 1, "b": [2, 3]}', 'q', idempotency_key => 'k')$$, :'first', 'the same call gives the same job');
select repeats($$select faultline.enqueue('t', '{"b":[2,3.00],"a":1.0}', 'q', idempotency_key => 'k')$$, :'first',
               'equal payloads are the same arguments, however they are written: 1.0 and 1, the order of keys');
select repeats($$select faultline.enqueue('t', '{"a": 1, "b": [2, 3]}', 'q', run_at => '2100-01-01', priority => 1, max_attempts => 9,
                 idempotency_key => 'k', idempotency_ttl => '1 hour', backoff => '{"delay": "9s"}', timeout => '1 s', tags => '{x}', headers => '{}')$$,
               :'first', 'type, queue and payload are compared, and nothing else; the first call''s options stay');

select refuses($$select faultline.enqueue('other', '{"a": 1, "b": [2, 3]}', 'q', idempotency_key => 'k')$$, 'FL002',
               format('idempotency key ''k'' of queue q stands for job %s, which has another type or payload', :first), 'another type is refused');
select refuses(format('select faultline.enqueue(''t'', %L, ''q'', idempotency_key => ''k'')', payload), 'FL002',
               format('idempotency key ''k'' of queue q stands for job %s, which has another type or payload', :first), 'the payload ' || payload || ' is refused')
from unnest(array['{}', '{"a": 1, "b": [3, 2]}', '{"a": "1", "b": [2, 3]}', '{"a": 1, "b": [2, 3], "c": null}']) payload;

select isnt(faultline.enqueue('t', '{"a": 1, "b": [2, 3]}', 'other', idempotency_key => 'k'), :first::bigint, 'the same key in another queue is another key');
select isnt(faultline.enqueue('t', '{"a": 1, "b": [2, 3]}', 'q', idempotency_key => 'K'), :first::bigint, 'keys are case sensitive');
select is((job(:first)).idempotency_key, 'k', 'the job bears its key');
select is(expires_at - created_at, interval '7 days', 'a key lives seven days by default')
from faultline.idempotency_keys where (queue, key) = ('q', 'k');

-- A key outlives what becomes of its job, until it expires.
select running('done', '{"idempotency_key": "done"}');
select faultline.complete_job(id('done'), 1);
select repeats($$select faultline.enqueue('t', '{"name": "done"}', 'done', idempotency_key => 'done') = id('done')$$, 't',
               'the key of a finished job still stands for it');

-- Never shorter than its job lives.
create function pg_temp.key_expired(name text) returns void language sql
as $$ update faultline.idempotency_keys set expires_at = clock_timestamp() - interval '1 microsecond' where key = name $$;

select queued('waiting', '{"idempotency_key": "waiting"}'), running('running', '{"idempotency_key": "running"}'), failed('dead', '{"idempotency_key": "dead"}');
select pg_temp.key_expired(name) from unnest(array['waiting', 'running', 'dead', 'done']) name;
select repeats(format('select faultline.enqueue(''t'', %L, %L, idempotency_key => %L) = id(%L)', jsonb_build_object('name', name), name, name, name), 't',
               format('an expired key whose job is %s still stands for it', name))
from unnest(array['waiting', 'running', 'dead']) name;
select refuses($$select faultline.enqueue('other', queue => 'waiting', idempotency_key => 'waiting')$$, 'FL002',
               format('idempotency key ''waiting'' of queue waiting stands for job %s, which has another type or payload', id('waiting')),
               'and is still refused to other arguments');

-- Expired, its job over: free, for any arguments.
select id('done') as old \gset
select faultline.enqueue('other', '{"fresh": true}', 'done', idempotency_key => 'done') as fresh \gset
select isnt(:fresh, :old, 'an expired key whose job is over is free for a new job');
select is((job_id, expires_at > clock_timestamp()), (:fresh::bigint, true), 'and stands for that one from now on')
from faultline.idempotency_keys where (queue, key) = ('done', 'done');
select repeats($$select faultline.enqueue('other', '{"fresh": true}', 'done', idempotency_key => 'done')$$, :'fresh', 'as its repetition finds');
select is((select count(*) from faultline.idempotency_keys where key = 'done'), 1::bigint, 'one row a key');

select * from finish();
rollback;

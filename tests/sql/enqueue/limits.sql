\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Every limit from both sides: the last value that is accepted, the first that is not.

-- Payload: an object, 256 KiB as text, counted in bytes.
select lives_ok($$select faultline.enqueue('t', jsonb_build_object('a', repeat('x', 262144 - 9)))$$, 'a payload of 262144 bytes');
select refuses($$select faultline.enqueue('t', jsonb_build_object('a', repeat('x', 262145 - 9)))$$,
               'FL004', 'the payload has 262145 bytes as text', 'a payload of 262145 bytes is refused');
select lives_ok($$select faultline.enqueue('t', jsonb_build_object('a', repeat('ä', (262144 - 10) / 2) || 'x'))$$, 'bytes, not characters: 262144');
select refuses($$select faultline.enqueue('t', jsonb_build_object('a', repeat('ä', (262146 - 10) / 2) || 'x'))$$,
               'FL004', 'the payload has 262146 bytes as text', 'bytes, not characters: 262146 is refused');
select refuses($$select faultline.enqueue('t', '{"a": 1e131070, "b": 1e131070}')$$,
               'FL004', 'the payload has 262156 bytes as text', 'a number counts as it prints, not as it was written');
select refuses($$select faultline.enqueue('t', '[1]')$$, 'FL004', 'the payload is not an object but of type array', 'an array is no payload');
select refuses($$select faultline.enqueue('t', '"a"')$$, 'FL004', 'the payload is not an object but of type string', 'a string is no payload');
select refuses($$select faultline.enqueue('t', '7')$$, 'FL004', 'the payload is not an object but of type number', 'a number is no payload');
select refuses($$select faultline.enqueue('t', 'true')$$, 'FL004', 'the payload is not an object but of type boolean', 'a boolean is no payload');
select refuses($$select faultline.enqueue('t', 'null')$$, 'FL004', 'the payload is not an object but of type null', 'a JSON null is no payload');
select refuses($$select faultline.enqueue('t', '{"a": "\u0000"}')$$, '22P05', 'unsupported Unicode escape sequence', '\u0000 is refused by jsonb itself');
select refuses($$select faultline.enqueue('t', '{')$$, '22P02', 'invalid input syntax for type json', 'what is no JSON is refused by jsonb itself');

-- Names: 1 to 128 of A-Z a-z 0-9 _ . : -
select lives_ok(format('select faultline.enqueue(%L, queue => %L)', repeat('a', 128), repeat('q', 128)), 'names of 128 characters');
select refuses(format('select faultline.enqueue(%L)', repeat('a', 129)), 'FL004', format('type ''%s'' is not a name', repeat('a', 129)), 'a type of 129 characters');
select refuses(format('select faultline.enqueue(''t'', queue => %L)', repeat('q', 129)), 'FL004', format('queue ''%s'' is not a name', repeat('q', 129)), 'a queue of 129 characters');
select refuses($$select faultline.enqueue('')$$, 'FL004', 'type '''' is not a name', 'an empty type');
select refuses($$select faultline.enqueue(null)$$, 'FL004', 'type NULL is not a name', 'a type has no default');
select refuses($$select faultline.enqueue('t', queue => '')$$, 'FL004', 'queue '''' is not a name', 'an empty queue');
select refuses(format('select faultline.enqueue(%L)', 'a' || c), 'FL004', format('type %L is not a name', 'a' || c), format('a type with %L in it', c))
from unnest(array[' ', E'\n', E'\t', '/', '\', '''', '"', '$', '%', '*', '+', ',', ';', '<', '=', '>', '?', '@', '[', ']', '^', '`', '{', '|', '}', '~',
                  '!', '#', '&', '(', ')', 'é', 'ß', '　', '😀']) c;
select refuses(format('select faultline.enqueue(''t'', queue => %L)', 'a' || c), 'FL004', format('queue %L is not a name', 'a' || c), format('a queue with %L in it', c))
from unnest(array[' ', E'\n', '/', '''', ';', 'é']) c;

-- Priority 1 to 4.
select lives_ok(format('select faultline.enqueue(''t'', priority => %s)', p), 'priority ' || p) from unnest(array[1, 4]) p;
select refuses(format('select faultline.enqueue(''t'', priority => %s)', p), 'FL004', format('priority %s is out of bounds', p), 'priority ' || p || ' is refused')
from unnest(array[0, 5, -1, 2147483647]) p;

-- max_attempts 1 to 100.
select lives_ok(format('select faultline.enqueue(''t'', max_attempts => %s)', n), 'max_attempts ' || n) from unnest(array[1, 100]) n;
select refuses(format('select faultline.enqueue(''t'', max_attempts => %s)', n), 'FL004', format('max_attempts %s is out of bounds', n), 'max_attempts ' || n || ' is refused')
from unnest(array[0, 101, -1, 2147483647]) n;

-- Keys of 1 to 255 characters.
select lives_ok(format('select faultline.enqueue(''t'', idempotency_key => %L)', repeat('é', 255)), 'a key of 255 characters, whatever their bytes');
select lives_ok($$select faultline.enqueue('t', idempotency_key => 'k')$$, 'a key of one character');
select refuses(format('select faultline.enqueue(''t'', idempotency_key => %L)', repeat('k', 256)), 'FL004', 'the idempotency key has 256 characters', 'a key of 256 characters');
select refuses($$select faultline.enqueue('t', idempotency_key => '')$$, 'FL004', 'the idempotency key has 0 characters', 'an empty key');

-- run_at is a time.
select refuses(format('select faultline.enqueue(''t'', run_at => %L)', t), 'FL004', format('run_at %s is not a time', t), 'run_at ' || t)
from unnest(array['infinity', '-infinity']) t;
select refuses($$select faultline.enqueue('t', run_at => 'tomorow')$$, '22007', 'invalid input syntax for type timestamp with time zone: "tomorow"', 'run_at that cannot be read');

-- Intervals: neither negative nor zero nor huge.
select lives_ok($$select faultline.enqueue('t', timeout => '1 millisecond')$$, 'a timeout of 1 ms');
select lives_ok($$select faultline.enqueue('t', timeout => '366 days')$$, 'a timeout of 366 days');
select refuses(format('select faultline.enqueue(''t'', timeout => %L)', i), 'FL004', format('timeout %s is out of bounds', i::interval), 'a timeout of ' || i)
from unnest(array['0', '999 microseconds', '-1 second', '-1 month', '366 days 1 microsecond', '178000000 years', '-178000000 years']) i;
select refuses(format('select faultline.enqueue(''t'', timeout => %L)', i), 'FL004', format('timeout %s has a negative part', i::interval), 'a timeout of ' || i)
from unnest(array['1 day -1 hour', '-1 year 361 days', '-1 month 31 days']) i;
select lives_ok($$select faultline.enqueue('t', idempotency_key => '1 s', idempotency_ttl => '1 second')$$, 'a ttl of 1 s');
select lives_ok($$select faultline.enqueue('t', idempotency_key => '3660 d', idempotency_ttl => '3660 days')$$, 'a ttl of 3660 days');
select refuses(format('select faultline.enqueue(''t'', idempotency_key => ''i'', idempotency_ttl => %L)', i), 'FL004',
               format('idempotency_ttl %s is out of bounds', i::interval), 'a ttl of ' || i)
from unnest(array['0', '999 milliseconds', '-1 day', '3660 days 1 second', '178000000 years']) i;
select refuses($$select faultline.enqueue('t', idempotency_ttl => '1 day')$$, 'FL004', 'idempotency_ttl is given without idempotency_key', 'a ttl without a key');

select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select refuses(format('select faultline.enqueue(''t'', timeout => %L)', i), 'FL004', format('timeout %s is out of bounds', i), 'a timeout of ' || i)
from unnest(array['infinity', '-infinity']) i;
select refuses(format('select faultline.enqueue(''t'', idempotency_key => ''i'', idempotency_ttl => %L)', i), 'FL004',
               format('idempotency_ttl %s is out of bounds', i), 'a ttl of ' || i)
from unnest(array['infinity', '-infinity']) i;
\endif

-- Tags: at most 32 names.
select lives_ok(format('select faultline.enqueue(''t'', tags => %L)', array_fill('a'::text, array[32])), '32 tags');
select refuses(format('select faultline.enqueue(''t'', tags => %L)', array_fill('a'::text, array[33])), 'FL004', 'the job has 33 tags', '33 tags');
select refuses($$select faultline.enqueue('t', tags => array['a', 'b c'])$$, 'FL004', 'tag ''b c'' is not a name', 'a tag that is no name');
select refuses($$select faultline.enqueue('t', tags => array['a', null])$$, 'FL004', 'tag NULL is not a name', 'a tag that is NULL');
select refuses($$select faultline.enqueue('t', tags => array[['a', 'b'], ['c', 'd']])$$, 'FL004', 'tags is an array of arrays', 'tags in two dimensions');
select refuses($$select faultline.enqueue('t', tags => array[['a']])$$, 'FL004', 'tags is an array of arrays', 'one tag in two dimensions');

-- Headers: an object, 16 KiB as text.
select lives_ok($$select faultline.enqueue('t', headers => jsonb_build_object('a', repeat('x', 16384 - 9)))$$, 'headers of 16384 bytes');
select refuses($$select faultline.enqueue('t', headers => jsonb_build_object('a', repeat('x', 16385 - 9)))$$, 'FL004', 'headers has 16385 bytes as text', 'headers of 16385 bytes');
select refuses($$select faultline.enqueue('t', headers => '[]')$$, 'FL004', 'headers is not an object but of type array', 'headers that are no object');

-- Backoff.
select refuses($$select faultline.enqueue('t', backoff => '{"kind": "linear"}')$$, 'FL004', 'backoff kind ''linear'' is unknown', 'a backoff of an unknown kind');

select refuses($$select faultline.enqueue(typ => 't')$$, '42883', 'function faultline.enqueue(typ => unknown) does not exist', 'an unknown argument');

select * from finish();
rollback;

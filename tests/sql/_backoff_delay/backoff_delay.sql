\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The wait after the n-th failure: fixed, or doubling, between nothing and max_delay, never negative.
select is(faultline._backoff_delay('{"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0}', n), wait, format('doubles: after failure %s %s', n, wait))
from (values (1, '1 s'::interval), (2, '2 s'), (3, '4 s'), (4, '8 s'), (12, '2048 s'), (13, '1 hour'), (42, '1 hour'), (100, '1 hour'), (2147483647, '1 hour')) v (n, wait);
select is(faultline._backoff_delay('{"kind": "fixed", "delay": "7s", "jitter": 0}', n), '7 s'::interval, format('fixed: after failure %s 7 s', n))
from unnest(array[1, 2, 50, 100]) n;
select is(faultline._backoff_delay('{"kind": "fixed", "delay": "2h", "jitter": 0}', 1), '1 hour'::interval, 'max_delay, an hour by default, holds for a fixed one too');
select is(faultline._backoff_delay('{"delay": "1 day", "max_delay": "10 days", "jitter": 0}', n), wait, format('days are doubled too: failure %s', n))
from (values (1, '24 hours'::interval), (4, '192 hours'), (5, '240 hours'), (100, '240 hours')) v (n, wait);
select is(faultline._backoff_delay('{"delay": "400 days", "max_delay": "400 days", "jitter": 0}', 1), '8784 hours'::interval, 'never longer than 366 days');
select is(faultline._backoff_delay('{"jitter": 0}', 1), '1 s'::interval, 'what it leaves out is exponential, from a second');
select is(faultline._backoff_delay('{"jitter": 0}', 20), '1 hour'::interval, 'to an hour');
select is(faultline._backoff_delay('{"kind": null, "delay": null, "max_delay": null, "jitter": 0}', 3), '4 s'::interval, 'so does null');

-- Jitter only takes away.
create temporary table waits as
select backoff, n, faultline._backoff_delay(backoff, n) as wait
from unnest(array['{}', '{"jitter": 1}', '{"jitter": 0.5, "delay": "366 days", "max_delay": "366 days"}']::jsonb[]) backoff,
  generate_series(1, 100) n, generate_series(1, 20);
select is(count(*), 0::bigint, 'no wait is negative or above max_delay') from waits
where wait < '0' or wait > coalesce((backoff ->> 'max_delay')::interval, '1 hour');
select cmp_ok(min(wait), '>=', '0.8 s'::interval, 'a fifth at the most by default') from waits where backoff = '{}';
select cmp_ok(max(wait), '<=', '1 s'::interval, 'and only less') from waits where backoff = '{}' and n = 1;
select cmp_ok(count(distinct wait), '>', 10::bigint, 'at random') from waits where backoff = '{}' and n = 1;
select cmp_ok(min(wait), '<', '0.5 s'::interval, 'all of it with jitter 1') from waits where backoff = '{"jitter": 1}' and n = 1;
create function pg_temp.shortest(jitter text) returns interval language sql volatile as $$
select min(faultline._backoff_delay(jsonb_build_object('delay', '366 days', 'max_delay', '366 days', 'jitter', jitter::numeric), 1)) from generate_series(1, 20) $$;
select cmp_ok(pg_temp.shortest('0.000001'), '<', '8784 hours'::interval, 'of a jitter six digits count');
select is(pg_temp.shortest('0.0000004'), '8784 hours'::interval, 'and not seven');

-- What no limit lets in, and what every failure and every reap would stumble over if it were there.
select cmp_ok(faultline._backoff_delay(backoff, n), '>=', '0'::interval, format('%s after failure %s is not negative', backoff, n))
from unnest(array['{"delay": "-1 year 361 days"}', '{"delay": "-5 s"}', '{"delay": "1s", "max_delay": "-1 day"}',
                  '{"delay": "178000000 years", "max_delay": "178000000 years"}']::jsonb[]) backoff, unnest(array[1, 100]) n;
select is(faultline._backoff_delay(('{"kind": "fixed", "jitter": ' || jitter || '}')::jsonb, 1), '1 s'::interval, 'a jitter of ' || jitter || ' is none')
from unnest(array['1e-400', '0.' || repeat('0', 16000) || '1']) jitter;

select * from finish();
rollback;

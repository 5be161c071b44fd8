\ir ../../support/operating.sql
begin;
select * from no_plan();

-- Labels come from a bounded set, whatever names people give to their queues.
select faultline.enqueue('t', queue => 'q' || to_char(n, 'FM000')) from generate_series(1, 199) n \g /dev/null
create function tap.queues() returns float language sql as $$ select value from faultline.metrics() where name = 'faultline_queues' $$;
select is(count(distinct labels ->> 'queue'), 199::bigint, '199 queues') from faultline.metrics();
select faultline.enqueue('t', queue => 'q200') \g /dev/null
select is(count(distinct labels ->> 'queue'), 200::bigint, '200 queues') from faultline.metrics();
select is(queues(), 200::float, 'that is all of them');
select faultline.enqueue('t', queue => name) from unnest(array['q201', 'a']) name \g /dev/null
select is(count(distinct labels ->> 'queue'), 200::bigint, 'of 202 queues, 200 have labels') from faultline.metrics();
select is(queues(), 201::float, 'which it says');
select is((select array_agg(distinct labels ->> 'queue') filter (where labels ->> 'queue' in ('a', 'q199', 'q200', 'q201')) from faultline.metrics()), '{a,q199}', 'the first ones in order');

select * from finish();
rollback;

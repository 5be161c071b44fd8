\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Verdicts item by item, in the order of the arrays; a refused one does not harm the others.
select running('a'), running('b'), running('c'), running('done before'), running('reaped'), running('newer'), queued('waiting');
select faultline.complete_job(id('done before'), 1, '"first"');
select expired('reaped'); select faultline.reap_expired();
select faultline.release_job(id('newer'), 1), claimed('newer', 2);
select is((select string_agg(coalesce(name_of(job_id), 'nobody') || ' ' || verdict, ', ')
           from faultline.complete_jobs(ids('c', 'done before', 'a', 'reaped', 'newer', 'waiting') || array[123456789, id('newer'), id('b')],
                                        array[1, 1, 1, 1, 1, 0, 1, 2, 1],
                                        array['"c"', '"second"', null, '4', '5', '6', '7', '{"n": 2}', 'null']::jsonb[])),
          'c ok, done before repeat, a ok, reaped stale, newer stale, waiting stale, nobody stale, newer ok, b ok', 'each has its verdict, in order');
select is((done(n)).result, r, n || ' has its own result')
from (values ('a', null::jsonb), ('b', 'null'), ('c', '"c"'), ('done before', '"first"'), ('newer', '{"n": 2}')) v (n, r);
select ok((done('a')).finished_at > now() and (done('a')).finished_at <= clock_timestamp(), 'finished now, by the clock');
select is(state_of(n), 'queued', n || ' is untouched') from unnest(array['reaped', 'waiting']) n;
select is(events('reaped'), 'expire stale', 'what it refused is recorded');
select is((e.attempt, e.detail), (1, '{"verb": "complete"}'::jsonb), 'with the report that was refused') from last_event('reaped') e;
select is((select count(*) from faultline.job_events where job_id = 123456789 and verb = 'stale'), 1::bigint, 'even of a job that is not there');
select is(events('done before'), '', 'a repeat is not');

select repeats($$select name_of(job_id), verdict
                 from faultline.complete_jobs(ids('c', 'done before', 'a', 'reaped', 'newer', 'waiting', 'newer', 'b'), array[1, 1, 1, 1, 1, 0, 2, 1])$$,
               'c,repeat "done before",repeat a,repeat reaped,stale newer,stale waiting,stale newer,repeat b,repeat',
               'the same group again: repeat for ok, stale for stale, recorded once, nothing changed');

select running('twice');
select answers($$select name_of(job_id), verdict from faultline.complete_jobs(ids('twice', 'twice'), array[1, 1], array['1', '1']::jsonb[])$$, 'twice,ok twice,ok', 'a report twice in a group is accepted');
select is(state_of('twice'), 'succeeded', 'and its job finished once');
select running('late'); select expired('late');
select answers($$select verdict from faultline.complete_jobs(ids('late'), array[1])$$, 'ok', 'accepted after the deadline, and without results');
select is((done('late')).from_state, 'running', 'from running');
select running('to cancel'); select faultline.cancel_job(id('to cancel'));
select answers($$select verdict from faultline.complete_jobs(ids('to cancel'), array[1])$$, 'ok', 'although someone asked to cancel it');
select is(state_of('to cancel'), 'succeeded', 'it succeeded');
select is_empty($$select * from faultline.complete_jobs('{}', '{}', '{}')$$, 'an empty group has no verdicts');
select is_empty($$select * from faultline.complete_jobs(null, null)$$, 'nor has none');
select running('literal');
select answers(format($$select verdict from faultline.complete_jobs('{%s}', '{1}', '{"{\"a\": 1}"}')$$, id('literal')), 'ok', 'untyped literals do');
select is((done('literal')).result, '{"a": 1}'::jsonb, 'and are read');

-- What can't be a group: nothing of it is done.
select running('only');
select answers($$select verdict from faultline.complete_jobs(ids('only'), array[2])$$, 'stale', 'a group of one that is refused');
select answers($$select verdict from faultline.complete_jobs(ids('only'), array[1])$$, 'ok', 'and accepted');
select repeats($$select verdict from faultline.complete_jobs(ids('only'), array[1])$$, 'repeat', 'and repeated');
select running('x'), running('y');
select refuses($$select * from faultline.complete_jobs(ids('x', 'y'), array[1])$$, 'FL004', 'job_ids has 2 elements, attempts 1, results none', 'attempts are missing');
select refuses($$select * from faultline.complete_jobs(ids('x'), null)$$, 'FL004', 'job_ids has 1 elements, attempts 0, results none', 'all attempts are missing');
select refuses($$select * from faultline.complete_jobs(null, array[1])$$, 'FL004', 'job_ids has 0 elements, attempts 1, results none', 'jobs are missing');
select refuses($$select * from faultline.complete_jobs(ids('x', 'y'), array[1, 1], array['1']::jsonb[])$$, 'FL004', 'job_ids has 2 elements, attempts 2, results 1', 'results are missing');
select refuses($$select * from faultline.complete_jobs(ids('x') || array[null::bigint], array[1, 1])$$, 'FL004', 'job_ids or attempts has a NULL in it', 'a job is NULL');
select refuses($$select * from faultline.complete_jobs(ids('x', 'y'), array[1, null])$$, 'FL004', 'job_ids or attempts has a NULL in it', 'an attempt is NULL');
select refuses($$select * from faultline.complete_jobs(ids('x', 'y'), array[1, 1], array[to_jsonb(repeat('x', 262142)), to_jsonb(repeat('x', 262143))])$$, 'FL004',
               format('the result of job %s has 262145 bytes as text', id('y')), 'a result is too big, behind one that is not, and its job is named');
select refuses($$select * from faultline.complete_jobs(array_fill(1::bigint, array[10001]), array_fill(1, array[10001]))$$, 'FL004', 'the group has 10001 jobs', '10 001 reports');
select answers($$select verdict from faultline.complete_jobs(ids('x', 'y'), array[1, 1], array['1', to_jsonb(repeat('x', 262142))])$$, 'ok ok', 'a result of 262144 bytes is not too big');
select is((select (count(*), min(verdict), max(verdict)) from faultline.complete_jobs(array_fill(id('x'), array[10000]), array_fill(1, array[10000]))),
          (10000::bigint, 'repeat'::text, 'repeat'::text), '10 000 reports are not too many');

select * from finish();
rollback;

\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Of each report, in the order of the arrays: ok if it is among those done, else what is on record of it.
select running('done'), running('failed before'), running('newer'), running('succeeded before');
select faultline.fail_job(id('failed before'), 1, '{}'), faultline.complete_job(id('succeeded before'), 1);
select faultline.release_job(id('newer'), 1), claimed('newer', 2);
create function pg_temp.said(names text[], attempts int[], verb text, done text[] default '{done}', done_attempts int[] default '{1}')
returns text language sql as $$
  select string_agg(coalesce(name_of(v.job_id), 'nobody') || ' ' || v.verdict, ', ')
  from faultline._verdicts((select array_agg(coalesce(id(n), 123456789) order by o) from unnest(names) with ordinality as u (n, o)), attempts,
                           (select array_agg(id(n)) from unnest(done) n), done_attempts, verb) v
$$;
select is(pg_temp.said('{newer,done,failed before,succeeded before,nobody,done}', '{1,1,1,1,1,2}', 'fail'),
          'newer stale, done ok, failed before repeat, succeeded before stale, nobody stale, done stale', 'each has its verdict, and attempts are told apart');
select is(events(n), e, n || ': what is stale is recorded, nothing else') from (values ('newer', 'release stale'), ('done', 'stale'), ('failed before', 'fail'), ('succeeded before', 'stale')) v (n, e);
select is((e.attempt, e.detail), (1, '{"verb": "fail"}'::jsonb), 'with its verb') from last_event('newer') e;
select is(pg_temp.said('{newer,nobody}', '{1,1}', 'fail'), 'newer stale, nobody stale', 'asked again: the same');
select is(events('newer'), 'release stale', 'recorded once');
select is(pg_temp.said('{failed before,succeeded before}', '{1,1}', 'complete'), 'failed before stale, succeeded before repeat', 'of another verb');
select is(pg_temp.said('{done,done}', '{1,1}', 'complete'), 'done ok, done ok', 'a report that is there twice');
select is(pg_temp.said('{newer}', '{2}', 'complete', null, null), 'newer stale', 'when nothing was done');
select is(pg_temp.said('{}', '{}', 'complete'), null, 'of nothing');

select * from finish();
rollback;

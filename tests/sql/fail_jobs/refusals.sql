\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- What can't be a group: nothing of it is done, not even of those that are right.
select running('x'), running('y');
create function pg_temp.no(call text, message text, description text, hint text default null) returns setof text language plpgsql as $$
begin
  return next refuses('select * from faultline.fail_jobs(' || call || ')', 'FL004', message, description);
  if hint is not null then
    return next is(hint_of('select * from faultline.fail_jobs(' || call || ')'), hint, description || ': what to do');
  end if;
  return next is(state_of('x') || ' ' || state_of('y') || events('x') || events('y'), 'running running', description || ': nothing is done');
end $$;
select pg_temp.no('ids(''x'', ''y''), array[1]', 'job_ids has 2 elements, attempts 1, errors none, retryables none, retry_ins none', 'attempts are missing', 'One of each for each job');
select pg_temp.no('ids(''x''), null', 'job_ids has 1 elements, attempts 0, errors none, retryables none, retry_ins none', 'all attempts are missing');
select pg_temp.no('null, array[1]', 'job_ids has 0 elements, attempts 1, errors none, retryables none, retry_ins none', 'jobs are missing');
select pg_temp.no('ids(''x'', ''y''), array[1, 1], array[''{}'']::jsonb[]', 'job_ids has 2 elements, attempts 2, errors 1, retryables none, retry_ins none', 'errors are missing');
select pg_temp.no('ids(''x'', ''y''), array[1, 1], null, ''{t}''', 'job_ids has 2 elements, attempts 2, errors none, retryables 1, retry_ins none', 'retryables are missing');
select pg_temp.no('ids(''x'', ''y''), array[1, 1], null, null, ''{1 s,1 s,1 s}''', 'job_ids has 2 elements, attempts 2, errors none, retryables none, retry_ins 3', 'a retry_in too many');
select pg_temp.no('ids(''x'', ''y'') || array[null::bigint], array[1, 1, 1]', 'job_ids or attempts has a NULL in it', 'a job is NULL', 'A report carries both, as the claim returned them');
select pg_temp.no('ids(''x'', ''y''), array[1, null]', 'job_ids or attempts has a NULL in it', 'an attempt is NULL');
select pg_temp.no('array_fill(id(''x''), array[10001]), array_fill(1, array[10001])', 'the group has 10001 jobs', '10 001 reports', 'At most 10000 a call');
select pg_temp.no('ids(''x'', ''y''), ''{1,1}'', array[''{}'', ''[]'']::jsonb[]', format('the error of job %s is not an object but of type array', id('y')), 'an error is no object', 'For example {"type": "ValueError", "message": "…"}');
select pg_temp.no('ids(''x'', ''y''), ''{1,1}'', array[''"e"'', ''{}'']::jsonb[]', format('the error of job %s is not an object but of type string', id('x')), 'the first is none');
select pg_temp.no('ids(''x'', ''y''), ''{1,1}'', array[jsonb_build_object(''m'', repeat(''x'', 262144 - 9)), jsonb_build_object(''m'', repeat(''x'', 262145 - 9))]',
                  format('the error of job %s has 262145 bytes as text', id('y')), 'an error is too big, behind one that is not');
select pg_temp.no('ids(''x'', ''y''), ''{1,1}'', null, null, array[null, ''366 days 1 us'']::interval[]', format('retry_in of job %s 366 days 00:00:00.000001 is out of bounds', id('y')), 'a retry_in above its bound');
select pg_temp.no('ids(''x'', ''y''), ''{1,1}'', null, null, array[''-1 us'', null]::interval[]', format('retry_in of job %s -00:00:00.000001 is out of bounds', id('x')), 'a retry_in below zero');
select answers($$select verdict from faultline.fail_jobs(ids('x', 'y'), '{1,1}', array[jsonb_build_object('m', repeat('x', 262144 - 9)), null], '{t,NULL}', '{0,366 days}')$$, 'ok ok', 'an error of 262144 bytes, and retry_in at both bounds');
select is((select (count(*), min(verdict), max(verdict)) from faultline.fail_jobs(array_fill(id('x'), array[10000]), array_fill(1, array[10000]))),
          (10000::bigint, 'repeat'::text, 'repeat'::text), '10 000 reports are not too many');

select * from finish();
rollback;

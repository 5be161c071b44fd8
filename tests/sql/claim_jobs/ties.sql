\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Jobs that are ready at the same moment are claimed, and returned, by their ids, wherever their rows lie.
select queued(n, '{"queue": "q"}') from unnest(array['a', 'b', 'c', 'd']) n;
update faultline.jobs_live set ready_at = now() where job_id = id('d');
update faultline.jobs_live set ready_at = now() where job_id = id('b');
update faultline.jobs_live set ready_at = now() where job_id = id('c');
update faultline.jobs_live set ready_at = now() where job_id = id('a');
select answers($$select name_of(job_id) from faultline.claim_jobs('{q}', runner(1), 2)$$, 'a b', 'the first two');
select answers($$select name_of(job_id) from faultline.claim_jobs('{q}', runner(1), 2)$$, 'c d', 'and the others');

select * from finish();
rollback;

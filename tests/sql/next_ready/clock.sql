\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The clock has stepped back since a job was claimed and another one failed: neither waits for a time.
select running('at work', '{"queue": "q"}'), failed('dead', '{"queue": "q"}');
update faultline.jobs_live set ready_at = clock_timestamp() + interval '1 hour';
select is(faultline.next_ready('{q}'), null, 'only what is queued counts');

select * from finish();
rollback;

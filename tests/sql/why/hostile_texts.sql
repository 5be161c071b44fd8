\ir ../../support/operating.sql
select * from no_plan();

-- Errors, notes and hosts are other people's texts: the sentence stays one line, short and without control characters.
create table tap.hostile as
select what, error
from (values
  ('a huge message', jsonb_build_object('type', 'E', 'message', repeat('m', 200000))),
  ('a huge type', jsonb_build_object('type', repeat('t', 200000))),
  ('lines and escape sequences', jsonb_build_object('type', e'E\n', 'message', e'one\r\ntwo\u001b[2J\u0007\u009b31m')),
  ('a message that is a document', jsonb_build_object('message', jsonb_build_object('a', array[repeat('x', 100000)]))),
  ('a type that is null', '{"type": null, "message": null}'),
  ('format''s own signs', '{"type": "%s%I%L", "message": "%1$s %%"}'),
  ('a number of 100 KB', '{"type": 1e100000}'),
  ('markup', '{"type": "[bold]", "message": "<script>"}')
) as v (what, error);

create table tap.asked as
with made as (select what, error, job_in('running', jsonb_build_object('max_attempts', 3)) as id from tap.hostile)
select what, error, id, faultline.fail_job(id, 1, error) from made;

select ok(sentence !~ '[\u0001-\u001f\u007f-\u009f]' and length(sentence) < 400, 'waiting for its retry: ' || what)
from (select what, faultline.why(id) ->> 'why' as sentence from tap.asked) s;
select is(count(*), 8::bigint, 'all of them were asked about') from tap.asked;
update faultline.jobs_live set failures = 2, ready_at = clock_timestamp();
select faultline.fail_job(c.job_id, c.attempt, a.error)
from faultline.claim_job('default', gen_random_uuid(), 100) c join tap.asked a on a.id = c.job_id \g /dev/null
select is(count(*), 8::bigint, 'all are dead letters now') from faultline.jobs where state = 'failed';
select ok(sentence !~ '[\u0001-\u001f\u007f-\u009f]' and length(sentence) < 450, 'a dead letter: ' || what)
from (select what, faultline.why(id) ->> 'why' as sentence from tap.asked) s;
select faultline.discard_job(id) from tap.asked \g /dev/null
select ok(sentence !~ '[\u0001-\u001f\u007f-\u009f]' and length(sentence) < 400, 'discarded: ' || what)
from (select what, faultline.why(id) ->> 'why' as sentence from tap.asked) s;
select matches(faultline.why(id) ->> 'why', 'after %s%I%L: %1\$s %%, and', 'signs of format are letters') from tap.asked where what like 'format%';

select job_in('queued', '{"queue": "noted"}') as noted, job_in('running', '{"queue": "hosted"}') as hosted \gset
select faultline.pause_queue('noted', repeat(e'\u001b[31m\n', 160));
select faultline.register_runner('11111111-1111-1111-1111-111111111111', repeat(e'h\n', 500), 1, 'v');
select ok(sentence !~ '[\u0001-\u001f\u007f-\u009f]' and length(sentence) < 1200, what)
from (values ('a note', faultline.why(:noted) ->> 'why'), ('a host', faultline.why(:hosted) ->> 'why')) v (what, sentence);

select * from finish();

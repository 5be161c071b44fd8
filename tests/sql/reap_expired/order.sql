\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The longest overdue come first, whatever index the planner takes: here the one that goes by queue is the only one.
select running('a'), running('b'), expired('a', '1 minute'), expired('b', '1 hour');
drop index faultline.jobs_live_lease;
select is(faultline.reap_expired(1), 1::bigint, 'one of two');
select is((state_of('a'), state_of('b')), ('running'::text, 'queued'::text), 'the one that is overdue for longer');

select * from finish();
rollback;

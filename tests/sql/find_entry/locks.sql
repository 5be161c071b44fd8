\ir ../../support/ledger.sql
select * from no_plan();

-- The job's row is locked: who is about to write the entry is waited for, and nobody else.
select at_work(n) from unnest(array['a', 'b']) n \g /dev/null
begin;
select faultline.find_entry(id('a'), 1, 'a') \g /dev/null
prepare transaction 'asking';
select is(held(format('jobs_live j where j.job_id = %s', id(n))), case n when 'a' then 'for no key update' else 'free' end, 'the job of ' || n) from unnest(array['a', 'b']) n;
rollback prepared 'asking';

select * from finish();

\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- enqueue's second half: arguments are checked, the job is made or found.
select * from faultline._enqueue('t', '{"name": "a"}', 'q', null, 2, null, null, null, null, null, '{}', null) \gset
select is(:'created', 't'::text, 'a job without a key is new');
select is(:job_id::bigint, id('a'), 'and has this id');
select is((live('a')).max_attempts, 5, 'max_attempts NULL is what the settings say');
select * from faultline._enqueue('t', '{"name": "b"}', 'q', null, 2, 3, 'k', null, null, null, '{}', null) \gset
select is(:'created', 't'::text, 'the first of a key is new');
select repeats($$select * from faultline._enqueue('t', '{"name": "b"}', 'q', null, 2, 3, 'k', null, null, null, '{}', null)$$,
               format('%s,f', id('b')), 'the second is found');
select ok((live('a')).ready_at > (select xact_start from pg_stat_activity where pid = pg_backend_pid()), 'ready_at is later than the transaction''s start');

select * from finish();
rollback;

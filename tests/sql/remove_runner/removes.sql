\ir ../../support/operating.sql
select * from no_plan();

select faultline.register_runner('aaaaaaaa-0000-0000-0000-000000000001', 'h', 1, 'v');
select faultline.register_runner('11111111-1111-1111-1111-111111111111', 'h', 2, 'v');
select job_in('running') as held \gset
select run($$select faultline.remove_runner('11111111-1111-1111-1111-111111111111')$$);
select results_eq('select pid from faultline.runners', 'values (1)', 'the runner is forgotten, others are not');
select is((select lease_owner from faultline.jobs where job_id = :held), '11111111-1111-1111-1111-111111111111', 'its leases stay what they are');
select changes_nothing('faultline_runner', $$select faultline.remove_runner('11111111-1111-1111-1111-111111111111')$$, '', 'repeated, it changes nothing');
select changes_nothing('faultline_runner', $$select faultline.remove_runner(null)$$, '', 'NULL is nobody');

select * from finish();

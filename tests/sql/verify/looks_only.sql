\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued'), job_in('running'), job_in('failed') \g /dev/null
select changes_nothing(role, 'select count(*) from faultline.verify()', '0', role || ' may verify, which changes nothing')
from unnest(array['faultline_observer', 'faultline_operator', 'faultline_runner']) role;
select refused('faultline_producer', 'select * from faultline.verify()', '42501', 'permission denied for function verify');
begin read only;
select lives_ok('select * from faultline.verify()', 'it works in a read-only transaction');
commit;
set timezone = 'Asia/Kathmandu'; set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard';
select healthy('and whatever the session''s settings');

select * from finish();

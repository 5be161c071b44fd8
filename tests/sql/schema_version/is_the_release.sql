\ir ../../support/operating.sql
begin;
select * from no_plan();

select is(act(role, 'select faultline.schema_version()'), '0.1.0', role || ' reads the release')
from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;

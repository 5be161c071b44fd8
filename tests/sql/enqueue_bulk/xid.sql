\ir ../../support/prelude.sql
-- What it writes is never older than its xid: that comes first, before the time is read. The floor rests on it.
select * from no_plan();
begin;
select pg_current_xact_id_if_assigned() is not null as before \gset
select faultline.enqueue_bulk('t', '[]');
select pg_current_xact_id_if_assigned() is not null as after \gset
commit;
select is(array[:'before', :'after'], array['f', 't'], 'an array of no payload has its xid all the same');
begin;
select pg_current_xact_id() \gset
select min(j.ready_at) > clock_timestamp() - interval '1 minute' and min(j.ready_at) = max(j.created_at) and count(*) = 2 as same
from faultline.enqueue_bulk('t', '[{}, {}]') id, lateral job(id) j \gset
rollback;
select ok(:'same', 'ready at once: both times are those of one reading of the clock');
select * from finish();

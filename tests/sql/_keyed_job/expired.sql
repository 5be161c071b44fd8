\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- An expired key is free once its own job is over, whatever else lives.
select queued('over', '{"queue": "q", "idempotency_key": "k"}'), queued('bystander', '{"queue": "q"}');
update faultline.idempotency_keys set expires_at = clock_timestamp();
select is(faultline._keyed_job('q', 'k', null, 't', '{"name": "over"}', 7), id('over'), 'its job lives: its job');
select faultline.cancel_job(id('over'));
select is(faultline._keyed_job('q', 'k', null, 't', '{"name": "over"}', 7), null, 'its job is over: free, though another one lives');

select * from finish();
rollback;

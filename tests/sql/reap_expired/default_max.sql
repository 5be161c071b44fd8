\ir ../../support/prelude.sql
begin;
select * from no_plan();

select faultline.enqueue_many((select jsonb_agg('{"type": "t", "queue": "bulk"}'::jsonb) from generate_series(1, 1001))) is not null limit 1;
select count(*) as claimed from faultline.claim_job('bulk', runner(1), 1001) \gset
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where queue = 'bulk';
select is(faultline.reap_expired(null), 1000::bigint, 'a thousand by default, NULL or not');
select is(faultline.reap_expired(), 1::bigint, 'the rest with the next call');

select * from finish();
rollback;

\ir ../../support/operating.sql
begin;
select * from no_plan();

-- A count ends at 10 000, so that a backlog of millions costs nothing. Jobs in a state, without the verbs' detours.
set local session_replication_role = replica;
create function tap.plant(how_many int, state text) returns void language sql
as $$
insert into faultline.jobs_live (type, queue, payload, state, attempt, priority, max_attempts, ready_at, created_at, lease_owner, lease_expires_at, finished_at)
select 't', 'big', '{}', state, 1, 2, 5, now(), now(), case state when 'running' then gen_random_uuid() end,
       case state when 'running' then now() + interval '1 h' end, case state when 'failed' then now() end
from generate_series(1, how_many)
$$;
select plant(9999, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select results_eq('select queued, running, failed from faultline.queue_overview', 'values (9999::bigint, 9999::bigint, 9999::bigint)', 'below the cap they are exact');
select plant(1, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select results_eq('select queued, running, failed from faultline.queue_overview', 'values (10000::bigint, 10000::bigint, 10000::bigint)', 'at the cap too');
select plant(1, s) from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select results_eq('select queued, running, failed from faultline.queue_overview', 'values (10000::bigint, 10000::bigint, 10000::bigint)', 'and beyond it they stand still');

select * from finish();
rollback;

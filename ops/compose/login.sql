-- The logins of docker-compose.yml; their passwords come from RUNNER_PASSWORD and API_PASSWORD, each time anew.
\getenv runner_password RUNNER_PASSWORD
\getenv api_password API_PASSWORD
select format('create role %I login', name)
from unnest(array['faultline_compose_runner', 'faultline_compose_api']) as name
where to_regrole(name) is null
\gexec
alter role faultline_compose_runner password :'runner_password';
alter role faultline_compose_api password :'api_password';
grant faultline_runner to faultline_compose_runner;
grant faultline_operator to faultline_compose_api;
-- So that faultline_oldest_snapshot_seconds sees the sessions of others.
grant pg_read_all_stats to faultline_owner;

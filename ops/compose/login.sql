-- The login of the runner in docker-compose.yml; its password comes from RUNNER_PASSWORD, each time anew.
\getenv password RUNNER_PASSWORD
select 'create role faultline_compose login' where to_regrole('faultline_compose') is null
\gexec
alter role faultline_compose password :'password';
grant faultline_runner to faultline_compose;

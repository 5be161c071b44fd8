-- History is written once. A trigger on UPDATE costs inserts nothing; retention drops whole partitions, and truncates
-- them first. For the tables of the ledger see ledger_append_only.
create function faultline._refuse_change()
returns trigger
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('a row of %s is never %s', tg_table_name, case tg_op when 'UPDATE' then 'changed' else 'removed' end),
    hint = 'History is append-only.';
end
$$;
comment on function faultline._refuse_change() is 'Private: raises FL003 for a change of history.';

create trigger jobs_done_append_only
before update on faultline.jobs_done
for each row execute function faultline._refuse_change();

create trigger payloads_append_only
before update on faultline.payloads
for each row execute function faultline._refuse_change();

create trigger job_events_append_only
before update on faultline.job_events
for each row execute function faultline._refuse_change();

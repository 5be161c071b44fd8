-- History is written once. A row trigger on UPDATE costs inserts nothing; retention drops whole partitions.
create function faultline._refuse_update()
returns trigger
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('a row of %s is never changed', tg_table_name),
    hint = 'History is append-only.';
end
$$;
comment on function faultline._refuse_update() is 'Private: raises FL003 for an update of history.';

create trigger jobs_done_append_only
before update on faultline.jobs_done
for each row execute function faultline._refuse_update();

create trigger job_events_append_only
before update on faultline.job_events
for each row execute function faultline._refuse_update();

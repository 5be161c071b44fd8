-- Sets the defaults of the whole installation: {"retention": "30 days", "event_retention": "90 days", "max_attempts": 5,
-- "backoff": {…}, "lease": "30 seconds"}. A key with null goes back to what it is at first, a missing key stays. Returns
-- all of them. For faultline_operator. Repeated, it changes nothing: an event is recorded only for a change. Locks the
-- row of settings. Errors: FL004.
create function faultline.set_settings(settings jsonb)
returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  given constant jsonb := set_settings.settings;
  new_retention interval;
  new_event_retention interval;
  new_max_attempts int;
  new_lease interval;
  before faultline.settings;
  row_ faultline.settings;
begin
  perform faultline._check_settings(given, array['retention', 'event_retention', 'max_attempts', 'backoff', 'lease']);
  new_retention := faultline._setting_interval(given, 'retention', interval '1 day', interval '3650 days');
  new_event_retention := faultline._setting_interval(given, 'event_retention', interval '1 day', interval '3650 days');
  new_max_attempts := faultline._setting_int(given, 'max_attempts', 1, 100);
  new_lease := faultline._setting_interval(given, 'lease', interval '1 second', interval '24 hours');

  select * into before from faultline.settings s for update;
  update faultline.settings s
  set retention = case when given ? 'retention' then coalesce(new_retention, interval '30 days') else s.retention end,
      event_retention = case when given ? 'event_retention' then coalesce(new_event_retention, interval '90 days') else s.event_retention end,
      max_attempts = case when given ? 'max_attempts' then coalesce(new_max_attempts, 5) else s.max_attempts end,
      backoff = case
        when given ? 'backoff' then coalesce(
          nullif(given -> 'backoff', 'null'), '{"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}')
        else s.backoff
      end,
      lease = case when given ? 'lease' then coalesce(new_lease, interval '30 seconds') else s.lease end
  returning * into row_;
  if row_ is distinct from before then
    perform faultline._record(null, null, 'set_settings', null, pg_catalog.jsonb_build_object('settings', given));
  end if;
  return pg_catalog.to_jsonb(row_) - 'only_row';
end
$$;
comment on function faultline.set_settings(jsonb) is 'Sets retention, event_retention, max_attempts, backoff, lease; null resets, a missing key stays.';
grant execute on function faultline.set_settings(jsonb) to faultline_operator;

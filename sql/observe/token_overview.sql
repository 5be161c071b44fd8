-- The tokens of the HTTP API, without their hashes. For faultline_observer.
create view faultline.token_overview as
select
  t.token_id, t.name, t.scopes, t.created_at, t.created_by, t.expires_at, t.revoked_at,
  t.revoked_at is null and coalesce(t.expires_at > pg_catalog.clock_timestamp(), true) as valid
from faultline.api_tokens t;
comment on view faultline.token_overview is 'The tokens of the HTTP API: whose they are, what they may do, and whether they still do.';
grant select on faultline.token_overview to faultline_observer;

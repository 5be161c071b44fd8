-- Every effect outside the database. For faultline_observer.
create view faultline.effect_log as
select
  f.transaction_id, f.name, f.key, f.state, f.request, f.response, f.attempt, f.asks, f.answer, f.created_at, f.sent_at,
  f.unknown_since, f.ask_at, f.settled_at
from faultline.effects f;
comment on view faultline.effect_log is 'Every effect outside the database: what was sent with which key, and what is known of it.';
grant select on faultline.effect_log to faultline_observer;

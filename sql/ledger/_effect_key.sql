-- What the outside gets as idempotency key: 36 characters, the same for ever for a transaction and an effect of it, and
-- another for every other pair. The length in front keeps ('a', 'bc') and ('ab', 'c') apart.
create function faultline._effect_key(transaction_id text, name text)
returns text
language sql immutable
as $$
select pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  pg_catalog.length(name) || ' ' || name || ' ' || transaction_id, 'UTF8')), 'hex'), 32)::uuid::text
$$;
comment on function faultline._effect_key(text, text) is 'Private: the idempotency key of an effect outside.';

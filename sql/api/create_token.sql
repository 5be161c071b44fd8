-- Makes a token of the HTTP API known and returns its id. Its secret stays with the caller: what is stored is the SHA-256
-- of it, and a secret of 256 random bits needs no salt. For faultline_operator.
--   scopes     one or more of read, enqueue, operate
--   name       whose it is, for people: up to 128 characters
--   lifetime   a second to ten years; NULL: until it is revoked
-- Repeated with the same hash, scopes and name it returns the same id and changes nothing. Locks nothing but the hash.
-- Errors: FL002 the hash stands for a token with other scopes or another name; FL004.
create function faultline.create_token(secret_hash bytea, scopes text[], name text default null, lifetime interval default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  sorted constant text[] := array(select distinct s from unnest(scopes) as s order by s);
  new_token bigint;
  known faultline.api_tokens;
begin
  if (pg_catalog.length(secret_hash) = 32) is not true then
    perform faultline._invalid(
      pg_catalog.format('the hash of the secret has %s bytes', coalesce(pg_catalog.length(secret_hash)::text, 'no')), 'A SHA-256 has 32');
  end if;
  if sorted = '{}' or (sorted <@ array['read', 'enqueue', 'operate']) is not true or pg_catalog.array_position(sorted, null) is not null then
    perform faultline._invalid(
      pg_catalog.format('the scopes are %s', coalesce(pg_catalog.quote_literal(pg_catalog.left(scopes::text, 200)), 'NULL')),
      'One or more of read, enqueue, operate');
  end if;
  name := coalesce(name, '');
  if pg_catalog.length(name) > 128 then
    perform faultline._invalid(pg_catalog.format('the name has %s characters', pg_catalog.length(name)), 'At most 128');
  end if;
  perform faultline._check_interval('lifetime', lifetime, interval '1 second', interval '3650 days');
  insert into faultline.api_tokens as t (secret_hash, scopes, name, created_at, created_by, expires_at)
  values (secret_hash, sorted, name, now_, session_user, now_ + lifetime)
  on conflict on constraint api_tokens_secret do nothing
  returning t.token_id into new_token;
  if found then
    perform faultline._record(
      null, null, 'create_token', null,
      pg_catalog.jsonb_build_object('token_id', new_token, 'scopes', pg_catalog.to_jsonb(sorted), 'name', nullif(name, '')));
    return new_token;
  end if;
  select * into known from faultline.api_tokens t where t.secret_hash = create_token.secret_hash;
  if known.scopes <> sorted or known.name <> name then
    raise exception using
      errcode = 'FL002', message = pg_catalog.format('the secret stands for token %s, which has other scopes or another name', known.token_id),
      hint = 'A new token has a new secret.';
  end if;
  return known.token_id;
end
$$;
comment on function faultline.create_token(bytea, text[], text, interval) is 'Makes a token of the HTTP API known by the SHA-256 of its secret, and returns its id.';
grant execute on function faultline.create_token(bytea, text[], text, interval) to faultline_operator;

-- Revokes a token of the HTTP API for good. Returns 'revoked', repeated too. An API that has just seen the token takes it
-- for a few seconds more. For faultline_operator. Locks the token's row. Errors: FL005 no such token.
create function faultline.revoke_token(token_id bigint)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  token faultline.api_tokens;
begin
  select * into token from faultline.api_tokens t where t.token_id = revoke_token.token_id for update;
  if not found then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('there is no token %s', coalesce(token_id::text, 'NULL')),
      hint = 'token_overview lists the tokens.';
  end if;
  if token.revoked_at is null then
    update faultline.api_tokens t set revoked_at = pg_catalog.clock_timestamp() where t.token_id = token.token_id;
    perform faultline._record(
      null, null, 'revoke_token', null, pg_catalog.jsonb_build_object('token_id', token.token_id, 'name', nullif(token.name, '')));
  end if;
  return 'revoked';
end
$$;
comment on function faultline.revoke_token(bigint) is 'Revokes a token of the HTTP API.';
grant execute on function faultline.revoke_token(bigint) to faultline_operator;

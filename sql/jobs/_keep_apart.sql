-- Writes a large payload of a new job. Always true: part of an expression.
create function faultline._keep_apart(job_id bigint, payload jsonb)
returns boolean
language plpgsql
as $$
#variable_conflict use_variable
begin
  insert into faultline.payloads (job_id, payload) values (job_id, payload);
  return true;
end
$$;
comment on function faultline._keep_apart(bigint, jsonb) is 'Private: writes a large payload of a new job into payloads.';

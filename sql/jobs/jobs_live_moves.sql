-- The legal moves of a job that stays in jobs_live, whoever writes: a job is born queued, and then
-- queued → running → queued | failed, failed → queued. Moves out of jobs_live are held by the CHECK of jobs_done.
-- The WHEN clauses list what is legal and cost 0.6 µs a row; the function runs only to refuse.
create function faultline._refuse_move()
returns trigger
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL003',
    message = case tg_op
      when 'INSERT' then pg_catalog.format('job %s can not be born %s', new.job_id, new.state)
      else pg_catalog.format('job %s can not go from %s (attempt %s) to %s (attempt %s)',
                             old.job_id, old.state, old.attempt, new.state, new.attempt)
    end,
    hint = 'queued → running → queued or failed, failed → queued; attempt grows by one with each claim and never goes back.';
end
$$;
comment on function faultline._refuse_move() is 'Private: raises FL003 for a move of a job that is not legal.';

create trigger jobs_live_born
before insert on faultline.jobs_live
for each row
when (new.state <> 'queued')
execute function faultline._refuse_move();

create trigger jobs_live_moves
before update on faultline.jobs_live
for each row
when (
  not (
    (new.state = old.state and new.attempt = old.attempt)
    or (old.state = 'queued' and new.state = 'running' and new.attempt = old.attempt + 1)
    or (old.state = 'running' and new.state in ('queued', 'failed') and new.attempt = old.attempt)
    or (old.state = 'failed' and new.state = 'queued' and new.attempt = old.attempt)
  )
  or new.job_id <> old.job_id
)
execute function faultline._refuse_move();

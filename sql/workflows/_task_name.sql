-- How a task is called where it stands alone: name, or name[item]. The cast is what makes it immutable, and so inlined.
create function faultline._task_name(name text, item int)
returns text
language sql immutable
as $$
select case when item < 0 then name else name || '[' || item::text || ']' end
$$;
comment on function faultline._task_name(text, int) is 'Private: how a task, or an item of it, is called.';

-- A version of a workflow never changes: runs rely on it.
create trigger workflows_append_only
before update on faultline.workflows
for each row execute function faultline._refuse_change();

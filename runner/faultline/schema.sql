-- The schema of Faultline, with Sqitch's record of how it came about: `make snapshot` writes this file from deploy/.
-- `faultline install` loads it; so does `psql --set ON_ERROR_STOP=1 --file schema.sql`, which should be followed by
-- `select faultline.maintain()`. It needs CREATE on the database and CREATEROLE, no superuser.
begin;
set local client_encoding = 'UTF8';
set local standard_conforming_strings = on;
set local check_function_bodies = false;
set local search_path = '';
set local client_min_messages = warning;

-- Roles belong to the cluster: another database may have made them already. The deployer needs CREATEROLE,
-- or roles made by somebody else and membership in faultline_owner.


do $$
begin
  begin create role faultline_owner nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_producer nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_runner nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_operator nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_observer nologin; exception when duplicate_object or unique_violation then null; end;
exception
  when insufficient_privilege then
    if (select count(*) from pg_catalog.pg_roles
        where rolname in ('faultline_owner', 'faultline_producer', 'faultline_runner', 'faultline_operator',
                          'faultline_observer')) < 5 then
      raise exception using
        errcode = 'insufficient_privilege',
        message = pg_catalog.format('role %I may not create the roles of Faultline', current_user),
        hint = pg_catalog.format('Let a superuser run: ALTER ROLE %I CREATEROLE', current_user);
    end if;
end
$$;

-- A later SET ROLE needs membership that inherits and, from PostgreSQL 16 on, may be set.
do $$
declare
  usable boolean := pg_catalog.pg_has_role(current_user, 'faultline_owner', 'USAGE');
begin
  if usable and pg_catalog.current_setting('server_version_num')::int >= 160000 then
    usable := pg_catalog.pg_has_role(current_user, 'faultline_owner', 'SET');
  end if;
  if not usable then
    grant faultline_owner to current_user;
  end if;
exception
  when insufficient_privilege then
    raise exception using
      errcode = 'insufficient_privilege',
      message = pg_catalog.format('role %I may not act as faultline_owner, which exists in this cluster already',
                                  current_user),
      hint = pg_catalog.format('Let a superuser, or whoever created it, run: GRANT faultline_owner TO %I', current_user);
end
$$;

do $$
begin
  if not pg_catalog.pg_has_role('faultline_runner', 'faultline_producer', 'USAGE') then
    grant faultline_producer to faultline_runner;
  end if;
  if not pg_catalog.pg_has_role('faultline_operator', 'faultline_producer', 'USAGE') then
    grant faultline_producer to faultline_operator;
  end if;
  if not pg_catalog.pg_has_role('faultline_operator', 'faultline_observer', 'USAGE') then
    grant faultline_observer to faultline_operator;
  end if;
end
$$;

-- Name: sqitch; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA sqitch;

-- Name: SCHEMA sqitch; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA sqitch IS 'Sqitch database deployment metadata v1.1.';

SET LOCAL default_tablespace = '';

SET LOCAL default_table_access_method = heap;

-- Name: changes; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.changes (
    change_id text NOT NULL,
    script_hash text,
    change text NOT NULL,
    project text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL
);

-- Name: TABLE changes; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.changes IS 'Tracks the changes currently deployed to the database.';

-- Name: COLUMN changes.change_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.change_id IS 'Change primary key.';

-- Name: COLUMN changes.script_hash; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.script_hash IS 'Deploy script SHA-1 hash.';

-- Name: COLUMN changes.change; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.change IS 'Name of a deployed change.';

-- Name: COLUMN changes.project; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.project IS 'Name of the Sqitch project to which the change belongs.';

-- Name: COLUMN changes.note; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.note IS 'Description of the change.';

-- Name: COLUMN changes.committed_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.committed_at IS 'Date the change was deployed.';

-- Name: COLUMN changes.committer_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.committer_name IS 'Name of the user who deployed the change.';

-- Name: COLUMN changes.committer_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.committer_email IS 'Email address of the user who deployed the change.';

-- Name: COLUMN changes.planned_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.planned_at IS 'Date the change was added to the plan.';

-- Name: COLUMN changes.planner_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.planner_name IS 'Name of the user who planed the change.';

-- Name: COLUMN changes.planner_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.changes.planner_email IS 'Email address of the user who planned the change.';

-- Name: dependencies; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.dependencies (
    change_id text NOT NULL,
    type text NOT NULL,
    dependency text NOT NULL,
    dependency_id text,
    CONSTRAINT dependencies_check CHECK ((((type = 'require'::text) AND (dependency_id IS NOT NULL)) OR ((type = 'conflict'::text) AND (dependency_id IS NULL))))
);

-- Name: TABLE dependencies; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.dependencies IS 'Tracks the currently satisfied dependencies.';

-- Name: COLUMN dependencies.change_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.dependencies.change_id IS 'ID of the depending change.';

-- Name: COLUMN dependencies.type; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.dependencies.type IS 'Type of dependency.';

-- Name: COLUMN dependencies.dependency; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.dependencies.dependency IS 'Dependency name.';

-- Name: COLUMN dependencies.dependency_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.dependencies.dependency_id IS 'Change ID the dependency resolves to.';

-- Name: events; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.events (
    event text NOT NULL,
    change_id text NOT NULL,
    change text NOT NULL,
    project text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    requires text[] DEFAULT '{}'::text[] NOT NULL,
    conflicts text[] DEFAULT '{}'::text[] NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL,
    CONSTRAINT events_event_check CHECK ((event = ANY (ARRAY['deploy'::text, 'revert'::text, 'fail'::text, 'merge'::text])))
);

-- Name: TABLE events; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.events IS 'Contains full history of all deployment events.';

-- Name: COLUMN events.event; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.event IS 'Type of event.';

-- Name: COLUMN events.change_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.change_id IS 'Change ID.';

-- Name: COLUMN events.change; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.change IS 'Change name.';

-- Name: COLUMN events.project; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.project IS 'Name of the Sqitch project to which the change belongs.';

-- Name: COLUMN events.note; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.note IS 'Description of the change.';

-- Name: COLUMN events.requires; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.requires IS 'Array of the names of required changes.';

-- Name: COLUMN events.conflicts; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.conflicts IS 'Array of the names of conflicting changes.';

-- Name: COLUMN events.tags; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.tags IS 'Tags associated with the change.';

-- Name: COLUMN events.committed_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.committed_at IS 'Date the event was committed.';

-- Name: COLUMN events.committer_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.committer_name IS 'Name of the user who committed the event.';

-- Name: COLUMN events.committer_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.committer_email IS 'Email address of the user who committed the event.';

-- Name: COLUMN events.planned_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.planned_at IS 'Date the event was added to the plan.';

-- Name: COLUMN events.planner_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.planner_name IS 'Name of the user who planed the change.';

-- Name: COLUMN events.planner_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.events.planner_email IS 'Email address of the user who plan planned the change.';

-- Name: projects; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.projects (
    project text NOT NULL,
    uri text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    creator_name text NOT NULL,
    creator_email text NOT NULL
);

-- Name: TABLE projects; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.projects IS 'Sqitch projects deployed to this database.';

-- Name: COLUMN projects.project; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.projects.project IS 'Unique Name of a project.';

-- Name: COLUMN projects.uri; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.projects.uri IS 'Optional project URI';

-- Name: COLUMN projects.created_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.projects.created_at IS 'Date the project was added to the database.';

-- Name: COLUMN projects.creator_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.projects.creator_name IS 'Name of the user who added the project.';

-- Name: COLUMN projects.creator_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.projects.creator_email IS 'Email address of the user who added the project.';

-- Name: releases; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.releases (
    version real NOT NULL,
    installed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    installer_name text NOT NULL,
    installer_email text NOT NULL
);

-- Name: TABLE releases; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.releases IS 'Sqitch registry releases.';

-- Name: COLUMN releases.version; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.releases.version IS 'Version of the Sqitch registry.';

-- Name: COLUMN releases.installed_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.releases.installed_at IS 'Date the registry release was installed.';

-- Name: COLUMN releases.installer_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.releases.installer_name IS 'Name of the user who installed the registry release.';

-- Name: COLUMN releases.installer_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.releases.installer_email IS 'Email address of the user who installed the registry release.';

-- Name: tags; Type: TABLE; Schema: sqitch; Owner: -

CREATE TABLE sqitch.tags (
    tag_id text NOT NULL,
    tag text NOT NULL,
    project text NOT NULL,
    change_id text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL
);

-- Name: TABLE tags; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON TABLE sqitch.tags IS 'Tracks the tags currently applied to the database.';

-- Name: COLUMN tags.tag_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.tag_id IS 'Tag primary key.';

-- Name: COLUMN tags.tag; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.tag IS 'Project-unique tag name.';

-- Name: COLUMN tags.project; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.project IS 'Name of the Sqitch project to which the tag belongs.';

-- Name: COLUMN tags.change_id; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.change_id IS 'ID of last change deployed before the tag was applied.';

-- Name: COLUMN tags.note; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.note IS 'Description of the tag.';

-- Name: COLUMN tags.committed_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.committed_at IS 'Date the tag was applied to the database.';

-- Name: COLUMN tags.committer_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.committer_name IS 'Name of the user who applied the tag.';

-- Name: COLUMN tags.committer_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.committer_email IS 'Email address of the user who applied the tag.';

-- Name: COLUMN tags.planned_at; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.planned_at IS 'Date the tag was added to the plan.';

-- Name: COLUMN tags.planner_name; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.planner_name IS 'Name of the user who planed the tag.';

-- Name: COLUMN tags.planner_email; Type: COMMENT; Schema: sqitch; Owner: -

COMMENT ON COLUMN sqitch.tags.planner_email IS 'Email address of the user who planned the tag.';

-- Data for Name: changes; Type: TABLE DATA; Schema: sqitch; Owner: -

INSERT INTO sqitch.changes VALUES ('de0551a77ef8ce488cc05082307a84c4e72e75f8', 'ead4b8f17001fd5ae8a2df838060ff895770c05a', 'roles', 'faultline', 'The roles of the cluster: an owner and four kinds of caller', '2026-11-23 08:00:00.000001+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:00+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('43273813bde408d4c7c08a58bad82709354c8815', 'dd910e511d56996e0c5375c0aa4b7edb7dfe8957', 'schema', 'faultline', 'The schema faultline, closed to everybody', '2026-11-23 08:00:01.000002+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:01+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('5f812c075028916d05c3ec8ef62857530d2dbeb1', '6bcce66a3ef6f56fac7fa752c563644672aa53a1', 'jobs', 'faultline', 'The tables of jobs, their keys, events, queues and runners', '2026-11-23 08:00:02.000003+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:02+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('a30d79a1b090443d28dfc68c2fed23e627e5f113', '896df8f8bf7cf84a8b9afa9dc0c0571ba36820c7', 'ledger', 'faultline', 'Transactions, effects outside, ledger entries, postings and accounts', '2026-11-23 08:00:03.000004+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:03+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('8bfd1e73aff9faabdd3d538d9b6c6d882e14df97', 'c42bd8f6ffb4f832378f14aaa8d03534c023d53b', 'workflows', 'faultline', 'Workflows, their runs, tasks, edges and signals', '2026-11-23 08:00:04.000005+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:04+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('e0c9a35c6511740af8e717c20e6acd48f673b13c', '2bb5d6b062a5452ad821912e5c079e5295f71de4', 'schedules', 'faultline', 'Schedules and their ticks', '2026-11-23 08:00:05.000006+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:05+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('03c9f997bfafced0fde6e11f02afca6a462a493f', '96bc3a6ba71f20749bf043b24d7ae553de77e423', 'api', 'faultline', 'The tokens of the HTTP API', '2026-11-23 08:00:06.000007+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:06+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.changes VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', '64de861bbf7c871d22cc93f9c10eb7c8e1d9366e', 'load', 'faultline', 'The functions and views of sql/', '2026-11-23 08:00:07.000008+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:07+00', 'Faultline', 'faultline@example.com');

-- Data for Name: dependencies; Type: TABLE DATA; Schema: sqitch; Owner: -

INSERT INTO sqitch.dependencies VALUES ('43273813bde408d4c7c08a58bad82709354c8815', 'require', 'roles', 'de0551a77ef8ce488cc05082307a84c4e72e75f8');
INSERT INTO sqitch.dependencies VALUES ('5f812c075028916d05c3ec8ef62857530d2dbeb1', 'require', 'schema', '43273813bde408d4c7c08a58bad82709354c8815');
INSERT INTO sqitch.dependencies VALUES ('a30d79a1b090443d28dfc68c2fed23e627e5f113', 'require', 'jobs', '5f812c075028916d05c3ec8ef62857530d2dbeb1');
INSERT INTO sqitch.dependencies VALUES ('8bfd1e73aff9faabdd3d538d9b6c6d882e14df97', 'require', 'jobs', '5f812c075028916d05c3ec8ef62857530d2dbeb1');
INSERT INTO sqitch.dependencies VALUES ('e0c9a35c6511740af8e717c20e6acd48f673b13c', 'require', 'jobs', '5f812c075028916d05c3ec8ef62857530d2dbeb1');
INSERT INTO sqitch.dependencies VALUES ('e0c9a35c6511740af8e717c20e6acd48f673b13c', 'require', 'workflows', '8bfd1e73aff9faabdd3d538d9b6c6d882e14df97');
INSERT INTO sqitch.dependencies VALUES ('03c9f997bfafced0fde6e11f02afca6a462a493f', 'require', 'jobs', '5f812c075028916d05c3ec8ef62857530d2dbeb1');
INSERT INTO sqitch.dependencies VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'require', 'jobs', '5f812c075028916d05c3ec8ef62857530d2dbeb1');
INSERT INTO sqitch.dependencies VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'require', 'ledger', 'a30d79a1b090443d28dfc68c2fed23e627e5f113');
INSERT INTO sqitch.dependencies VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'require', 'workflows', '8bfd1e73aff9faabdd3d538d9b6c6d882e14df97');
INSERT INTO sqitch.dependencies VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'require', 'schedules', 'e0c9a35c6511740af8e717c20e6acd48f673b13c');
INSERT INTO sqitch.dependencies VALUES ('7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'require', 'api', '03c9f997bfafced0fde6e11f02afca6a462a493f');

-- Data for Name: events; Type: TABLE DATA; Schema: sqitch; Owner: -

INSERT INTO sqitch.events VALUES ('deploy', 'de0551a77ef8ce488cc05082307a84c4e72e75f8', 'roles', 'faultline', 'The roles of the cluster: an owner and four kinds of caller', '{}', '{}', '{}', '2026-11-23 08:00:00.000001+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:00+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', '43273813bde408d4c7c08a58bad82709354c8815', 'schema', 'faultline', 'The schema faultline, closed to everybody', '{roles}', '{}', '{}', '2026-11-23 08:00:01.000002+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:01+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', '5f812c075028916d05c3ec8ef62857530d2dbeb1', 'jobs', 'faultline', 'The tables of jobs, their keys, events, queues and runners', '{schema}', '{}', '{}', '2026-11-23 08:00:02.000003+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:02+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', 'a30d79a1b090443d28dfc68c2fed23e627e5f113', 'ledger', 'faultline', 'Transactions, effects outside, ledger entries, postings and accounts', '{jobs}', '{}', '{}', '2026-11-23 08:00:03.000004+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:03+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', '8bfd1e73aff9faabdd3d538d9b6c6d882e14df97', 'workflows', 'faultline', 'Workflows, their runs, tasks, edges and signals', '{jobs}', '{}', '{}', '2026-11-23 08:00:04.000005+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:04+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', 'e0c9a35c6511740af8e717c20e6acd48f673b13c', 'schedules', 'faultline', 'Schedules and their ticks', '{jobs,workflows}', '{}', '{}', '2026-11-23 08:00:05.000006+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:05+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', '03c9f997bfafced0fde6e11f02afca6a462a493f', 'api', 'faultline', 'The tokens of the HTTP API', '{jobs}', '{}', '{}', '2026-11-23 08:00:06.000007+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:06+00', 'Faultline', 'faultline@example.com');
INSERT INTO sqitch.events VALUES ('deploy', '7780845bfdfd4b6a745bb9931d8a085e13c1f04d', 'load', 'faultline', 'The functions and views of sql/', '{jobs,ledger,workflows,schedules,api}', '{}', '{}', '2026-11-23 08:00:07.000008+00', 'Faultline', 'faultline@example.com', '2026-11-23 08:00:07+00', 'Faultline', 'faultline@example.com');

-- Data for Name: projects; Type: TABLE DATA; Schema: sqitch; Owner: -

INSERT INTO sqitch.projects VALUES ('faultline', 'https://faultline.example/', '2026-11-23 08:00:00.000001+00', 'Faultline', 'faultline@example.com');

-- Data for Name: releases; Type: TABLE DATA; Schema: sqitch; Owner: -

INSERT INTO sqitch.releases VALUES (1.1, '2026-11-23 08:00:00.000001+00', 'Faultline', 'faultline@example.com');

-- Data for Name: tags; Type: TABLE DATA; Schema: sqitch; Owner: -

-- Name: changes changes_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (change_id);

-- Name: changes changes_project_script_hash_key; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_project_script_hash_key UNIQUE (project, script_hash);

-- Name: dependencies dependencies_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_pkey PRIMARY KEY (change_id, dependency);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (change_id, committed_at);

-- Name: projects projects_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (project);

-- Name: projects projects_uri_key; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.projects
    ADD CONSTRAINT projects_uri_key UNIQUE (uri);

-- Name: releases releases_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.releases
    ADD CONSTRAINT releases_pkey PRIMARY KEY (version);

-- Name: tags tags_pkey; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (tag_id);

-- Name: tags tags_project_tag_key; Type: CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_project_tag_key UNIQUE (project, tag);

-- Name: changes changes_project_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.changes
    ADD CONSTRAINT changes_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

-- Name: dependencies dependencies_change_id_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_change_id_fkey FOREIGN KEY (change_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: dependencies dependencies_dependency_id_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.dependencies
    ADD CONSTRAINT dependencies_dependency_id_fkey FOREIGN KEY (dependency_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE;

-- Name: events events_project_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.events
    ADD CONSTRAINT events_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

-- Name: tags tags_change_id_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_change_id_fkey FOREIGN KEY (change_id) REFERENCES sqitch.changes(change_id) ON UPDATE CASCADE;

-- Name: tags tags_project_fkey; Type: FK CONSTRAINT; Schema: sqitch; Owner: -

ALTER TABLE ONLY sqitch.tags
    ADD CONSTRAINT tags_project_fkey FOREIGN KEY (project) REFERENCES sqitch.projects(project) ON UPDATE CASCADE;

create schema faultline authorization faultline_owner;
alter default privileges for role faultline_owner revoke execute on functions from public;
set local role faultline_owner;

-- Name: faultline; Type: SCHEMA; Schema: -; Owner: -

-- Name: SCHEMA faultline; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA faultline IS 'Faultline: background jobs that stay correct under failure. Call its functions; its tables are nobody''s.';

-- Name: claimed_job; Type: TYPE; Schema: faultline; Owner: -

CREATE TYPE faultline.claimed_job AS (
	job_id bigint,
	attempt integer,
	type text,
	payload jsonb,
	queue text,
	max_attempts integer,
	timeout interval,
	lease_expires_at timestamp with time zone,
	run_id bigint,
	task text,
	headers jsonb,
	failures integer,
	priority integer,
	tags text[],
	run_at timestamp with time zone,
	started_at timestamp with time zone,
	created_at timestamp with time zone,
	transaction_id text
);

-- Name: TYPE claimed_job; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TYPE faultline.claimed_job IS 'What a claim hands to a runner: (job_id, attempt) is the fence that every report carries.';

-- Name: _account_bucket(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._account_bucket(account text, currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$
select pg_catalog.hashtext(currency || ' ' || account) & 15
$$;

-- Name: FUNCTION _account_bucket(account text, currency text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._account_bucket(account text, currency text) IS 'Private: the advisory lock under which debits of an account wait for a change of its floor.';

-- Name: _add_job(bigint, text, jsonb, text, timestamp with time zone, integer, integer, text, jsonb, interval, text[], jsonb, text, bigint, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._add_job(job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text, run_id bigint, task text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  -- The xid first: the floor's proof needs ready_at to be later than that, and a sleeping runner's the xid before the bell.
  now_ constant timestamptz := case when pg_catalog.pg_current_xact_id() is not null then pg_catalog.clock_timestamp() end;
  -- Once: a value that comes compressed from a table is as large as that here, but not in a plan of which it is a constant.
  apart constant boolean := faultline._stands_apart(payload);
begin
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags,
    idempotency_key, transaction_id, run_id, task)
  values (
    job_id, greatest(run_at, now_), now_,
    coalesce(max_attempts, (select q.max_attempts from faultline.queues q where q.queue = _add_job.queue),
             (select s.max_attempts from faultline.settings s)),
    priority, type, queue, case when not apart then payload end, headers, backoff, timeout, tags,
    idempotency_key, transaction_id, run_id, task);
  -- The id in any case. A PERFORM would be a query of its own, at 4 µs a job.
  return case
    when (not apart or faultline._keep_apart(job_id, payload))
         and coalesce(run_at, now_) <= now_ and faultline._ring(queue) then job_id
    else job_id
  end;
end
$$;

-- Name: FUNCTION _add_job(job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text, run_id bigint, task text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._add_job(job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text, run_id bigint, task text) IS 'Private: inserts one new job, rings its queue''s bell and returns the id.';

SET LOCAL default_tablespace = '';

SET LOCAL default_table_access_method = heap;

-- Name: runs; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.runs (
    run_id bigint NOT NULL,
    root_run_id bigint NOT NULL,
    parent_run_id bigint,
    parent_task text,
    parent_item integer,
    depth integer DEFAULT 0 NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    workflow text NOT NULL,
    version integer NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    input jsonb NOT NULL,
    idempotency_key text,
    headers jsonb,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT runs_family CHECK ((((parent_run_id IS NULL) = (root_run_id = run_id)) AND ((parent_run_id IS NULL) = (parent_task IS NULL)))),
    CONSTRAINT runs_finished CHECK (((state = 'running'::text) = (finished_at IS NULL))),
    CONSTRAINT runs_state CHECK ((state = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);

-- Name: TABLE runs; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.runs IS 'One execution of a version of a workflow. Whoever changes anything of a run or its children locks the row of the root first.';

-- Name: COLUMN runs.place; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.runs.place IS 'In its family, in the order in which they began; the root has 0.';

-- Name: COLUMN runs.headers; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.runs.headers IS 'What travels with every job of the run, for trace context.';

-- Name: _advance(faultline.runs, text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._advance(r faultline.runs, ended text[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  frontier text[] := ended;
  following text[];
  jobs text[];
  skipped text[];
  after_failures boolean[];
  others jsonb[];
  turns bigint[] := '{}'::bigint[];
  ready record;
  holds boolean;
  error jsonb;
  definition jsonb;
  started record;
begin
  loop
    following := '{}';
    jobs := '{}';
    skipped := '{}';
    after_failures := '{}';
    others := '{}';
    for ready in
      select x.name, w.definition, n.failed,
        case w.definition ->> 'when' when 'success' then n.all_succeeded when 'failure' then n.failed else true end as goes,
        w.definition ->> 'kind' = 'job' and not w.definition ? 'for_each' as plain,
        w.definition ? 'if' as conditional
      from faultline._ready(r, frontier) as x (name)
      cross join lateral (
        select w.definition, w.ordinal
        from faultline.workflow_tasks w
        where w.workflow = r.workflow and w.version = r.version and w.task = x.name
        offset 0
      ) w
      cross join lateral (
        select coalesce(bool_and(p.state = 'succeeded'), true) as all_succeeded,
          bool_or(p.state in ('failed', 'cancelled') or p.after_failure) as failed
        from faultline.task_dependencies e
        cross join lateral (
          select p.state, p.after_failure from faultline.tasks p where p.run_id = r.run_id and p.name = e.needs and p.item = -1 offset 0
        ) p
        where e.workflow = r.workflow and e.version = r.version and e.task = x.name
      ) n
      order by w.ordinal
    loop
      holds := ready.goes;
      if ready.goes and ready.conditional then
        select c.holds, c.error into holds, error from faultline._condition(r, ready.name, ready.definition) c;
        if error is not null then
          perform faultline._end_task(r.run_id, ready.name, -1, 'failed', null, error);
          following := following || ready.name;
          continue;
        end if;
      end if;
      if not holds then
        skipped := skipped || ready.name;
        after_failures := after_failures || (ready.failed and not ready.goes);
      elsif ready.plain then
        jobs := jobs || ready.name;
      else
        others := others || pg_catalog.jsonb_build_object('name', ready.name, 'definition', ready.definition);
      end if;
    end loop;
    if pg_catalog.cardinality(skipped) > 0 then
      update faultline.tasks t
      set state = 'skipped', finished_at = pg_catalog.clock_timestamp(), after_failure = s.after_failure
      from (
        select p.place, u.after_failure
        from unnest(skipped, after_failures) as u (name, after_failure)
        cross join lateral (
          select p.ctid as place from faultline.tasks p where p.run_id = r.run_id and p.name = u.name and p.item = -1 offset 0
        ) p
        offset 0
      ) s
      where t.ctid = s.place;
      following := following || skipped;
    end if;
    if pg_catalog.cardinality(jobs) > 0 then
      perform faultline._start_jobs(r, jobs, pg_catalog.array_fill(-1, array[pg_catalog.cardinality(jobs)]));
    end if;
    foreach definition in array others loop
      select * into started from faultline._start_task(r, definition ->> 'name', definition -> 'definition');
      if pg_catalog.cardinality(started.turns) > 0 then
        turns := turns || started.turns;
      end if;
      if started.over then
        following := following || (definition ->> 'name');
      end if;
    end loop;
    exit when pg_catalog.cardinality(following) = 0;
    frontier := following;
  end loop;
  if faultline._finish_run(r) and r.parent_run_id is not null then
    turns := turns || r.run_id;
  end if;
  return turns;
end
$$;

-- Name: FUNCTION _advance(r faultline.runs, ended text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._advance(r faultline.runs, ended text[]) IS 'Private: what follows inside a run from tasks that have ended.';

-- Name: _ago(interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._ago(span interval) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  seconds constant numeric := greatest(0, extract(epoch from span));
begin
  return case
    when seconds < 10 then pg_catalog.format('%s s', pg_catalog.round(seconds, 1))
    when seconds < 60 then pg_catalog.format('%s s', pg_catalog.floor(seconds))
    when seconds < 3600 then pg_catalog.format('%s min %s s', pg_catalog.floor(seconds / 60), pg_catalog.floor(seconds % 60))
    when seconds < 86400 then pg_catalog.format('%s h %s min', pg_catalog.floor(seconds / 3600), pg_catalog.floor(seconds % 3600 / 60))
    else pg_catalog.format('%s day%s %s h', pg_catalog.floor(seconds / 86400), case when seconds < 172800 then '' else 's' end,
                           pg_catalog.floor(seconds % 86400 / 3600))
  end;
end
$$;

-- Name: FUNCTION _ago(span interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._ago(span interval) IS 'Private: an interval as people say it.';

-- Name: _answer(boolean, bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._answer(accepted boolean, job_id bigint, attempt integer, verb text) RETURNS text
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  reason text;
  job record;
begin
  if accepted then
    return 'ok';
  end if;
  reason := faultline._refused(job_id, attempt, verb);
  if reason = 'repeat' then
    return 'repeat';
  end if;
  if reason = 'unknown' then
    perform faultline._no_job(job_id);
  end if;
  select j.state, j.attempt into job from faultline.jobs_live j where j.job_id = _answer.job_id;
  if not found then
    select d.state, d.attempt into job from faultline.jobs_done d where d.job_id = _answer.job_id;
  end if;
  raise exception using
    errcode = 'FL001',
    message = pg_catalog.format('attempt %s of job %s may not %s it: the job is %s at attempt %s',
                                attempt, job_id, case verb when 'cancelled' then 'cancel' else verb end, job.state, job.attempt),
    hint = 'The lease was lost: drop the result; another attempt has the job, or had it.';
end
$$;

-- Name: FUNCTION _answer(accepted boolean, job_id bigint, attempt integer, verb text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._answer(accepted boolean, job_id bigint, attempt integer, verb text) IS 'Private: the verdict of a single report, or FL001, FL005.';

-- Name: _apply(bigint, integer, text, jsonb, jsonb, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._apply(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing boolean, OUT entry_id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  sent text;
begin
  perform faultline._check_transaction_id(transaction_id), faultline._check_document('the effect', effect, true),
    faultline._check_postings(postings);

  job := faultline._lock_attempt(job_id, attempt);
  created := false;
  if job.job_id is null then
    select e.entry_id into entry_id
    from faultline.ledger_entries e
    join faultline.transactions x on x.transaction_id = e.transaction_id
    where e.transaction_id = _apply.transaction_id
      and (x.job_id = _apply.job_id
           or exists (
             select
             from faultline.jobs_done d
             where d.job_id = _apply.job_id and d.type = x.kind
               and coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)) = x.request));
    if not found then
      perform faultline._ended_otherwise(job_id, attempt, transaction_id);
    end if;
    return;
  end if;
  t := faultline._lock_transaction(job, transaction_id);
  -- In a statement after the lock: whoever held it may have written the entry.
  select
    (select e.entry_id from faultline.ledger_entries e where e.transaction_id = _apply.transaction_id limit 1),
    (select e.name from faultline.effects e where e.transaction_id = _apply.transaction_id and e.state = 'SENT' limit 1)
  into entry_id, sent;
  if entry_id is not null then
    return;
  end if;
  if t.job_id <> job_id then
    perform faultline._other_job(t);
  end if;
  if sent is not null then
    raise exception using
      errcode = 'FL003',
      message = pg_catalog.format('effect %s of transaction %L was sent, and its outcome is not settled', sent, transaction_id),
      hint = 'settle_effect says what became of it; the entry comes after that.';
  end if;

  created := true;
  insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
  values (transaction_id, job_id, attempt, coalesce(effect, '{}'), pg_catalog.clock_timestamp())
  returning ledger_entries.entry_id into entry_id;
  if postings is not null then
    perform faultline._post(entry_id, postings);
  end if;
  update faultline.transactions x
  set state = 'APPLIED', job_state = case when completing then 'succeeded' end,
      due_at = case when completing then pg_catalog.clock_timestamp() end
  where x.transaction_id = _apply.transaction_id;
end
$$;

-- Name: FUNCTION _apply(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing boolean, OUT entry_id bigint, OUT created boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._apply(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing boolean, OUT entry_id bigint, OUT created boolean) IS 'Private: writes the ledger entry of a running attempt.';

-- Name: _arguments_hash(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._arguments_hash(type text, payload jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
select pg_catalog.jsonb_hash_extended(pg_catalog.jsonb_build_array(type, payload), 0)
  # pg_catalog.hashtextextended(
      pg_catalog.regexp_replace(type || ' ' || payload::text, '(\.[0-9]*[1-9])0+|\.0+(?![0-9])', '\1', 'g'), 0)
$$;

-- Name: FUNCTION _arguments_hash(type text, payload jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._arguments_hash(type text, payload jsonb) IS 'Private: the hash by which "same arguments" is told.';

-- Name: _backoff_delay(jsonb, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._backoff_delay(backoff jsonb, failures integer) RETURNS interval
    LANGUAGE plpgsql
    AS $$
declare
  delay double precision := extract(epoch from coalesce((backoff ->> 'delay')::interval, interval '1 second'));
  max_delay double precision := extract(epoch from coalesce((backoff ->> 'max_delay')::interval, interval '1 hour'));
  -- A numeric that is tiny (1e-400) is no double precision.
  jitter double precision := coalesce(pg_catalog.round((backoff ->> 'jitter')::numeric, 6)::double precision, 0.2);
begin
  if coalesce(backoff ->> 'kind', 'exponential') = 'exponential' then
    delay := delay * 2.0 ^ least(failures - 1, 40);
  end if;
  delay := greatest(0.001, least(delay, max_delay, 366 * 86400.0)) * (1 - jitter * pg_catalog.random());
  return pg_catalog.make_interval(secs => delay);
end
$$;

-- Name: FUNCTION _backoff_delay(backoff jsonb, failures integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._backoff_delay(backoff jsonb, failures integer) IS 'Private: the wait after the n-th failure.';

-- Name: _balance(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._balance(account text, currency text) RETURNS numeric
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_variable
begin
  return (
    select coalesce((
        select c.balance
        from faultline.account_checkpoints c
        where c.account = _balance.account and c.currency = _balance.currency), 0)
      + coalesce((
        select sum(p.amount)
        from faultline.postings p
        where p.account = _balance.account and p.currency = _balance.currency and p.posting_id > w.folded_to), 0)
    from faultline.ledger_checkpoint w);
end
$$;

-- Name: FUNCTION _balance(account text, currency text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._balance(account text, currency text) IS 'Private: the balance of an account.';

-- Name: transactions; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.transactions (
    transaction_id text NOT NULL,
    kind text NOT NULL,
    request jsonb NOT NULL,
    request_hash bigint NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    job_id bigint NOT NULL,
    job_state text,
    state text DEFAULT 'INIT'::text NOT NULL,
    reason text,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    settled_at timestamp with time zone,
    CONSTRAINT transactions_job_state_check CHECK ((job_state = ANY (ARRAY['succeeded'::text, 'cancelled'::text, 'discarded'::text]))),
    CONSTRAINT transactions_reason CHECK (((state = 'FAILED'::text) = (reason IS NOT NULL))),
    CONSTRAINT transactions_settled CHECK ((((state = ANY (ARRAY['RECONCILED'::text, 'FAILED'::text])) = (settled_at IS NOT NULL)) AND ((settled_at IS NULL) OR (due_at IS NULL)))),
    CONSTRAINT transactions_state CHECK ((state = ANY (ARRAY['INIT'::text, 'APPLIED'::text, 'RECONCILED'::text, 'FAILED'::text])))
);

-- Name: TABLE transactions; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.transactions IS 'What has to happen once: its request, the job that does it, and how far it is. INIT → APPLIED → RECONCILED, INIT → FAILED. Never deleted: a burnt id stays burnt.';

-- Name: COLUMN transactions.options; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.transactions.options IS 'The arguments of the job that are not defaults, so that a job that never existed can be made again.';

-- Name: COLUMN transactions.job_state; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.transactions.job_state IS 'How the job ended; NULL while it is live. Stored here, so that retention can not turn finished into missing.';

-- Name: COLUMN transactions.due_at; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.transactions.due_at IS 'When reconcile should look; NULL: nothing to do until something happens. Written as clock_timestamp() after the writer has its xid: the floor rests on it.';

-- Name: _burnt(faultline.transactions); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._burnt(t faultline.transactions) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL006',
    message = pg_catalog.format('transaction %L has failed: %s', t.transaction_id, t.reason),
    hint = 'Its id is burnt: nothing can apply it any more. Submit the work again under a new id.';
end
$$;

-- Name: FUNCTION _burnt(t faultline.transactions); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._burnt(t faultline.transactions) IS 'Private: raises FL006.';

-- Name: _check_amount(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_amount(what text, amount jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  value numeric;
begin
  begin
    value := (amount #>> '{}')::numeric;
  exception when data_exception then
    null;
  end;
  if value is null then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not a number', what, pg_catalog.left(coalesce(amount::text, 'NULL'), 100)), 'Write it as 12.50 or "12.50"');
  end if;
  if not (abs(value) < 1e20 and scale(value) <= 18) then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', what, pg_catalog.left(amount::text, 100)), 'It is below 1e20 and has at most 18 decimals');
  end if;
end
$$;

-- Name: FUNCTION _check_amount(what text, amount jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_amount(what text, amount jsonb) IS 'Private: raises FL004 unless the value is an amount.';

-- Name: _check_array(text, jsonb, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_array(what text, value jsonb, example text) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
  total int;
begin
  if value is null or pg_catalog.jsonb_typeof(value) <> 'array' then
    perform faultline._invalid(
      pg_catalog.format('%s is not an array but %s', what, coalesce('of type ' || pg_catalog.jsonb_typeof(value), 'NULL')),
      'For example ' || example);
  end if;
  total := pg_catalog.jsonb_array_length(value);
  if total > 10000 then
    perform faultline._invalid(pg_catalog.format('the array has %s elements', total), 'At most 10000 a call');
  end if;
  return total;
end
$$;

-- Name: FUNCTION _check_array(what text, value jsonb, example text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_array(what text, value jsonb, example text) IS 'Private: how many elements an argument of many jobs has; raises FL004 if it is no array, or has more than 10 000.';

-- Name: _check_backoff(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_backoff(backoff jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  usage constant text := 'For example {"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}';
  key text;
  delay interval;
begin
  if backoff is null then
    return;
  end if;
  if pg_catalog.jsonb_typeof(backoff) <> 'object' then
    perform faultline._invalid(pg_catalog.format('backoff %s is not an object', pg_catalog.left(backoff::text, 100)), usage);
  end if;
  for key in select pg_catalog.jsonb_object_keys(backoff) loop
    if key not in ('kind', 'delay', 'max_delay', 'jitter') then
      perform faultline._invalid(pg_catalog.format('backoff has no key %s', pg_catalog.quote_literal(pg_catalog.left(key, 100))), usage);
    end if;
  end loop;
  if backoff ->> 'kind' not in ('exponential', 'fixed') then
    perform faultline._invalid(
      pg_catalog.format('backoff kind %s is unknown', pg_catalog.quote_literal(pg_catalog.left(backoff ->> 'kind', 100))), usage);
  end if;
  foreach key in array array['delay', 'max_delay'] loop
    if pg_catalog.jsonb_typeof(backoff -> key) not in ('string', 'null') then
      perform faultline._invalid(pg_catalog.format('backoff %s %s is not an interval in a string', key, pg_catalog.left((backoff -> key)::text, 100)), usage);
    end if;
    begin
      delay := (backoff ->> key)::interval;
    exception when data_exception then
      perform faultline._invalid(
        pg_catalog.format('backoff %s %s is not an interval', key, pg_catalog.quote_literal(pg_catalog.left(backoff ->> key, 100))), usage);
    end;
    perform faultline._check_interval('backoff ' || key, delay, interval '1 millisecond', interval '366 days');
  end loop;
  if pg_catalog.jsonb_typeof(backoff -> 'jitter') not in ('number', 'null') then
    perform faultline._invalid(pg_catalog.format('backoff jitter %s is not a number', pg_catalog.left((backoff -> 'jitter')::text, 100)), usage);
  end if;
  if (backoff ->> 'jitter')::numeric not between 0 and 1 then
    perform faultline._invalid(pg_catalog.format('backoff jitter %s is out of bounds', pg_catalog.left(backoff ->> 'jitter', 100)), 'It lies between 0 and 1');
  end if;
end
$$;

-- Name: FUNCTION _check_backoff(backoff jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_backoff(backoff jsonb) IS 'Private: raises FL004 unless the value is a backoff.';

-- Name: _check_balanced(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_balanced() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  total record;
begin
  select p.currency, sum(p.amount) as amount into total
  from faultline.postings p
  where p.entry_id = new.entry_id
  group by p.currency
  having sum(p.amount) <> 0
  limit 1;
  if found then
    raise exception using
      errcode = 'FL004',
      message = pg_catalog.format('the postings of entry %s in %s add up to %s', new.entry_id, total.currency, total.amount),
      hint = 'In each currency they add up to zero.';
  end if;
  return null;
end
$$;

-- Name: FUNCTION _check_balanced(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_balanced() IS 'Private: raises FL004 unless the postings of an entry balance.';

-- Name: _check_document(text, jsonb, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_document(what text, document jsonb, must_be_object boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if must_be_object and pg_catalog.jsonb_typeof(document) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('%s is not an object but of type %s', what, pg_catalog.jsonb_typeof(document)),
      case when what like 'the error%' then 'For example {"type": "ValueError", "message": "…"}'
        else 'Put the value under a name, as in {"value": …}' end);
  end if;
  if pg_catalog.octet_length(document::text) > 262144 then
    perform faultline._invalid(
      pg_catalog.format('%s has %s bytes as text', what, pg_catalog.octet_length(document::text)),
      pg_catalog.format(
        'At most 262144 (256 KiB): store the data elsewhere and %s a reference', case when what = 'the request' then 'pass' when what like 'the payload of %' then 'enqueue' else 'return' end));
  end if;
end
$$;

-- Name: FUNCTION _check_document(what text, document jsonb, must_be_object boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_document(what text, document jsonb, must_be_object boolean) IS 'Private: raises FL004 for a document that can''t be kept.';

-- Name: _check_fence(bigint, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_fence(job_id bigint, attempt integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if job_id is null or attempt is null then
    perform faultline._invalid(
      pg_catalog.format('job_id is %s and attempt is %s', coalesce(job_id::text, 'NULL'), coalesce(attempt::text, 'NULL')),
      'A report carries both, as the claim returned them');
  end if;
end
$$;

-- Name: FUNCTION _check_fence(job_id bigint, attempt integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_fence(job_id bigint, attempt integer) IS 'Private: raises FL004 unless both halves of a fence are there.';

-- Name: _check_interval(text, interval, interval, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_interval(what text, value interval, lowest interval, highest interval) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if value < lowest or value > highest then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', what, value),
      pg_catalog.format('It lies between %s and %s', lowest, highest));
  end if;
  if least(extract(year from value), extract(month from value), extract(day from value), extract(hour from value),
           extract(minute from value), extract(second from value)) < 0 then
    perform faultline._invalid(
      pg_catalog.format('%s %s has a negative part', what, value), 'Write it with one sign, as 23 hours and not 1 day -1 hour');
  end if;
end
$$;

-- Name: FUNCTION _check_interval(what text, value interval, lowest interval, highest interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_interval(what text, value interval, lowest interval, highest interval) IS 'Private: raises FL004 unless the value lies within its bounds.';

-- Name: _check_isolation(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_isolation(what text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    perform faultline._invalid(
      pg_catalog.format('%s does not work in a transaction that is %s', what, pg_catalog.upper(pg_catalog.current_setting('transaction_isolation'))),
      'Use READ COMMITTED: it has to see what others have just committed');
  end if;
end
$$;

-- Name: FUNCTION _check_isolation(what text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_isolation(what text) IS 'Private: raises FL004 for any isolation but READ COMMITTED.';

-- Name: _check_job(text, jsonb, text, timestamp with time zone, integer, integer, text, interval, jsonb, interval, text[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_job(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  tag text;
begin
  perform faultline._check_name('type', type);
  if queue <> 'default' then
    perform faultline._check_name('queue', queue);
  end if;
  if pg_catalog.jsonb_typeof(payload) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('the payload is not an object but of type %s', pg_catalog.jsonb_typeof(payload)),
      'Put the value under a name, as in {"value": …}');
  end if;
  if pg_catalog.octet_length(payload::text) > 262144 then
    perform faultline._invalid(
      pg_catalog.format('the payload has %s bytes as text', pg_catalog.octet_length(payload::text)),
      'At most 262144 (256 KiB): store the data elsewhere and enqueue a reference');
  end if;
  if not pg_catalog.isfinite(run_at) then
    perform faultline._invalid(pg_catalog.format('run_at %s is not a time', run_at), 'Leave it out to run now');
  end if;
  if priority not between 1 and 4 then
    perform faultline._invalid(pg_catalog.format('priority %s is out of bounds', priority), '1, 2, 3 or 4; 1 runs first');
  end if;
  if max_attempts not between 1 and 100 then
    perform faultline._invalid(pg_catalog.format('max_attempts %s is out of bounds', max_attempts), 'It lies between 1 and 100');
  end if;
  if pg_catalog.length(idempotency_key) not between 1 and 255 then
    perform faultline._invalid(
      pg_catalog.format('the idempotency key has %s characters', pg_catalog.length(idempotency_key)), 'It has 1 to 255');
  end if;
  if idempotency_ttl is not null and idempotency_key is null then
    perform faultline._invalid('idempotency_ttl is given without idempotency_key', 'Give a key, or leave the ttl out');
  end if;
  perform faultline._check_interval('idempotency_ttl', idempotency_ttl, interval '1 second', interval '3660 days');
  perform faultline._check_backoff(backoff);
  perform faultline._check_interval('timeout', timeout, interval '1 millisecond', interval '366 days');
  if pg_catalog.array_ndims(tags) > 1 then
    perform faultline._invalid('tags is an array of arrays', 'Give one list of names');
  end if;
  if pg_catalog.cardinality(tags) > 32 then
    perform faultline._invalid(pg_catalog.format('the job has %s tags', pg_catalog.cardinality(tags)), 'At most 32');
  end if;
  if pg_catalog.cardinality(tags) > 0 then
    foreach tag in array tags loop
      perform faultline._check_name('tag', tag);
    end loop;
  end if;
  if pg_catalog.jsonb_typeof(headers) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('headers is not an object but of type %s', pg_catalog.jsonb_typeof(headers)),
      'For example {"traceparent": "…"}');
  end if;
  if pg_catalog.octet_length(headers::text) > 16384 then
    perform faultline._invalid(
      pg_catalog.format('headers has %s bytes as text', pg_catalog.octet_length(headers::text)), 'At most 16384');
  end if;
end
$$;

-- Name: FUNCTION _check_job(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_job(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) IS 'Private: raises FL004 for the first argument of enqueue that is out of its limits.';

-- Name: _check_keys(text, jsonb, text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_keys(place text, value jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  unknown text;
begin
  if pg_catalog.jsonb_typeof(value) is distinct from 'object' then
    perform faultline._task_fault(place, pg_catalog.format('it is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(value), 'missing')),
                                  'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
  select key into unknown from pg_catalog.jsonb_object_keys(value) as key where key <> all (known) order by key limit 1;
  if unknown is not null then
    perform faultline._task_fault(place, pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(unknown, 100))),
                                  'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
end
$$;

-- Name: FUNCTION _check_keys(place text, value jsonb, known text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_keys(place text, value jsonb, known text[]) IS 'Private: raises FL004 for a key of a spec that nobody knows.';

-- Name: _check_name(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_name(what text, value text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
begin
  -- The length apart: a bounded repetition ({1,128}) takes 13 µs for 36 characters, this 0.3.
  if value is null or pg_catalog.length(value) > 128 or value !~ '^[A-Za-z0-9_.:-]+$' then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not a name', what, coalesce(pg_catalog.quote_literal(pg_catalog.left(value, 140)), 'NULL')),
      'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
end
$_$;

-- Name: FUNCTION _check_name(what text, value text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_name(what text, value text) IS 'Private: raises FL004 unless the value is a name.';

-- Name: _check_postings(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_postings(postings jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  usage constant text := 'For example [{"account": "alice", "amount": -100, "currency": "EUR"}, {"account": "bob", "amount": 100, "currency": "EUR"}]';
  name constant text := '^[A-Za-z0-9_.:-]+$';
  keys constant text[] := array['account', 'amount', 'currency'];
  posting jsonb;
  place int := 0;
  total record;
begin
  if postings is null then
    return;
  end if;
  if pg_catalog.jsonb_typeof(postings) <> 'array' then
    perform faultline._invalid(pg_catalog.format('postings is not an array but of type %s', pg_catalog.jsonb_typeof(postings)), usage);
  end if;
  if pg_catalog.jsonb_array_length(postings) not between 1 and 1000 then
    perform faultline._invalid(pg_catalog.format('the entry has %s postings', pg_catalog.jsonb_array_length(postings)), 'It has 1 to 1000; leave them out for none');
  end if;
  -- What is plainly right passes in one statement; what is not is looked at one by one, for the place and the reason.
  if exists (
    select
    from pg_catalog.jsonb_array_elements(postings) as p (posting)
    where case when pg_catalog.jsonb_typeof(p.posting) = 'object' then
      p.posting - keys = '{}'
      and p.posting ->> 'account' ~ name and pg_catalog.length(p.posting ->> 'account') <= 128
      and p.posting ->> 'currency' ~ name and pg_catalog.length(p.posting ->> 'currency') <= 128
      and p.posting ->> 'amount' ~ '^-?[0-9]+(\.[0-9]+)?$' and pg_catalog.length(p.posting ->> 'amount') <= 19
      and p.posting ->> 'amount' ~ '[1-9]'
    end is not true
  ) then
    for posting in select * from pg_catalog.jsonb_array_elements(postings) loop
      place := place + 1;
      if pg_catalog.jsonb_typeof(posting) <> 'object' then
        perform faultline._invalid(
          pg_catalog.format('posting %s: it is not an object but of type %s', place, pg_catalog.jsonb_typeof(posting)), usage);
      end if;
      if posting - keys <> '{}' then
        perform faultline._invalid(
          pg_catalog.format('posting %s: it has the unknown key %s', place, pg_catalog.quote_literal(pg_catalog.left(
            (select key from pg_catalog.jsonb_object_keys(posting - keys) as key limit 1), 100))), usage);
      end if;
      perform faultline._check_name('posting ' || place || ': account', posting ->> 'account');
      perform faultline._check_name('posting ' || place || ': currency', posting ->> 'currency');
      perform faultline._check_amount('posting ' || place || ': amount', posting -> 'amount');
      if (posting ->> 'amount')::numeric = 0 then
        perform faultline._invalid(pg_catalog.format('posting %s: amount is 0', place), 'Leave a posting of nothing out');
      end if;
    end loop;
  end if;
  select p.currency, sum(p.amount) as amount into total
  from pg_catalog.jsonb_to_recordset(postings) as p (currency text, amount numeric)
  group by p.currency
  having sum(p.amount) <> 0
  order by p.currency
  limit 1;
  if found then
    perform faultline._invalid(
      pg_catalog.format('the postings in %s add up to %s', total.currency, total.amount), 'In each currency they add up to zero');
  end if;
end
$_$;

-- Name: FUNCTION _check_postings(postings jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_postings(postings jsonb) IS 'Private: raises FL004 unless the value is an array of postings that balance.';

-- Name: _check_schedule(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_schedule(definition jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $_$
#variable_conflict use_variable
declare
  known constant text[] := '{name,description,source,cron,every,timezone,type,payload,queue,priority,max_attempts,backoff,timeout,tags,headers,workflow,input,missed,missed_window,missed_limit,overlap,jitter,starts_at,ends_at}'::text[];
  of_jobs constant text[] := '{type,payload,queue,priority,max_attempts,backoff,tags,headers}'::text[];
  of_workflows constant text[] := '{payload,queue,priority,max_attempts,backoff,timeout,tags,headers,jitter}'::text[];
  given jsonb;
  stored jsonb;
  key text;
  span interval;
  rule text;
begin
  if definition is null or pg_catalog.jsonb_typeof(definition) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('the schedule is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(definition), 'NULL')),
      'For example {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "type": "report"}');
  end if;
  select k.key into key from pg_catalog.jsonb_object_keys(definition) as k (key) where k.key <> all (known) order by k.key limit 1;
  if key is not null then
    perform faultline._schedule_fault('the schedule', pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(key, 100))),
                                      'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
  given := coalesce((select pg_catalog.jsonb_object_agg(e.key, e.value) from pg_catalog.jsonb_each(definition) e where e.value <> 'null'), '{}');
  foreach key in array '{name,description,source,cron,timezone,workflow,missed,overlap}'::text[] loop
    if pg_catalog.jsonb_typeof(given -> key) <> 'string' then
      perform faultline._schedule_fault(key, pg_catalog.format('%s is not a text', pg_catalog.left((given -> key)::text, 100)), 'Put it in quotes');
    end if;
  end loop;
  if given ->> 'name' is null or pg_catalog.length(given ->> 'name') > 128 or given ->> 'name' !~ '^[A-Za-z0-9_.:-]+$' then
    perform faultline._schedule_fault(
      'name', case when given ? 'name' then pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(given ->> 'name', 140))) else 'it is missing' end,
      'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if pg_catalog.length(given ->> 'source') > 128 or given ->> 'source' !~ '^[A-Za-z0-9_.:-]+$' then
    perform faultline._schedule_fault('source', pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(given ->> 'source', 140))),
                                      'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if pg_catalog.length(given ->> 'description') > 1000 then
    perform faultline._schedule_fault('description', pg_catalog.format('it has %s characters', pg_catalog.length(given ->> 'description')), 'At most 1000');
  end if;

  -- When.
  if not given ?| '{cron,every}' then
    perform faultline._schedule_fault('cron', 'it is missing, and so is every', 'For example cron: 0 3 * * * with a timezone, or every: 30s');
  elsif given ?& '{cron,every}' then
    perform faultline._schedule_fault('every', 'cron is given too', 'A schedule has one of them');
  elsif given ? 'every' then
    if given ? 'timezone' then
      perform faultline._schedule_fault('timezone', 'every has none', 'It is counted from 1970-01-01 00:00 UTC: leave timezone out, or write a cron expression');
    end if;
    span := faultline._schedule_interval('every', given -> 'every', interval '1 second', interval '366 days');
    if extract(year from span) <> 0 or extract(month from span) <> 0 or extract(epoch from span) % 1 <> 0 then
      perform faultline._schedule_fault('every', pg_catalog.format('%s is not a number of whole seconds', pg_catalog.left((given -> 'every')::text, 100)),
                                        case when extract(epoch from span) % 1 <> 0 then 'Write 1s or more, without a fraction' else 'Months and years have different lengths: write a cron expression' end);
    end if;
    given := given || pg_catalog.jsonb_build_object('every', extract(epoch from span)::int);
  else
    if not given ? 'timezone' then
      perform faultline._schedule_fault('timezone', 'it is missing, and cron needs one', 'For example Europe/Berlin, or UTC');
    end if;
    perform faultline._check_zone(given ->> 'timezone');
    perform faultline._parse_cron(given ->> 'cron');
  end if;
  foreach key in array '{starts_at,ends_at}'::text[] loop
    if given ? key then
      given := given || pg_catalog.jsonb_build_object(key, faultline._utc(faultline._schedule_time(key, given -> key)));
    end if;
  end loop;
  if (given ->> 'ends_at')::timestamptz <= (given ->> 'starts_at')::timestamptz then
    perform faultline._schedule_fault('ends_at', pg_catalog.format('%s is not later than starts_at, %s', given ->> 'ends_at', given ->> 'starts_at'), 'A schedule ends after it starts');
  end if;

  -- What.
  if not given ?| '{type,workflow}' then
    perform faultline._schedule_fault('type', 'it is missing, and so is workflow', 'For example type: report, or workflow: nightly-report');
  elsif given ?& '{type,workflow}' then
    perform faultline._schedule_fault('workflow', 'type is given too', 'A schedule makes jobs of a type, or runs of a workflow');
  elsif given ? 'type' then
    if given ? 'input' then
      perform faultline._schedule_fault('input', 'a job has none', 'Write payload');
    end if;
    stored := '{"payload": {}, "queue": "default", "priority": 2}';
    foreach key in array of_jobs loop
      if given ? key then
        perform faultline._schedule_job(key, given -> key);
      end if;
    end loop;
    if given ? 'timeout' then
      span := faultline._schedule_interval('timeout', given -> 'timeout', interval '1 millisecond', interval '366 days');
      given := given || pg_catalog.jsonb_build_object('timeout', pg_catalog.trim_scale(extract(epoch from span)));
    end if;
    if given -> 'headers' ? 'faultline.tick' then
      perform faultline._schedule_fault('headers', 'faultline.tick is given', 'That is where a job has its schedule and tick');
    end if;
  else
    foreach key in array of_workflows loop
      if given ? key then
        perform faultline._schedule_fault(
          key, 'a run has none',
          case key when 'payload' then 'Write input' when 'jitter' then 'A run begins at once' else 'The tasks of the workflow say that' end);
      end if;
    end loop;
    perform faultline._check_name('workflow', given ->> 'workflow');
    if not exists (select from faultline.workflows w where w.workflow = given ->> 'workflow') then
      raise exception using errcode = 'FL005', message = pg_catalog.format('workflow: there is no workflow %s', given ->> 'workflow'), hint = 'put_workflow comes first.', column = 'workflow';
    end if;
    stored := '{"input": {}}';
    if given ? 'input' then
      perform faultline._schedule_job('input', given -> 'input');
    end if;
  end if;
  key := case when given ? 'type' then 'payload' else 'input' end;
  if given -> key ? 'tick_at' then
    perform faultline._schedule_fault(key, 'tick_at is given', 'That is where the time of the tick stands: give yours another name');
  elsif pg_catalog.octet_length((given -> key)::text) > 262100 then
    perform faultline._schedule_fault(key, pg_catalog.format('it has %s bytes as text', pg_catalog.octet_length((given -> key)::text)), 'At most 262100: store the data elsewhere and pass a reference');
  end if;

  -- How.
  rule := coalesce(given ->> 'missed', 'latest');
  if rule not in ('skip', 'latest', 'all') then
    perform faultline._schedule_fault('missed', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(rule, 100))), 'skip, latest or all');
  elsif coalesce(given ->> 'overlap', 'allow') not in ('allow', 'skip') then
    perform faultline._schedule_fault('overlap', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(given ->> 'overlap', 100))), 'allow or skip');
  elsif given ? 'missed_window' and rule = 'skip' then
    perform faultline._schedule_fault('missed_window', 'missed: skip has none', 'It is for latest and all');
  elsif given ? 'missed_limit' and rule <> 'all' then
    perform faultline._schedule_fault('missed_limit', pg_catalog.format('missed: %s has none', rule), 'It is for all');
  end if;
  span := coalesce(faultline._schedule_interval('missed_window', given -> 'missed_window', interval '1 minute', interval '366 days'),
                   case rule when 'latest' then interval '366 days' when 'all' then interval '1 day' end);
  if span is not null then
    given := given || pg_catalog.jsonb_build_object('missed_window', pg_catalog.trim_scale(extract(epoch from span)));
  end if;
  if (case pg_catalog.jsonb_typeof(given -> 'missed_limit')
    when 'number' then (given ->> 'missed_limit')::numeric % 1 <> 0 or (given ->> 'missed_limit')::numeric not between 1 and 1000
    else given ? 'missed_limit'
  end) then
    perform faultline._schedule_fault('missed_limit', pg_catalog.format('%s is out of bounds', pg_catalog.left((given -> 'missed_limit')::text, 100)), 'A whole number between 1 and 1000');
  end if;
  span := faultline._schedule_interval('jitter', given -> 'jitter', interval '0', interval '1 day');
  if span is not null then
    given := given || pg_catalog.jsonb_build_object('jitter', pg_catalog.trim_scale(extract(epoch from span)));
  end if;
  -- Whole numbers, however they were written: 2.0 is 2.
  foreach key in array '{priority,max_attempts,missed_limit}'::text[] loop
    if given ? key then
      given := given || pg_catalog.jsonb_build_object(key, (given ->> key)::numeric::int);
    end if;
  end loop;
  return stored || '{"missed": "latest", "overlap": "allow"}' || case rule when 'all' then '{"missed_limit": 100}' else '{}' end::jsonb || given;
end
$_$;

-- Name: FUNCTION _check_schedule(definition jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_schedule(definition jsonb) IS 'Private: the definition of a schedule with all defaults, or FL004.';

-- Name: _check_settings(jsonb, text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_settings(settings jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  key text;
begin
  if settings is null or pg_catalog.jsonb_typeof(settings) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('settings is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(settings), 'NULL')),
      pg_catalog.format('Its keys are %s', pg_catalog.array_to_string(known, ', ')));
  end if;
  for key in select pg_catalog.jsonb_object_keys(settings) loop
    if key <> all (known) then
      perform faultline._invalid(
        pg_catalog.format('%s is not a setting', pg_catalog.quote_literal(pg_catalog.left(key, 100))),
        pg_catalog.format('The settings are %s', pg_catalog.array_to_string(known, ', ')));
    end if;
  end loop;
  perform faultline._check_backoff(case when pg_catalog.jsonb_typeof(settings -> 'backoff') <> 'null' then settings -> 'backoff' end);
end
$$;

-- Name: FUNCTION _check_settings(settings jsonb, known text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_settings(settings jsonb, known text[]) IS 'Private: raises FL004 unless the value is an object of known keys.';

-- Name: _check_ticks(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_ticks(ticks jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
declare
  usage constant text := 'For example [{"schedule": "nightly", "version": 1, "tick_at": "2030-01-31T02:00:00Z", "after": "2030-01-30T02:00:00Z"}]';
  element record;
  tick record;
begin
  if ticks is null or pg_catalog.jsonb_typeof(ticks) <> 'array' then
    perform faultline._invalid(pg_catalog.format('ticks is not an array but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(ticks), 'NULL')), usage);
  elsif pg_catalog.jsonb_array_length(ticks) > 10000 then
    perform faultline._invalid(pg_catalog.format('the array has %s elements', pg_catalog.jsonb_array_length(ticks)), 'At most 10000 a call');
  end if;
  for element in select e.ordinality as ordinal, e.value from pg_catalog.jsonb_array_elements(ticks) with ordinality e loop
    if pg_catalog.jsonb_typeof(element.value) <> 'object' then
      perform faultline._invalid(pg_catalog.format('tick %s: it is not an object but of type %s', element.ordinal, pg_catalog.jsonb_typeof(element.value)), usage);
    end if;
    begin
      select * into tick
      from pg_catalog.jsonb_to_record(element.value) as r (schedule text, version int, tick_at timestamptz, after timestamptz, missed int, fire boolean);
    exception when data_exception then
      perform faultline._invalid(pg_catalog.format('tick %s: %s', element.ordinal, sqlerrm), usage);
    end;
    if pg_catalog.num_nulls(tick.schedule, tick.version, tick.tick_at, tick.after) > 0 or not (pg_catalog.isfinite(tick.tick_at) and pg_catalog.isfinite(tick.after)) then
      perform faultline._invalid(pg_catalog.format('tick %s: schedule, version, tick_at and after are needed', element.ordinal), usage);
    elsif tick.missed not between 0 and 1000000 or tick.fire is false and coalesce(tick.missed, 0) = 0 then
      perform faultline._invalid(pg_catalog.format('tick %s: missed %s is out of bounds', element.ordinal, coalesce(tick.missed, 0)), 'Between 0 and 1000000; with fire false it counts this one');
    end if;
  end loop;
  return ticks;
end
$$;

-- Name: FUNCTION _check_ticks(ticks jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_ticks(ticks jsonb) IS 'Private: raises FL004 for an element of fire_schedules that is none.';

-- Name: _check_transaction_id(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_transaction_id(transaction_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if transaction_id is null or pg_catalog.length(transaction_id) not between 1 and 255 then
    perform faultline._invalid(
      case when transaction_id is null then 'the transaction id is NULL'
        else pg_catalog.format('the transaction id has %s characters', pg_catalog.length(transaction_id)) end,
      'It has 1 to 255');
  end if;
end
$$;

-- Name: FUNCTION _check_transaction_id(transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_transaction_id(transaction_id text) IS 'Private: raises FL004 unless the value can name a transaction.';

-- Name: _check_zone(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._check_zone(zone text) RETURNS void
    LANGUAGE plpgsql
    SET "TimeZone" TO 'UTC'
    AS $$
declare
  canonical text;
begin
  if pg_catalog.length(zone) <= 64 and zone !~ '^(posix|right)/' and zone not in ('localtime', 'posixrules', 'Factory') then
    begin
      canonical := pg_catalog.set_config('TimeZone', zone, true);
    exception when invalid_parameter_value then
      canonical := null;
    end;
    -- The list of zones is read from files, 20 ms: it is for what may also be an offset that somebody made up. Such a one has
    -- digits, and its canonical name is in capitals.
    if canonical = zone and (zone <> pg_catalog.upper(zone) or zone !~ '[0-9]' or exists (select from pg_catalog.pg_timezone_names z where z.name = zone)) then
      return;
    end if;
  end if;
  perform faultline._schedule_fault('timezone', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(zone, 100))),
                                    'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them');
end
$$;

-- Name: FUNCTION _check_zone(zone text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._check_zone(zone text) IS 'Private: raises FL004 unless the value is a time zone.';

-- Name: _child_ended(faultline.runs); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._child_ended(r faultline.runs) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
declare
  parent faultline.runs;
  failed record;
  cause jsonb;
  part record;
  names text[] := '{}'::text[];
  gathered jsonb[] := '{}'::jsonb[];
  bytes bigint := 0;
  results jsonb;
  error jsonb;
begin
  select * into parent from faultline.runs x where x.run_id = r.parent_run_id;
  if r.state = 'succeeded' then
    for part in
      select t.name, coalesce(t.result, 'null') as result
      from (
        select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'succeeded' offset 0
      ) t
      cross join lateral (
        select w.needed_by from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = t.name offset 0
      ) w
      where w.needed_by = '{}'
    loop
      names := names || part.name;
      gathered := gathered || part.result;
      bytes := bytes + pg_catalog.octet_length(part.result::text) + pg_catalog.length(part.name) + 6;
      if bytes > 16777216 then
        error := pg_catalog.jsonb_build_object('type', 'ResultError', 'message', pg_catalog.format(
          'the results of the last tasks of run %s have more than 16777216 bytes as text (16 MiB). Store the data elsewhere and return references', r.run_id));
        exit;
      end if;
    end loop;
    if error is null then
      results := coalesce((select pg_catalog.jsonb_object_agg(u.name, u.result) from unnest(names, gathered) as u (name, result)), '{}');
    end if;
  else
    select t.name, t.state, w.definition, case when w.definition ? 'for_each' then coalesce(t.error -> 'first', t.error) else t.error end as error into failed
    from faultline.tasks t
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
    where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled')
    order by t.ordinal, t.item
    limit 1;
    -- The one that failed of itself may lie ten runs down. What a handler has said of itself is never taken for this.
    if failed.definition ->> 'kind' = 'workflow' and failed.error ->> 'type' = 'RunFailed' then
      cause := failed.error -> 'cause';
    else
      cause := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'run_id', r.run_id, 'task', failed.name, 'type', pg_catalog.left(failed.error ->> 'type', 100), 'message', pg_catalog.left(failed.error ->> 'message', 300)));
    end if;
    error := pg_catalog.jsonb_build_object(
      'type', 'RunFailed',
      'message', pg_catalog.concat_ws(': ',
        pg_catalog.format('task %s of run %s %s', cause ->> 'task', cause ->> 'run_id', case failed.state when 'failed' then 'failed' else 'was cancelled' end),
        cause ->> 'type', cause ->> 'message'),
      'cause', cause);
  end if;
  return faultline._end_tasks(parent, array[r.parent_task], array[r.parent_item], case when error is null then 'succeeded' else 'failed' end, array[results], error);
end
$$;

-- Name: FUNCTION _child_ended(r faultline.runs); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._child_ended(r faultline.runs) IS 'Private: ends the task that a run was.';

-- Name: _close_items(faultline.runs, text, integer, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._close_items(r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  definition constant jsonb := (select w.definition from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = _close_items.name);
  gathered jsonb[] := '{}'::jsonb[];
  bytes bigint := 0;
  part record;
  failed record;
begin
  turns := '{}';
  over := false;
  if ended is null then
    turns := faultline._start_items(r, name, definition, coalesce((definition ->> 'concurrency')::int, 10000), -1);
  elsif definition ? 'concurrency' then
    -- Children may have failed as soon as they began, and so ended out of order; there are few of them.
    turns := faultline._start_items(r, name, definition, ended, case definition ->> 'kind' when 'job' then last else -1 end);
  end if;
  perform
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.state in ('waiting', 'queued', 'running')
  order by t.item desc
  limit 1;
  if found then
    return;
  end if;
  over := true;
  select count(*) as many, min(t.item) as first into failed
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.state <> 'succeeded';
  if failed.many > 0 then
    perform faultline._end_task(
      r.run_id, name, -1, 'failed', null,
      pg_catalog.jsonb_build_object(
        'type', 'ForEachError', 'message', pg_catalog.format('%s of its elements did not succeed, the first of them %s[%s]', failed.many, name, failed.first),
        'first', (select t.error from faultline.tasks t where t.run_id = r.run_id and t.name = _close_items.name and t.item = failed.first)));
    return;
  end if;
  -- Not the list first: one of 256 MB would be more than jsonb can hold, and the last item could never be completed.
  for part in
    select coalesce(t.result, 'null') as result
    from faultline.tasks t
    where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0
    order by t.item
  loop
    gathered := gathered || part.result;
    bytes := bytes + pg_catalog.octet_length(part.result::text) + 2;
    if bytes > 16777216 then
      perform faultline._end_task(
        r.run_id, name, -1, 'failed', null, pg_catalog.jsonb_build_object('type', 'ResultError', 'message', pg_catalog.format(
          'the results of its first %s elements have %s bytes as text, more than 16777216 (16 MiB). Store the data elsewhere and return references',
          pg_catalog.cardinality(gathered), bytes)));
      return;
    end if;
  end loop;
  perform faultline._end_task(r.run_id, name, -1, 'succeeded', pg_catalog.to_jsonb(gathered), null);
end
$$;

-- Name: FUNCTION _close_items(r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._close_items(r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]) IS 'Private: what follows from items of a for_each that have ended.';

-- Name: _complete_tasks(bigint[], integer[], jsonb[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._complete_tasks(job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  runs_ constant bigint[] := array(
    select distinct j.run_id
    from unnest(job_ids) as u (job_id)
    join faultline.jobs_live j on j.job_id = any (array[u.job_id])
    -- Not "is not null": no plan is to stray into the index of the jobs of runs.
    where coalesce(j.run_id, 0) > 0);
  run record;
  transactions text[];
  gone_runs bigint[];
  gone_tasks text[];
  gone_results jsonb[];
begin
  if pg_catalog.cardinality(runs_) = 0 then
    return;
  end if;
  perform faultline._lock_runs(runs_);
  with gone as (
    delete from faultline.jobs_live j
    using (
      select u.job_id, u.attempt, u.result
      from unnest(job_ids, attempts, results) as u (job_id, attempt, result)
      order by u.job_id
    ) r
    where j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and coalesce(j.run_id, 0) > 0
    returning j.*, r.result
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, g.result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.job_id), pg_catalog.array_agg(g.attempt),
    pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null),
    pg_catalog.array_agg(g.run_id), pg_catalog.array_agg(g.task), pg_catalog.array_agg(g.result)
  into done_ids, done_attempts, transactions, gone_runs, gone_tasks, gone_results
  from gone g;
  if transactions is not null then
    perform faultline._tell_transaction(t.id, 'succeeded') from unnest(transactions) as t (id);
  end if;
  for run in
    select u.run_id, pg_catalog.array_agg(pg_catalog.split_part(u.task, '[', 1)) as names,
      pg_catalog.array_agg(coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(u.task, '[', 2), ']'), '')::int, -1)) as items,
      pg_catalog.array_agg(u.result) as results
    from unnest(gone_runs, gone_tasks, gone_results) as u (run_id, task, result)
    group by u.run_id
    order by u.run_id
  loop
    perform faultline._tasks_ended(run.run_id, run.names, run.items, 'succeeded', run.results, null);
  end loop;
end
$$;

-- Name: FUNCTION _complete_tasks(job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._complete_tasks(job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]) IS 'Private: completes the tasks of a group, and does all that follows.';

-- Name: _condition(faultline.runs, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._condition(r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
  given jsonb;
begin
  select n.results, n.error into given, error from faultline._needs_results(r, task, definition) n;
  if error is not null then
    return;
  end if;
  holds := pg_catalog.jsonb_path_match(given, (definition ->> 'if')::jsonpath);
  if holds is null then
    error := pg_catalog.jsonb_build_object(
      'type', 'ConditionError', 'message', pg_catalog.format('if: %s is neither true nor false here', pg_catalog.left(definition ->> 'if', 300)));
  end if;
exception when data_exception or undefined_object or feature_not_supported or program_limit_exceeded then
  error := pg_catalog.jsonb_build_object('type', 'ConditionError', 'message', pg_catalog.left(sqlerrm, 500));
end
$$;

-- Name: FUNCTION _condition(r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._condition(r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb) IS 'Private: whether the condition of a task holds.';

-- Name: _days_before(text, timestamp with time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._days_before(parent text, until timestamp with time zone) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    AS $_$
begin
  -- CASE, because the planner may ask the conditions of an AND in any order, and the default partition's name is no date.
  return query
  select c.relname::text
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent = pg_catalog.to_regclass('faultline.' || _days_before.parent)
    and case
      when c.relname ~ '_[0-9]{8}$' then
        pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') + 1 <= _days_before.until at time zone 'UTC'
      else false
    end
  order by c.relname;
end
$_$;

-- Name: FUNCTION _days_before(parent text, until timestamp with time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._days_before(parent text, until timestamp with time zone) IS 'Private: the daily partitions of jobs_done or job_events that lie before a time altogether.';

-- Name: _effect_key(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._effect_key(transaction_id text, name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
select pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
  pg_catalog.length(name) || ' ' || name || ' ' || transaction_id, 'UTF8')), 'hex'), 32)::uuid::text
$$;

-- Name: FUNCTION _effect_key(transaction_id text, name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._effect_key(transaction_id text, name text) IS 'Private: the idempotency key of an effect outside.';

-- Name: _end_attempt(bigint, integer, text, boolean, boolean, interval, jsonb, uuid); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._end_attempt(job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid) RETURNS text
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  charged int;
  wait interval := delay;
  ended text;
  now_ timestamptz;
begin
  -- A task's run is locked before its job.
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = _end_attempt.job_id and coalesce(j.run_id, 0) > 0;
  select * into job
  from faultline.jobs_live j
  where j.job_id = _end_attempt.job_id and j.attempt = _end_attempt.attempt and j.state = 'running'
  for update;
  if not found then
    return null;
  end if;

  charged := job.failures + charge::int;
  if job.cancel_requested_at is not null then
    ended := 'cancelled';
    job.failures := charged;
    perform faultline._finish(job, 'cancelled', error);
  elsif charge and (not retryable or charged >= job.max_attempts) then
    ended := 'failed';
    update faultline.jobs_live j
    set state = 'failed', failures = charged, finished_at = pg_catalog.clock_timestamp(), error = _end_attempt.error,
        lease_owner = null, lease_expires_at = null
    where j.job_id = job.job_id;
  else
    ended := 'queued';
    if wait is null and charge then
      wait := faultline._backoff_delay(
        coalesce(job.backoff, (select q.backoff from faultline.queues q where q.queue = job.queue),
                 (select s.backoff from faultline.settings s)),
        charged);
    end if;
    wait := coalesce(wait, interval '0');
    now_ := pg_catalog.clock_timestamp();
    update faultline.jobs_live j
    set state = 'queued', failures = charged, ready_at = now_ + wait, error = coalesce(_end_attempt.error, j.error),
        lease_owner = null, lease_expires_at = null
    where j.job_id = job.job_id;
    if wait = interval '0' then
      perform faultline._ring(job.queue);
    end if;
  end if;

  if ended = 'failed' and job.run_id is not null then
    perform faultline._task_ended(job, 'failed', error);
  end if;
  if job.transaction_id is not null and ended <> 'cancelled' then
    perform faultline._tell_transaction(job.transaction_id, null);
  end if;
  perform faultline._record(
    job.job_id, job.attempt, verb, coalesce(reporter, job.lease_owner),
    pg_catalog.jsonb_build_object(
      'outcome', ended, 'failures', charged, 'delay', case when ended = 'queued' then wait end, 'error', error,
      'lease_owner', job.lease_owner));
  return ended;
end
$$;

-- Name: FUNCTION _end_attempt(job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._end_attempt(job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid) IS 'Private: ends a running attempt that did not succeed; returns the job''s new state, or NULL if the fence is stale.';

-- Name: _end_task(bigint, text, integer, text, jsonb, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._end_task(run_id bigint, name text, item integer, state text, result jsonb, error jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
begin
  update faultline.tasks t
  set state = _end_task.state, result = _end_task.result, error = _end_task.error, finished_at = pg_catalog.clock_timestamp(), due_at = null
  where t.run_id = _end_task.run_id and t.name = _end_task.name and t.item = _end_task.item and t.state in ('waiting', 'queued', 'running');
end
$$;

-- Name: FUNCTION _end_task(run_id bigint, name text, item integer, state text, result jsonb, error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._end_task(run_id bigint, name text, item integer, state text, result jsonb, error jsonb) IS 'Private: writes how a task ended.';

-- Name: _end_tasks(faultline.runs, text[], integer[], text, jsonb[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._end_tasks(r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb) RETURNS bigint[]
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  ended text[];
  turns bigint[] := '{}'::bigint[];
  part record;
  closed record;
begin
  update faultline.tasks t
  set state = _end_tasks.state, result = u.result, error = _end_tasks.error, finished_at = pg_catalog.clock_timestamp(), due_at = null
  from (
    select p.place, u.result
    from unnest(names, items, results) as u (name, item, result)
    cross join lateral (
      select p.ctid as place
      from faultline.tasks p
      where p.run_id = r.run_id and p.name = u.name and p.item = u.item and p.state in ('waiting', 'queued', 'running')
      offset 0
    ) p
    offset 0
  ) u
  where t.ctid = u.place;
  ended := array(select u.name from unnest(names, items) as u (name, item) where u.item = -1);
  if pg_catalog.cardinality(ended) < pg_catalog.cardinality(names) then
    for part in
      select u.name, count(*)::int as items, max(u.item) as last
      from unnest(names, items) as u (name, item)
      where u.item >= 0
      group by u.name
      order by u.name
    loop
      select * into closed from faultline._close_items(r, part.name, part.items, part.last);
      turns := turns || closed.turns;
      if closed.over then
        ended := ended || part.name;
      end if;
    end loop;
  end if;
  if pg_catalog.cardinality(ended) > 0 then
    turns := turns || faultline._advance(r, ended);
  end if;
  return turns;
end
$$;

-- Name: FUNCTION _end_tasks(r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._end_tasks(r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb) IS 'Private: writes that tasks of a run have ended alike, and what follows in it.';

-- Name: _ended_otherwise(bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._ended_otherwise(job_id bigint, attempt integer, transaction_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('attempt %s of job %s has ended, and not with transaction %L', attempt, job_id, transaction_id),
    hint = 'One job, one transaction: submit another for what else has to happen.';
end
$$;

-- Name: FUNCTION _ended_otherwise(job_id bigint, attempt integer, transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._ended_otherwise(job_id bigint, attempt integer, transaction_id text) IS 'Private: raises FL002 for an attempt that ended with another transaction.';

-- Name: _enqueue(text, jsonb, text, timestamp with time zone, integer, integer, text, interval, jsonb, interval, text[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb, OUT job_id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  existing bigint;
begin
  job_id := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
  if idempotency_key is not null then
    existing := faultline._keyed_job(queue, idempotency_key, idempotency_ttl, type, payload, job_id);
    if existing is not null then
      job_id := existing;
      created := false;
      return;
    end if;
  end if;
  perform faultline._add_job(job_id, type, payload, queue, run_at, priority, max_attempts, idempotency_key, backoff, timeout,
                             tags, headers, null, null, null);
  created := true;
end
$$;

-- Name: FUNCTION _enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb, OUT job_id bigint, OUT created boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb, OUT job_id bigint, OUT created boolean) IS 'Private: makes one job, or finds the one its idempotency key stands for.';

-- Name: _find_cycle(text[], jsonb[], integer[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._find_cycle(names text[], definitions jsonb[], waits integer[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
declare
  path text[] := '{}'::text[];
  step text := (select names[w.place] from unnest(waits) with ordinality as w (waits, place) where w.waits > 0 order by w.place limit 1);
begin
  -- Each of them needs another of them: whoever follows that comes to a task for the second time.
  while step <> all (path) loop
    path := path || step;
    step := (
      select n.name
      from pg_catalog.jsonb_array_elements_text(definitions[pg_catalog.array_position(names, step)] -> 'needs') as n (name)
      where waits[pg_catalog.array_position(names, n.name)] > 0
      order by n.name
      limit 1);
  end loop;
  return path[pg_catalog.array_position(path, step):] || step;
end
$$;

-- Name: FUNCTION _find_cycle(names text[], definitions jsonb[], waits integer[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._find_cycle(names text[], definitions jsonb[], waits integer[]) IS 'Private: the tasks of a cycle of a workflow.';

-- Name: jobs_live; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.jobs_live (
    job_id bigint NOT NULL,
    ready_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    lease_expires_at timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    lease_owner uuid,
    run_id bigint,
    attempt integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    max_attempts integer NOT NULL,
    priority smallint NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    type text NOT NULL,
    queue text NOT NULL,
    payload jsonb,
    error jsonb,
    headers jsonb,
    backoff jsonb,
    timeout interval,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    idempotency_key text,
    task text,
    transaction_id text,
    CONSTRAINT jobs_live_attempt CHECK (((attempt >= 0) AND ((state = 'queued'::text) OR (attempt > 0)))),
    CONSTRAINT jobs_live_failures CHECK ((((failures >= 0) AND (failures <= max_attempts)) AND ((state <> 'queued'::text) OR (failures < max_attempts)))),
    CONSTRAINT jobs_live_finished CHECK (((state = 'failed'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_live_lease CHECK ((((state = 'running'::text) = (lease_owner IS NOT NULL)) AND ((state = 'running'::text) = (lease_expires_at IS NOT NULL)))),
    CONSTRAINT jobs_live_priority CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT jobs_live_state CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'failed'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0.05', autovacuum_analyze_threshold='2000', autovacuum_vacuum_cost_delay='0', vacuum_truncate='false');

-- Name: TABLE jobs_live; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.jobs_live IS 'Jobs that are not finished: queued, running, and dead letters (failed) until someone retries or discards them.';

-- Name: COLUMN jobs_live.ready_at; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_live.ready_at IS 'When the job may be claimed. Written as greatest(run_at, clock_timestamp()) after the writer has its xid: the floor rests on it.';

-- Name: COLUMN jobs_live.attempt; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_live.attempt IS 'Claims so far: the fencing token. Never goes back.';

-- Name: COLUMN jobs_live.failures; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_live.failures IS 'What is charged: failed reports and expired leases. Starts afresh with retry_job.';

-- Name: COLUMN jobs_live.payload; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_live.payload IS 'NULL if it stands in payloads, as a large one does.';

-- Name: COLUMN jobs_live.transaction_id; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_live.transaction_id IS 'The transaction of the ledger that this job carries out, if any: what ends the job tells it.';

-- Name: _finish(faultline.jobs_live, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._finish(job faultline.jobs_live, state text, error jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  delete from faultline.jobs_live j where j.job_id = job.job_id;
  insert into faultline.jobs_done (
    job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
    from_state, state, type, queue, payload, error, headers, tags, idempotency_key, task)
  values (
    job.job_id, pg_catalog.clock_timestamp(), job.created_at, job.ready_at, job.started_at, job.lease_owner, job.run_id,
    job.attempt, job.failures, job.max_attempts, job.priority, job.state, _finish.state, job.type, job.queue, job.payload,
    coalesce(_finish.error, job.error), job.headers, job.tags, job.idempotency_key, job.task);
  if job.run_id is not null and _finish.state = 'cancelled' then
    perform faultline._task_ended(job, 'cancelled', _finish.error);
  end if;
  if job.transaction_id is not null then
    perform faultline._tell_transaction(job.transaction_id, _finish.state);
  end if;
end
$$;

-- Name: FUNCTION _finish(job faultline.jobs_live, state text, error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._finish(job faultline.jobs_live, state text, error jsonb) IS 'Private: moves a locked job to jobs_done.';

-- Name: _finish_jobs(bigint[], text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._finish_jobs(run_ids bigint[], state text) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  ids bigint[];
  places tid[];
  transactions text[];
begin
  ids := array(
    select j.job_id
    from unnest(run_ids) as u (id)
    cross join lateral (
      -- Not a bare comparison with a state: no plan is to stray into an index of jobs in that state.
      select j.job_id from faultline.jobs_live j where j.run_id = u.id and (j.state = 'failed') = (_finish_jobs.state = 'discarded') offset 0
    ) j);
  places := array(select j.ctid from faultline.jobs_live j where j.job_id = any (ids) order by j.job_id for update);
  with gone as (
    delete from faultline.jobs_live j where j.ctid = any (places) returning j.*
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, error, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, _finish_jobs.state, g.type, g.queue, g.payload, g.error, g.headers,
      g.tags, g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null) into transactions
  from gone g;
  if transactions is not null then
    perform faultline._tell_transaction(t.id, _finish_jobs.state) from unnest(transactions) as t (id);
  end if;
end
$$;

-- Name: FUNCTION _finish_jobs(run_ids bigint[], state text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._finish_jobs(run_ids bigint[], state text) IS 'Private: moves the jobs of runs to jobs_done.';

-- Name: _finish_run(faultline.runs); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._finish_run(r faultline.runs) RETURNS boolean
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
begin
  perform from faultline.tasks t where t.run_id = r.run_id and t.finished_at is null order by t.ordinal desc, t.item desc limit 1;
  if found then
    return false;
  end if;
  update faultline.runs x
  set finished_at = pg_catalog.clock_timestamp(), state = case
        when exists (select from faultline.tasks t where t.run_id = x.run_id and t.item = -1 and t.state in ('failed', 'cancelled')) then 'failed'
        else 'succeeded' end
  where x.run_id = r.run_id and x.state = 'running';
  return found;
end
$$;

-- Name: FUNCTION _finish_run(r faultline.runs); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._finish_run(r faultline.runs) IS 'Private: finishes a run that has nothing left to do.';

-- Name: _fold_postings(integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._fold_postings(max integer) RETURNS bigint
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  w faultline.ledger_checkpoint;
  first_here constant boolean := pg_catalog.pg_current_xact_id_if_assigned() is null;
  drawn constant bigint := (select case when s.is_called then s.last_value else 0 end from faultline.postings_posting_id_seq s);
  own xid8;
  upto bigint;
  folded bigint := 0;
begin
  own := pg_catalog.pg_current_xact_id();
  select * into w from faultline.ledger_checkpoint;
  if w.next_to > w.folded_to and pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= w.next_xid then
    upto := (
      select max(p.posting_id)
      from (
        select p.posting_id
        from faultline.postings p
        where p.posting_id > w.folded_to and p.posting_id <= w.next_to
        order by p.posting_id
        limit _fold_postings.max
      ) p);
    with added as (
      select p.account, p.currency, sum(p.amount) as amount, count(*) as n
      from faultline.postings p
      where p.posting_id > w.folded_to and p.posting_id <= upto
      group by p.account, p.currency
    ), written as (
      insert into faultline.account_checkpoints as c (account, currency, balance)
      select a.account, a.currency, a.amount from added a
      on conflict (account, currency) do update set balance = c.balance + excluded.balance
    )
    select coalesce(sum(a.n), 0) into folded from added a;
    update faultline.ledger_checkpoint set folded_to = coalesce(upto, w.next_to);
    w.folded_to := coalesce(upto, w.next_to);
  end if;
  -- A new target once the last is reached; also where xids went back (a restore into another cluster).
  if first_here and drawn > w.folded_to and (w.next_to is null or w.next_to <= w.folded_to or w.next_xid > own) then
    update faultline.ledger_checkpoint set next_to = drawn, next_xid = own;
  end if;
  return folded;
end
$$;

-- Name: FUNCTION _fold_postings(max integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._fold_postings(max integer) IS 'Private: adds what was posted to the checkpoints of the accounts; returns how many postings.';

-- Name: _follow(bigint[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._follow(turns bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
  turn int := 1;
  r faultline.runs;
  more bigint[];
begin
  while turn <= pg_catalog.cardinality(turns) loop
    select * into r from faultline.runs x where x.run_id = turns[turn];
    if r.state = 'running' then
      perform from faultline.tasks t where t.run_id = r.run_id limit 1;
      if not found then
        insert into faultline.tasks (run_id, name, ordinal)
        select r.run_id, w.task, w.ordinal
        from faultline.workflow_tasks w
        where w.workflow = r.workflow and w.version = r.version;
      end if;
      more := faultline._advance(r, null);
    else
      more := faultline._child_ended(r);
    end if;
    if pg_catalog.cardinality(more) > 0 then
      turns := turns || more;
    end if;
    turn := turn + 1;
  end loop;
end
$$;

-- Name: FUNCTION _follow(turns bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._follow(turns bigint[]) IS 'Private: does all that follows in a family of runs.';

-- Name: _has_queued(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._has_queued(queue text, token jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  level_floor timestamptz;
  level_job bigint;
begin
  for level in 1..4 loop
    level_floor := coalesce((token -> 'queues' -> queue ->> (level - 1))::timestamptz, '-infinity');
    level_job := coalesce((token -> 'jobs' -> queue ->> (level - 1))::bigint, 0);
    if exists (
      select
      from faultline.jobs_live j
      where j.state = 'queued' and j.queue = _has_queued.queue and j.priority = level
        and (j.ready_at, j.job_id) >= (level_floor, level_job)
    ) then
      return true;
    end if;
  end loop;
  return false;
end
$$;

-- Name: FUNCTION _has_queued(queue text, token jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._has_queued(queue text, token jsonb) IS 'Private: has a queue queued jobs, above this floor?';

-- Name: _invalid(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._invalid(message text, hint text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using errcode = 'FL004', message = _invalid.message, hint = coalesce(_invalid.hint, '');
end
$$;

-- Name: FUNCTION _invalid(message text, hint text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._invalid(message text, hint text) IS 'Private: raises FL004.';

-- Name: _is_day(jsonb, date); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._is_day(calendar jsonb, day date) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
#variable_conflict use_variable
declare
  number constant int := extract(day from day);
  weekday constant int := extract(dow from day);
  last_date date;
  last_weekday int;
  by_date boolean;
  by_weekday boolean;
begin
  if not (calendar -> 'months') @> pg_catalog.to_jsonb(extract(month from day)::int) then
    return false;
  end if;
  last_date := (pg_catalog.date_trunc('month', day::timestamp) + interval '1 month')::date - 1;
  last_weekday := extract(dow from last_date);
  by_date := (calendar -> 'days') @> pg_catalog.to_jsonb(number)
    or (calendar -> 'last_day')::boolean and day = last_date
    or (calendar -> 'last_weekday')::boolean and day = last_date - case last_weekday when 6 then 1 when 0 then 2 else 0 end;
  by_weekday := (calendar -> 'weekdays') @> pg_catalog.to_jsonb(weekday)
    or (calendar -> 'nth') @> pg_catalog.to_jsonb(weekday * 10 + (number + 6) / 7)
    or (calendar -> 'last') @> pg_catalog.to_jsonb(weekday) and day > last_date - 7;
  return case when (calendar -> 'both')::boolean then by_date and by_weekday else by_date or by_weekday end;
end
$$;

-- Name: FUNCTION _is_day(calendar jsonb, day date); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._is_day(calendar jsonb, day date) IS 'Private: does a calendar have this day?';

-- Name: _is_running(bigint, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._is_running(job_id bigint, attempt integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
begin
  return exists (
    select from faultline.jobs_live j where j.job_id = _is_running.job_id and j.attempt = _is_running.attempt and j.state = 'running');
end
$$;

-- Name: FUNCTION _is_running(job_id bigint, attempt integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._is_running(job_id bigint, attempt integer) IS 'Private: whether the attempt is the running one.';

-- Name: schedules; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.schedules (
    schedule text NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL,
    cron text,
    calendar jsonb,
    timezone text,
    every integer,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    missed text NOT NULL,
    missed_window interval NOT NULL,
    missed_limit integer NOT NULL,
    overlap text NOT NULL,
    ticks_after timestamp with time zone NOT NULL,
    forgotten_until timestamp with time zone,
    forgotten_missed bigint DEFAULT 0 NOT NULL,
    paused_at timestamp with time zone,
    paused_note text,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_xid xid8 NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT schedules_calendar CHECK ((((cron IS NULL) <> (every IS NULL)) AND ((cron IS NULL) = (calendar IS NULL)) AND ((cron IS NULL) = (timezone IS NULL)))),
    CONSTRAINT schedules_every CHECK (((every >= 1) AND (every <= 31622400))),
    CONSTRAINT schedules_forgotten CHECK ((forgotten_missed >= 0)),
    CONSTRAINT schedules_rules CHECK (((missed = ANY (ARRAY['skip'::text, 'latest'::text, 'all'::text])) AND (overlap = ANY (ARRAY['allow'::text, 'skip'::text])))),
    CONSTRAINT schedules_span CHECK ((starts_at < ends_at))
);

-- Name: TABLE schedules; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.schedules IS 'Schedules, as they are now. A row is for ever: a schedule that was deleted keeps its version and what it has forgotten, lest a tick happen twice under its name.';

-- Name: COLUMN schedules.definition; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.definition IS 'As it was put, with all defaults; durations in seconds.';

-- Name: COLUMN schedules.calendar; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.calendar IS 'The cron expression, parsed: what _is_tick asks.';

-- Name: COLUMN schedules.ticks_after; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.ticks_after IS 'The calendar makes no tick at or before it: when the schedule was put, got another calendar, or was resumed.';

-- Name: COLUMN schedules.forgotten_until; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.forgotten_until IS 'Retention has removed ticks up to this one, so no tick at or before it is ever made.';

-- Name: COLUMN schedules.forgotten_missed; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.forgotten_missed IS 'How many missed ticks were counted in the rows that retention has removed.';

-- Name: COLUMN schedules.changed_xid; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedules.changed_xid IS 'The transaction that changed the row last: schedule_changes finds by it what was committed since.';

-- Name: _is_tick(faultline.schedules, timestamp with time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._is_tick(s faultline.schedules, tick_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_variable
declare
  wall timestamp;
  first_ timestamptz;
  gap timestamp;
begin
  if extract(epoch from tick_at) % coalesce(s.every, 1) <> 0 then
    return false;
  elsif s.every is not null then
    return true;
  end if;
  wall := tick_at at time zone s.timezone;
  if faultline._is_wall_time(s.calendar, wall) then
    -- The same wall time by the offset of a day ago: the first of two, if the clock was set back since.
    first_ := (wall - ((tick_at - interval '25 hours') at time zone s.timezone - (tick_at - interval '25 hours') at time zone 'UTC')) at time zone 'UTC';
    return not ((s.calendar -> 'fixed')::boolean and first_ < tick_at and first_ at time zone s.timezone = wall);
  elsif not (s.calendar -> 'fixed')::boolean then
    return false;
  end if;
  gap := (tick_at - interval '1 second') at time zone s.timezone + interval '1 second';
  -- Only the first moment after a gap gets as far as to look into it, minute by minute. Gaps begin and end with whole ones.
  return gap < wall and exists (
    select
    from pg_catalog.generate_series(gap, wall - interval '1 second', interval '1 minute') as m (minute)
    where (s.calendar -> 'minutes') @> pg_catalog.to_jsonb(extract(minute from m.minute)::int)
      and (s.calendar -> 'hours') @> pg_catalog.to_jsonb(extract(hour from m.minute)::int)
      and faultline._is_day(s.calendar, m.minute::date));
end
$$;

-- Name: FUNCTION _is_tick(s faultline.schedules, tick_at timestamp with time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._is_tick(s faultline.schedules, tick_at timestamp with time zone) IS 'Private: does a schedule have a tick at this time?';

-- Name: _is_wall_time(jsonb, timestamp without time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._is_wall_time(calendar jsonb, wall timestamp without time zone) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  return (calendar -> 'seconds') @> pg_catalog.to_jsonb(extract(second from wall)::int)
    and (calendar -> 'minutes') @> pg_catalog.to_jsonb(extract(minute from wall)::int)
    and (calendar -> 'hours') @> pg_catalog.to_jsonb(extract(hour from wall)::int)
    and faultline._is_day(calendar, wall::date);
end
$$;

-- Name: FUNCTION _is_wall_time(calendar jsonb, wall timestamp without time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._is_wall_time(calendar jsonb, wall timestamp without time zone) IS 'Private: does a calendar have this time of a wall clock?';

-- Name: _keep_apart(bigint, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._keep_apart(job_id bigint, payload jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
begin
  insert into faultline.payloads (job_id, payload) values (job_id, payload);
  return true;
end
$$;

-- Name: FUNCTION _keep_apart(job_id bigint, payload jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._keep_apart(job_id bigint, payload jsonb) IS 'Private: writes a large payload of a new job into payloads.';

-- Name: _keyed_job(text, text, interval, text, jsonb, bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  found_key faultline.idempotency_keys;
  new_hash constant bigint := faultline._arguments_hash(_keyed_job.type, _keyed_job.payload);
  lifetime constant interval := coalesce(_keyed_job.ttl, interval '7 days');
  moment timestamptz;
begin
  loop
    moment := pg_catalog.clock_timestamp();
    insert into faultline.idempotency_keys (queue, key, job_id, arguments_hash, created_at, expires_at)
    values (_keyed_job.queue, _keyed_job.key, new_job_id, new_hash, moment, moment + lifetime)
    on conflict (queue, key) do nothing;
    if found then
      return null;
    end if;

    select * into found_key
    from faultline.idempotency_keys k
    where k.queue = _keyed_job.queue and k.key = _keyed_job.key;
    continue when not found;

    if found_key.expires_at <= pg_catalog.clock_timestamp()
       and not exists (select from faultline.jobs_live j where j.job_id = found_key.job_id) then
      -- Expired, and its job is over: the key is free. Only if it still is the row just read.
      delete from faultline.idempotency_keys k
      where k.queue = _keyed_job.queue and k.key = _keyed_job.key and k.job_id = found_key.job_id;
      continue;
    end if;

    if found_key.arguments_hash <> new_hash then
      raise exception using
        errcode = 'FL002',
        message = pg_catalog.format('idempotency key %L of queue %s stands for job %s, which has another type or payload',
                                    _keyed_job.key, _keyed_job.queue, found_key.job_id),
        hint = 'The same key wants the same type, queue and payload: use a new key for new work.';
    end if;
    return found_key.job_id;
  end loop;
end
$$;

-- Name: FUNCTION _keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint) IS 'Private: the job an idempotency key stands for, or NULL after it was given to the new one.';

-- Name: _lock_attempt(bigint, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._lock_attempt(job_id bigint, attempt integer) RETURNS faultline.jobs_live
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
begin
  perform faultline._check_fence(job_id, attempt);
  -- A task's run is locked before its job: complete_job, which may follow in this transaction, needs it.
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = _lock_attempt.job_id and coalesce(j.run_id, 0) > 0;
  select * into job
  from faultline.jobs_live j
  where j.job_id = _lock_attempt.job_id and j.attempt = _lock_attempt.attempt and j.state = 'running'
  for no key update;
  if not found and faultline._refused(job_id, attempt, 'complete') <> 'repeat' then
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  return job;
end
$$;

-- Name: FUNCTION _lock_attempt(job_id bigint, attempt integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._lock_attempt(job_id bigint, attempt integer) IS 'Private: locks the job of a running attempt; raises FL001, FL005.';

-- Name: effects; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.effects (
    transaction_id text NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    request jsonb NOT NULL,
    request_hash bigint NOT NULL,
    state text DEFAULT 'INIT'::text NOT NULL,
    attempt integer NOT NULL,
    response jsonb,
    answer text,
    asks integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    unknown_since timestamp with time zone,
    ask_at timestamp with time zone,
    settled_at timestamp with time zone,
    CONSTRAINT effects_sent CHECK (((state = 'INIT'::text) = (sent_at IS NULL))),
    CONSTRAINT effects_settled CHECK ((((state = ANY (ARRAY['APPLIED'::text, 'ABSENT'::text])) = (settled_at IS NOT NULL)) AND ((state = 'SENT'::text) OR ((ask_at IS NULL) AND (unknown_since IS NULL))))),
    CONSTRAINT effects_state CHECK ((state = ANY (ARRAY['INIT'::text, 'SENT'::text, 'APPLIED'::text, 'ABSENT'::text])))
);

-- Name: TABLE effects; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.effects IS 'Effects outside the database: INIT → SENT (committed before the request leaves) → APPLIED or ABSENT.';

-- Name: COLUMN effects.key; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.effects.key IS 'What the outside gets as idempotency key: from the transaction and the name alone, never from the attempt.';

-- Name: COLUMN effects.unknown_since; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.effects.unknown_since IS 'Since when the outside has been asked and nobody knows.';

-- Name: COLUMN effects.ask_at; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.effects.ask_at IS 'When a runner should ask the outside, because the job is over and the request may have arrived.';

-- Name: _lock_effect(bigint, integer, text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._lock_effect(job_id bigint, attempt integer, transaction_id text, name text) RETURNS faultline.effects
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  e faultline.effects;
begin
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  job := faultline._lock_attempt(job_id, attempt);
  if job.job_id is null then
    -- Its attempt has ended with an entry, or has completed the job: what was said of its effects stands.
    select x.* into e
    from faultline.effects x
    join faultline.transactions o on o.transaction_id = x.transaction_id
    where x.transaction_id = _lock_effect.transaction_id and x.name = _lock_effect.name and o.job_id = _lock_effect.job_id
    for no key update of x;
    if not found then
      perform faultline._answer(false, job_id, attempt, 'apply');
    end if;
  else
    t := faultline._lock_transaction(job, transaction_id);
    select * into e
    from faultline.effects x
    where x.transaction_id = t.transaction_id and x.name = _lock_effect.name and t.job_id = job.job_id
    for no key update;
  end if;
  if e.key is null then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('transaction %L of job %s has no effect %s', transaction_id, job_id, name),
      hint = 'begin_effect comes first.';
  end if;
  return e;
end
$$;

-- Name: FUNCTION _lock_effect(job_id bigint, attempt integer, transaction_id text, name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._lock_effect(job_id bigint, attempt integer, transaction_id text, name text) IS 'Private: locks an effect for a running attempt; raises FL001, FL002, FL005, FL006.';

-- Name: _lock_runs(bigint[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._lock_runs(run_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform faultline._check_isolation('changing a run');
  -- One by one, by the key: for a list the planner may walk all runs, if its plan is from when there were none.
  perform
  from (
    select c.root_run_id
    from unnest(run_ids) as u (id)
    cross join lateral (select r.root_run_id from faultline.runs r where r.run_id = u.id offset 0) c
    group by c.root_run_id
    order by c.root_run_id
    offset 0
  ) c
  cross join lateral (select from faultline.runs r where r.run_id = c.root_run_id for no key update) locked;
end
$$;

-- Name: FUNCTION _lock_runs(run_ids bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._lock_runs(run_ids bigint[]) IS 'Private: locks the roots of runs, in the order of their ids.';

-- Name: _lock_schedule(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._lock_schedule(name text) RETURNS faultline.schedules
    LANGUAGE plpgsql
    AS $$
declare
  s faultline.schedules;
begin
  select * into s from faultline.schedules x where x.schedule = _lock_schedule.name for no key update;
  if s.deleted_at is not null or s.schedule is null then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('there is no schedule %s', coalesce(pg_catalog.left(_lock_schedule.name, 140), 'NULL')), hint = 'put_schedule comes first.';
  end if;
  return s;
end
$$;

-- Name: FUNCTION _lock_schedule(name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._lock_schedule(name text) IS 'Private: locks a schedule; raises FL005.';

-- Name: _lock_transaction(faultline.jobs_live, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._lock_transaction(job faultline.jobs_live, transaction_id text) RETURNS faultline.transactions
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  t faultline.transactions;
begin
  loop
    select * into t from faultline.transactions x where x.transaction_id = _lock_transaction.transaction_id for no key update;
    exit when found;
    if job.transaction_id is not null then
      raise exception using
        errcode = 'FL002',
        message = pg_catalog.format('job %s carries out transaction %L, not %L', job.job_id, job.transaction_id, _lock_transaction.transaction_id),
        hint = 'One job, one transaction: submit another for what else has to happen.';
    end if;
    insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at)
    select _lock_transaction.transaction_id, job.type, j.payload, faultline._arguments_hash(job.type, j.payload), job.job_id,
      pg_catalog.clock_timestamp()
    from (select coalesce(job.payload, (select p.payload from faultline.payloads p where p.job_id = job.job_id)) as payload) j
    on conflict do nothing
    returning * into t;
    if not found and exists (select from faultline.transactions x where x.job_id = job.job_id) then
      raise exception using
        errcode = 'FL003', message = pg_catalog.format('job %s is that of another transaction already', job.job_id),
        hint = 'The ledger was restored without the sequence of jobs: see "Restore" in docs/ledger.md.';
    end if;
    if t.transaction_id is not null then
      update faultline.jobs_live l set transaction_id = _lock_transaction.transaction_id where l.job_id = job.job_id;
      return t;
    end if;
  end loop;
  if t.job_id <> job.job_id then
    if job.transaction_id is not null or t.kind <> job.type
       or t.request <> coalesce(job.payload, (select p.payload from faultline.payloads p where p.job_id = job.job_id)) then
      perform faultline._other_request(t);
    end if;
  end if;
  if t.state = 'FAILED' then
    perform faultline._burnt(t);
  end if;
  return t;
end
$$;

-- Name: FUNCTION _lock_transaction(job faultline.jobs_live, transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._lock_transaction(job faultline.jobs_live, transaction_id text) IS 'Private: locks the transaction of a running job, or makes it; raises FL002, FL006.';

-- Name: _make_tick(faultline.schedules, timestamp with time zone, text, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._make_tick(s faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  d constant jsonb := s.definition;
  tick constant text := faultline._utc(tick_at);
  jitter constant double precision := coalesce((d ->> 'jitter')::double precision, 0);
begin
  outcome := 'made';
  if kind = 'calendar' and s.overlap = 'skip' then
    detail := faultline._overlaps(s.schedule);
  end if;
  if detail is not null then
    outcome := 'skipped';
  elsif d ? 'type' then
    job_id := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    perform faultline._add_job(
      job_id, d ->> 'type', d -> 'payload' || pg_catalog.jsonb_build_object('tick_at', tick), d ->> 'queue',
      -- The same delay for a tick whoever fires it, evenly below jitter.
      case when kind <> 'now' then tick_at end + pg_catalog.make_interval(secs => jitter * (pg_catalog.hashtextextended(s.schedule || tick, 0) & 4294967295) / 4294967296),
      (d ->> 'priority')::int, (d ->> 'max_attempts')::int, null, d -> 'backoff',
      pg_catalog.make_interval(secs => (d ->> 'timeout')::double precision),
      case when d ? 'tags' then array(select pg_catalog.jsonb_array_elements_text(d -> 'tags')) else '{}' end,
      coalesce(d -> 'headers', '{}') || pg_catalog.jsonb_build_object(
        'faultline.tick', pg_catalog.jsonb_build_object('schedule', s.schedule, 'tick_at', tick, 'job_id', job_id)),
      null, null, null);
  else
    run_id := faultline._trigger(
      d ->> 'workflow', d -> 'input' || pg_catalog.jsonb_build_object('tick_at', tick), pg_catalog.format('faultline.tick:%s:%s', s.schedule, tick), null);
  end if;
  insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, run_id, missed, version, fired_at, detail)
  values (s.schedule, tick_at, kind, outcome, job_id, run_id, missed, s.version, pg_catalog.clock_timestamp(), detail);
end
$$;

-- Name: FUNCTION _make_tick(s faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._make_tick(s faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text) IS 'Private: makes the job or the run of a tick, and records it.';

-- Name: _needs_results(faultline.runs, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._needs_results(r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  needed constant int := pg_catalog.jsonb_array_length(definition -> 'needs');
  taken int := 0;
  names text[] := '{}'::text[];
  found_ jsonb[] := '{}'::jsonb[];
  need record;
begin
  bytes := pg_catalog.octet_length(r.input::text) + 11;
  if needed <= 8 then
    -- So many fit into a jsonb, however large they are, and one statement is the faster way.
    select pg_catalog.jsonb_object_agg(t.name, t.result),
      bytes + coalesce(sum(coalesce(pg_catalog.octet_length(t.result::text), 4) + pg_catalog.length(t.name) + 6), 0)
    into results, bytes
    from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
    cross join lateral (
      select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
    ) t;
    taken := needed;
  else
    for need in
      select t.name, coalesce(t.result, 'null') as result
      from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
      cross join lateral (
        select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
      ) t
    loop
      taken := taken + 1;
      names := names || need.name;
      found_ := found_ || need.result;
      bytes := bytes + pg_catalog.octet_length(need.result::text) + pg_catalog.length(need.name) + 6;
      exit when bytes > 33554432;
    end loop;
  end if;
  if bytes > 33554432 then
    results := null;
    error := pg_catalog.jsonb_build_object('type', 'ContextError', 'message', pg_catalog.format(
      'task %s would be given too much: the input of its run and %s of the %s results that it needs have %s bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references',
      task, taken, needed, bytes));
    return;
  end if;
  if needed > 8 then
    results := (select pg_catalog.jsonb_object_agg(u.name, u.result) from unnest(names, found_) as u (name, result));
  end if;
  results := pg_catalog.jsonb_build_object('input', r.input) || coalesce(results, '{}');
end
$$;

-- Name: FUNCTION _needs_results(r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._needs_results(r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb) IS 'Private: the results of what a task needs, and the run''s input; or that they are too large.';

-- Name: _next_queue(text, text, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._next_queue(after text, before text, only_queued boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
begin
  if before is null then
    return least(
      (select j.queue from faultline.jobs_live j
       where j.state = 'queued' and j.queue > after
       order by j.queue limit 1),
      case when not only_queued then least(
        (select j.queue from faultline.jobs_live j
         where j.lease_expires_at is not null and j.queue > after
         order by j.queue limit 1),
        (select j.queue from faultline.jobs_live j
         where j.finished_at is not null and j.queue > after
         order by j.queue limit 1))
      end);
  end if;
  return least(
    (select j.queue from faultline.jobs_live j
     where j.state = 'queued' and j.queue > after and j.queue < before
     order by j.queue limit 1),
    case when not only_queued then least(
      (select j.queue from faultline.jobs_live j
       where j.lease_expires_at is not null and j.queue > after and j.queue < before
       order by j.queue limit 1),
      (select j.queue from faultline.jobs_live j
       where j.finished_at is not null and j.queue > after and j.queue < before
       order by j.queue limit 1))
    end);
end
$$;

-- Name: FUNCTION _next_queue(after text, before text, only_queued boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._next_queue(after text, before text, only_queued boolean) IS 'Private: the next queue name with live jobs between two names.';

-- Name: _no_job(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._no_job(job_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no job %s', coalesce(job_id::text, 'NULL')),
    hint = 'It was never enqueued, or it finished so long ago that retention removed it.';
end
$$;

-- Name: FUNCTION _no_job(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._no_job(job_id bigint) IS 'Private: raises FL005 for a job.';

-- Name: _no_run(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._no_run(run_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no run %s', coalesce(run_id::text, 'NULL')),
    hint = 'It was never triggered, or it finished so long ago that retention removed it.';
end
$$;

-- Name: FUNCTION _no_run(run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._no_run(run_id bigint) IS 'Private: raises FL005 for a run.';

-- Name: _no_transaction(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._no_transaction(transaction_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no transaction %L', pg_catalog.left(transaction_id, 255)),
    hint = 'It was never submitted, and no job has applied it.';
end
$$;

-- Name: FUNCTION _no_transaction(transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._no_transaction(transaction_id text) IS 'Private: raises FL005 for a transaction.';

-- Name: _oldest_day(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._oldest_day(parent text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $_$
begin
  return (
    select greatest(min(d.day), max(d.day + 1) filter (where d.emptied))::timestamp at time zone 'UTC'
    from (
      select pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') as day,
        pg_catalog.obj_description(c.oid, 'pg_class') is not null as emptied
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_class c on c.oid = i.inhrelid
      where i.inhparent = pg_catalog.to_regclass('faultline.' || _oldest_day.parent) and c.relname ~ '_[0-9]{8}$'
    ) d);
end
$_$;

-- Name: FUNCTION _oldest_day(parent text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._oldest_day(parent text) IS 'Private: the first day of jobs_done or job_events whose history is all there.';

-- Name: _one_line(text, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._one_line(value text, length integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  return nullif(pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(
    pg_catalog.left(value, 4 * length), '[\u0001-\u0020\u007f-\u009f\u2028-\u202e\u2066-\u2069]+', ' ', 'g')), length), '');
end
$$;

-- Name: FUNCTION _one_line(value text, length integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._one_line(value text, length integer) IS 'Private: a text on one line, without control characters, cut to a length.';

-- Name: _other_job(faultline.transactions); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._other_job(t faultline.transactions) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('transaction %L is that of job %s, which has %sapplied it', t.transaction_id, t.job_id, case t.state when 'INIT' then 'not ' else '' end),
    hint = 'One transaction, one job: this one is a duplicate. Discard it, or use a new id.';
end
$$;

-- Name: FUNCTION _other_job(t faultline.transactions); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._other_job(t faultline.transactions) IS 'Private: raises FL002 for a job that is not the transaction''s.';

-- Name: _other_request(faultline.transactions); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._other_request(t faultline.transactions) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('transaction %L stands for job %s, which has another kind or request', t.transaction_id, t.job_id),
    hint = 'The same id wants the same kind and request: use a new id for new work.';
end
$$;

-- Name: FUNCTION _other_request(t faultline.transactions); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._other_request(t faultline.transactions) IS 'Private: raises FL002 for a transaction.';

-- Name: _overlaps(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._overlaps(name text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
  last record;
begin
  for last in
    select t.job_id, t.run_id, t.tick_at
    from faultline.schedule_ticks t
    where t.schedule = _overlaps.name and t.outcome = 'made'
    order by t.tick_at desc
    limit 100
  loop
    if exists (select from faultline.jobs_live j where j.job_id = last.job_id and j.state <> 'failed')
       or exists (select from faultline.runs r where r.run_id = last.run_id and r.state = 'running') then
      return pg_catalog.format('%s of tick %s is not over', coalesce('job ' || last.job_id, 'run ' || last.run_id), faultline._utc(last.tick_at));
    end if;
  end loop;
  return null;
end
$$;

-- Name: FUNCTION _overlaps(name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._overlaps(name text) IS 'Private: what a schedule has made and is still under way, or NULL.';

-- Name: _parse_cron(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._parse_cron(cron text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $_$
#variable_conflict use_variable
declare
  names_of constant text[] := '{second,minute,hour,day-of-month,month,day-of-week}'::text[];
  lows constant int[] := '{0,0,0,1,1,0}'::int[];
  highs constant int[] := '{59,59,23,31,12,7}'::int[];
  month_names constant text[] := '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'::text[];
  day_names constant text[] := '{SUN,MON,TUE,WED,THU,FRI,SAT}'::text[];
  expression text;
  place int := 1;
  part record;
  fields text[] := '{}'::text[];
  places int[] := '{}'::int[];
  item text;
  at_ int;
  high int;
  parts text[];
  ends text[];
  bounds int[];
  step int;
  bound text;
  named int;
  found_ int[];
  sets jsonb := '{}'::jsonb;
  nth int[] := '{}'::int[];
  last_of int[] := '{}'::int[];
  last_day boolean := false;
  last_weekday boolean := false;
  calendar jsonb;
begin
  if pg_catalog.length(cron) > 255 then
    perform faultline._schedule_fault('cron', pg_catalog.format('it has %s characters', pg_catalog.length(cron)), 'At most 255');
  end if;
  at_ := pg_catalog.length(pg_catalog.substring(cron, '^[ -~\t]*'));
  if at_ < pg_catalog.length(cron) then
    perform faultline._schedule_fault('cron', pg_catalog.format('character %s is neither printable ASCII nor a blank', at_ + 1), 'Fields are separated by blanks');
  end if;
  expression := pg_catalog.upper(cron);
  if pg_catalog.btrim(expression, E' \t') like '@%' then
    parts := array[pg_catalog.btrim(expression, E' \t')];
    expression := case parts[1]
      when '@YEARLY' then '0 0 1 1 *' when '@ANNUALLY' then '0 0 1 1 *' when '@MONTHLY' then '0 0 1 * *' when '@WEEKLY' then '0 0 * * 0'
      when '@DAILY' then '0 0 * * *' when '@MIDNIGHT' then '0 0 * * *' when '@HOURLY' then '0 * * * *' end;
    if expression is null then
      perform faultline._schedule_fault(
        'cron', pg_catalog.format('%s is no macro', pg_catalog.quote_literal(pg_catalog.btrim(cron, E' \t'))),
        case when parts[1] like '@EVERY%' then 'Write every: 30s' when parts[1] = '@REBOOT' then 'Nothing reboots here: a schedule has times'
          else '@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly' end);
    end if;
  end if;
  for part in select m.match[1] as blanks, m.match[2] as field from pg_catalog.regexp_matches(expression, '([ \t]*)([^ \t]+)', 'g') as m (match) loop
    places := places || place + pg_catalog.length(part.blanks);
    fields := fields || part.field;
    place := place + pg_catalog.length(part.blanks) + pg_catalog.length(part.field);
  end loop;
  if pg_catalog.cardinality(fields) not in (5, 6) then
    perform faultline._schedule_fault('cron', pg_catalog.format('it has %s fields', pg_catalog.cardinality(fields)),
                                      'Five: minute hour day-of-month month day-of-week; or six: the second comes first');
  elsif pg_catalog.cardinality(fields) = 5 then
    fields := '0'::text || fields;
    places := 0 || places;
  end if;

  for number in 1..6 loop
    high := highs[number];
    place := places[number];
    found_ := '{}';
    foreach item in array pg_catalog.string_to_array(fields[number], ',') loop
      at_ := place;
      place := place + pg_catalog.length(item) + 1;
      if number = 4 and item = 'L' then
        last_day := true;
        continue;
      elsif number = 4 and item = 'LW' then
        last_weekday := true;
        continue;
      elsif number = 6 and item ~ '^[0-7]L$' then
        last_of := last_of || pg_catalog.left(item, 1)::int % 7;
        continue;
      end if;
      -- A day of the week and which one of the month, or a range, and a step.
      parts := pg_catalog.regexp_match(item, '^(\*|[0-9]{1,4}|[A-Z]{3})(?:-([0-9]{1,4}|[A-Z]{3}))?(?:/([0-9]{1,4}))?(?:#([0-9]{1,4}))?$');
      if parts is null or parts[1] = '*' and parts[2] is not null or parts[4] is not null and (number < 6 or parts[1] = '*' or pg_catalog.num_nonnulls(parts[2], parts[3]) > 0) then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is not understood', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          case when item = '' then 'Something is missing beside a comma' when item = '?' then 'Write *'
            when item ~ '^-?[0-9]{5,}$' then pg_catalog.format('It lies between %s and %s', lows[number], high)
            when number = 4 then 'For example *, 5, 1-10, */2, 1,15, L (the last day) or LW (the last day from Monday to Friday)'
            when number = 6 then 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'
            else 'For example *, 5, 1-10, */2 or 1,15' end);
      end if;
      bounds := '{}';
      ends := case when parts[1] = '*' then array[lows[number]::text, high::text] else pg_catalog.array_remove(parts[1:2], null) end;
      foreach bound in array ends loop
        if bound ~ '[A-Z]' then
          named := case number when 5 then pg_catalog.array_position(month_names, bound) when 6 then pg_catalog.array_position(day_names, bound) - 1 end;
          if named is null then
            perform faultline._schedule_fault(
              'cron', pg_catalog.format('%s %s at character %s is not understood', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
              case number when 5 then 'Months are JAN to DEC, or 1 to 12' when 6 then 'Days are SUN to SAT, or 0 to 7' else 'Only months and days of the week have names' end);
          end if;
          bounds := bounds || named;
        else
          bounds := bounds || bound::int;
        end if;
      end loop;
      if pg_catalog.int4range(lows[number], high, '[]') @> all (bounds) is not true then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('It lies between %s and %s', lows[number], high));
      elsif bounds[2] < bounds[1] then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s ends before it begins', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          case when number = 6 and bounds[2] = 0 then pg_catalog.format('Write %s-7: Sunday is 0 and 7', bounds[1])
            else pg_catalog.format('Write %s-%s,%s-%s', bounds[1], case number when 6 then 6 else high end, lows[number], bounds[2]) end);
      end if;
      -- cron reads 24-24/18 as 24, the library that computes ticks as 24/18.
      if bounds[1] = bounds[2] and parts[3] is not null then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is a range of one value, with a step', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('Write %s, or %s/%s', bounds[1], bounds[1], parts[3]));
      end if;
      if parts[4] is not null then
        if parts[4]::int not between 1 and 5 then
          perform faultline._schedule_fault(
            'cron', pg_catalog.format('%s %s at character %s is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
            'A month has each day of the week four or five times: #1 to #5');
        end if;
        nth := nth || bounds[1] % 7 * 10 + parts[4]::int;
        continue;
      end if;
      step := coalesce(parts[3]::int, 1);
      if step not between 1 and high then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s: the step is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('It lies between 1 and %s; every: 90m is for what is no part of a larger unit', high));
      end if;
      found_ := found_ || array(
        select n from pg_catalog.generate_series(bounds[1], coalesce(bounds[2], case when parts[3] is not null then high end, bounds[1]), step) n);
    end loop;
    sets := sets || pg_catalog.jsonb_build_object(
      (array['seconds', 'minutes', 'hours', 'days', 'months', 'weekdays'])[number],
      (select coalesce(pg_catalog.jsonb_agg(v.n order by v.n), '[]') from (select distinct case number when 6 then u.n % 7 else u.n end as n from unnest(found_) as u (n)) v));
  end loop;
  calendar := sets || pg_catalog.jsonb_build_object(
    'last_day', last_day, 'last_weekday', last_weekday, 'nth', pg_catalog.to_jsonb(nth), 'last', pg_catalog.to_jsonb(last_of),
    'both', fields[4] like '*%' or fields[6] like '*%',
    'fixed', not (fields[1] like '*%' or fields[2] like '*%' or fields[3] like '*%'));
  -- All fourteen kinds of years are among these 28.
  for number in 0..10226 loop
    if faultline._is_day(calendar, date '2000-01-01' + number) then
      return calendar;
    end if;
  end loop;
  raise exception using
    errcode = 'FL004', column = 'cron',
    message = pg_catalog.format('cron: no day has day-of-month %s, month %s, day-of-week %s, from character %s on', fields[4], fields[5], fields[6], places[4]),
    hint = 'A date such as 31 February never comes; where day-of-month or day-of-week begins with *, a day has to match both';
end
$_$;

-- Name: FUNCTION _parse_cron(cron text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._parse_cron(cron text) IS 'Private: a cron expression, parsed, or FL004.';

-- Name: _post(bigint, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._post(entry_id bigint, postings jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  accounts text[];
  currencies text[];
  floor_ numeric;
  floors numeric[] := '{}'::numeric[];
  balance numeric;
begin
  perform faultline._check_isolation('posting');
  insert into faultline.postings (entry_id, account, currency, amount)
  select _post.entry_id, p.account, p.currency, p.amount
  from pg_catalog.jsonb_to_recordset(postings) as p (account text, currency text, amount numeric);

  select pg_catalog.array_agg(d.account), pg_catalog.array_agg(d.currency) into accounts, currencies
  from (
    select distinct p.account, p.currency
    from pg_catalog.jsonb_to_recordset(postings) as p (account text, currency text, amount numeric)
    where p.amount < 0
    order by 1, 2
  ) d;
  perform pg_catalog.pg_advisory_xact_lock_shared(1181838445, b.bucket)
  from (
    select distinct faultline._account_bucket(d.account, d.currency) as bucket
    from unnest(accounts, currencies) as d (account, currency)
    order by 1
  ) b;
  for i in 1..pg_catalog.cardinality(accounts) loop
    select a.floor into floor_ from faultline.accounts a where a.account = accounts[i] and a.currency = currencies[i] for no key update;
    floors := floors || floor_;
  end loop;
  for i in 1..pg_catalog.cardinality(accounts) loop
    continue when floors[i] is null;
    balance := faultline._balance(accounts[i], currencies[i]);
    if balance < floors[i] then
      raise exception using
        errcode = 'FL008',
        message = pg_catalog.format('account %s would be at %s %s, below its floor of %s', accounts[i], balance, currencies[i], floors[i]),
        hint = 'Nothing was applied. Credit the account first, or lower its floor with set_account.';
    end if;
  end loop;
end
$$;

-- Name: FUNCTION _post(entry_id bigint, postings jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._post(entry_id bigint, postings jsonb) IS 'Private: writes the postings of an entry; raises FL008 if an account would go below its floor.';

-- Name: _queue_names(jsonb, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._queue_names(token jsonb, max integer) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  known constant text[] := array(select k from pg_catalog.jsonb_object_keys(coalesce(token -> 'queues', '{}')) as k order by k);
  name text := '';
  upper_name text;
  candidate text;
begin
  for probe in 1..max loop
    select min(k) into upper_name from unnest(known) as k where k > name;
    candidate := coalesce(faultline._next_queue(name, upper_name, false), upper_name);
    exit when candidate is null;
    name := candidate;
    return next name;
  end loop;
end
$$;

-- Name: FUNCTION _queue_names(token jsonb, max integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._queue_names(token jsonb, max integer) IS 'Private: the names of queues that have live jobs.';

-- Name: _read_floor(text, timestamp with time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._read_floor(floor text, now_ timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
declare
  token jsonb;
begin
  if floor is null then
    return null;
  end if;
  token := floor::jsonb;
  if (token ->> 'read_at')::timestamptz is null then
    raise data_exception;
  end if;
  if (token ->> 'read_at')::timestamptz > now_ then
    return null;
  end if;
  return token;
exception when data_exception then
  raise exception using
    errcode = 'FL004',
    message = pg_catalog.format('%L is not a token of advance_floor', pg_catalog.left(floor, 60)),
    hint = 'Pass on what advance_floor returned, or NULL';
end
$$;

-- Name: FUNCTION _read_floor(floor text, now_ timestamp with time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._read_floor(floor text, now_ timestamp with time zone) IS 'Private: reads a floor token; NULL if its time is ahead of the clock.';

-- Name: _ready(faultline.runs, text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._ready(r faultline.runs, ended text[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
declare
  candidates text[];
begin
  if ended is null then
    candidates := array(select t.name from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'waiting');
  else
    candidates := array(
      select distinct f.name
      from unnest(ended) as e (name)
      cross join lateral (
        select w.needed_by from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = e.name offset 0
      ) w
      cross join lateral unnest(w.needed_by) as f (name));
  end if;
  return query
  select c.name
  from unnest(candidates) as c (name)
  cross join lateral (
    select t.state from faultline.tasks t where t.run_id = r.run_id and t.name = c.name and t.item = -1 offset 0
  ) t
  where t.state = 'waiting'
    -- The last of its needs that is unfinished, if any: the ordinals rise along the edges.
    and (
      select e.needs
      from faultline.task_dependencies e
      cross join lateral (
        select p.state from faultline.tasks p where p.run_id = r.run_id and p.name = e.needs and p.item = -1 offset 0
      ) p
      where e.workflow = r.workflow and e.version = r.version and e.task = c.name and p.state in ('waiting', 'queued', 'running')
      order by e.ordinal desc
      limit 1) is null;
end
$$;

-- Name: FUNCTION _ready(r faultline.runs, ended text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._ready(r faultline.runs, ended text[]) IS 'Private: the tasks of a run that wait for nothing more.';

-- Name: _record(bigint, integer, text, uuid, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._record(job_id bigint, attempt integer, verb text, runner uuid, detail jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  insert into faultline.job_events (at, job_id, attempt, verb, runner, actor, detail)
  values (pg_catalog.clock_timestamp(), _record.job_id, _record.attempt, _record.verb, _record.runner, session_user,
          coalesce(
            (select pg_catalog.jsonb_object_agg(d.key, d.value) from pg_catalog.jsonb_each(_record.detail) d where d.value <> 'null'),
            '{}'));
end
$$;

-- Name: FUNCTION _record(job_id bigint, attempt integer, verb text, runner uuid, detail jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._record(job_id bigint, attempt integer, verb text, runner uuid, detail jsonb) IS 'Private: appends one row to job_events.';

-- Name: _record_stale(bigint, integer, text, uuid); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._record_stale(job_id bigint, attempt integer, verb text, runner uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
begin
  if not exists (
    select
    from faultline.job_events e
    where e.job_id = _record_stale.job_id and e.attempt = _record_stale.attempt and e.verb = 'stale'
      and e.detail ->> 'verb' = _record_stale.verb
  ) then
    perform faultline._record(job_id, attempt, 'stale', runner, pg_catalog.jsonb_build_object('verb', verb));
  end if;
end
$$;

-- Name: FUNCTION _record_stale(job_id bigint, attempt integer, verb text, runner uuid); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._record_stale(job_id bigint, attempt integer, verb text, runner uuid) IS 'Private: records a refused report, once.';

-- Name: _refer(faultline.runs, jsonb, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refer(r faultline.runs, definition jsonb, reference text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
declare
  base constant text := faultline._reference_base(reference, definition -> 'needs');
  rest constant text := pg_catalog.substr(reference, pg_catalog.length(base) + 2);
  value jsonb;
begin
  if base = 'input' then
    value := r.input;
  else
    select t.result into value from faultline.tasks t where t.run_id = r.run_id and t.name = base and t.item = -1;
  end if;
  return value #> pg_catalog.string_to_array(rest, '.');
end
$$;

-- Name: FUNCTION _refer(r faultline.runs, definition jsonb, reference text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refer(r faultline.runs, definition jsonb, reference text) IS 'Private: the value that a reference names.';

-- Name: _reference_base(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._reference_base(reference text, needs jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  return (
    select n.name
    from (
      select pg_catalog.jsonb_array_elements_text(needs) as name
      union all
      select 'input'
    ) n
    where reference = n.name or pg_catalog.starts_with(reference, n.name || '.')
    order by pg_catalog.length(n.name) desc
    limit 1);
end
$$;

-- Name: FUNCTION _reference_base(reference text, needs jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._reference_base(reference text, needs jsonb) IS 'Private: the task, or input, that a reference begins with.';

-- Name: _refuse_change(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('a row of %s is never %s', tg_table_name, case tg_op when 'UPDATE' then 'changed' else 'removed' end),
    hint = 'History is append-only.';
end
$$;

-- Name: FUNCTION _refuse_change(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_change() IS 'Private: raises FL003 for a change of history.';

-- Name: _refuse_effect(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_effect() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL003',
    message = case
      when tg_op = 'INSERT' then pg_catalog.format('effect %s of transaction %L can not be born %s', new.name, new.transaction_id, new.state)
      when new.state <> old.state then
        pg_catalog.format('effect %s of transaction %L can not go from %s to %s', old.name, old.transaction_id, old.state, new.state)
      else pg_catalog.format('what effect %s of transaction %L is can not change', old.name, old.transaction_id)
    end,
    hint = 'INIT → SENT → APPLIED or ABSENT; name, key and request stay as they were begun.';
end
$$;

-- Name: FUNCTION _refuse_effect(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_effect() IS 'Private: raises FL003 for a move of an effect that is not legal.';

-- Name: _refuse_fences(text, bigint[], integer[], json); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_fences(what text, job_ids bigint[], attempts integer[], others json) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  total constant int := coalesce(pg_catalog.cardinality(job_ids), 0);
  lengths constant text := pg_catalog.format(
    'job_ids has %s elements, attempts %s%s', total, coalesce(pg_catalog.cardinality(attempts), 0),
    (select pg_catalog.string_agg(pg_catalog.format(', %s %s', o.key, coalesce(o.value, 'none')), '')
     from pg_catalog.json_each_text(others) o));
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0)
     or exists (select from pg_catalog.json_each_text(others) o where o.value::int <> total) then
    perform faultline._invalid(lengths, 'One of each for each job');
  end if;
  if total > 10000 then
    perform faultline._invalid(pg_catalog.format('the %s has %s jobs', what, total), 'At most 10000 a call');
  end if;
  perform faultline._invalid('job_ids or attempts has a NULL in it', 'A report carries both, as the claim returned them');
end
$$;

-- Name: FUNCTION _refuse_fences(what text, job_ids bigint[], attempts integer[], others json); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_fences(what text, job_ids bigint[], attempts integer[], others json) IS 'Private: raises FL004 for the fences of a group: arrays of other lengths, too many, or a NULL.';

-- Name: _refuse_item(bigint, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_item(ordinal bigint, item jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
  job record;
  unknown text;
  message text;
  hint text;
begin
  if pg_catalog.jsonb_typeof(item) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('it is not an object but of type %s', pg_catalog.jsonb_typeof(item)), 'Its keys are the arguments of enqueue');
  end if;
  select key into unknown
  from pg_catalog.jsonb_object_keys(item) as key
  where key <> all (array['type', 'payload', 'queue', 'run_at', 'priority', 'max_attempts', 'idempotency_key',
                          'idempotency_ttl', 'backoff', 'timeout', 'tags', 'headers']);
  if unknown is not null then
    perform faultline._invalid(
      pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(unknown, 100))), 'Its keys are the arguments of enqueue');
  end if;
  begin
    select * into job
    from pg_catalog.jsonb_to_record(item) as r (
      type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int, idempotency_key text,
      idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb);
  exception when data_exception then
    perform faultline._invalid(sqlerrm, 'Times, intervals and numbers are written as PostgreSQL reads them');
  end;
  perform faultline._check_job(
    job.type, job.payload, job.queue, job.run_at, job.priority, job.max_attempts, job.idempotency_key, job.idempotency_ttl,
    job.backoff, job.timeout, job.tags, job.headers);
  return false;
exception when sqlstate 'FL004' then
  get stacked diagnostics message = message_text, hint = pg_exception_hint;
  raise exception using errcode = 'FL004', message = pg_catalog.format('job %s: %s', ordinal, message), hint = hint;
end
$$;

-- Name: FUNCTION _refuse_item(ordinal bigint, item jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_item(ordinal bigint, item jsonb) IS 'Private: raises FL004 with the place of a bad element of enqueue_many.';

-- Name: _refuse_move(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_move() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- Name: FUNCTION _refuse_move(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_move() IS 'Private: raises FL003 for a move of a job that is not legal.';

-- Name: _refuse_schedule(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_schedule() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'UPDATE' and new.schedule = old.schedule and new.version >= old.version
     and (old.forgotten_until is null or new.forgotten_until >= old.forgotten_until) and new.forgotten_missed >= old.forgotten_missed then
    return new;
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('schedule %s can not be %s', old.schedule, case tg_op when 'UPDATE' then 'set back' else 'removed' end),
    hint = 'delete_schedule ends a schedule; its name keeps its version and its ticks.';
end
$$;

-- Name: FUNCTION _refuse_schedule(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_schedule() IS 'Private: raises FL003 for a schedule that would be set back or removed.';

-- Name: _refuse_to_forget(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_to_forget() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from faultline.schedules s where s.schedule = old.schedule and s.forgotten_until >= old.tick_at) then
    return old;
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('tick %s of schedule %s is not forgotten yet', faultline._utc(old.tick_at), old.schedule),
    hint = 'Retention removes ticks, after it has set forgotten_until of their schedule.';
end
$$;

-- Name: FUNCTION _refuse_to_forget(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_to_forget() IS 'Private: raises FL003 for a tick that would be removed and could happen again.';

-- Name: _refuse_transaction(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refuse_transaction() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'UPDATE'
     and (
       new.state = old.state
       or (old.state = 'INIT' and new.state in ('APPLIED', 'FAILED'))
       or (old.state = 'APPLIED' and new.state = 'RECONCILED'))
     and new.transaction_id = old.transaction_id
     and new.kind = old.kind
     and new.request_hash = old.request_hash
     and new.request = old.request
     and (new.job_id = old.job_id or old.state = 'INIT')
     and (old.job_state is null or new.job_state is not distinct from old.job_state)
  then
    return new;
  end if;
  raise exception using
    errcode = 'FL003',
    message = case
      when tg_op = 'INSERT' then pg_catalog.format('transaction %L can not be born %s', new.transaction_id, new.state)
      when new.state <> old.state then pg_catalog.format('transaction %L can not go from %s to %s', old.transaction_id, old.state, new.state)
      else pg_catalog.format('what transaction %L is can not change', old.transaction_id)
    end,
    hint = 'INIT → APPLIED → RECONCILED, INIT → FAILED; id, kind and request stay as they were submitted.';
end
$$;

-- Name: FUNCTION _refuse_transaction(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refuse_transaction() IS 'Private: raises FL003 for a move of a transaction that is not legal.';

-- Name: _refused(bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._refused(job_id bigint, attempt integer, verb text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_variable
begin
  if verb = 'complete' then
    if exists (
      select from faultline.jobs_done d where d.job_id = _refused.job_id and d.attempt = _refused.attempt and d.state = 'succeeded'
    ) then
      return 'repeat';
    end if;
  elsif verb = 'apply' then
    if exists (
      select from faultline.ledger_entries l where l.job_id = _refused.job_id and l.attempt = _refused.attempt
    ) then
      return 'repeat';
    end if;
  elsif exists (
    select from faultline.job_events e where e.job_id = _refused.job_id and e.attempt = _refused.attempt and e.verb = _refused.verb
  ) then
    return 'repeat';
  end if;
  if exists (select from faultline.jobs_live j where j.job_id = _refused.job_id)
     or exists (select from faultline.jobs_done d where d.job_id = _refused.job_id) then
    return 'stale';
  end if;
  return 'unknown';
end
$$;

-- Name: FUNCTION _refused(job_id bigint, attempt integer, verb text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._refused(job_id bigint, attempt integer, verb text) IS 'Private: repeat, stale or unknown, for a report whose fence did not match.';

-- Name: _reopen(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._reopen(run_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
  anew text[];
begin
  update faultline.runs x set state = 'running', finished_at = null where x.run_id = _reopen.run_id returning * into r;
  anew := array(
    select distinct t.name
    from (
      select t.name from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled', 'skipped') offset 0
    ) t
    cross join lateral (
      select d.needs from faultline.task_dependencies d where d.workflow = r.workflow and d.version = r.version and d.task = t.name offset 0
    ) d
    cross join lateral (
      select n.state from faultline.tasks n where n.run_id = r.run_id and n.name = d.needs and n.item = -1 offset 0
    ) n
    where n.state <> 'succeeded');
  delete from faultline.tasks t where t.run_id = r.run_id and t.name = any (anew) and t.item >= 0;
  update faultline.tasks t
  set generation = t.generation + 1, job_id = null, result = null, error = null, finished_at = null, after_failure = false,
    child_run_id = p.child, state = 'waiting'
  from (
    select self.ctid as place,
      -- A child that succeeded, and whose results were too large, is of no use.
      (select c.run_id from faultline.runs c where c.run_id = self.child_run_id and c.state <> 'succeeded' and self.name <> all (anew)) as child
    from faultline.tasks self
    where self.run_id = r.run_id and self.state in ('failed', 'cancelled', 'skipped')
    offset 0
  ) p
  where t.ctid = p.place;
end
$$;

-- Name: FUNCTION _reopen(run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._reopen(run_id bigint) IS 'Private: brings a run that has ended, and what did not succeed in it, back.';

-- Name: _resume(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._resume(root bigint) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
begin
  perform faultline._finish_jobs(array(select r.run_id from faultline.runs r where r.root_run_id = root), 'discarded');
  perform faultline._reopen(root);
  perform faultline._follow(array[root]);
end
$$;

-- Name: FUNCTION _resume(root bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._resume(root bigint) IS 'Private: resumes the runs of a family that did not succeed.';

-- Name: _ring(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._ring(queue text) RETURNS boolean
    LANGUAGE sql
    AS $$
-- One expression, which nothing interrupts: a cancel or statement_timeout between two statements would leave the lock
-- with the session. And no more than that, so that it becomes part of the caller's own.
select case
  when pg_catalog.pg_try_advisory_lock(1181838444, pg_catalog.hashtext(queue) & 15)
  then not pg_catalog.pg_advisory_unlock(1181838444, pg_catalog.hashtext(queue) & 15)
  else pg_catalog.pg_notify('faultline', queue) is not null
end
$$;

-- Name: FUNCTION _ring(queue text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._ring(queue text) IS 'Private: notifies channel faultline, only if a runner sleeps on the queue''s bell.';

-- Name: _root_run(bigint, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._root_run(run_id bigint, verb text) RETURNS faultline.runs
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
begin
  perform faultline._lock_runs(array[run_id]);
  select * into r from faultline.runs x where x.run_id = _root_run.run_id;
  if not found then
    perform faultline._no_run(run_id);
  end if;
  if r.parent_run_id is not null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s is task %s of run %s and can not be %s alone', run_id, r.parent_task, r.parent_run_id, verb),
      hint = pg_catalog.format('Run %s is the root.', r.root_run_id);
  end if;
  return r;
end
$$;

-- Name: FUNCTION _root_run(run_id bigint, verb text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._root_run(run_id bigint, verb text) IS 'Private: locks a root run; raises FL003, FL005.';

-- Name: _schedule_cursor(faultline.schedules); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._schedule_cursor(s faultline.schedules) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
begin
  return greatest(s.ticks_after, s.forgotten_until, (
    select t.tick_at from faultline.schedule_ticks t where t.schedule = s.schedule and t.kind = 'calendar' order by t.tick_at desc limit 1));
end
$$;

-- Name: FUNCTION _schedule_cursor(s faultline.schedules); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._schedule_cursor(s faultline.schedules) IS 'Private: how far the calendar of a schedule is.';

-- Name: _schedule_fault(text, text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._schedule_fault(key text, message text, hint text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s', _schedule_fault.key, _schedule_fault.message), hint = _schedule_fault.hint,
    column = _schedule_fault.key;
end
$$;

-- Name: FUNCTION _schedule_fault(key text, message text, hint text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._schedule_fault(key text, message text, hint text) IS 'Private: raises FL004 for a key of a schedule''s definition.';

-- Name: _schedule_interval(text, jsonb, interval, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._schedule_interval(key text, value jsonb, lowest interval, highest interval) RETURNS interval
    LANGUAGE plpgsql
    AS $$
declare
  problem text;
  hint text;
begin
  return faultline._spec_interval(key, value, lowest, highest);
exception when sqlstate 'FL004' then
  get stacked diagnostics problem = message_text, hint = pg_exception_hint;
  if problem like '% is out of bounds' then
    problem := pg_catalog.format('%s: %s is out of bounds', key, pg_catalog.left(value::text, 100));
  end if;
  raise exception using errcode = 'FL004', message = problem, hint = hint, column = key;
end
$$;

-- Name: FUNCTION _schedule_interval(key text, value jsonb, lowest interval, highest interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._schedule_interval(key text, value jsonb, lowest interval, highest interval) IS 'Private: a duration of a schedule''s definition.';

-- Name: _schedule_job(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._schedule_job(key text, value jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  kind constant text := pg_catalog.jsonb_typeof(value);
  wanted constant text := case when key in ('type', 'queue') then 'string' when key in ('priority', 'max_attempts') then 'number'
    when key = 'tags' then 'array' else 'object' end;
  number int;
  problem text;
  hint text;
begin
  if (case
    when kind <> wanted then true
    when kind = 'number' then (value #>> '{}')::numeric % 1 <> 0
    when kind = 'array' then pg_catalog.jsonb_path_exists(value, '$[*] ? (@.type() != "string")')
    else false
  end) then
    perform faultline._schedule_fault(
      key, pg_catalog.format('%s is not %s', pg_catalog.left(value::text, 100),
                             case wanted when 'string' then 'a text' when 'number' then 'a whole number' when 'array' then 'a list of texts' else 'an object' end),
      'As in enqueue');
  end if;
  if wanted = 'number' then
    number := greatest(least((value #>> '{}')::numeric, 1000), -1000);
  end if;
  begin
    perform faultline._check_job(
      case key when 'type' then value #>> '{}' else 't' end, case key when 'payload' then value else '{}' end,
      case key when 'queue' then value #>> '{}' else 'default' end, null, case key when 'priority' then number end,
      case key when 'max_attempts' then number end, null, null, case key when 'backoff' then value end, null,
      case key when 'tags' then array(select pg_catalog.jsonb_array_elements_text(value)) else '{}'::text[] end, case key when 'headers' then value end);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._schedule_fault(key, problem, hint);
  end;
end
$_$;

-- Name: FUNCTION _schedule_job(key text, value jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._schedule_job(key text, value jsonb) IS 'Private: checks a key of a schedule''s definition that is an argument of enqueue.';

-- Name: _schedule_time(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._schedule_time(key text, value jsonb) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    AS $_$
declare
  given constant text := value #>> '{}';
begin
  if given is null then
    return null;
  end if;
  if pg_catalog.jsonb_typeof(value) = 'string' and given ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' then
    begin
      return given::timestamptz;
    exception when data_exception then
      null;
    end;
  end if;
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s is not a time with an offset', key, pg_catalog.left(value::text, 100)),
    hint = 'For example "2030-01-31T09:00:00+01:00", or with a Z for UTC', column = key;
end
$_$;

-- Name: FUNCTION _schedule_time(key text, value jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._schedule_time(key text, value jsonb) IS 'Private: a time of a schedule''s definition.';

-- Name: _setting_int(jsonb, text, integer, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._setting_int(settings jsonb, key text, lowest integer, highest integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
begin
  if pg_catalog.jsonb_typeof(settings -> key) not in ('number', 'null')
     or (settings ->> key)::numeric not between lowest and highest
     or (settings ->> key)::numeric % 1 <> 0 then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', key, pg_catalog.left((settings -> key)::text, 100)),
      pg_catalog.format('A whole number between %s and %s', lowest, highest));
  end if;
  return (settings ->> key)::numeric::int;
end
$$;

-- Name: FUNCTION _setting_int(settings jsonb, key text, lowest integer, highest integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._setting_int(settings jsonb, key text, lowest integer, highest integer) IS 'Private: a whole number out of a settings object, or FL004.';

-- Name: _setting_interval(jsonb, text, interval, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._setting_interval(settings jsonb, key text, lowest interval, highest interval) RETURNS interval
    LANGUAGE plpgsql
    AS $$
declare
  value interval;
begin
  if pg_catalog.jsonb_typeof(settings -> key) not in ('string', 'null') then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not an interval in a string', key, pg_catalog.left((settings -> key)::text, 100)), 'For example "30 seconds"');
  end if;
  begin
    value := (settings ->> key)::interval;
  exception when data_exception then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not an interval', key, pg_catalog.quote_literal(pg_catalog.left(settings ->> key, 100))), 'For example "30 seconds"');
  end;
  perform faultline._check_interval(key, value, lowest, highest);
  return value;
end
$$;

-- Name: FUNCTION _setting_interval(settings jsonb, key text, lowest interval, highest interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._setting_interval(settings jsonb, key text, lowest interval, highest interval) IS 'Private: an interval out of a settings object, or FL004.';

-- Name: _settle(faultline.transactions); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._settle(t faultline.transactions) RETURNS text
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  job_state_ text := t.job_state;
  live text;
  entered boolean;
  applied record;
  to_state text;
begin
  if t.settled_at is not null then
    return null;
  end if;
  if job_state_ is null then
    -- By the transaction too: in a database restored from elsewhere the job of this id may be another.
    select j.state into live from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id;
    if not found then
      select d.state into job_state_
      from faultline.jobs_done d
      where d.job_id = t.job_id and d.type = t.kind
        and coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)) = t.request;
    end if;
  end if;
  entered := exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id);

  if not entered and t.state = 'INIT' and job_state_ is not null then
    -- The job is over, and left no entry.
    if exists (select from faultline.effects e where e.transaction_id = t.transaction_id and e.state = 'SENT') then
      update faultline.effects e
      set ask_at = now_
      where e.transaction_id = t.transaction_id and e.state = 'SENT' and e.ask_at is null;
    else
      select max(e.attempt) as attempt, pg_catalog.jsonb_object_agg(e.name, pg_catalog.jsonb_build_object('state', e.state, 'key', e.key, 'response', e.response)) as effects
      into applied
      from faultline.effects e
      where e.transaction_id = t.transaction_id
      having bool_or(e.state = 'APPLIED');
      if found then
        insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
        values (t.transaction_id, t.job_id, applied.attempt,
                pg_catalog.jsonb_build_object('settled_by', 'reconcile', 'job_state', job_state_, 'effects', applied.effects), now_);
        entered := true;
      else
        to_state := 'FAILED';
      end if;
    end if;
  elsif not entered and t.state = 'INIT' and live is null then
    perform faultline._submit_again(t);
    return 'INIT';
  end if;

  if entered and t.state = 'INIT' then
    update faultline.transactions x set state = 'APPLIED', job_state = job_state_ where x.transaction_id = t.transaction_id;
    to_state := 'APPLIED';
  end if;
  if entered and live is distinct from 'running' then
    to_state := 'RECONCILED';
  end if;
  if to_state in ('RECONCILED', 'FAILED') then
    update faultline.transactions x
    set state = to_state, settled_at = now_, due_at = null, job_state = job_state_,
        reason = case to_state when 'FAILED' then pg_catalog.format('its job %s ended %s and left no entry', t.job_id, job_state_) end
    where x.transaction_id = t.transaction_id;
  else
    update faultline.transactions x
    set due_at = null, job_state = job_state_
    where x.transaction_id = t.transaction_id and (x.due_at is not null or x.job_state is distinct from job_state_);
  end if;
  return to_state;
end
$$;

-- Name: FUNCTION _settle(t faultline.transactions); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._settle(t faultline.transactions) IS 'Private: settles a locked transaction as far as what is known allows.';

-- Name: _settle_effect(faultline.effects, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._settle_effect(e faultline.effects, state text, response jsonb) RETURNS text
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if state is null or state not in ('APPLIED', 'ABSENT', 'UNKNOWN') then
    perform faultline._invalid(
      pg_catalog.format('state %s is no outcome of an effect', coalesce(pg_catalog.quote_literal(pg_catalog.left(state, 100)), 'NULL')),
      'APPLIED, ABSENT or UNKNOWN');
  end if;
  if e.state = state then
    return state;
  end if;
  if e.state <> 'SENT' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('effect %s of transaction %L is %s and can not become %s', e.name, e.transaction_id, e.state, state),
      hint = case e.state when 'INIT' then 'effect_sent comes first.' else 'What was settled stays.' end;
  end if;
  if state = 'UNKNOWN' then
    update faultline.effects x
    set asks = x.asks + 1, unknown_since = coalesce(x.unknown_since, now_), answer = pg_catalog.left(response #>> '{}', 1000)
    where x.transaction_id = e.transaction_id and x.name = e.name;
    return 'SENT';
  end if;
  update faultline.effects x
  set state = _settle_effect.state, response = _settle_effect.response, settled_at = now_, unknown_since = null, ask_at = null, answer = null
  where x.transaction_id = e.transaction_id and x.name = e.name;
  return state;
end
$$;

-- Name: FUNCTION _settle_effect(e faultline.effects, state text, response jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._settle_effect(e faultline.effects, state text, response jsonb) IS 'Private: writes what became of a locked effect.';

-- Name: _spec_interval(text, jsonb, interval, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._spec_interval(place text, value jsonb, lowest interval, highest interval) RETURNS interval
    LANGUAGE plpgsql
    AS $$
declare
  given interval;
  problem text;
  hint text;
begin
  if value is null or pg_catalog.jsonb_typeof(value) = 'null' then
    return null;
  end if;
  begin
    if pg_catalog.jsonb_typeof(value) = 'number' then
      given := pg_catalog.make_interval(secs => (value #>> '{}')::double precision);
    elsif pg_catalog.jsonb_typeof(value) = 'string' then
      given := (value #>> '{}')::interval;
    end if;
  exception when data_exception then
    null;
  end;
  if given is null then
    perform faultline._task_fault(place, pg_catalog.format('%s is not a duration', pg_catalog.left(value::text, 100)), 'Write "500ms", "10m" or "1 hour"');
  end if;
  begin
    perform faultline._check_interval('', given, lowest, highest);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._task_fault(place, pg_catalog.ltrim(problem), hint);
  end;
  return given;
end
$$;

-- Name: FUNCTION _spec_interval(place text, value jsonb, lowest interval, highest interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._spec_interval(place text, value jsonb, lowest interval, highest interval) IS 'Private: an interval of a workflow''s spec.';

-- Name: _spec_job(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._spec_job(place text, given jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
declare
  job jsonb;
  problem text;
  hint text;
  key text;
  value jsonb;
begin
  if given ? 'retry' then
    perform faultline._check_keys(place || '.retry', given -> 'retry', '{max_attempts, backoff}');
  end if;
  perform faultline._spec_interval(place || '.timeout', given -> 'timeout', interval '1 millisecond', interval '366 days');
  for key, value in
    select v.* from (values ('priority', given -> 'priority'), ('retry.max_attempts', given -> 'retry' -> 'max_attempts')) v (key, value)
  loop
    problem := case
      when pg_catalog.jsonb_typeof(value) = 'null' then null
      when pg_catalog.jsonb_typeof(value) <> 'number' or value::numeric % 1 <> 0 then '%s is not a whole number'
      when pg_catalog.abs(value::numeric) > 1000 then '%s is out of bounds'
    end;
    if problem is not null then
      perform faultline._task_fault(place || '.' || key, pg_catalog.format(problem, pg_catalog.left(value::text, 100)), 'priority: 1 to 4; max_attempts: 1 to 100');
    end if;
  end loop;
  if pg_catalog.jsonb_typeof(given -> 'queue') not in ('string', 'null') then
    perform faultline._task_fault(place || '.queue', 'it is not a text', 'The name of a queue');
  end if;
  begin
    perform faultline._check_job('t', '{}', given ->> 'queue', null,
                                 (given ->> 'priority')::numeric::int,
                                 (given -> 'retry' ->> 'max_attempts')::numeric::int, null, null,
                                 nullif(given -> 'retry' -> 'backoff', 'null'), null, '{}', null);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._task_fault(place, problem, hint);
  end;
  job := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    -- Whole numbers, however they were written: 2.0 is 2.
    'queue', given -> 'queue', 'priority', (given ->> 'priority')::numeric::int, 'timeout', given -> 'timeout',
    'max_attempts', (given -> 'retry' ->> 'max_attempts')::numeric::int, 'backoff', given -> 'retry' -> 'backoff'));
  return job;
end
$$;

-- Name: FUNCTION _spec_job(place text, given jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._spec_job(place text, given jsonb) IS 'Private: what a task or the defaults of a workflow say of jobs, checked.';

-- Name: _spec_task(text, jsonb, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._spec_task(name text, given jsonb, defaults jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $_$
#variable_conflict use_variable
declare
  place constant text := 'tasks.' || name;
  kinds text[];
  needs jsonb;
  need jsonb;
  definition jsonb;
  reference text;
begin
  if name !~ '^[A-Za-z0-9_.:-]+$' or pg_catalog.length(name) > 128 then
    perform faultline._task_fault('tasks', pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(name, 140))),
                                  'A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if name = 'input' or pg_catalog.starts_with(name, 'input.') then
    perform faultline._task_fault(place, pg_catalog.format('no task can be called %s', name), 'input is the input of the run');
  end if;
  perform faultline._check_keys(place, given, '{type, payload, needs, depends_on, when, if, for_each, concurrency, wait, wait_for, workflow, input, queue, priority, timeout, retry, description}');

  if pg_catalog.jsonb_typeof(given -> 'description') not in ('string', 'null') then
    perform faultline._task_fault(place || '.description', 'it is not a text', 'What the task is for');
  end if;

  kinds := array(select k from unnest(array['type', 'wait', 'wait_for', 'workflow']) k where given ? k);
  if pg_catalog.cardinality(kinds) <> 1 then
    perform faultline._task_fault(
      place, case pg_catalog.cardinality(kinds) when 0 then 'it does not say what it is' else 'it is ' || pg_catalog.array_to_string(kinds, ' and ') end,
      'Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal)');
  end if;
  if given ? 'needs' and given ? 'depends_on' then
    perform faultline._task_fault(place, 'it has both needs and depends_on', 'They are two names of one thing: keep one');
  end if;

  needs := coalesce(given -> 'needs', given -> 'depends_on', '[]');
  if pg_catalog.jsonb_typeof(needs) = 'string' then
    needs := pg_catalog.jsonb_build_array(needs);
  end if;
  if pg_catalog.jsonb_typeof(needs) <> 'array' then
    perform faultline._task_fault(place || '.needs', 'it is neither a task nor a list of tasks', 'needs: extract, or needs: [extract, clean]');
  end if;
  for need in select * from pg_catalog.jsonb_array_elements(needs) loop
    if pg_catalog.jsonb_typeof(need) <> 'string' then
      perform faultline._task_fault(place || '.needs', pg_catalog.format('%s is not the name of a task', pg_catalog.left(need::text, 100)), 'needs: [extract, clean]');
    elsif need #>> '{}' = name then
      perform faultline._task_fault(place || '.needs', 'it needs itself', 'A task needs others');
    end if;
  end loop;
  if (select count(distinct n) <> count(*) from pg_catalog.jsonb_array_elements(needs) n) then
    perform faultline._task_fault(place || '.needs', 'it names a task twice', 'Once is enough');
  end if;

  if given ? 'when' and not coalesce(given ->> 'when' in ('success', 'failure', 'always'), false) then
    perform faultline._task_fault(place || '.when', pg_catalog.format('%s is not one of success, failure, always', pg_catalog.left((given -> 'when')::text, 100)), 'when: success is the default');
  end if;
  if given ->> 'when' = 'failure' and pg_catalog.jsonb_array_length(needs) = 0 then
    perform faultline._task_fault(place || '.when', 'it waits for a failure of what it needs, and needs nothing', 'Name in needs what may fail');
  end if;
  if given ? 'if' then
    begin
      -- A condition has no variables: $x is one, $.x is none, and what stands in quotes is text.
      if pg_catalog.jsonb_typeof(given -> 'if') <> 'string'
         or pg_catalog.regexp_replace(given ->> 'if', '"([^"\\]|\\.)*"', '""', 'g') ~ '\$[A-Za-z0-9_"]' then
        raise invalid_text_representation;
      end if;
      perform (given ->> 'if')::jsonpath;
    exception when others then
      perform faultline._task_fault(place || '.if', pg_catalog.format('%s is not a condition', pg_catalog.left((given -> 'if')::text, 200)),
                                    'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0');
    end;
    -- What it looks at first, quoted or not, and no method; the last alternative is a text, in which nothing is looked at.
    select m.name into reference
    from (
      select coalesce(x.found[1], x.found[2]) as name, x.place
      from pg_catalog.regexp_matches(
        given ->> 'if', '\$\s*\.\s*(?:"([^"\\]*)"|([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|\s*\())|"(?:[^"\\]|\\.)*"', 'g')
        with ordinality as x (found, place)
    ) m
    where m.name <> '' and m.name <> 'input' and not needs ? m.name
    order by m.place
    limit 1;
    if found then
      perform faultline._task_fault(
        place || '.if', pg_catalog.format('it looks at %s, which it does not need', pg_catalog.left(reference, 140)), 'Name it in needs, or write $.input for the run''s input');
    end if;
  end if;
  foreach reference in array array['for_each', 'input'] loop
    continue when not given ? reference;
    if reference = 'input' and not given ? 'workflow' then
      perform faultline._task_fault(place || '.input', 'only a workflow as a task has an input', 'A job has a payload');
    end if;
    continue when reference = 'input' and pg_catalog.jsonb_typeof(given -> 'input') = 'object';
    if pg_catalog.jsonb_typeof(given -> reference) <> 'string' or faultline._reference_base(given ->> reference, needs) is null then
      perform faultline._task_fault(
        place || '.' || reference, pg_catalog.format('%s is neither input nor a task that it needs, nor a place in one of them', pg_catalog.left((given -> reference)::text, 200)),
        reference || ': extract, or extract.rows, or input.files');
    end if;
  end loop;
  if given ? 'for_each' and not (given ? 'type' or given ? 'workflow') then
    perform faultline._task_fault(place || '.for_each', 'only a job or a workflow can run for each element', 'Put the wait before it');
  end if;
  if given ? 'concurrency' then
    if not given ? 'for_each' then
      perform faultline._task_fault(place || '.concurrency', 'there is no for_each', 'It bounds how many elements run at once');
    elsif pg_catalog.jsonb_typeof(given -> 'concurrency') <> 'number' or (given ->> 'concurrency')::numeric not between 1 and 10000
          or (given ->> 'concurrency')::numeric % 1 <> 0 then
      perform faultline._task_fault(place || '.concurrency', pg_catalog.format('%s is out of bounds', pg_catalog.left((given -> 'concurrency')::text, 100)), 'A whole number from 1 to 10000');
    end if;
  end if;

  if given ? 'type' then
    if pg_catalog.jsonb_typeof(given -> 'type') <> 'string' or given ->> 'type' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
      perform faultline._task_fault(place || '.type', pg_catalog.format('%s is not a name', pg_catalog.left((given -> 'type')::text, 140)), 'The type of job that a handler runs');
    end if;
    if pg_catalog.jsonb_typeof(given -> 'payload') <> 'object' then
      perform faultline._task_fault(place || '.payload', pg_catalog.format('it is not an object but of type %s', pg_catalog.jsonb_typeof(given -> 'payload')), 'payload: {table: orders}');
    end if;
    if pg_catalog.octet_length((given -> 'payload')::text) > 262144 then
      perform faultline._task_fault(place || '.payload', pg_catalog.format('it has %s bytes as text', pg_catalog.octet_length((given -> 'payload')::text)), 'At most 262144 (256 KiB)');
    end if;
    definition := pg_catalog.jsonb_build_object('kind', 'job', 'type', given -> 'type', 'payload', coalesce(given -> 'payload', '{}'))
      || defaults || faultline._spec_job(place, given);
  else
    if given ? 'payload' or given ? 'queue' or given ? 'priority' or given ? 'retry' then
      perform faultline._task_fault(place, pg_catalog.format('%s is no job: it has no payload, queue, priority or retry', kinds[1]), 'Leave them out');
    end if;
    if given ? 'timeout' and not given ? 'wait_for' then
      perform faultline._task_fault(place || '.timeout', pg_catalog.format('%s has no timeout', kinds[1]), 'A job and a wait_for may have one');
    end if;
    if given ? 'wait' then
      definition := pg_catalog.jsonb_build_object('kind', 'wait', 'wait', faultline._spec_interval(place || '.wait', given -> 'wait', interval '1 millisecond', interval '3660 days'));
      if definition ->> 'wait' is null then
        perform faultline._task_fault(place || '.wait', 'it is null', 'wait: 10m');
      end if;
    elsif given ? 'wait_for' then
      if pg_catalog.jsonb_typeof(given -> 'wait_for') <> 'string' or given ->> 'wait_for' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
        perform faultline._task_fault(place || '.wait_for', pg_catalog.format('%s is not the name of a signal', pg_catalog.left((given -> 'wait_for')::text, 140)), 'wait_for: approval');
      end if;
      definition := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'kind', 'signal', 'signal', given -> 'wait_for',
        'timeout', faultline._spec_interval(place || '.timeout', given -> 'timeout', interval '1 millisecond', interval '3660 days')));
    else
      if pg_catalog.jsonb_typeof(given -> 'workflow') <> 'string' or given ->> 'workflow' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
        perform faultline._task_fault(place || '.workflow', pg_catalog.format('%s is not the name of a workflow', pg_catalog.left((given -> 'workflow')::text, 140)), 'workflow: nightly-report');
      end if;
      definition := pg_catalog.jsonb_build_object('kind', 'workflow', 'workflow', given -> 'workflow');
    end if;
  end if;
  return definition || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'needs', needs, 'when', coalesce(given -> 'when', '"success"'), 'if', given -> 'if', 'for_each', given -> 'for_each',
    'concurrency', (given ->> 'concurrency')::numeric::int, 'input', given -> 'input'));
end
$_$;

-- Name: FUNCTION _spec_task(name text, given jsonb, defaults jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._spec_task(name text, given jsonb, defaults jsonb) IS 'Private: the definition of one task of a workflow, checked.';

-- Name: _stands_apart(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._stands_apart(payload jsonb) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
select pg_catalog.pg_column_size(payload) > 1500
$$;

-- Name: FUNCTION _stands_apart(payload jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._stands_apart(payload jsonb) IS 'Private: whether a payload is so large that it stands in payloads.';

-- Name: _start_child(faultline.runs, text, integer, jsonb, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._start_child(r faultline.runs, name text, item integer, definition jsonb, element jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  version_ int;
  place_ int;
  child bigint := (select t.child_run_id from faultline.tasks t where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item);
  given jsonb := r.input;
  problem text;
begin
  if child is not null then
    update faultline.tasks t set state = 'running' where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item;
    perform faultline._reopen(child);
    return child;
  end if;
  if item >= 0 then
    given := element;
  elsif pg_catalog.jsonb_typeof(definition -> 'input') = 'object' then
    given := definition -> 'input';
  elsif definition ? 'input' then
    given := coalesce(faultline._refer(r, definition, definition ->> 'input'), 'null');
  end if;
  if pg_catalog.jsonb_typeof(given) <> 'object' then
    given := pg_catalog.jsonb_build_object('item', given);
  end if;
  select x.place + 1 into place_ from faultline.runs x where x.root_run_id = r.root_run_id order by x.place desc limit 1;
  select max(w.version) into version_ from faultline.workflows w where w.workflow = definition ->> 'workflow';
  problem := case
    when version_ is null then pg_catalog.format('there is no workflow %s', definition ->> 'workflow')
    when r.depth >= 10 then 'workflows in workflows are more than 10 deep'
    when place_ > 20000 then pg_catalog.format('20000 runs have begun in run %s already', r.root_run_id)
    when pg_catalog.octet_length(given::text) > 262144 then pg_catalog.format('the input of %s has %s bytes, more than 262144', definition ->> 'workflow', pg_catalog.octet_length(given::text))
  end;
  if problem is not null then
    perform faultline._end_task(r.run_id, name, item, 'failed', null, pg_catalog.jsonb_build_object('type', 'WorkflowError', 'message', problem));
    return null;
  end if;
  child := pg_catalog.nextval('faultline.runs_run_id_seq');
  update faultline.tasks t
  set state = 'running', child_run_id = child
  where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item;
  insert into faultline.runs (
    run_id, root_run_id, parent_run_id, parent_task, parent_item, depth, place, workflow, version, input, headers, created_at)
  values (child, r.root_run_id, r.run_id, name, item, r.depth + 1, place_, definition ->> 'workflow', version_, given,
          r.headers, pg_catalog.clock_timestamp());
  return child;
end
$$;

-- Name: FUNCTION _start_child(r faultline.runs, name text, item integer, definition jsonb, element jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._start_child(r faultline.runs, name text, item integer, definition jsonb, element jsonb) IS 'Private: starts a run as a task of another.';

-- Name: _start_items(faultline.runs, text, jsonb, integer, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._start_items(r faultline.runs, name text, definition jsonb, most integer, behind integer) RETURNS bigint[]
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  items int[];
  item int;
  room int := most;
  turns bigint[] := '{}'::bigint[];
  child bigint;
begin
  loop
    items := array(
      select t.item
      from faultline.tasks t
      where t.run_id = r.run_id and t.name = _start_items.name and t.item > behind and t.state = 'waiting'
      order by t.item
      limit greatest(room, 0));
    exit when pg_catalog.cardinality(items) = 0;
    if definition ->> 'kind' = 'job' then
      perform faultline._start_jobs(r, pg_catalog.array_fill(name, array[pg_catalog.cardinality(items)]), items);
      exit;
    end if;
    foreach item in array items loop
      child := faultline._start_child(
        r, name, item, definition, (select t.value from faultline.tasks t where t.run_id = r.run_id and t.name = _start_items.name and t.item = item));
      if child is not null then
        turns := turns || child;
        room := room - 1;
      end if;
    end loop;
    behind := item;
  end loop;
  return turns;
end
$$;

-- Name: FUNCTION _start_items(r faultline.runs, name text, definition jsonb, most integer, behind integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._start_items(r faultline.runs, name text, definition jsonb, most integer, behind integer) IS 'Private: starts items of a for_each that wait.';

-- Name: _start_jobs(faultline.runs, text[], integer[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._start_jobs(r faultline.runs, names text[], items integer[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  queues_ text[];
begin
  with started as (
    update faultline.tasks t
    set state = 'queued', job_id = pg_catalog.nextval('faultline.jobs_live_job_id_seq')
    from (
      select p.place
      from unnest(names, items) as u (name, item)
      cross join lateral (
        select p.ctid as place from faultline.tasks p where p.run_id = r.run_id and p.name = u.name and p.item = u.item offset 0
      ) p
      offset 0
    ) u
    where t.ctid = u.place
    returning t.job_id, t.name, t.item
  ), defined as (
    select s.job_id, faultline._task_name(s.name, s.item) as task, w.definition, w.payload, faultline._stands_apart(w.payload) as apart
    from started s
    cross join lateral (
      select w.definition, w.definition -> 'payload' as payload
      from faultline.workflow_tasks w
      where w.workflow = r.workflow and w.version = r.version and w.task = s.name
      offset 0
    ) w
  ), apart as (
    insert into faultline.payloads (job_id, payload) select d.job_id, d.payload from defined d where d.apart
  ), made as (
    insert into faultline.jobs_live (
      job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, run_id, task)
    select d.job_id, now_, now_,
      coalesce((d.definition ->> 'max_attempts')::int,
               (select q.max_attempts from faultline.queues q where q.queue = coalesce(d.definition ->> 'queue', 'default')),
               (select x.max_attempts from faultline.settings x)),
      coalesce((d.definition ->> 'priority')::int, 2), d.definition ->> 'type', coalesce(d.definition ->> 'queue', 'default'),
      case when not d.apart then d.payload end, r.headers, d.definition -> 'backoff',
      (d.definition ->> 'timeout')::interval, r.run_id, d.task
    from defined d
    returning queue
  )
  select pg_catalog.array_agg(distinct m.queue) into queues_ from made m;
  perform faultline._ring(q.queue) from unnest(queues_) as q (queue);
end
$$;

-- Name: FUNCTION _start_jobs(r faultline.runs, names text[], items integer[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._start_jobs(r faultline.runs, names text[], items integer[]) IS 'Private: makes the jobs of tasks or of items of them.';

-- Name: _start_task(faultline.runs, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._start_task(r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  elements jsonb;
  problem text;
  signal faultline.run_signals;
  child bigint;
begin
  over := false;
  turns := '{}';
  if definition ? 'for_each' then
    elements := faultline._refer(r, definition, definition ->> 'for_each');
    problem := case
      when elements is null then pg_catalog.format('for_each: there is no %s', definition ->> 'for_each')
      when pg_catalog.jsonb_typeof(elements) <> 'array' then
        pg_catalog.format('for_each: %s is no list but of type %s', definition ->> 'for_each', pg_catalog.jsonb_typeof(elements))
      when pg_catalog.jsonb_array_length(elements) > 10000 then
        pg_catalog.format('for_each: %s has %s elements, more than 10000', definition ->> 'for_each', pg_catalog.jsonb_array_length(elements))
    end;
    if problem is not null then
      perform faultline._end_task(r.run_id, name, -1, 'failed', null, pg_catalog.jsonb_build_object('type', 'ForEachError', 'message', problem));
      over := true;
      return;
    end if;
    update faultline.tasks t set state = 'running' where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
    insert into faultline.tasks (run_id, name, item, ordinal, value)
    select t.run_id, t.name, e.ordinality - 1, t.ordinal, e.value
    from pg_catalog.jsonb_array_elements(elements) with ordinality e
    cross join faultline.tasks t
    where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1
    on conflict on constraint tasks_pkey do nothing;
    select c.over, c.turns into over, turns from faultline._close_items(r, name, null, null) c;
    return;
  end if;

  case definition ->> 'kind'
    when 'workflow' then
      child := faultline._start_child(r, name, -1, definition, null);
      over := child is null;
      turns := pg_catalog.array_remove(array[child], null);
    when 'wait' then
      update faultline.tasks t
      set state = 'running', due_at = now_ + (definition ->> 'wait')::interval
      where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
    when 'signal' then
      select * into signal from faultline.run_signals s where s.run_id = r.run_id and s.name = definition ->> 'signal';
      if found then
        perform faultline._end_task(r.run_id, name, -1, 'succeeded', signal.payload, null);
        over := true;
        return;
      end if;
      update faultline.tasks t
      set state = 'running', due_at = now_ + (definition ->> 'timeout')::interval
      where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
  end case;
end
$$;

-- Name: FUNCTION _start_task(r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._start_task(r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]) IS 'Private: starts a task that is more than one job.';

-- Name: _submit_again(faultline.transactions); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._submit_again(t faultline.transactions) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  new_job bigint;
  o record;
begin
  -- In a database restored from elsewhere the sequence is behind: past every job that a transaction knows of.
  loop
    new_job := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    exit when not exists (select from faultline.transactions x where x.job_id = new_job);
  end loop;
  select * into o
  from pg_catalog.jsonb_to_record(t.options) as r (
    queue text, run_at timestamptz, priority int, max_attempts int, backoff jsonb, timeout interval, tags text[], headers jsonb);
  update faultline.transactions x set job_id = new_job, due_at = null where x.transaction_id = t.transaction_id;
  perform faultline._add_job(new_job, t.kind, t.request, coalesce(o.queue, 'default'), o.run_at, coalesce(o.priority, 2), o.max_attempts,
                             null, o.backoff, o.timeout, coalesce(o.tags, '{}'), o.headers, t.transaction_id, null, null);
end
$$;

-- Name: FUNCTION _submit_again(t faultline.transactions); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._submit_again(t faultline.transactions) IS 'Private: gives a transaction whose job never existed its job again.';

-- Name: _take_turn(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._take_turn(queue text) RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout TO '1s'
    AS $$
declare
  first constant int := 1181838446;
  bucket constant int := pg_catalog.hashtext(queue);
begin
  if not pg_catalog.pg_try_advisory_xact_lock(first, bucket) and not pg_catalog.pg_try_advisory_xact_lock(first + 1, bucket) then
    raise notice using
      errcode = '01FL1',
      message = pg_catalog.format('two other claims of 50 jobs and more are under way in queue %s: waiting for a turn', queue),
      hint = 'Fewer claims with larger batches, or a short rest between them, get more done.';
    perform pg_catalog.pg_advisory_xact_lock(first + pg_catalog.pg_backend_pid() % 2, bucket);
  end if;
exception
  when lock_not_available or deadlock_detected then
    null;
end
$$;

-- Name: FUNCTION _take_turn(queue text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._take_turn(queue text) IS 'Private: waits until few others are claiming from this queue.';

-- Name: _task_ended(faultline.jobs_live, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._task_ended(job faultline.jobs_live, state text, error jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform faultline._tasks_ended(
    job.run_id, array[pg_catalog.split_part(job.task, '[', 1)],
    array[coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(job.task, '[', 2), ']'), '')::int, -1)],
    _task_ended.state, array[null]::jsonb[], _task_ended.error);
end
$$;

-- Name: FUNCTION _task_ended(job faultline.jobs_live, state text, error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._task_ended(job faultline.jobs_live, state text, error jsonb) IS 'Private: the job of a task has ended otherwise than in success.';

-- Name: _task_fault(text, text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._task_fault(place text, message text, hint text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s', pg_catalog.left(place, 300), message), hint = hint;
end
$$;

-- Name: FUNCTION _task_fault(place text, message text, hint text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._task_fault(place text, message text, hint text) IS 'Private: raises FL004 for a place in a workflow''s spec.';

-- Name: _task_name(text, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._task_name(name text, item integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
select case when item < 0 then name else name || '[' || item::text || ']' end
$$;

-- Name: FUNCTION _task_name(name text, item integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._task_name(name text, item integer) IS 'Private: how a task, or an item of it, is called.';

-- Name: _tasks_ended(bigint, text[], integer[], text, jsonb[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._tasks_ended(run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
  turns bigint[];
begin
  select * into r from faultline.runs x where x.run_id = _tasks_ended.run_id;
  if r.state = 'running' then
    turns := faultline._end_tasks(r, names, items, state, results, error);
    if pg_catalog.cardinality(turns) > 0 then
      perform faultline._follow(turns);
    end if;
  end if;
end
$$;

-- Name: FUNCTION _tasks_ended(run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._tasks_ended(run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb) IS 'Private: tasks of a run have ended alike; does all that follows.';

-- Name: _tell_transaction(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._tell_transaction(transaction_id text, job_state text) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
begin
  update faultline.transactions t
  set job_state = coalesce(_tell_transaction.job_state, t.job_state),
      due_at = case when t.settled_at is null then pg_catalog.clock_timestamp() end
  where t.transaction_id = _tell_transaction.transaction_id
    and case when _tell_transaction.job_state is null then t.state = 'APPLIED'
          else t.job_state is distinct from _tell_transaction.job_state end;
end
$$;

-- Name: FUNCTION _tell_transaction(transaction_id text, job_state text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._tell_transaction(transaction_id text, job_state text) IS 'Private: tells a transaction that an attempt of its job is over.';

-- Name: _tick_fault(faultline.schedules, timestamp with time zone, integer, timestamp with time zone, boolean, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._tick_fault(s faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  tick constant text := pg_catalog.format('tick %s of schedule %s', faultline._utc(tick_at), s.schedule);
  -- A tick is on time for a minute: so long may nobody have looked. What is older was missed.
  on_time constant interval := interval '1 minute';
begin
  code := 'FL003';
  hint := 'Read the schedule again: schedule_changes tells how it is.';
  if version is distinct from s.version then
    outcome := 'version';
    message := pg_catalog.format('%s was computed from version %s, and it is at version %s', tick, coalesce(version::text, 'NULL'), s.version);
  elsif s.paused_at is not null and not backfill then
    outcome := 'paused';
    message := pg_catalog.format('schedule %s is paused', s.schedule);
    hint := 'resume_schedule lets it go on; what falls into the pause does not happen.';
  elsif tick_at > now_ then
    outcome := 'future';
    code := 'FL004';
    message := pg_catalog.format('%s lies in the future: the clock of the database says %s', tick, faultline._utc(now_));
    hint := 'Only the clock of the database counts.';
  elsif not backfill and tick_at <= cursor then
    outcome := 'behind';
    message := pg_catalog.format('%s is not later than its last, %s', tick, faultline._utc(cursor));
    hint := 'backfill => true makes a tick of the past.';
  elsif backfill and tick_at > cursor and s.paused_at is null then
    outcome := 'early';
    message := pg_catalog.format('%s is not past yet: it is later than its last, %s', tick, faultline._utc(cursor));
    hint := 'The calendar makes it, or drops it, by the rule for missed ticks.';
  elsif backfill and tick_at <= s.forgotten_until then
    outcome := 'forgotten';
    message := pg_catalog.format('%s may have happened: retention has removed the ticks up to %s', tick, faultline._utc(s.forgotten_until));
    hint := 'Make its job with enqueue, or its run with trigger_workflow, if you know better.';
  elsif tick_at < s.starts_at or tick_at > s.ends_at then
    outcome := 'outside';
    code := 'FL004';
    message := case when tick_at < s.starts_at then pg_catalog.format('%s lies before starts_at, %s', tick, faultline._utc(s.starts_at))
      else pg_catalog.format('%s lies after ends_at, %s', tick, faultline._utc(s.ends_at)) end;
    hint := 'A schedule has ticks from starts_at to ends_at.';
  elsif not faultline._is_tick(s, tick_at) then
    outcome := 'not_a_tick';
    code := 'FL004';
    message := case when s.every is not null then pg_catalog.format('%s is none: it is not at a multiple of %s s', tick, s.every)
      else pg_catalog.format('%s is none: it is not at %s, %s', tick, pg_catalog.quote_literal(s.cron), s.timezone) end;
    hint := 'Only the time zones that the database knows count: zone_offsets tells.';
  elsif not backfill and fires and tick_at < now_ - greatest(on_time, case when s.missed <> 'skip' then s.missed_window end) then
    outcome := 'late';
    message := pg_catalog.format('%s was missed: it is older than %s', tick, greatest(on_time, case when s.missed <> 'skip' then s.missed_window end));
    hint := 'backfill => true makes a tick of the past.';
  elsif not fires and tick_at >= now_ - on_time then
    outcome := 'on_time';
    message := pg_catalog.format('%s is on time', tick);
    hint := 'A tick is missed after a minute.';
  else
    code := null;
    hint := null;
  end if;
end
$$;

-- Name: FUNCTION _tick_fault(s faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._tick_fault(s faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text) IS 'Private: why a tick can not happen now.';

-- Name: _trigger(text, jsonb, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._trigger(name text, input jsonb, idempotency_key text, headers jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  new_run bigint;
  version_ int;
  known faultline.runs;
  wrong record;
begin
  input := coalesce(input, '{}');
  perform faultline._check_name('name', name);
  if pg_catalog.jsonb_typeof(input) <> 'object' then
    perform faultline._invalid(pg_catalog.format('the input is not an object but of type %s', pg_catalog.jsonb_typeof(input)), 'Put the value under a name, as in {"value": …}');
  end if;
  if pg_catalog.octet_length(input::text) > 262144 then
    perform faultline._invalid(pg_catalog.format('the input has %s bytes as text', pg_catalog.octet_length(input::text)), 'At most 262144 (256 KiB): store the data elsewhere and pass a reference');
  end if;
  if pg_catalog.length(idempotency_key) not between 1 and 255 then
    perform faultline._invalid(pg_catalog.format('the idempotency key has %s characters', pg_catalog.length(idempotency_key)), 'It has 1 to 255');
  end if;
  if pg_catalog.jsonb_typeof(headers) <> 'object' then
    perform faultline._invalid(pg_catalog.format('headers is not an object but of type %s', pg_catalog.jsonb_typeof(headers)), 'For example {"traceparent": "…"}');
  end if;
  if pg_catalog.octet_length(headers::text) > 16384 then
    perform faultline._invalid(pg_catalog.format('headers has %s bytes as text', pg_catalog.octet_length(headers::text)), 'At most 16384');
  end if;
  select max(w.version) into version_ from faultline.workflows w where w.workflow = name;
  if version_ is null then
    raise exception using errcode = 'FL005', message = pg_catalog.format('there is no workflow %s', name), hint = 'put_workflow comes first.';
  end if;
  select w.task, w.definition ->> 'for_each' as reference, pg_catalog.jsonb_typeof(x.value) as kind into wrong
  from faultline.workflow_tasks w
  cross join lateral (
    select input #> (pg_catalog.string_to_array(w.definition ->> 'for_each', '.'))[2:] as value
  ) x
  where w.workflow = name and w.version = version_ and faultline._reference_base(w.definition ->> 'for_each', w.definition -> 'needs') = 'input'
    and pg_catalog.jsonb_typeof(x.value) is distinct from 'array'
  order by w.ordinal
  limit 1;
  if found then
    perform faultline._invalid(
      pg_catalog.format('for_each of task %s: %s is no list but %s', wrong.task, wrong.reference, coalesce('of type ' || wrong.kind, 'missing')), 'Give the run a list there');
  end if;

  perform pg_catalog.pg_current_xact_id();
  loop
    if idempotency_key is not null then
      select * into known from faultline.runs r where r.workflow = name and r.idempotency_key = _trigger.idempotency_key;
      if found then
        if known.input <> input then
          raise exception using
            errcode = 'FL002', message = pg_catalog.format('idempotency key %L of workflow %s stands for run %s, which has another input', idempotency_key, name, known.run_id),
            hint = 'The same key wants the same input: use a new key for a new run.';
        end if;
        return known.run_id;
      end if;
    end if;
    new_run := pg_catalog.nextval('faultline.runs_run_id_seq');
    insert into faultline.runs (run_id, root_run_id, workflow, version, input, idempotency_key, headers, created_at)
    values (new_run, new_run, name, version_, input, idempotency_key, headers, pg_catalog.clock_timestamp())
    on conflict on constraint runs_key do nothing;
    exit when found;
  end loop;
  perform faultline._follow(array[new_run]);
  return new_run;
end
$$;

-- Name: FUNCTION _trigger(name text, input jsonb, idempotency_key text, headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._trigger(name text, input jsonb, idempotency_key text, headers jsonb) IS 'Private: begins a run of a workflow.';

-- Name: _trouble(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._trouble(error jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  return nullif(pg_catalog.concat_ws(': ', faultline._one_line(error ->> 'type', 100), faultline._one_line(error ->> 'message', 200)), '');
end
$$;

-- Name: FUNCTION _trouble(error jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._trouble(error jsonb) IS 'Private: an error in a few words.';

-- Name: _unsettled(integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._unsettled(max integer) RETURNS SETOF text
    LANGUAGE plpgsql
    AS $$
begin
  return query
  select t.transaction_id
  from faultline.transactions t
  where t.state = 'APPLIED' and t.due_at is null
    and not exists (
      select from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id and j.state = 'running' offset 0)
    and exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id offset 0)
  limit _unsettled.max;
  return query
  select t.transaction_id
  from faultline.transactions t
  where t.state = 'INIT' and t.due_at is null
    and (exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id offset 0)
         or t.job_state is not null
            and not exists (
              select from faultline.effects e where e.transaction_id = t.transaction_id and e.ask_at is not null offset 0)
         or t.job_state is null
            and not exists (
              select from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id offset 0))
  limit _unsettled.max;
end
$$;

-- Name: FUNCTION _unsettled(max integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._unsettled(max integer) IS 'Private: transactions that could be settled though nothing has told reconcile to look.';

-- Name: _utc(timestamp with time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._utc(moment timestamp with time zone) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  return pg_catalog.to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || pg_catalog.rtrim(pg_catalog.to_char(moment at time zone 'UTC', '.US'), '.0') || 'Z';
end
$$;

-- Name: FUNCTION _utc(moment timestamp with time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._utc(moment timestamp with time zone) IS 'Private: a time in UTC, as ISO 8601 has it.';

-- Name: _verdicts(bigint[], integer[], bigint[], integer[], text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verdicts(job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text) RETURNS TABLE(job_id bigint, verdict text)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  item record;
begin
  -- A window and not a join, which would be a nested loop in who calls this, and take seconds for 10 000.
  for item in
    select w.job_id, w.attempt, w.accepted
    from (
      select v.job_id, v.attempt, v.ordinal, bool_or(v.ordinal is null) over (partition by v.job_id, v.attempt) as accepted
      from (
        select * from unnest(job_ids, attempts) with ordinality
        union all
        select *, null from unnest(done_ids, done_attempts)
      ) v (job_id, attempt, ordinal)
    ) w
    where w.ordinal is not null
    order by w.ordinal
  loop
    job_id := item.job_id;
    verdict := 'ok';
    if not item.accepted then
      verdict := case faultline._refused(item.job_id, item.attempt, verb) when 'repeat' then 'repeat' else 'stale' end;
      if verdict = 'stale' then
        perform faultline._record_stale(item.job_id, item.attempt, verb, null);
      end if;
    end if;
    return next;
  end loop;
end
$$;

-- Name: FUNCTION _verdicts(job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verdicts(job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text) IS 'Private: ok, repeat or stale for each report of a group, in its order; records what is stale.';

-- Name: _verify_guards(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_guards() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    AS $$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  return query
  select g.promise, 'guard_missing', g.what || ' ' || g.name, pg_catalog.format('table %s has no such %s, or it is not in force', g.relation, g.what)
  from (values
    (1, 'constraint', 'jobs_live_pkey', 'jobs_live'),
    (1, 'constraint', 'jobs_done_pkey', 'jobs_done'),
    (1, 'constraint', 'payloads_pkey', 'payloads'),
    (1, 'trigger', 'payloads_append_only', 'payloads'),
    (2, 'constraint', 'jobs_live_lease', 'jobs_live'),
    (2, 'constraint', 'jobs_live_state', 'jobs_live'),
    (2, 'constraint', 'jobs_done_move', 'jobs_done'),
    (2, 'trigger', 'jobs_live_born', 'jobs_live'),
    (3, 'trigger', 'jobs_live_moves', 'jobs_live'),
    (3, 'constraint', 'jobs_live_attempt', 'jobs_live'),
    (4, 'trigger', 'jobs_done_append_only', 'jobs_done'),
    (4, 'trigger', 'job_events_append_only', 'job_events'),
    (5, 'constraint', 'jobs_live_failures', 'jobs_live'),
    (6, 'constraint', 'idempotency_keys_pkey', 'idempotency_keys'),
    (7, 'constraint', 'ledger_entries_transaction', 'ledger_entries'),
    (7, 'constraint', 'ledger_entries_job', 'ledger_entries'),
    (7, 'trigger', 'ledger_entries_append_only', 'ledger_entries'),
    (7, 'trigger', 'ledger_entries_not_truncated', 'ledger_entries'),
    (7, 'constraint', 'postings_amount', 'postings'),
    (7, 'trigger', 'postings_balanced', 'postings'),
    (7, 'trigger', 'postings_append_only', 'postings'),
    (7, 'trigger', 'postings_not_truncated', 'postings'),
    (7, 'constraint', 'effects_state', 'effects'),
    (7, 'constraint', 'effects_sent', 'effects'),
    (7, 'constraint', 'effects_settled', 'effects'),
    (7, 'constraint', 'effects_pkey', 'effects'),
    (7, 'constraint', 'effects_key', 'effects'),
    (7, 'trigger', 'effects_born', 'effects'),
    (7, 'trigger', 'effects_moves', 'effects'),
    (7, 'trigger', 'effects_stay', 'effects'),
    (7, 'trigger', 'effects_not_truncated', 'effects'),
    (8, 'constraint', 'transactions_pkey', 'transactions'),
    (8, 'constraint', 'transactions_state', 'transactions'),
    (8, 'constraint', 'transactions_reason', 'transactions'),
    (8, 'trigger', 'transactions_born', 'transactions'),
    (8, 'trigger', 'transactions_moves', 'transactions'),
    (8, 'trigger', 'transactions_stay', 'transactions'),
    (8, 'trigger', 'transactions_not_truncated', 'transactions'),
    (9, 'constraint', 'transactions_job', 'transactions'),
    (9, 'constraint', 'transactions_settled', 'transactions'),
    (9, 'index', 'transactions_due', 'transactions'),
    (10, 'constraint', 'runs_key', 'runs'),
    (10, 'constraint', 'runs_state', 'runs'),
    (10, 'constraint', 'tasks_pkey', 'tasks'),
    (10, 'constraint', 'tasks_state', 'tasks'),
    (10, 'constraint', 'tasks_finished', 'tasks'),
    (10, 'index', 'jobs_live_task', 'jobs_live'),
    (10, 'trigger', 'workflows_append_only', 'workflows'),
    (11, 'constraint', 'schedules_pkey', 'schedules'),
    (11, 'trigger', 'schedules_moves', 'schedules'),
    (11, 'trigger', 'schedules_not_truncated', 'schedules'),
    (11, 'constraint', 'schedule_ticks_pkey', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_outcome', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_due', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_schedule_fkey', 'schedule_ticks'),
    (11, 'index', 'schedule_ticks_job', 'schedule_ticks'),
    (11, 'index', 'schedule_ticks_run', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_append_only', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_stay', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_not_truncated', 'schedule_ticks'),
    (12, 'index', 'jobs_live_ready', 'jobs_live'),
    (12, 'index', 'jobs_live_lease', 'jobs_live'),
    (12, 'index', 'jobs_live_running', 'jobs_live')
  ) as g (promise, what, name, relation)
  where not exists (
      select from pg_catalog.pg_constraint c
      where g.what = 'constraint' and c.conname = g.name and c.convalidated
        and c.conrelid = pg_catalog.to_regclass('faultline.' || g.relation))
    and not exists (
      select from pg_catalog.pg_trigger t
      where g.what = 'trigger' and t.tgname = g.name and t.tgenabled in ('O', 'A')
        and t.tgrelid = pg_catalog.to_regclass('faultline.' || g.relation))
    and not exists (
      select from pg_catalog.pg_index i
      where g.what = 'index' and i.indexrelid = pg_catalog.to_regclass('faultline.' || g.name) and i.indisvalid
        and i.indrelid = pg_catalog.to_regclass('faultline.' || g.relation));

  return query
  select 12, 'partitions_run_out', p.parent,
    pg_catalog.format('%s days ahead have a partition, 7 are wanted: let maintain() run', p.ahead)
  from (
    select parent, (
      select count(*)
      from pg_catalog.generate_series(1, 14) as d (day)
      where pg_catalog.to_regclass(pg_catalog.format(
        'faultline.%s_%s', parent, pg_catalog.to_char((now_ at time zone 'UTC') + d.day * interval '1 day', 'YYYYMMDD'))) is not null
    ) as ahead
    from unnest(array['jobs_done', 'job_events']) as parent
  ) p
  where p.ahead < 7;

  return query
  select 12, 'default_partition_filled', 'jobs_done_default', 'it holds rows of days without a partition: let maintain() run'
  where exists (select from faultline.jobs_done_default)
  union all
  select 12, 'default_partition_filled', 'job_events_default', 'it holds rows of days without a partition: let maintain() run'
  where exists (select from faultline.job_events_default);
end
$$;

-- Name: FUNCTION _verify_guards(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_guards() IS 'Private: constraints, triggers and indexes that are missing, and violations of promise 12.';

-- Name: _verify_jobs(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_jobs() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    AS $$
declare
  -- The time of what is seen: a transaction that keeps its snapshot sees leases of that time.
  now_ constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end;
  -- Constants: a function in a filter is called for each row.
  kept constant timestamptz := greatest(now_ - (select s.retention from faultline.settings s), faultline._oldest_day('jobs_done'));
  events_kept constant timestamptz :=
    greatest(now_ - (select s.event_retention from faultline.settings s), faultline._oldest_day('job_events'));
begin
  return query
  select 1, 'job_in_two_places', 'job ' || l.job_id,
    pg_catalog.format('it is %s in jobs_live and %s in jobs_done', l.state, d.state)
  from faultline.jobs_live l
  join faultline.jobs_done d on d.job_id = l.job_id;

  return query
  select 1, 'finished_twice', 'job ' || d.job_id, pg_catalog.format('it has %s rows in jobs_done', count(*))
  from faultline.jobs_done d
  group by d.job_id
  having count(*) > 1;

  return query
  select 1, 'payload_missing', 'job ' || j.job_id, 'its payload stands apart, and is not there'
  from (
    select l.job_id from faultline.jobs_live l where l.payload is null
    union all
    select d.job_id
    from faultline.jobs_done d
    where d.payload is null and d.finished_at > kept
  ) j
  where not exists (select from faultline.payloads p where p.job_id = j.job_id);

  -- What lies before all history was left by some that is gone, perhaps only for who sees it through an older snapshot.
  return query
  select 1, 'payload_without_job', 'job ' || p.job_id, 'its payload is there, and it is neither live nor finished'
  from faultline.payloads p
  where p.job_id > (select min(d.job_id) from faultline.jobs_done d)
    and not exists (select from faultline.jobs_live l where l.job_id = p.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = p.job_id);

  return query
  select 1, 'key_without_job', pg_catalog.format('key %L of queue %s', k.key, k.queue),
    pg_catalog.format('its job %s is neither live nor finished, and too young for retention', k.job_id)
  from faultline.idempotency_keys k
  where k.created_at > kept
    and not exists (select from faultline.jobs_live l where l.job_id = k.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = k.job_id);

  return query
  select 1, 'id_beyond_sequence', 'job ' || l.top,
    pg_catalog.format('its id is beyond the sequence, which is at %s: new jobs will collide', s.last_value)
  from (
    select greatest((select max(l.job_id) from faultline.jobs_live l), (select max(d.job_id) from faultline.jobs_done d),
      (select max(t.job_id) from faultline.transactions t)) as top
  ) l, faultline.jobs_live_job_id_seq s
  where l.top >= s.last_value + s.is_called::int;

  return query
  select 2, 'lease_overdue', 'job ' || l.job_id,
    pg_catalog.format('the lease of runner %s expired at %s and nobody took it back', l.lease_owner, l.lease_expires_at)
  from faultline.jobs_live l
  where l.lease_expires_at < now_ - interval '1 minute';

  return query
  select 2, 'lease_too_long', 'job ' || l.job_id,
    pg_catalog.format('the lease of runner %s ends at %s, more than 24 h from now', l.lease_owner, l.lease_expires_at)
  from faultline.jobs_live l
  where l.lease_expires_at > now_ + interval '24 hours 1 minute';

  return query
  select 2, 'running_without_lease', 'job ' || l.job_id,
    pg_catalog.format('it is %s with lease_owner %s and lease_expires_at %s', l.state, coalesce(l.lease_owner::text, 'NULL'),
                      coalesce(l.lease_expires_at::text, 'NULL'))
  from faultline.jobs_live l
  where (l.state = 'running') <> (l.lease_owner is not null) or (l.state = 'running') <> (l.lease_expires_at is not null);

  return query
  select 3, 'attempt_went_back', 'job ' || j.job_id,
    pg_catalog.format('it is at attempt %s, but attempt %s has been reported', j.attempt, e.attempt)
  from (
    select l.job_id, l.attempt from faultline.jobs_live l
    union all
    select d.job_id, d.attempt from faultline.jobs_done d
  ) j
  join (
    select e.job_id, max(e.attempt) as attempt
    from faultline.job_events e
    where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    group by e.job_id
  ) e on e.job_id = j.job_id
  where e.attempt > j.attempt;

  return query
  select 4, 'attempt_ended_twice', pg_catalog.format('attempt %s of job %s', e.attempt, e.job_id),
    'it ended by ' || pg_catalog.string_agg(e.verb, ' and by ' order by e.at)
  from (
    select e.job_id, e.attempt, e.verb, e.at
    from faultline.job_events e
    where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    union all
    -- A success leaves no event: only an attempt that left one can have ended twice.
    select d.job_id, d.attempt, 'complete', d.finished_at
    from (
      select distinct e.job_id, e.attempt
      from faultline.job_events e
      where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    ) e
    join faultline.jobs_done d on d.job_id = e.job_id and d.attempt = e.attempt and d.state = 'succeeded'
  ) e
  group by e.job_id, e.attempt
  having count(*) > 1;

  return query
  select 5, 'too_many_failures', 'job ' || l.job_id,
    pg_catalog.format('it is %s with %s failures of at most %s', l.state, l.failures, l.max_attempts)
  from faultline.jobs_live l
  where l.failures > l.max_attempts or l.state = 'queued' and l.failures >= l.max_attempts;

  return query
  select 5, 'failures_miscounted', 'job ' || l.job_id,
    pg_catalog.format('it counts %s failures, its events since the last retry show %s', l.failures, e.failures)
  from faultline.jobs_live l
  cross join lateral (
    select count(*) as failures
    from faultline.job_events e
    where e.job_id = l.job_id and e.verb in ('fail', 'expire')
      and e.event_id > coalesce(
        (select max(r.event_id) from faultline.job_events r where r.job_id = l.job_id and r.verb = 'retry'), 0)
  ) e
  where e.failures <> l.failures and l.attempt > 0
    and l.created_at > events_kept;

  -- A snooze is no loop if its handler chose to wait: only one so short that it hardly is a wait counts.
  return query
  select 5, 'hot_loop', 'job ' || e.job_id,
    pg_catalog.format('%s attempts of it ended within a minute', count(*))
  from faultline.job_events e
  where e.at > now_ - interval '1 minute' and e.verb in ('fail', 'expire', 'release', 'snooze')
    and not coalesce(e.verb = 'snooze' and (e.detail ->> 'delay')::interval >= interval '100 milliseconds', false)
  group by e.job_id
  having count(*) > 100;

  return query
  select 5, 'waits_too_long', 'job ' || l.job_id, pg_catalog.format('its retry waits until %s', l.ready_at)
  from faultline.jobs_live l
  where l.state = 'queued' and l.failures > 0 and l.ready_at > now_ + interval '367 days';
end
$$;

-- Name: FUNCTION _verify_jobs(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_jobs() IS 'Private: violations of promises 1 to 5.';

-- Name: _verify_keys(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_keys() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return query
  select 6, 'key_of_other_job', pg_catalog.format('key %L of queue %s', k.key, k.queue),
    pg_catalog.format('its job %s bears key %s of queue %s', k.job_id, coalesce(pg_catalog.quote_literal(j.idempotency_key), 'NULL'), j.queue)
  from faultline.idempotency_keys k
  join (
    select l.job_id, l.queue, l.idempotency_key from faultline.jobs_live l
    union all
    select d.job_id, d.queue, d.idempotency_key from faultline.jobs_done d
  ) j on j.job_id = k.job_id
  where (j.queue, j.idempotency_key) is distinct from (k.queue, k.key);

  return query
  select 6, 'live_job_without_key', 'job ' || l.job_id,
    pg_catalog.format('key %L of queue %s %s', l.idempotency_key, l.queue, coalesce('stands for job ' || k.job_id, 'is gone'))
  from faultline.jobs_live l
  left join faultline.idempotency_keys k on k.queue = l.queue and k.key = l.idempotency_key
  where l.idempotency_key is not null and k.job_id is distinct from l.job_id;
end
$$;

-- Name: FUNCTION _verify_keys(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_keys() IS 'Private: violations of promise 6.';

-- Name: _verify_ledger(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_ledger() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    AS $$
declare
  overdue constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end - interval '1 minute';
begin
  return query
  select 7, 'applied_without_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is %s and has no entry', t.state)
  from faultline.transactions t
  where t.state in ('APPLIED', 'RECONCILED')
    and not exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id);

  return query
  select 7, 'entry_without_transaction', 'entry ' || e.entry_id, pg_catalog.format('there is no transaction %L', e.transaction_id)
  from faultline.ledger_entries e
  where not exists (select from faultline.transactions t where t.transaction_id = e.transaction_id);

  return query
  select 7, 'entry_of_other_job', 'entry ' || e.entry_id,
    pg_catalog.format('it is that of job %s, but transaction %L is that of job %s', e.job_id, e.transaction_id, t.job_id)
  from faultline.ledger_entries e
  join faultline.transactions t on t.transaction_id = e.transaction_id
  where t.job_id <> e.job_id
    -- Its own earlier job, before reconcile gave it another, is no other transaction's.
    and exists (select from faultline.transactions o where o.job_id = e.job_id);

  return query
  select 7, 'entry_with_open_effect', 'entry ' || e.entry_id, pg_catalog.format('effect %s of transaction %L is SENT, and nobody will ask for it', f.name, f.transaction_id)
  from faultline.ledger_entries e
  join faultline.effects f on f.transaction_id = e.transaction_id and f.state = 'SENT';

  return query
  select 7, 'entered_twice', v.what, pg_catalog.format('it has %s entries', count(*))
  from (
    select e.entry_id, pg_catalog.format('transaction %L', e.transaction_id) as what from faultline.ledger_entries e
    union all
    select e.entry_id, 'job ' || e.job_id from faultline.ledger_entries e
  ) v
  group by v.what
  having count(*) > 1;

  return query
  select 7, 'unbalanced_entry', 'entry ' || p.entry_id, pg_catalog.format('its postings in %s add up to %s', p.currency, sum(p.amount))
  from faultline.postings p
  group by p.entry_id, p.currency
  having sum(p.amount) <> 0;

  return query
  select 7, 'posting_without_entry', 'posting ' || p.posting_id, pg_catalog.format('there is no entry %s', p.entry_id)
  from faultline.postings p
  where not exists (select from faultline.ledger_entries e where e.entry_id = p.entry_id);

  return query
  select 7, 'balance_wrong', pg_catalog.format('account %s in %s', coalesce(c.account, p.account), coalesce(c.currency, p.currency)),
    pg_catalog.format('its checkpoint says %s, its postings up to there add up to %s', coalesce(c.balance, 0), coalesce(p.amount, 0))
  from faultline.account_checkpoints c
  full join (
    select p.account, p.currency, sum(p.amount) as amount
    from faultline.postings p
    where p.posting_id <= (select w.folded_to from faultline.ledger_checkpoint w)
    group by p.account, p.currency
  ) p on p.account = c.account and p.currency = c.currency
  where coalesce(c.balance, 0) <> coalesce(p.amount, 0);

  return query
  select 7, 'below_floor', pg_catalog.format('account %s in %s', a.account, a.currency), pg_catalog.format('it is at %s, its floor is %s', b.balance, a.floor)
  from faultline.accounts a
  cross join lateral faultline._balance(a.account, a.currency) as b (balance)
  where b.balance < a.floor;

  return query
  select 8, 'failed_with_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is FAILED, and entry %s says that it has happened', e.entry_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'FAILED';

  return query
  select 8, 'failed_with_effect', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is FAILED, and its effect %s is %s', f.name, f.state)
  from faultline.transactions t
  join faultline.effects f on f.transaction_id = t.transaction_id
  where t.state = 'FAILED' and f.state in ('SENT', 'APPLIED');

  return query
  select 9, 'settled_too_late', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is %s and should have been settled at %s', t.state, t.due_at)
  from faultline.transactions t
  where t.due_at < overdue;

  return query
  select 9, 'init_outlives_job', pg_catalog.format('transaction %L', t.transaction_id),
    pg_catalog.format('it is INIT, %s', case
      when t.job_state is not null then pg_catalog.format('its job %s ended %s, and no effect of it is waited for', t.job_id, t.job_state)
      else pg_catalog.format('and there is no job %s', t.job_id) end)
  from faultline.transactions t
  where t.state = 'INIT' and t.created_at < overdue and t.due_at is null
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id and d.finished_at > overdue)
    and not exists (select from faultline.effects f where f.transaction_id = t.transaction_id and f.state = 'SENT' and f.ask_at is not null);

  return query
  select 9, 'init_with_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is INIT, but entry %s says that it has happened', e.entry_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'INIT' and e.applied_at < overdue;

  return query
  select 9, 'applied_not_reconciled', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is APPLIED, and its job %s has not been running for more than a minute', t.job_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'APPLIED' and t.due_at is null and e.applied_at < overdue
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id and (j.state = 'running' or j.ready_at > overdue))
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id and d.finished_at > overdue);
end
$$;

-- Name: FUNCTION _verify_ledger(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_ledger() IS 'Private: violations of promises 7 to 9.';

-- Name: _verify_privileges(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_privileges() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    AS $$
declare
  schema_ constant oid := 'faultline'::pg_catalog.regnamespace;
begin
  return query
  select 13, 'table_privilege', c.relname::text,
    pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_class c
  cross join lateral pg_catalog.aclexplode(c.relacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where c.relnamespace = schema_ and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and a.grantee <> c.relowner
    and not (c.relkind = 'v' and a.privilege_type = 'SELECT' and a.grantee <> 0);

  return query
  select 13, 'column_privilege', pg_catalog.format('%s.%s', c.relname, t.attname),
    pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_class c
  join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attacl is not null
  cross join lateral pg_catalog.aclexplode(t.attacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where c.relnamespace = schema_ and a.grantee <> c.relowner
    and not (c.relkind = 'v' and a.privilege_type = 'SELECT' and a.grantee <> 0);

  return query
  select 13, 'schema_privilege', 'schema faultline', pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_namespace n
  cross join lateral pg_catalog.aclexplode(n.nspacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where n.oid = schema_ and a.grantee <> n.nspowner and a.privilege_type <> 'USAGE';

  return query
  select 13, 'owner_granted', r.rolname::text, 'it is a member of faultline_owner, and so may touch every table'
  from pg_catalog.pg_roles r
  where r.rolname in ('faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer')
    and pg_catalog.pg_has_role(r.rolname, 'faultline_owner', 'MEMBER');

  return query
  select 13, 'not_owned', d.what, pg_catalog.format('its owner is %s, not faultline_owner', pg_catalog.pg_get_userbyid(d.owner))
  from (
    select c.relname::text as what, c.relowner as owner from pg_catalog.pg_class c where c.relnamespace = schema_
    union all
    select p.oid::pg_catalog.regprocedure::text, p.proowner from pg_catalog.pg_proc p where p.pronamespace = schema_
    union all
    select 'schema faultline', n.nspowner from pg_catalog.pg_namespace n where n.oid = schema_
  ) d
  where d.owner <> 'faultline_owner'::pg_catalog.regrole;

  return query
  select 13, 'owner_can_log_in', r.rolname::text, 'the owner of the schema is a superuser or may log in'
  from pg_catalog.pg_roles r
  where r.rolname = 'faultline_owner' and (r.rolsuper or r.rolcanlogin);

  return query
  select 13, 'public_execute', p.oid::pg_catalog.regprocedure::text, 'PUBLIC may execute it'
  from pg_catalog.pg_proc p
  where p.pronamespace = schema_
    and (p.proacl is null or exists (select from pg_catalog.aclexplode(p.proacl) a where a.grantee = 0));

  return query
  select 13, 'private_execute', p.oid::pg_catalog.regprocedure::text,
    pg_catalog.format('%s may execute a private function', pg_catalog.pg_get_userbyid(a.grantee))
  from pg_catalog.pg_proc p
  cross join lateral pg_catalog.aclexplode(p.proacl) a
  where p.pronamespace = schema_ and p.proname like '\_%' and a.grantee not in (0, p.proowner);

  return query
  select 13, 'path_not_pinned', p.oid::pg_catalog.regprocedure::text,
    'it is not SECURITY DEFINER with search_path = pg_catalog, pg_temp'
  from pg_catalog.pg_proc p
  where p.pronamespace = schema_ and p.proname not like '\_%'
    and (not p.prosecdef or not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']);
end
$$;

-- Name: FUNCTION _verify_privileges(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_privileges() IS 'Private: violations of promise 13.';

-- Name: _verify_schedules(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_schedules() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
  now_ constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end;
  -- What is younger than this retention has not removed, whatever the settings were.
  kept constant timestamptz := greatest(now_ - (select s.retention from faultline.settings s), faultline._oldest_day('jobs_done'));
begin
  return query
  select 11, 'tick_without_job', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    pg_catalog.format('its job %s is neither live nor finished, and too young for retention', t.job_id)
  from faultline.schedule_ticks t
  where t.job_id is not null and t.fired_at > kept
    and not exists (select from faultline.jobs_live l where l.job_id = t.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id);

  return query
  select 11, 'tick_without_run', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    pg_catalog.format('its run %s is gone, and too young for retention', t.run_id)
  from faultline.schedule_ticks t
  where t.run_id is not null and t.fired_at > kept and not exists (select from faultline.runs r where r.run_id = t.run_id);

  -- A job that was made for a tick says so with its own id: headers that were copied to another job do not count.
  return query
  select 11, 'job_without_tick', 'job ' || j.job_id,
    pg_catalog.format('it was made for tick %s of schedule %s, which has %s', j.tick ->> 'tick_at', j.tick ->> 'schedule', coalesce('job ' || t.job_id, 'no such job'))
  from (
    select l.job_id, l.headers -> 'faultline.tick' as tick from faultline.jobs_live l where l.headers ? 'faultline.tick'
    union all
    select d.job_id, d.headers -> 'faultline.tick' from faultline.jobs_done d where d.headers ? 'faultline.tick'
  ) j
  left join faultline.schedules s on s.schedule = j.tick ->> 'schedule'
  left join faultline.schedule_ticks t on t.schedule = j.tick ->> 'schedule' and faultline._utc(t.tick_at) = j.tick ->> 'tick_at'
  where j.tick ->> 'job_id' = j.job_id::text and t.job_id is distinct from j.job_id
    -- Both are texts of one form: whoever wrote another has no tick.
    and (s.forgotten_until is null or j.tick ->> 'tick_at' collate "C" > faultline._utc(s.forgotten_until) collate "C");

  return query
  select 11, 'run_without_tick', 'run ' || r.run_id, pg_catalog.format('it was made by %s, and no tick has it', r.idempotency_key)
  from faultline.runs r
  left join faultline.schedule_ticks t on t.run_id = r.run_id
  where r.idempotency_key like 'faultline.tick:%' and t.run_id is null and r.created_at > kept;

  return query
  select 11, 'tick_in_future', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    'it has happened, and is more than a minute from now: the clock was set back'
  from faultline.schedule_ticks t
  where t.tick_at > now_ + interval '1 minute';
end
$$;

-- Name: FUNCTION _verify_schedules(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_schedules() IS 'Private: violations of promise 11.';

-- Name: _verify_workflows(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._verify_workflows() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
  overdue constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end - interval '1 minute';
begin
  return query
  select 10, 'task_too_early', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it is %s, but %s, which it needs, is %s', t.state, n.name, n.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  join faultline.task_dependencies d on d.workflow = r.workflow and d.version = r.version and d.task = t.name
  join faultline.tasks n on n.run_id = t.run_id and n.name = d.needs and n.item = -1
  join (
    -- Once a task, not once an edge: the definition of one that needs ten thousand has 200 KB.
    select w.workflow, w.version, w.task, w.definition ->> 'when' as on_what from faultline.workflow_tasks w offset 0
  ) w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state in ('queued', 'running', 'succeeded', 'failed')
    -- What succeeded after a failure (when) stays, and is of an older generation, while a resumed run tries that again.
    and (n.finished_at is null and t.generation >= n.generation or w.on_what = 'success' and n.state <> 'succeeded');

  return query
  select 10, 'task_stranded', pg_catalog.format('task %s of run %s', t.name, t.run_id), 'all that it needs is over, and it waits'
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id and r.state = 'running'
  where t.item = -1 and t.state = 'waiting'
    and not exists (
      select
      from faultline.task_dependencies d
      join faultline.tasks n on n.run_id = t.run_id and n.name = d.needs and n.item = -1
      where d.workflow = r.workflow and d.version = r.version and d.task = t.name and n.finished_at is null);

  return query
  select 10, 'task_without_job', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('it is queued, but its job %s is not live', t.job_id)
  from faultline.tasks t
  where t.state = 'queued'
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id and j.run_id = t.run_id and j.finished_at is null);

  return query
  select 10, 'items_forgotten', pg_catalog.format('task %s of run %s', t.name, t.run_id), 'it is running, but none of its elements is'
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state = 'running' and w.definition ? 'for_each'
    and not exists (select from faultline.tasks i where i.run_id = t.run_id and i.name = t.name and i.item >= 0 and i.state in ('queued', 'running'));

  return query
  select 10, 'signal_forgotten', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it waits for signal %s, which the run was given', s.name)
  from faultline.run_signals s
  join faultline.runs r on r.run_id = s.run_id
  join faultline.tasks t on t.run_id = s.run_id
  join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state = 'running' and w.definition ->> 'signal' = s.name;

  return query
  select 10, 'task_overslept', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it was due at %s and nobody woke it', t.due_at)
  from faultline.tasks t
  where t.due_at < overdue;

  return query
  select 10, 'run_without_tasks', 'run ' || r.run_id, 'it is running, and none of its tasks is'
  from faultline.runs r
  where r.state = 'running' and not exists (select from faultline.tasks t where t.run_id = r.run_id and t.finished_at is null);

  return query
  select 10, 'live_task_of_finished_run', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('it is %s, but the run has %s', t.state, r.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  where t.finished_at is null and r.state <> 'running';

  return query
  select 10, 'live_job_of_finished_run', 'job ' || j.job_id, pg_catalog.format('it is %s, as task %s of run %s, which has %s', j.state, j.task, j.run_id, coalesce(r.state, 'gone'))
  from faultline.jobs_live j
  left join faultline.runs r on r.run_id = j.run_id
  where j.run_id is not null and j.finished_at is null and r.state is distinct from 'running';

  return query
  select 10, 'child_forgotten', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('its run %s has %s, and the task is %s', t.child_run_id, r.state, t.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.child_run_id
  -- One that failed may wait for its turn to go on.
  where t.state = 'running' and r.state <> 'running';
end
$$;

-- Name: FUNCTION _verify_workflows(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._verify_workflows() IS 'Private: violations of promise 10.';

-- Name: _zone_offset(text, bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline._zone_offset(zone text, second bigint) RETURNS interval
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return pg_catalog.to_timestamp(second) at time zone zone - pg_catalog.to_timestamp(second) at time zone 'UTC';
end
$$;

-- Name: FUNCTION _zone_offset(zone text, second bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline._zone_offset(zone text, second bigint) IS 'Private: the offset of a time zone at a second of the epoch.';

-- Name: account_balance(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.account_balance(account text, currency text DEFAULT NULL::text) RETURNS numeric
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  currencies text[];
begin
  perform faultline._check_name('account', account);
  if currency is null then
    -- From one to the next: an account may have millions of postings.
    with recursive used (currency) as (
      (select p.currency from faultline.postings p where p.account = account_balance.account order by p.currency limit 1)
      union all
      select (
        select p.currency
        from faultline.postings p
        where p.account = account_balance.account and p.currency > u.currency
        order by p.currency
        limit 1)
      from used u
      where u.currency is not null
    )
    select pg_catalog.array_agg(u.currency) into currencies from used u where u.currency is not null;
    if pg_catalog.cardinality(currencies) > 1 then
      perform faultline._invalid(
        pg_catalog.format('account %s has balances in %s', account, pg_catalog.array_to_string(currencies, ', ')), 'Name the currency');
    end if;
    currency := currencies[1];
  end if;
  return faultline._balance(account, currency);
end
$$;

-- Name: FUNCTION account_balance(account text, currency text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.account_balance(account text, currency text) IS 'The balance of an account, in its only currency or the one that is named.';

-- Name: advance_floor(text[], text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.advance_floor(queues text[], floor text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  token jsonb;
  read_at timestamptz;
  proven_at timestamptz;
  own xid8;
  name text;
  floors jsonb := '{}'::jsonb;
  jobs jsonb := '{}'::jsonb;
  level_floors jsonb;
  level_jobs jsonb;
  level_floor timestamptz;
  level_job bigint;
  first record;
  lease_floor timestamptz;
  due_floor timestamptz;
  wake_floor timestamptz;
  swept_at timestamptz;
begin
  if queues is null or pg_catalog.array_position(queues, null) is not null then
    perform faultline._invalid('queues is NULL or has a NULL in it', 'Name the queues whose floor you want');
  end if;
  if pg_catalog.pg_current_xact_id_if_assigned() is not null then
    -- X would be older than T, and the proof void: whoever got an xid in between could commit below T.
    return floor;
  end if;
  read_at := pg_catalog.clock_timestamp();
  own := pg_catalog.pg_current_xact_id();
  token := faultline._read_floor(floor, read_at);

  if pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= (token ->> 'next_xid')::xid8 then
    proven_at := (token ->> 'next_at')::timestamptz;
    swept_at := (token ->> 'swept_at')::timestamptz;
    if swept_at is null or swept_at <= read_at - interval '30 seconds' then
      swept_at := read_at;
      token := token - array['queues', 'jobs', 'lease', 'due', 'wake'];
    end if;
    foreach name in array queues loop
      level_floors := '[]';
      level_jobs := '[]';
      for level in 1..4 loop
        level_floor := coalesce((token -> 'queues' -> name ->> (level - 1))::timestamptz, '-infinity');
        level_job := coalesce((token -> 'jobs' -> name ->> (level - 1))::bigint, 0);
        select j.ready_at, j.job_id into first
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = name and j.priority = level
          and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at < proven_at
        order by j.ready_at, j.job_id
        limit 1;
        -- To the job, not only to the time: a million jobs may have one run_at.
        if found then
          level_floor := first.ready_at;
          level_job := first.job_id;
        else
          level_floor := proven_at;
          level_job := 0;
        end if;
        level_floors := level_floors || pg_catalog.jsonb_build_array(level_floor);
        level_jobs := level_jobs || pg_catalog.jsonb_build_array(level_job);
      end loop;
      floors := floors || pg_catalog.jsonb_build_object(name, level_floors);
      jobs := jobs || pg_catalog.jsonb_build_object(name, level_jobs);
    end loop;
    lease_floor := coalesce((
      select j.lease_expires_at
      from faultline.jobs_live j
      where j.lease_expires_at >= coalesce((token ->> 'lease')::timestamptz, '-infinity')
        and j.lease_expires_at < proven_at
      order by j.lease_expires_at
      limit 1), proven_at);
    due_floor := coalesce((
      select t.due_at
      from faultline.transactions t
      where t.due_at >= coalesce((token ->> 'due')::timestamptz, '-infinity') and t.due_at < proven_at
      order by t.due_at
      limit 1), proven_at);
    wake_floor := coalesce((
      select t.due_at
      from faultline.tasks t
      where t.due_at >= coalesce((token ->> 'wake')::timestamptz, '-infinity') and t.due_at < proven_at
      order by t.due_at
      limit 1), proven_at);
    return pg_catalog.jsonb_build_object(
      'read_at', read_at, 'next_at', read_at, 'next_xid', own::text, 'swept_at', swept_at, 'queues', floors, 'jobs', jobs,
      'lease', lease_floor, 'due', due_floor, 'wake', wake_floor)::text;
  end if;

  -- Not proven yet: keep what is, and wait for the same X (a newer one would never be reached under steady writers).
  if token ? 'next_xid' then
    return floor;
  end if;
  return pg_catalog.jsonb_build_object('read_at', read_at, 'next_at', read_at, 'next_xid', own::text)::text;
end
$$;

-- Name: FUNCTION advance_floor(queues text[], floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.advance_floor(queues text[], floor text) IS 'Returns the next floor token of these queues: where the walk of a claim, a reap or a count may start.';

-- Name: answer_effect(text, text, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.answer_effect(transaction_id text, name text, state text, response jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  t faultline.transactions;
  e faultline.effects;
begin
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  perform faultline._check_document('the response', response, false);
  select * into t from faultline.transactions x where x.transaction_id = answer_effect.transaction_id for no key update;
  if not found then
    perform faultline._no_transaction(transaction_id);
  end if;
  select * into e
  from faultline.effects x
  where x.transaction_id = answer_effect.transaction_id and x.name = answer_effect.name
  for no key update;
  if not found then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('transaction %L has no effect %s', transaction_id, name),
      hint = 'transaction_status shows those it has.';
  end if;
  if t.job_state is null and e.state is distinct from state then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('job %s of transaction %L is not over', t.job_id, transaction_id),
      hint = 'Its next attempt asks by itself. A dead letter: retry it, or discard it first.';
  end if;
  perform faultline._settle_effect(e, state, response);
  perform faultline._settle(t);
  return (select x.state from faultline.transactions x where x.transaction_id = answer_effect.transaction_id);
end
$$;

-- Name: FUNCTION answer_effect(transaction_id text, name text, state text, response jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.answer_effect(transaction_id text, name text, state text, response jsonb) IS 'Says what the outside answered about an effect whose job is over, and settles its transaction; returns the state of that.';

-- Name: apply_and_complete(bigint, integer, text, jsonb, jsonb, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb DEFAULT NULL::jsonb, result jsonb DEFAULT NULL::jsonb, OUT entry_id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  entry constant record := faultline._apply(job_id, attempt, transaction_id, effect, postings, true);
begin
  entry_id := entry.entry_id;
  created := entry.created;
  perform faultline.complete_job(job_id, attempt, result);
end
$$;

-- Name: FUNCTION apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, result jsonb, OUT entry_id bigint, OUT created boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, result jsonb, OUT entry_id bigint, OUT created boolean) IS 'apply_ledger and complete_job in one: (entry_id, created).';

-- Name: apply_ledger(bigint, integer, text, jsonb, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb DEFAULT NULL::jsonb, OUT entry_id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
begin
  select * into entry_id, created from faultline._apply(job_id, attempt, transaction_id, effect, postings, false);
end
$$;

-- Name: FUNCTION apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, OUT entry_id bigint, OUT created boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, OUT entry_id bigint, OUT created boolean) IS 'Records in the caller''s transaction that the effect of a transaction has happened: (entry_id, created).';

-- Name: begin_effect(bigint, integer, text, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb DEFAULT '{}'::jsonb, OUT key text, OUT state text, OUT response jsonb) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  e faultline.effects;
  hash bigint;
begin
  request := coalesce(request, '{}');
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  perform faultline._check_document('the request', request, true);
  hash := faultline._arguments_hash(name, request);
  job := faultline._lock_attempt(job_id, attempt);
  if job.job_id is null then
    e := faultline._lock_effect(job_id, attempt, transaction_id, name);
    if e.state in ('INIT', 'SENT') then
      perform faultline._answer(false, job_id, attempt, 'apply');
    end if;
  else
    t := faultline._lock_transaction(job, transaction_id);
    if t.job_id <> job_id then
      perform faultline._other_job(t);
    end if;
    select * into e
    from faultline.effects x
    where x.transaction_id = begin_effect.transaction_id and x.name = begin_effect.name
    for no key update;
    if not found then
      if t.state <> 'INIT' then
        raise exception using
          errcode = 'FL003', message = pg_catalog.format('transaction %L is %s: no effect can be begun any more', transaction_id, t.state),
          hint = 'Effects come before the entry.';
      end if;
      insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at)
      values (transaction_id, name, faultline._effect_key(transaction_id, name), request, hash, attempt, pg_catalog.clock_timestamp())
      returning * into e;
    end if;
  end if;
  if e.request <> begin_effect.request then
    raise exception using
      errcode = 'FL002', message = pg_catalog.format('effect %s of transaction %L was begun with another request', name, transaction_id),
      hint = 'A key stands for one request: build it from the payload alone, not from the clock or the attempt.';
  end if;
  key := e.key;
  state := e.state;
  response := e.response;
end
$$;

-- Name: FUNCTION begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb, OUT key text, OUT state text, OUT response jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb, OUT key text, OUT state text, OUT response jsonb) IS 'Begins an effect outside the database, or finds it as an earlier attempt left it: (key, state, response).';

-- Name: bell(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.bell(queue text) RETURNS integer
    LANGUAGE sql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
select pg_catalog.hashtext(queue) & 15
$$;

-- Name: FUNCTION bell(queue text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.bell(queue text) IS 'The bell (0 to 15) under whose shared advisory lock (1181838444, bell) a sleeping runner waits for this queue.';

-- Name: cancel_job(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.cancel_job(job_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  ended text;
begin
  perform pg_catalog.pg_current_xact_id();
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = cancel_job.job_id and coalesce(j.run_id, 0) > 0;
  select * into job from faultline.jobs_live j where j.job_id = cancel_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = cancel_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    elsif ended = 'cancelled' then
      return 'cancelled';
    end if;
  elsif job.state = 'queued' then
    perform faultline._finish(job, 'cancelled', null);
    perform faultline._record(job_id, job.attempt, 'cancel', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    return 'cancelled';
  elsif job.state = 'running' then
    if job.cancel_requested_at is null then
      update faultline.jobs_live j set cancel_requested_at = pg_catalog.clock_timestamp() where j.job_id = job.job_id;
      perform faultline._record(job_id, job.attempt, 'cancel_requested', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    end if;
    return 'requested';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be cancelled', job_id, coalesce(ended, job.state)),
    hint = case when ended is null then 'discard_job puts a dead letter away.' else 'Only a queued or a running job can be cancelled.' end;
end
$$;

-- Name: FUNCTION cancel_job(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.cancel_job(job_id bigint) IS 'Cancels a queued job at once (cancelled), or asks the handler of a running one to stop (requested).';

-- Name: cancel_run(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.cancel_run(run_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
  family bigint[];
begin
  r := faultline._root_run(run_id, 'cancelled');
  if r.state = 'cancelled' then
    return 'cancelled';
  elsif r.state <> 'running' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has %s and can not be cancelled', run_id, r.state), hint = 'Only a run that is running can be cancelled.';
  end if;
  with ended as (
    update faultline.runs x
    set state = 'cancelled', finished_at = pg_catalog.clock_timestamp()
    where x.root_run_id = r.run_id and x.state = 'running'
    returning x.run_id
  )
  select pg_catalog.array_agg(e.run_id) into family from ended e;
  update faultline.tasks t
  set state = 'cancelled', finished_at = pg_catalog.clock_timestamp(), due_at = null
  where t.run_id = any (family) and t.finished_at is null;
  perform faultline._finish_jobs(family, 'cancelled');
  perform faultline._record(null, null, 'cancel_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'workflow', r.workflow));
  return 'cancelled';
end
$$;

-- Name: FUNCTION cancel_run(run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.cancel_run(run_id bigint) IS 'Cancels a run and its children at once.';

-- Name: cancelled(bigint, integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.cancelled(job_id bigint, attempt integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  requested timestamptz;
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = cancelled.job_id and coalesce(j.run_id, 0) > 0;
  select j.cancel_requested_at into requested
  from faultline.jobs_live j
  where j.job_id = cancelled.job_id and j.attempt = cancelled.attempt and j.state = 'running'
  for update;
  if found and requested is null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('nobody asked to cancel job %s', job_id),
      hint = 'cancel_job asks for it; a handler that gives up by itself fails or completes.';
  end if;
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'cancelled', false, true, null, null, null) is not null, job_id, attempt, 'cancelled');
end
$$;

-- Name: FUNCTION cancelled(job_id bigint, attempt integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.cancelled(job_id bigint, attempt integer) IS 'Reports that a handler ended because its job was cancelled: ok, or repeat; raises FL001 if the attempt is stale.';

-- Name: check_schedule(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.check_schedule(definition jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return faultline._check_schedule(check_schedule.definition);
end
$$;

-- Name: FUNCTION check_schedule(definition jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.check_schedule(definition jsonb) IS 'The definition of a schedule with all defaults, as put_schedule would store it.';

-- Name: claim_job(text, uuid, integer, interval, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.claim_job(queue text, runner uuid, batch integer DEFAULT 1, lease interval DEFAULT NULL::interval, floor text DEFAULT NULL::text) RETURNS SETOF faultline.claimed_job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
  select *
  from faultline.claim_jobs(array[coalesce(claim_job.queue, 'default')], claim_job.runner, claim_job.batch, claim_job.lease, claim_job.floor);
end
$$;

-- Name: FUNCTION claim_job(queue text, runner uuid, batch integer, lease interval, floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.claim_job(queue text, runner uuid, batch integer, lease interval, floor text) IS 'Claims up to batch ready jobs of one queue for a runner and returns them with their fences and deadlines.';

-- Name: claim_jobs(text[], uuid, integer, interval, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.claim_jobs(queues text[], runner uuid, batch integer DEFAULT 1, lease interval DEFAULT NULL::interval, floor text DEFAULT NULL::text) RETURNS SETOF faultline.claimed_job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_variable
declare
  token jsonb;
  name text;
  now_ timestamptz;
  wanted int := coalesce(batch, 1);
  claimed int;
  room int[];
  leases interval[];
  default_lease interval;
  lease_floor timestamptz;
  level_floor timestamptz;
  level_job bigint;
  setting record;
  places int;
  turns int[];
  turn int;
  place int;
  level int;
begin
  -- A quick test of the usual call, in one expression: each has its price in each transaction anew. Only what fails it is
  -- looked at argument by argument.
  if not coalesce(
    pg_catalog.cardinality(queues) > 0 and pg_catalog.array_position(queues, null) is null and runner is not null
      and wanted between 1 and 10000
      and (lease is null
           or lease between interval '1 second' and interval '24 hours' and pg_catalog.strpos(lease::text, '-') = 0)
      and pg_catalog.current_setting('transaction_isolation') = 'read committed',
    false) then
    if queues is null or pg_catalog.cardinality(queues) = 0 or pg_catalog.array_position(queues, null) is not null then
      perform faultline._invalid('queues is empty or has a NULL in it', 'Name one queue or more');
    end if;
    if runner is null then
      perform faultline._invalid('runner is NULL', 'A runner makes a new uuid at each start');
    end if;
    if wanted not between 1 and 10000 then
      perform faultline._invalid(pg_catalog.format('batch %s is out of bounds', batch), 'It lies between 1 and 10000');
    end if;
    perform faultline._check_interval('lease', lease, interval '1 second', interval '24 hours');
    perform faultline._check_isolation('a claim');
  end if;
  foreach name in array queues loop
    if pg_catalog.length(name) > 128 or name !~ '^[A-Za-z0-9_.:-]+$' then
      perform faultline._check_name('queue', name);
    end if;
  end loop;

  if pg_catalog.cardinality(queues) > 1 then
    queues := array(select u.q from unnest(queues) with ordinality as u (q, o) group by u.q order by min(u.o));
  end if;
  places := pg_catalog.cardinality(queues);
  now_ := pg_catalog.clock_timestamp();
  token := faultline._read_floor(floor, now_);
  -- Where there is anything: to look at all levels of all queues at once costs less than to try one of them in vain.
  turns := array(
    select t
    from (
      select
        t, queues[t % places + 1] as queue, t / places + 1 as level,
        coalesce((token -> 'queues' -> queues[t % places + 1] ->> (t / places))::timestamptz, '-infinity') as ready_at,
        coalesce((token -> 'jobs' -> queues[t % places + 1] ->> (t / places))::bigint, 0) as job_id
      from generate_series(0, 4 * places - 1) as t
      offset 0
    ) p
    cross join lateral (
      select
      from faultline.jobs_live l
      where l.state = 'queued' and l.queue = p.queue and l.priority = p.level
        and (l.ready_at, l.job_id) >= (p.ready_at, p.job_id) and l.ready_at <= now_
      limit 1
    ) ready
    order by t);
  if turns = '{}' then
    return;
  end if;

  -- A turn: before the claim has its xid, on which the floors of others would wait. Not within a transaction that has
  -- written: it may have locks for which the one whose turn it is waits.
  -- Both turns are tried here first, as _take_turn does: to call it costs more than all other checks together.
  if wanted >= 50 and pg_catalog.pg_current_xact_id_if_assigned() is null
     and not pg_catalog.pg_try_advisory_xact_lock(1181838446, pg_catalog.hashtext(queues[1]))
     and not pg_catalog.pg_try_advisory_xact_lock(1181838447, pg_catalog.hashtext(queues[1])) then
    perform faultline._take_turn(queues[1]);
  end if;

  -- A lease is later than the clock when written, which is later than the writer's xid: the reaper's floor rests on it.
  now_ := case when pg_catalog.pg_current_xact_id() is not null then pg_catalog.clock_timestamp() end;
  lease_floor := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  if lease is null then
    select s.lease into default_lease from faultline.settings s;
  end if;
  room := pg_catalog.array_fill(wanted, array[pg_catalog.cardinality(queues)]);
  leases := pg_catalog.array_fill(coalesce(lease, default_lease), array[pg_catalog.cardinality(queues)]);
  for setting in
    select q.queue, q.paused_at, q.max_running, q.lease
    from faultline.queues q
    where q.queue = any (queues)
    order by q.queue
  loop
    place := pg_catalog.array_position(queues, setting.queue);
    if setting.max_running is not null then
      -- Lock first, read and count in statements of their own: what waited for the lock sees what the holder did.
      perform from faultline.queues q where q.queue = setting.queue for no key update;
      select q.queue, q.paused_at, q.max_running, q.lease into setting from faultline.queues q where q.queue = setting.queue;
      room[place] := greatest(0, least(wanted, setting.max_running - (
        select count(*)
        from (
          select
          from faultline.jobs_live j
          where j.queue = setting.queue and j.lease_expires_at >= lease_floor
          limit setting.max_running
        ) running)));
    end if;
    if setting.paused_at is not null then
      room[place] := 0;
    end if;
    if lease is null and setting.lease is not null then
      leases[place] := setting.lease;
    end if;
  end loop;
  -- The wait for a limited queue's row may have been long; a lease starts when the claim does.
  now_ := pg_catalog.clock_timestamp();

  foreach turn in array turns loop
    place := turn % places + 1;
    level := turn / places + 1;
    continue when room[place] <= 0;
    level_floor := coalesce((token -> 'queues' -> queues[place] ->> (level - 1))::timestamptz, '-infinity');
    level_job := coalesce((token -> 'jobs' -> queues[place] ->> (level - 1))::bigint, 0);
    return query
    with claimed as (
      update faultline.jobs_live j
      set state = 'running', attempt = j.attempt + 1, lease_owner = runner, started_at = now_,
          lease_expires_at = now_ + leases[place]
      where j.ctid = any (array(
        select c.ctid
        from faultline.jobs_live c
        where c.state = 'queued' and c.queue = queues[place] and c.priority = level
          and (c.ready_at, c.job_id) >= (level_floor, level_job) and c.ready_at <= now_
        order by c.ready_at, c.job_id
        limit least(wanted, room[place])
        for no key update skip locked))
      returning j.job_id, j.attempt, j.type, j.payload, j.queue, j.max_attempts, j.timeout, j.lease_expires_at, j.run_id,
        j.task, j.headers, j.failures, j.priority::int, j.tags, j.ready_at, j.started_at, j.created_at, j.transaction_id
    )
    -- RETURNING comes in physical order. A payload that stands apart is fetched behind the sort, which needn't carry it.
    select c.job_id, c.attempt, c.type,
      coalesce(c.payload, (select p.payload from faultline.payloads p where p.job_id = c.job_id)),
      c.queue, c.max_attempts, c.timeout, c.lease_expires_at, c.run_id, c.task, c.headers, c.failures, c.priority, c.tags,
      c.ready_at, c.started_at, c.created_at, c.transaction_id
    from (select * from claimed c order by c.ready_at, c.job_id offset 0) c;
    get diagnostics claimed = row_count;
    wanted := wanted - claimed;
    room[place] := room[place] - claimed;
    exit when wanted = 0;
  end loop;
end
$_$;

-- Name: FUNCTION claim_jobs(queues text[], runner uuid, batch integer, lease interval, floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.claim_jobs(queues text[], runner uuid, batch integer, lease interval, floor text) IS 'Claims up to batch ready jobs of these queues for a runner and returns them with their fences and deadlines.';

-- Name: complete_job(bigint, integer, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.complete_job(job_id bigint, attempt integer, result jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  accepted boolean;
  transaction_id_ text;
begin
  perform faultline._check_fence(job_id, attempt), faultline._check_document('the result', result, false);
  with gone as (
    delete from faultline.jobs_live j
    where j.job_id = complete_job.job_id and j.attempt = complete_job.attempt and j.state = 'running' and j.run_id is null
    returning j.*
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select true, g.transaction_id into accepted, transaction_id_ from gone g;
  if accepted is null then
    -- A task of a run, perhaps: its run is locked before it.
    select t.done_ids is not null into accepted from faultline._complete_tasks(array[job_id], array[attempt], array[result]) t;
  end if;
  if transaction_id_ is not null then
    perform faultline._tell_transaction(transaction_id_, 'succeeded');
  end if;
  return faultline._answer(coalesce(accepted, false), job_id, attempt, 'complete');
end
$$;

-- Name: FUNCTION complete_job(job_id bigint, attempt integer, result jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.complete_job(job_id bigint, attempt integer, result jsonb) IS 'Reports the success of an attempt: ok, or repeat; raises FL001 if the attempt is stale.';

-- Name: complete_jobs(bigint[], integer[], jsonb[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.complete_jobs(job_ids bigint[], attempts integer[], results jsonb[] DEFAULT NULL::jsonb[]) RETURNS TABLE(job_id bigint, verdict text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  total int := coalesce(pg_catalog.cardinality(job_ids), 0);
  now_ timestamptz;
  done_ids bigint[];
  done_attempts int[];
  transactions text[];
  oversized record;
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total <> coalesce(pg_catalog.cardinality(results), total)
     or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences(
      'group', job_ids, attempts, pg_catalog.json_build_object('results', pg_catalog.cardinality(results)));
  end if;
  if results is not null then
    select r.result, r.ordinal into oversized
    from unnest(results) with ordinality as r (result, ordinal)
    where pg_catalog.octet_length(r.result::text) > 262144
    limit 1;
    if found then
      perform faultline._check_document(
        pg_catalog.format('the result of job %s', job_ids[oversized.ordinal]), oversized.result, false);
    end if;
  end if;

  now_ := pg_catalog.clock_timestamp();
  -- The join can only be a nested loop whose outer side are the reports, sorted: rows are locked in that order. The SET
  -- clauses and = any (array[…]) see to it: for a plain = the planner would also consider walking the whole index of
  -- jobs_live with the reports inside, and after a VACUUM or ANALYZE that found the queue empty it took that for cheap
  -- (880 µs a job instead of 6).
  with gone as (
    delete from faultline.jobs_live j
    using (
      select u.job_id, u.attempt, u.result
      from unnest(job_ids, attempts, results) as u (job_id, attempt, result)
      order by u.job_id
    ) r
    where j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and j.run_id is null
    returning j.*, r.result
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts,
      priority, from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, now_, g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt, g.failures,
      g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, g.result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.job_id), pg_catalog.array_agg(g.attempt),
    pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null)
  into done_ids, done_attempts, transactions
  from gone g;

  if transactions is not null then
    perform faultline._tell_transaction(t.id, 'succeeded') from unnest(transactions) as t (id);
  end if;

  if coalesce(pg_catalog.cardinality(done_ids), 0) < total then
    -- Tasks of runs, if any: their runs are locked before them.
    select done_ids || t.task_ids, done_attempts || t.task_attempts into done_ids, done_attempts
    from faultline._complete_tasks(job_ids, attempts, results) as t (task_ids, task_attempts);
  end if;
  if coalesce(pg_catalog.cardinality(done_ids), 0) = total then
    return query select u.id, 'ok' from unnest(job_ids) as u (id);
    return;
  end if;
  return query select * from faultline._verdicts(job_ids, attempts, done_ids, done_attempts, 'complete');
end
$$;

-- Name: FUNCTION complete_jobs(job_ids bigint[], attempts integer[], results jsonb[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.complete_jobs(job_ids bigint[], attempts integer[], results jsonb[]) IS 'Reports the success of a group of attempts and returns a verdict for each: ok, repeat or stale.';

-- Name: create_token(bytea, text[], text, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.create_token(secret_hash bytea, scopes text[], name text DEFAULT NULL::text, lifetime interval DEFAULT NULL::interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: FUNCTION create_token(secret_hash bytea, scopes text[], name text, lifetime interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.create_token(secret_hash bytea, scopes text[], name text, lifetime interval) IS 'Makes a token of the HTTP API known by the SHA-256 of its secret, and returns its id.';

-- Name: delete_schedule(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.delete_schedule(name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
  perform pg_catalog.pg_current_xact_id();
  update faultline.schedules s
  set deleted_at = pg_catalog.clock_timestamp(), paused_at = null, paused_note = null, changed_xid = pg_catalog.pg_current_xact_id()
  where s.schedule = name and s.deleted_at is null;
  if found then
    perform faultline._record(null, null, 'delete_schedule', null, pg_catalog.jsonb_build_object('schedule', name));
    return true;
  end if;
  return false;
end
$$;

-- Name: FUNCTION delete_schedule(name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.delete_schedule(name text) IS 'Deletes a schedule; what it has made stays.';

-- Name: discard_job(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.discard_job(job_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  ended text;
begin
  select * into job from faultline.jobs_live j where j.job_id = discard_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = discard_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    elsif ended = 'discarded' then
      return 'discarded';
    end if;
  elsif job.state = 'failed' then
    perform faultline._finish(job, 'discarded', null);
    perform faultline._record(job_id, job.attempt, 'discard', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    return 'discarded';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be discarded', job_id, coalesce(ended, job.state)),
    hint = case when ended is null then 'cancel_job stops a queued or running job.' else 'Only a dead letter (failed) can be discarded.' end;
end
$$;

-- Name: FUNCTION discard_job(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.discard_job(job_id bigint) IS 'Puts a dead letter away for good.';

-- Name: effect_sent(bigint, integer, text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.effect_sent(job_id bigint, attempt integer, transaction_id text, name text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  e faultline.effects;
  running boolean;
begin
  e := faultline._lock_effect(job_id, attempt, transaction_id, name);
  if e.state not in ('INIT', 'SENT') then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('effect %s of transaction %L is %s: it must not be sent again', name, transaction_id, e.state),
      hint = 'begin_effect says what came of it.';
  end if;
  running := faultline._is_running(job_id, attempt);
  if e.state = 'INIT' and not running then
    -- Nobody would find out what became of it, and a transaction that has failed must stay without effects.
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  if e.state = 'INIT' and exists (select from faultline.ledger_entries l where l.transaction_id = effect_sent.transaction_id) then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('transaction %L has its entry: effect %s can not be sent any more', transaction_id, name),
      hint = 'Effects come before the entry.';
  end if;
  if running then
    -- A snapshot that is older than SENT must not burn or enter the transaction: it gets 40001.
    if e.state = 'INIT' then
      update faultline.transactions x set due_at = x.due_at where x.transaction_id = effect_sent.transaction_id;
    end if;
    update faultline.effects x
    set state = 'SENT', attempt = effect_sent.attempt, sent_at = pg_catalog.clock_timestamp()
    where x.transaction_id = effect_sent.transaction_id and x.name = effect_sent.name
      and (x.state = 'INIT' or x.attempt <> effect_sent.attempt);
  end if;
  return 'SENT';
end
$$;

-- Name: FUNCTION effect_sent(job_id bigint, attempt integer, transaction_id text, name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.effect_sent(job_id bigint, attempt integer, transaction_id text, name text) IS 'Says that the request of an effect is about to leave: SENT, to be committed before it does.';

-- Name: effects_to_ask(text[], integer); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.effects_to_ask(names text[] DEFAULT NULL::text[], max integer DEFAULT 100) RETURNS TABLE(transaction_id text, name text, key text, request jsonb, job_id bigint, attempt integer, asks integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if effects_to_ask.max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', effects_to_ask.max), 'It lies between 1 and 10000');
  end if;
  if not exists (select from faultline.effects e where e.ask_at is not null) then
    return;
  end if;
  -- = any (array[…]): for a plain = the planner would also consider walking all transactions.
  return query
  with asked as (
    update faultline.effects e
    set ask_at = now_ + least(interval '1 hour', interval '10 seconds' * 2 ^ least(e.asks, 10))
    where e.ctid = any (array(
      select c.ctid
      from faultline.effects c
      where c.ask_at <= now_ and (effects_to_ask.names is null or c.name = any (effects_to_ask.names))
      order by c.ask_at
      limit coalesce(effects_to_ask.max, 100)
      for no key update skip locked))
    returning e.*
  )
  select a.transaction_id, a.name, a.key, a.request, t.job_id, a.attempt, a.asks
  from asked a
  join faultline.transactions t on t.transaction_id = any (array[a.transaction_id]);
end
$$;

-- Name: FUNCTION effects_to_ask(names text[], max integer); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.effects_to_ask(names text[], max integer) IS 'Hands out the effects whose outcome has to be asked for, because their job is over.';

-- Name: enqueue(text, jsonb, text, timestamp with time zone, integer, integer, text, interval, jsonb, interval, text[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.enqueue(type text, payload jsonb DEFAULT '{}'::jsonb, queue text DEFAULT 'default'::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 2, max_attempts integer DEFAULT NULL::integer, idempotency_key text DEFAULT NULL::text, idempotency_ttl interval DEFAULT NULL::interval, backoff jsonb DEFAULT NULL::jsonb, timeout interval DEFAULT NULL::interval, tags text[] DEFAULT '{}'::text[], headers jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $_$
#variable_conflict use_variable
begin
  -- A quick test of the usual call, in one expression: each has its price in each transaction anew. Only what fails it
  -- is looked at argument by argument, and refused by name.
  if pg_catalog.length(type) <= 128 and type ~ '^[A-Za-z0-9_.:-]+$'
     and (queue = 'default' or pg_catalog.length(queue) <= 128 and queue ~ '^[A-Za-z0-9_.:-]+$')
     and pg_catalog.jsonb_typeof(payload) = 'object' and pg_catalog.octet_length(payload::text) <= 262144
     and priority between 1 and 4 and tags = '{}'
     and pg_catalog.num_nulls(run_at, max_attempts, idempotency_key, idempotency_ttl, backoff, timeout, headers) = 7 then
    return faultline._add_job(pg_catalog.nextval('faultline.jobs_live_job_id_seq'), type, payload, queue, null, priority,
                              null, null, null, null, tags, null, null, null, null);
  end if;

  payload := coalesce(payload, '{}');
  queue := coalesce(queue, 'default');
  priority := coalesce(priority, 2);
  tags := coalesce(tags, '{}');
  perform faultline._check_job(type, payload, queue, run_at, priority, max_attempts, idempotency_key, idempotency_ttl,
                               backoff, timeout, tags, headers);
  if idempotency_key is null then
    return faultline._add_job(pg_catalog.nextval('faultline.jobs_live_job_id_seq'), type, payload, queue, run_at, priority,
                              max_attempts, null, backoff, timeout, tags, headers, null, null, null);
  end if;
  return (faultline._enqueue(type, payload, queue, run_at, priority, max_attempts, idempotency_key, idempotency_ttl, backoff,
                             timeout, tags, headers)).job_id;
end
$_$;

-- Name: FUNCTION enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) IS 'Makes a job in the caller''s transaction and returns its id; with an idempotency key, the id of the one job of that key.';

-- Name: enqueue_bulk(text, jsonb, text, timestamp with time zone, integer, integer, jsonb, interval, text[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.enqueue_bulk(type text, payloads jsonb, queue text DEFAULT 'default'::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 2, max_attempts integer DEFAULT NULL::integer, backoff jsonb DEFAULT NULL::jsonb, timeout interval DEFAULT NULL::interval, tags text[] DEFAULT '{}'::text[], headers jsonb DEFAULT NULL::jsonb) RETURNS SETOF bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ timestamptz;
  total constant int := faultline._check_array('payloads', payloads, '[{"user": 1}, {"user": 2}]');
  made int;
  bad record;
begin
  queue := coalesce(queue, 'default');
  priority := coalesce(priority, 2);
  tags := coalesce(tags, '{}');
  perform faultline._check_job(type, '{}', queue, run_at, priority, max_attempts, null, null, backoff, timeout, tags, headers);

  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  max_attempts := coalesce(
    max_attempts, (select q.max_attempts from faultline.queues q where q.queue = enqueue_bulk.queue),
    (select s.max_attempts from faultline.settings s));
  return query
  with item as materialized (
    select pg_catalog.nextval('faultline.jobs_live_job_id_seq') as job_id, e.payload, faultline._stands_apart(e.payload) as apart
    from pg_catalog.jsonb_array_elements(payloads) e (payload)
    where pg_catalog.jsonb_typeof(e.payload) = 'object' and pg_catalog.octet_length(e.payload::text) <= 262144
  ), apart as (
    insert into faultline.payloads (job_id, payload) select i.job_id, i.payload from item i where i.apart
  )
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags)
  select i.job_id, greatest(run_at, now_), now_, max_attempts, priority, type, queue,
    case when not i.apart then i.payload end, headers, backoff, timeout, tags
  from item i
  returning job_id;

  get diagnostics made = row_count;
  if made < total then
    for bad in
      select e.payload, e.ordinality from pg_catalog.jsonb_array_elements(payloads) with ordinality e (payload, ordinality)
    loop
      perform faultline._check_document(pg_catalog.format('the payload of job %s', bad.ordinality), bad.payload, true);
    end loop;
  end if;
  if made > 0 and coalesce(run_at, now_) <= now_ then
    perform faultline._ring(queue);
  end if;
end
$$;

-- Name: FUNCTION enqueue_bulk(type text, payloads jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.enqueue_bulk(type text, payloads jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) IS 'Makes many jobs that differ in their payloads only, all or nothing, and returns their ids in the order of the payloads.';

-- Name: enqueue_many(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.enqueue_many(jobs jsonb) RETURNS TABLE(ordinal integer, job_id bigint, created boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
  now_ timestamptz;
  default_attempts int;
  keyed boolean;
  item record;
  job record;
  keyed_ordinals int[] := '{}'::int[];
  keyed_ids bigint[] := '{}'::bigint[];
  keyed_created boolean[] := '{}'::boolean[];
  message text;
  hint text;
begin
  perform faultline._check_array('jobs', jobs, '[{"type": "hello", "payload": {}}]');

  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  select s.max_attempts into default_attempts from faultline.settings s;
  -- By type: a comparison would look into an array and find nothing in an empty one.
  keyed := pg_catalog.jsonb_path_exists(jobs, '$[*].idempotency_key.type() ? (@ != "null")');

  -- Elements with a key, one by one and in the order of their keys.
  if keyed then
    for item in
      select e.ordinality::int as ordinal, e.value as job
      from pg_catalog.jsonb_array_elements(jobs) with ordinality e
      where e.value ->> 'idempotency_key' is not null
      order by coalesce(e.value ->> 'queue', 'default'), e.value ->> 'idempotency_key', e.ordinality
    loop
      perform faultline._refuse_item(item.ordinal, item.job);
      begin
        select n.* into job
        from pg_catalog.jsonb_to_record(item.job) as r (
            type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
            idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb),
          faultline._enqueue(
            r.type, coalesce(r.payload, '{}'), coalesce(r.queue, 'default'), r.run_at, coalesce(r.priority, 2),
            r.max_attempts, r.idempotency_key, r.idempotency_ttl, r.backoff, r.timeout, coalesce(r.tags, '{}'), r.headers) n;
      exception when sqlstate 'FL002' then
        get stacked diagnostics message = message_text, hint = pg_exception_hint;
        raise exception using
          errcode = 'FL002', message = pg_catalog.format('job %s: %s', item.ordinal, message), hint = hint;
      end;
      keyed_ordinals := keyed_ordinals || item.ordinal;
      keyed_ids := keyed_ids || job.job_id;
      keyed_created := keyed_created || job.created;
    end loop;
  end if;

  -- All others in one INSERT. Its WHERE is a quick test; what fails it is asked about slowly, and refused by name.
  begin
    return query
    with item as materialized (
      select e.ordinality as ordinal, pg_catalog.nextval('faultline.jobs_live_job_id_seq') as job_id, r.*,
        faultline._stands_apart(r.payload) as apart
      from pg_catalog.jsonb_array_elements(jobs) with ordinality e,
        pg_catalog.jsonb_to_record(e.value) as r (
          type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
          idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb)
      where r.idempotency_key is null
        and ((e.value - '{type,payload,queue,priority,max_attempts}'::text[] = '{}'
              and pg_catalog.length(r.type) <= 128 and r.type ~ '^[A-Za-z0-9_.:-]+$'
              and coalesce(pg_catalog.length(r.queue) <= 128 and r.queue ~ '^[A-Za-z0-9_.:-]+$', true)
              and coalesce(pg_catalog.jsonb_typeof(r.payload), 'object') = 'object'
              and coalesce(pg_catalog.octet_length(r.payload::text), 0) <= 262144
              and coalesce(r.priority, 2) between 1 and 4
              and coalesce(r.max_attempts, 5) between 1 and 100) is true
             or not faultline._refuse_item(e.ordinality, e.value))
    ), apart as (
      insert into faultline.payloads (job_id, payload)
      select i.job_id, i.payload from item i where i.apart
    ), inserted as (
      insert into faultline.jobs_live (
        job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags)
      select i.job_id, greatest(i.run_at, now_), now_, coalesce(i.max_attempts, q.max_attempts, default_attempts),
             coalesce(i.priority, 2), i.type, coalesce(i.queue, 'default'),
             case when i.apart then null else coalesce(i.payload, '{}') end, i.headers, i.backoff,
             i.timeout, coalesce(i.tags, '{}')
      from item i
      left join faultline.queues q on q.queue = coalesce(i.queue, 'default')
    )
    select i.ordinal::int, i.job_id, true from item i
    union all
    select k.ordinal, k.job_id, k.created
    from unnest(keyed_ordinals, keyed_ids, keyed_created) as k (ordinal, job_id, created)
    order by 1;
  exception
    when sqlstate 'FL004' then
      -- Raised anew from here: its context would be the whole INSERT.
      get stacked diagnostics message = message_text, hint = pg_exception_hint;
      raise exception using errcode = 'FL004', message = message, hint = hint;
    when data_exception then
      -- A value that no cast could read, or an element that is no object: the slow test says which.
      for item in
        select e.ordinality as ordinal, e.value as job
        from pg_catalog.jsonb_array_elements(jobs) with ordinality e
      loop
        perform faultline._refuse_item(item.ordinal, item.job);
      end loop;
      raise;
  end;

  for item in
    select distinct coalesce(e ->> 'queue', 'default') as queue
    from pg_catalog.jsonb_array_elements(jobs) e
    where e ->> 'idempotency_key' is null and coalesce((e ->> 'run_at')::timestamptz, now_) <= now_
  loop
    perform faultline._ring(item.queue);
  end loop;
end
$_$;

-- Name: FUNCTION enqueue_many(jobs jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.enqueue_many(jobs jsonb) IS 'Makes many jobs, all or nothing, from an array of objects whose keys are the arguments of enqueue; one row each, in order.';

-- Name: fail_job(bigint, integer, jsonb, boolean, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean DEFAULT true, retry_in interval DEFAULT NULL::interval) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._check_document('the error', error, true);
  perform faultline._check_interval('retry_in', retry_in, interval '0', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'fail', true, coalesce(retryable, true), retry_in, coalesce(error, '{}'), null)
      is not null,
    job_id, attempt, 'fail');
end
$$;

-- Name: FUNCTION fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean, retry_in interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean, retry_in interval) IS 'Reports the failure of an attempt: the job is retried later, or is a dead letter. ok, or repeat; raises FL001 if the attempt is stale.';

-- Name: fail_jobs(bigint[], integer[], jsonb[], boolean[], interval[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[] DEFAULT NULL::jsonb[], retryables boolean[] DEFAULT NULL::boolean[], retry_ins interval[] DEFAULT NULL::interval[]) RETURNS TABLE(job_id bigint, verdict text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  total int := coalesce(pg_catalog.cardinality(job_ids), 0);
  now_ timestamptz;
  done_ids bigint[];
  done_attempts int[];
  transactions text[];
  rung text[];
  refused record;
  item record;
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total <> coalesce(pg_catalog.cardinality(errors), total)
     or total <> coalesce(pg_catalog.cardinality(retryables), total) or total <> coalesce(pg_catalog.cardinality(retry_ins), total)
     or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences(
      'group', job_ids, attempts, pg_catalog.json_build_object(
        'errors', pg_catalog.cardinality(errors), 'retryables', pg_catalog.cardinality(retryables),
        'retry_ins', pg_catalog.cardinality(retry_ins)));
  end if;
  select e.error, e.ordinal into refused
  from unnest(errors) with ordinality as e (error, ordinal)
  where pg_catalog.jsonb_typeof(e.error) <> 'object' or pg_catalog.octet_length(e.error::text) > 262144
  limit 1;
  if found then
    perform faultline._check_document(pg_catalog.format('the error of job %s', job_ids[refused.ordinal]), refused.error, true);
  end if;
  perform faultline._check_interval(
    pg_catalog.format('retry_in of job %s', job_ids[d.ordinal]), d.retry_in, interval '0', interval '366 days')
  from unnest(retry_ins) with ordinality as d (retry_in, ordinal)
  where d.retry_in is not null;

  -- The xid first: ready_at is later than that, and the floor rests on it.
  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  -- The fence is tested again on what a wait for the lock has found, and so is all that is computed here. As in
  -- complete_jobs, the join can only be a nested loop with the reports outside, in their order.
  with ended as materialized (
    select j.job_id, j.attempt, j.failures + 1 as failures, j.queue, j.lease_owner, j.transaction_id, r.error,
      case when r.retryable and j.failures + 1 < j.max_attempts then
        coalesce(
          r.retry_in,
          faultline._backoff_delay(
            coalesce(j.backoff, (select q.backoff from faultline.queues q where q.queue = j.queue),
                     (select s.backoff from faultline.settings s)),
            j.failures + 1))
      end as delay
    from (
      -- Of a report that is there twice, one.
      select distinct on (u.job_id, u.attempt) u.job_id, u.attempt, coalesce(u.error, '{}') as error,
        coalesce(u.retryable, true) as retryable, u.retry_in
      from unnest(job_ids, attempts, errors, retryables, retry_ins) as u (job_id, attempt, error, retryable, retry_in)
      order by u.job_id, u.attempt
    ) r
    join faultline.jobs_live j
      on j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and j.run_id is null
        and j.cancel_requested_at is null
    for update of j
  ), moved as (
    update faultline.jobs_live j
    set state = case when e.delay is null then 'failed' else 'queued' end, failures = e.failures, error = e.error,
        ready_at = coalesce(now_ + e.delay, j.ready_at), finished_at = case when e.delay is null then now_ end,
        lease_owner = null, lease_expires_at = null
    from ended e
    where j.job_id = any (array[e.job_id])
  ), recorded as (
    insert into faultline.job_events (at, job_id, attempt, verb, runner, actor, detail)
    select pg_catalog.clock_timestamp(), e.job_id, e.attempt, 'fail', e.lease_owner, session_user,
      pg_catalog.jsonb_build_object('failures', e.failures, 'error', e.error, 'lease_owner', e.lease_owner)
        || case when e.delay is null then '{"outcome": "failed"}'
             else pg_catalog.jsonb_build_object('outcome', 'queued', 'delay', e.delay) end
    from ended e
  )
  select pg_catalog.array_agg(e.job_id), pg_catalog.array_agg(e.attempt),
    pg_catalog.array_agg(e.transaction_id) filter (where e.transaction_id is not null),
    pg_catalog.array_agg(distinct e.queue) filter (where e.delay = interval '0')
  into done_ids, done_attempts, transactions, rung
  from ended e;

  if transactions is not null then
    perform faultline._tell_transaction(t.id, null) from unnest(transactions) as t (id);
  end if;
  if rung is not null then
    perform faultline._ring(b.queue) from unnest(rung) as b (queue);
  end if;
  if coalesce(pg_catalog.cardinality(done_ids), 0) = total then
    return query select u.id, 'ok' from unnest(job_ids) as u (id);
    return;
  end if;

  -- What is more than a retry or a dead letter, one by one; each locks its run first.
  for item in
    select h.*
    from (
      select u.*, (select r.root_run_id from faultline.runs r where r.run_id = j.run_id) as root
      from unnest(job_ids, attempts, errors, retryables, retry_ins) as u (job_id, attempt, error, retryable, retry_in)
      join faultline.jobs_live j on j.job_id = any (array[u.job_id]) and j.attempt = u.attempt and j.state = 'running'
      offset 0
    ) h
    order by h.root nulls first, h.job_id
  loop
    if faultline._end_attempt(item.job_id, item.attempt, 'fail', true, coalesce(item.retryable, true), item.retry_in,
                              coalesce(item.error, '{}'), null) is not null then
      done_ids := done_ids || item.job_id;
      done_attempts := done_attempts || item.attempt;
    end if;
  end loop;
  return query select * from faultline._verdicts(job_ids, attempts, done_ids, done_attempts, 'fail');
end
$$;

-- Name: FUNCTION fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[], retryables boolean[], retry_ins interval[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[], retryables boolean[], retry_ins interval[]) IS 'Reports the failure of a group of attempts and returns a verdict for each: ok, repeat or stale.';

-- Name: fail_transaction(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fail_transaction(transaction_id text, reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  effect record;
begin
  perform faultline._check_transaction_id(transaction_id);
  if reason is null or pg_catalog.length(reason) not between 1 and 1000 then
    perform faultline._invalid(
      case when reason is null then 'the reason is NULL' else pg_catalog.format('the reason has %s characters', pg_catalog.length(reason)) end,
      'Say why, in 1 to 1000 characters');
  end if;
  loop
    select * into t from faultline.transactions x where x.transaction_id = fail_transaction.transaction_id;
    if not found then
      perform faultline._no_transaction(transaction_id);
    end if;
    perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = t.job_id and coalesce(j.run_id, 0) > 0;
    -- Jobs come first in the order of locks. reconcile may give the transaction another job meanwhile: then once more.
    select * into job from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id for update;
    select * into t from faultline.transactions x
    where x.transaction_id = fail_transaction.transaction_id and x.job_id = t.job_id
    for no key update;
    exit when found;
  end loop;
  if t.state = 'FAILED' then
    return 'FAILED';
  end if;
  if t.state <> 'INIT' or exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id) then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('transaction %L has its entry: it has happened and can not fail', transaction_id),
      hint = 'Submit another transaction that makes up for it.';
  end if;
  select e.name, e.state into effect
  from faultline.effects e
  where e.transaction_id = t.transaction_id and e.state in ('SENT', 'APPLIED')
  order by e.state, e.name
  limit 1;
  if found then
    raise exception using
      errcode = 'FL003',
      message = pg_catalog.format('effect %s of transaction %L is %s: %s', effect.name, transaction_id, effect.state,
                                  case effect.state when 'SENT' then 'it may still land' else 'it has happened' end),
      hint = case effect.state when 'SENT' then 'answer_effect says ABSENT once the outside refuses its key.' else 'Submit another transaction that makes up for it.' end;
  end if;

  if job.state = 'running' and job.cancel_requested_at is null then
    update faultline.jobs_live j set cancel_requested_at = pg_catalog.clock_timestamp() where j.job_id = job.job_id;
  elsif job.state = 'queued' then
    perform faultline._finish(job, 'cancelled', null);
  elsif job.state = 'failed' then
    perform faultline._finish(job, 'discarded', null);
  end if;
  update faultline.transactions x
  set state = 'FAILED', reason = fail_transaction.reason, settled_at = pg_catalog.clock_timestamp(), due_at = null
  where x.transaction_id = t.transaction_id;
  perform faultline._record(t.job_id, null, 'fail_transaction', null, pg_catalog.jsonb_build_object('transaction_id', transaction_id, 'reason', reason));
  return 'FAILED';
end
$$;

-- Name: FUNCTION fail_transaction(transaction_id text, reason text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fail_transaction(transaction_id text, reason text) IS 'Burns a transaction by an operator''s word; what is left of its job goes with it.';

-- Name: find_entry(bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.find_entry(job_id bigint, attempt integer, transaction_id text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_isolation('find_entry');
  perform from faultline.jobs_live j where j.job_id = find_entry.job_id for no key update;
  return (
    select e.entry_id
    from faultline.ledger_entries e
    where e.transaction_id = find_entry.transaction_id and e.job_id = find_entry.job_id and e.attempt = find_entry.attempt);
end
$$;

-- Name: FUNCTION find_entry(job_id bigint, attempt integer, transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.find_entry(job_id bigint, attempt integer, transaction_id text) IS 'The entry that this attempt wrote, or NULL; waits for whoever is about to write it.';

-- Name: find_token(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.find_token(token_id bigint) RETURNS TABLE(secret_hash bytea, scopes text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
begin
  return query
  select t.secret_hash, t.scopes
  from faultline.api_tokens t
  where t.token_id = find_token.token_id and t.revoked_at is null
    and (t.expires_at is null or t.expires_at > pg_catalog.clock_timestamp());
end
$$;

-- Name: FUNCTION find_token(token_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.find_token(token_id bigint) IS 'The hash and the scopes of a token of the HTTP API that is neither revoked nor expired.';

-- Name: fire_now(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fire_now(name text, OUT job_id bigint, OUT run_id bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_variable
declare
  s faultline.schedules;
  at_ timestamptz;
begin
  perform faultline._check_isolation('fire_now');
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  -- Ticks of the calendar are whole seconds: this is none, and no second one of this kind.
  at_ := greatest(pg_catalog.clock_timestamp(), (
    select t.tick_at from faultline.schedule_ticks t where t.schedule = name and t.kind = 'now' order by t.tick_at desc limit 1) + interval '1 microsecond');
  if pg_catalog.date_trunc('second', at_) = at_ then
    at_ := at_ + interval '1 microsecond';
  end if;
  select m.job_id, m.run_id into job_id, run_id from faultline._make_tick(s, at_, 'now', 0) m;
  perform faultline._record(job_id, null, 'fire_now', null, pg_catalog.jsonb_build_object('schedule', name, 'run_id', run_id));
end
$$;

-- Name: FUNCTION fire_now(name text, OUT job_id bigint, OUT run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fire_now(name text, OUT job_id bigint, OUT run_id bigint) IS 'Makes the job or the run of a schedule now, outside its calendar.';

-- Name: fire_schedule(text, timestamp with time zone, integer, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean DEFAULT false, OUT job_id bigint, OUT run_id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  s faultline.schedules;
  fault record;
begin
  backfill := coalesce(backfill, false);
  perform faultline._check_isolation('fire_schedule');
  if tick_at is null or not pg_catalog.isfinite(tick_at) then
    perform faultline._invalid(pg_catalog.format('tick_at %s is not a time', coalesce(tick_at::text, 'NULL')), 'When the tick was due');
  end if;
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  select false, t.job_id, t.run_id into created, job_id, run_id from faultline.schedule_ticks t where t.schedule = name and t.tick_at = fire_schedule.tick_at;
  if found then
    return;
  end if;
  select * into fault from faultline._tick_fault(s, tick_at, version, faultline._schedule_cursor(s), backfill, true);
  if fault.outcome is not null then
    raise exception using errcode = fault.code, message = fault.message, hint = fault.hint;
  end if;
  select m.outcome = 'made', m.job_id, m.run_id into created, job_id, run_id
  from faultline._make_tick(s, tick_at, case when backfill then 'backfill' else 'calendar' end, 0) m;
end
$$;

-- Name: FUNCTION fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean) IS 'Makes a tick of a schedule happen, once; a repeat returns the same job or run.';

-- Name: fire_schedules(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.fire_schedules(ticks jsonb) RETURNS TABLE(ordinal integer, schedule text, tick_at timestamp with time zone, outcome text, job_id bigint, run_id bigint, cursor timestamp with time zone, detail text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  proposals constant jsonb := faultline._check_ticks(ticks);
  proposal record;
  s faultline.schedules;
  locked text;
  fault record;
begin
  perform faultline._check_isolation('fire_schedules');
  perform pg_catalog.pg_current_xact_id();
  for proposal in
    select e.ordinality as ordinal, r.schedule, r.version, r.tick_at, r.after, coalesce(r.missed, 0) as missed, coalesce(r.fire, true) as fire
    from pg_catalog.jsonb_array_elements(proposals) with ordinality e,
      pg_catalog.jsonb_to_record(e.value) as r (schedule text, version int, tick_at timestamptz, after timestamptz, missed int, fire boolean)
    order by r.schedule collate "C", e.ordinality
  loop
    ordinal := proposal.ordinal;
    schedule := proposal.schedule;
    tick_at := proposal.tick_at;
    detail := null;
    -- Of several runners with the same tick all but one end here, without a lock.
    select 'repeat', t.job_id, t.run_id into outcome, job_id, run_id from faultline.schedule_ticks t where t.schedule = proposal.schedule and t.tick_at = proposal.tick_at;
    if not found and locked is distinct from schedule then
      select * into s from faultline.schedules x where x.schedule = proposal.schedule for no key update skip locked;
      if found then
        locked := schedule;
        select 'repeat', t.job_id, t.run_id into outcome, job_id, run_id from faultline.schedule_ticks t where t.schedule = proposal.schedule and t.tick_at = proposal.tick_at;
      else
        -- Nobody waits here: a schedule that somebody holds must not keep the others from their ticks.
        select * into s from faultline.schedules x where x.schedule = proposal.schedule;
        outcome := 'busy';
        detail := pg_catalog.format('schedule %s is locked: another runner fires it, or an operator changes it', schedule);
      end if;
    elsif locked is distinct from schedule then
      select * into s from faultline.schedules x where x.schedule = proposal.schedule;
    end if;
    if s.schedule is null or s.deleted_at is not null then
      outcome := 'unknown';
      cursor := null;
      detail := pg_catalog.format('there is no schedule %s', schedule);
      return next;
      continue;
    end if;
    cursor := faultline._schedule_cursor(s);
    if outcome is null then
      select * into fault from faultline._tick_fault(s, tick_at, proposal.version, cursor, false, proposal.fire);
      outcome := fault.outcome;
      detail := fault.message;
      if (outcome is null or outcome = 'late') and cursor <> proposal.after then
        outcome := 'behind';
        detail := pg_catalog.format('tick %s of schedule %s was computed from %s, and it is at %s', faultline._utc(tick_at), schedule, faultline._utc(proposal.after), faultline._utc(cursor));
      end if;
    end if;
    if outcome is null or outcome = 'late' then
      if outcome = 'late' or not proposal.fire then
        outcome := 'missed';
        insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at)
        values (schedule, tick_at, 'calendar', outcome, proposal.missed + case when proposal.fire then 1 else 0 end, s.version, pg_catalog.clock_timestamp());
      elsif s.definition ? 'workflow' then
        begin
          select m.outcome, m.job_id, m.run_id, m.detail into outcome, job_id, run_id, detail from faultline._make_tick(s, tick_at, 'calendar', proposal.missed) m;
        exception when sqlstate 'FL004' or sqlstate 'FL002' then
          -- Recorded, or it would be tried again every second, and keep the others from their ticks.
          outcome := 'failed';
          job_id := null;
          run_id := null;
          detail := pg_catalog.left(sqlerrm, 1000);
          insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at, detail)
          values (schedule, tick_at, 'calendar', outcome, proposal.missed, s.version, pg_catalog.clock_timestamp(), detail);
        end;
      else
        select m.outcome, m.job_id, m.run_id, m.detail into outcome, job_id, run_id, detail from faultline._make_tick(s, tick_at, 'calendar', proposal.missed) m;
      end if;
      cursor := tick_at;
    end if;
    return next;
  end loop;
end
$$;

-- Name: FUNCTION fire_schedules(ticks jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.fire_schedules(ticks jsonb) IS 'Makes many ticks of schedules happen, each once; one row each.';

-- Name: heartbeat(uuid, bigint[], integer[], interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval DEFAULT NULL::interval) RETURNS TABLE(job_id bigint, verdict text, cancel_requested boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  total int := coalesce(pg_catalog.cardinality(job_ids), 0);
  extension interval := heartbeat.lease;
  now_ timestamptz;
  beaten bigint[];
  beaten_attempts int[];
  cancels boolean[];
  item record;
begin
  if heartbeat.runner is null then
    perform faultline._invalid('runner is NULL', 'Pass the uuid that claimed the jobs');
  end if;
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences('beat', job_ids, attempts, '{}');
  end if;
  if extension is null then
    select s.lease into extension from faultline.settings s;
  else
    perform faultline._check_interval('lease', extension, interval '1 second', interval '24 hours');
  end if;

  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  with beat as (
    update faultline.jobs_live j
    set lease_expires_at = greatest(j.lease_expires_at, now_ + extension)
    where j.ctid = any (array(
      select c.ctid
      from unnest(job_ids, attempts) as u (job_id, attempt)
      -- = any (array[…]), so that the plan can't be to walk all of jobs_live: see complete_jobs.
      join faultline.jobs_live c on c.job_id = any (array[u.job_id]) and c.attempt = u.attempt
      where c.lease_owner = heartbeat.runner
      for no key update of c skip locked))
    returning j.job_id, j.attempt, j.cancel_requested_at is not null as cancel
  )
  select pg_catalog.array_agg(b.job_id), pg_catalog.array_agg(b.attempt), pg_catalog.array_agg(b.cancel)
  into beaten, beaten_attempts, cancels
  from beat b;

  -- By attempt too: a runner that lost an attempt and claimed the job again beats for both. A window and not a join,
  -- which would be a nested loop here, and take seconds for 10 000.
  for item in
    select w.job_id, w.attempt, w.extended, w.cancel
    from (
      select v.job_id, v.attempt, v.ordinal, bool_or(v.ordinal is null) over attempt as extended,
        bool_or(v.cancel) over attempt as cancel
      from (
        select u.job_id, u.attempt, u.ordinal, false
        from unnest(job_ids, attempts) with ordinality as u (job_id, attempt, ordinal)
        union all
        select b.job_id, b.attempt, null, b.cancel
        from unnest(beaten, beaten_attempts, cancels) as b (job_id, attempt, cancel)
      ) v (job_id, attempt, ordinal, cancel)
      window attempt as (partition by v.job_id, v.attempt)
    ) w
    where w.ordinal is not null
    order by w.ordinal
  loop
    job_id := item.job_id;
    verdict := 'ok';
    cancel_requested := item.cancel;
    if not item.extended then
      continue when exists (
        select
        from faultline.jobs_live j
        where j.job_id = item.job_id and j.attempt = item.attempt and j.lease_owner = heartbeat.runner);
      verdict := 'stale';
      perform faultline._record_stale(item.job_id, item.attempt, 'heartbeat', heartbeat.runner);
    end if;
    return next;
  end loop;
end
$$;

-- Name: FUNCTION heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval) IS 'Extends the leases of a runner''s attempts; tells which are stale and which someone wants cancelled.';

-- Name: job_status(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.job_status(job_id bigint) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  status jsonb;
begin
  select pg_catalog.jsonb_build_object(
      'job_id', l.job_id, 'type', l.type, 'queue', l.queue, 'state', l.state, 'priority', l.priority,
      'payload', coalesce(l.payload, (select p.payload from faultline.payloads p where p.job_id = l.job_id)),
      'result', null, 'error', l.error, 'attempt', l.attempt, 'max_attempts', l.max_attempts,
      'tags', l.tags, 'run_at', l.ready_at, 'created_at', l.created_at, 'started_at', l.started_at,
      'finished_at', l.finished_at, 'lease_owner', l.lease_owner, 'lease_expires_at', l.lease_expires_at,
      'idempotency_key', l.idempotency_key, 'run_id', l.run_id, 'task', l.task,
      'cancel_requested', l.cancel_requested_at is not null)
  into status
  from faultline.jobs_live l
  where l.job_id = job_status.job_id;
  if not found then
    select pg_catalog.jsonb_build_object(
        'job_id', d.job_id, 'type', d.type, 'queue', d.queue, 'state', d.state, 'priority', d.priority,
        'payload', coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)),
        'result', d.result, 'error', d.error, 'attempt', d.attempt, 'max_attempts', d.max_attempts,
        'tags', d.tags, 'run_at', d.ready_at, 'created_at', d.created_at, 'started_at', d.started_at,
        'finished_at', d.finished_at, 'lease_owner', d.lease_owner, 'lease_expires_at', null,
        'idempotency_key', d.idempotency_key, 'run_id', d.run_id, 'task', d.task,
        'cancel_requested', d.state = 'cancelled')
    into status
    from faultline.jobs_done d
    where d.job_id = job_status.job_id;
  end if;
  return status;
end
$$;

-- Name: FUNCTION job_status(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.job_status(job_id bigint) IS 'One job as an object whose keys are the columns of the view jobs, or NULL.';

-- Name: maintain(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.maintain() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '50ms'
    AS $_$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  today constant timestamp := pg_catalog.date_trunc('day', now_ at time zone 'UTC');
  parent text;
  day timestamp;
  time_column text;
  partition_name text;
  keep interval;
  changed bigint;
  old text;
  created int := 0;
  moved bigint := 0;
  truncated int := 0;
  dropped int := 0;
  payloads bigint := 0;
  keys bigint;
  gone bigint;
  postings bigint;
  runs bigint := 0;
  rows_ bigint := 0;
  forgotten record;
  ticks bigint := 0;
  root bigint;
  family bigint[];
  postponed text[] := '{}'::text[];
begin
  if not pg_catalog.pg_try_advisory_xact_lock(1181838444, 100) then
    return pg_catalog.jsonb_build_object('busy', true);
  end if;
  -- Before anything is written: its proof wants an xid that is younger than the numbers it reads.
  postings := faultline._fold_postings(500000);

  foreach parent in array array['jobs_done', 'job_events'] loop
    time_column := case parent when 'jobs_done' then 'finished_at' else 'at' end;
    begin
      for day in execute pg_catalog.format(
        'select pg_catalog.generate_series($1, $1 + interval ''14 days'', interval ''1 day'')
         union
         select pg_catalog.date_trunc(''day'', %I at time zone ''UTC'') from faultline.%I
         order by 1', time_column, parent || '_default') using today
      loop
        partition_name := parent || '_' || pg_catalog.to_char(day, 'YYYYMMDD');
        continue when pg_catalog.to_regclass('faultline.' || partition_name) is not null;
        begin
          execute pg_catalog.format(
            'create table faultline.%I (like faultline.%I including defaults including constraints including indexes including storage)%s',
            partition_name, parent,
            -- A row of which two share a page stays in one piece: half of the cost.
            case parent when 'jobs_done' then ' with (toast_tuple_target = 4080)' end);
          -- A row that fell into the net for want of this partition moves with it, in one transaction.
          execute pg_catalog.format(
            'with fallen as (delete from faultline.%I where %I >= $1 at time zone ''UTC'' and %I < ($1 + interval ''1 day'') at time zone ''UTC'' returning *)
             insert into faultline.%I select * from fallen', parent || '_default', time_column, time_column, partition_name)
          using day;
          get diagnostics changed = row_count;
          execute pg_catalog.format(
            'alter table faultline.%I attach partition faultline.%I for values from (%L) to (%L)',
            parent, partition_name, pg_catalog.to_char(day, 'YYYY-MM-DD 00:00:00+00'),
            pg_catalog.to_char(day + interval '1 day', 'YYYY-MM-DD 00:00:00+00'));
          created := created + 1;
          moved := moved + changed;
        exception when lock_not_available or check_violation or deadlock_detected then
          postponed := postponed || ('create ' || partition_name);
        end;
      end loop;
    exception when lock_not_available then
      -- Somebody holds the net itself.
      postponed := postponed || ('create partitions of ' || parent);
    end;
  end loop;

  -- A key outlives its job: it goes when it has expired and its job is over.
  delete from faultline.idempotency_keys k
  where k.ctid = any (array(
    select e.ctid
    from faultline.idempotency_keys e
    where e.expires_at <= now_ and not exists (select from faultline.jobs_live j where j.job_id = e.job_id)
    order by e.expires_at
    limit 10000
    for update skip locked));
  get diagnostics keys = row_count;
  delete from faultline.runners r
  where r.ctid = any (array(
    select g.ctid from faultline.runners g where g.last_seen_at < now_ - interval '1 day' for update skip locked));
  get diagnostics gone = row_count;

  -- Finished runs, each with its children, up to 10 000 tasks a call; one with a dead letter stays until somebody resumes
  -- it, or discards that. Whoever holds a run keeps it.
  for root in
    select r.run_id
    from faultline.runs r
    where r.finished_at < now_ - (select s.retention from faultline.settings s) and r.parent_run_id is null
      and not exists (
        select
        from faultline.runs c
        join faultline.jobs_live j on j.run_id = c.run_id
        where c.root_run_id = r.run_id)
    order by r.finished_at
    limit 1000
    for update skip locked
  loop
    exit when rows_ >= 10000;
    family := array(select c.run_id from faultline.runs c where c.root_run_id = root);
    delete from faultline.tasks t where t.run_id = any (family);
    get diagnostics changed = row_count;
    delete from faultline.run_signals s where s.run_id = any (family);
    delete from faultline.runs r where r.run_id = any (family);
    rows_ := rows_ + changed;
    runs := runs + pg_catalog.cardinality(family);
  end loop;

  -- Ticks that happened long ago, up to 10 000 a call: first their schedule forgets them, so that none can happen again. One
  -- whose job is live, or whose run is there, stays: by it overlaps are seen.
  for forgotten in
    select t.schedule, array_agg(t.tick_at) as ticks, max(t.tick_at) as until, sum(t.missed) as missed
    from (
      select o.schedule, o.tick_at, o.missed
      from faultline.schedule_ticks o
      where o.fired_at < now_ - (select s.retention from faultline.settings s)
        and not exists (select from faultline.jobs_live j where j.job_id = o.job_id)
        and not exists (select from faultline.runs r where r.run_id = o.run_id)
      order by o.fired_at
      limit 10000
    ) t
    group by t.schedule
    order by t.schedule
  loop
    perform from faultline.schedules s where s.schedule = forgotten.schedule for no key update skip locked;
    continue when not found;
    update faultline.schedules s
    set forgotten_until = greatest(s.forgotten_until, forgotten.until), forgotten_missed = s.forgotten_missed + forgotten.missed
    where s.schedule = forgotten.schedule;
    delete from faultline.schedule_ticks t where t.schedule = forgotten.schedule and t.tick_at = any (forgotten.ticks);
    get diagnostics changed = row_count;
    ticks := ticks + changed;
  end loop;

  foreach parent in array array['job_events', 'jobs_done'] loop
    select case parent when 'jobs_done' then s.retention else s.event_retention end into keep from faultline.settings s;
    for old in select * from faultline._days_before(parent, now_ - keep) limit 400 loop
      begin
        if pg_catalog.pg_relation_size(pg_catalog.to_regclass('faultline.' || old)) > 0 then
          -- Verify must not miss what was in it, should retention be longer again before its DROP.
          execute pg_catalog.format('comment on table faultline.%I is %L', old, 'Emptied by retention.');
          -- Payloads that stand apart go first, up to 5 000 a call: this transaction holds back the floor. The day itself
          -- is emptied by a later call: then who has a snapshot from before has seen both, or neither.
          if parent = 'jobs_done' then
            execute pg_catalog.format(
              'delete from faultline.payloads p
               where p.job_id = any (array(
                 select d.job_id
                 from faultline.%I d
                 where d.payload is null and exists (select from faultline.payloads q where q.job_id = d.job_id)
                 limit $1))', old)
            using 5000 - payloads;
            get diagnostics changed = row_count;
            payloads := payloads + changed;
            exit when payloads = 5000;
            continue when changed > 0;
          end if;
          execute pg_catalog.format('truncate faultline.%I', old);
          truncated := truncated + 1;
        end if;
      exception when lock_not_available or deadlock_detected then
        postponed := postponed || ('truncate ' || old);
      end;
    end loop;
  end loop;

  -- Those that were left by history that is gone: in a dump, say, which saw them before and its day after it was emptied.
  begin
    if payloads < 5000 and exists (select from faultline.payloads) then
      delete from faultline.payloads p
      where p.job_id = any (array(
        select o.job_id
        from faultline.payloads o
        where o.job_id < (select min(d.job_id) from faultline.jobs_done d)
          and not exists (select from faultline.jobs_live l where l.job_id = o.job_id)
        order by o.job_id
        limit 5000 - payloads));
      get diagnostics changed = row_count;
      payloads := payloads + changed;
    end if;
  exception when lock_not_available or deadlock_detected then
    postponed := postponed || 'delete payloads'::text;
  end;

  -- From the first DROP to the commit everybody waits for the parent: so nothing comes after, and of two parents one.
  foreach parent in array array['jobs_done', 'job_events'] loop
    exit when dropped > 0;
    select case parent when 'jobs_done' then s.retention else s.event_retention end into keep from faultline.settings s;
    for old in select * from faultline._days_before(parent, now_ - keep) loop
      exit when dropped = 31;
      begin
        continue when pg_catalog.pg_relation_size(pg_catalog.to_regclass('faultline.' || old)) > 0;
        if dropped = 0 then
          for try in 1..20 loop
            begin
              execute pg_catalog.format('lock table faultline.%I in access exclusive mode nowait', parent);
              exit;
            exception when lock_not_available then
              perform pg_catalog.pg_sleep(0.002);
            end;
          end loop;
        end if;
        execute pg_catalog.format('drop table faultline.%I', old);
        dropped := dropped + 1;
      exception when lock_not_available or deadlock_detected then
        postponed := postponed || ('drop ' || old);
        exit;
      end;
    end loop;
  end loop;

  return pg_catalog.jsonb_build_object(
    'created', created, 'moved', moved, 'truncated', truncated, 'dropped', dropped, 'payloads', payloads, 'keys', keys, 'runners', gone, 'postings', postings, 'runs', runs, 'ticks', ticks,
    'postponed', pg_catalog.to_jsonb(postponed));
end
$_$;

-- Name: FUNCTION maintain(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.maintain() IS 'Makes partitions ahead, applies retention, forgets expired keys and lost runners, adds up accounts; safe to call from anywhere, any number of times.';

-- Name: metrics(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.metrics(floor text DEFAULT NULL::text) RETURNS TABLE(name text, labels jsonb, value double precision)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  token constant jsonb := faultline._read_floor(floor, now_);
  lease_floor constant timestamptz := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  seen_since constant timestamptz := now_ - interval '1 minute';
  runners_ bigint;
  everywhere bigint;
  by_queue jsonb;
  names text[];
  most int;
  queue_ text;
  level_floor timestamptz;
  level_job bigint;
  ready bigint;
  later bigint;
  oldest timestamptz;
begin
  select count(*), count(*) filter (where r.queues is null) into runners_, everywhere
  from faultline.runners r
  where r.last_seen_at > seen_since;
  by_queue := (
    select coalesce(pg_catalog.jsonb_object_agg(s.queue, s.runners), '{}')
    from (
      select served.queue, count(distinct r.runner) as runners
      from faultline.runners r
      cross join lateral unnest(r.queues) as served (queue)
      where r.last_seen_at > seen_since and served.queue is not null
      group by served.queue
    ) s);

  names := array(select n from faultline._queue_names(token, 201) n);
  most := case when pg_catalog.cardinality(names) > 20 then 1000 else 10000 end;
  foreach queue_ in array names[1:200] loop
    ready := 0;
    later := 0;
    oldest := null;
    for level in 1..4 loop
      level_floor := coalesce((token -> 'queues' -> queue_ ->> (level - 1))::timestamptz, '-infinity');
      level_job := coalesce((token -> 'jobs' -> queue_ ->> (level - 1))::bigint, 0);
      -- No job is walked twice: what waits for its time lies above what is ready.
      if ready < most then
        ready := ready + (
          select count(*)
          from (
            select from faultline.jobs_live j
            where j.state = 'queued' and j.queue = queue_ and j.priority = level
              and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at <= now_
            limit most - ready
          ) c);
      end if;
      if ready + later < most then
        later := later + (
          select count(*)
          from (
            select from faultline.jobs_live j
            where j.state = 'queued' and j.queue = queue_ and j.priority = level and j.ready_at > greatest(now_, level_floor)
            limit most - ready - later
          ) c);
      end if;
      oldest := least(oldest, (
        select j.ready_at
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = queue_ and j.priority = level
          and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at <= now_
        order by j.ready_at, j.job_id
        limit 1));
    end loop;
    name := 'faultline_queue_depth';
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'queued');
    value := least(most, ready + later);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'running');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.lease_expires_at >= lease_floor limit most) c);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'failed');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.finished_at is not null limit most) c);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_);
    name := 'faultline_queue_ready';
    value := ready;
    return next;
    name := 'faultline_queue_oldest_ready_seconds';
    value := coalesce(extract(epoch from now_ - oldest), 0);
    return next;
    name := 'faultline_queue_runners';
    value := everywhere + coalesce((by_queue ->> queue_)::bigint, 0);
    return next;
    name := 'faultline_queue_paused';
    value := (select count(*) from faultline.queues q where q.queue = queue_ and q.paused_at is not null);
    return next;
  end loop;

  labels := '{}';
  name := 'faultline_queues';
  value := pg_catalog.cardinality(names);
  return next;
  name := 'faultline_queue_depth_most';
  value := most;
  return next;
  name := 'faultline_dead_letters';
  value := (select count(*) from (select from faultline.jobs_live j where j.finished_at is not null limit 10000) c);
  return next;
  name := 'faultline_transactions';
  labels := '{"state": "INIT"}';
  value := (select count(*) from (select from faultline.transactions t where t.state = 'INIT' limit 10000) c);
  return next;
  labels := '{"state": "APPLIED"}';
  value := (select count(*) from (select from faultline.transactions t where t.state = 'APPLIED' limit 10000) c);
  return next;
  labels := '{"state": "FAILED"}';
  value := (select count(*) from (select from faultline.transactions t where t.reason is not null limit 10000) c);
  return next;
  labels := '{}';
  name := 'faultline_transactions_dead';
  value := (
    select count(*)
    from (select from faultline.jobs_live j where j.finished_at is not null and j.transaction_id is not null limit 10000) c);
  return next;
  name := 'faultline_transaction_oldest_init_seconds';
  value := (
    select coalesce(greatest(0, extract(epoch from now_ - min(t.created_at))), 0)
    from (select t.created_at from faultline.transactions t where t.state = 'INIT' order by t.created_at limit 1) t);
  return next;
  name := 'faultline_effects_unknown';
  value := (select count(*) from (select from faultline.effects f where f.unknown_since is not null limit 10000) c);
  return next;
  name := 'faultline_runs';
  labels := '{"state": "running"}';
  value := (select count(*) from (select from faultline.runs r where r.finished_at is null limit 10000) c);
  return next;
  labels := '{"state": "failed"}';
  value := (select count(*) from (select from faultline.runs r where r.state = 'failed' limit 10000) c);
  return next;
  labels := '{}';
  name := 'faultline_schedule_missed_total';
  value := (select coalesce(sum(s.forgotten_missed), 0) from faultline.schedules s)
    + (select coalesce(sum(t.missed), 0) from faultline.schedule_ticks t where t.missed > 0);
  return next;
  name := 'faultline_runners';
  value := runners_;
  return next;
  name := 'faultline_oldest_snapshot_seconds';
  value := case
    when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then (
      select coalesce(greatest(0, extract(epoch from now_ - min(s.since))), 0)
      from (
        select a.xact_start
        from pg_catalog.pg_stat_activity a
        where a.backend_xmin is not null and a.pid <> pg_catalog.pg_backend_pid()
          and not exists (select from pg_catalog.pg_stat_progress_vacuum v where v.pid = a.pid)
        union all
        select p.prepared from pg_catalog.pg_prepared_xacts p
      ) s (since))
    else 'NaN'
  end;
  return next;
  name := 'faultline_server_connections';
  value := (select sum(d.numbackends) from pg_catalog.pg_stat_database d);
  return next;
  name := 'faultline_server_connections_most';
  value := pg_catalog.current_setting('max_connections')::double precision;
  return next;
  name := 'faultline_jobs_live_bytes';
  value := pg_catalog.pg_total_relation_size('faultline.jobs_live');
  return next;
  name := 'faultline_payloads_bytes';
  value := pg_catalog.pg_total_relation_size('faultline.payloads');
  return next;
  name := 'faultline_jobs_live_dead_rows';
  value := pg_catalog.pg_stat_get_dead_tuples('faultline.jobs_live'::regclass);
  return next;
  -- At two thousand million the server stops: autovacuum keeps it below two hundred million.
  name := 'faultline_transaction_ids_used';
  value := (select pg_catalog.age(d.datfrozenxid) from pg_catalog.pg_database d where d.datname = pg_catalog.current_database());
  return next;
end
$$;

-- Name: FUNCTION metrics(floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.metrics(floor text) IS 'What the database knows, as Prometheus gauges: depth, age, dead letters, runners, the oldest snapshot.';

-- Name: next_ready(text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.next_ready(queues text[]) RETURNS interval
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  name text;
  soonest timestamptz;
begin
  foreach name in array coalesce(next_ready.queues, '{}') loop
    for level in 1..4 loop
      soonest := least(soonest, (
        select j.ready_at
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = name and j.priority = level and j.ready_at > now_
        order by j.ready_at
        limit 1));
    end loop;
  end loop;
  return soonest - now_;
end
$$;

-- Name: FUNCTION next_ready(queues text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.next_ready(queues text[]) IS 'How long until the next waiting job of these queues becomes ready; NULL if none waits for a time.';

-- Name: open_ledger(bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.open_ledger(job_id bigint, attempt integer, transaction_id text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  entry bigint;
  ended boolean := false;
  type_ text;
  payload_ jsonb;
  t faultline.transactions;
begin
  perform faultline._check_fence(job_id, attempt), faultline._check_transaction_id(transaction_id);
  select j.type, coalesce(j.payload, (select p.payload from faultline.payloads p where p.job_id = j.job_id))
  into type_, payload_
  from faultline.jobs_live j
  where j.job_id = open_ledger.job_id and j.attempt = open_ledger.attempt and j.state = 'running';
  if not found then
    perform faultline._answer(false, job_id, attempt, 'apply');
    ended := true;
  end if;
  select * into t from faultline.transactions x where x.transaction_id = open_ledger.transaction_id;
  if t.state = 'FAILED' then
    perform faultline._burnt(t);
  elsif t.job_id <> job_id and (t.kind, t.request) is distinct from (type_, payload_) then
    perform faultline._other_request(t);
  end if;
  select e.entry_id into entry from faultline.ledger_entries e where e.transaction_id = open_ledger.transaction_id;
  if ended and entry is null then
    perform faultline._ended_otherwise(job_id, attempt, transaction_id);
  end if;
  return entry;
end
$$;

-- Name: FUNCTION open_ledger(job_id bigint, attempt integer, transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.open_ledger(job_id bigint, attempt integer, transaction_id text) IS 'NULL if the work of a transaction is still to be done by this attempt, else the entry that is there.';

-- Name: pause_queue(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.pause_queue(queue text, note text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform faultline._check_name('queue', pause_queue.queue);
  if pg_catalog.length(pause_queue.note) > 1000 then
    perform faultline._invalid(pg_catalog.format('the note has %s characters', pg_catalog.length(pause_queue.note)), 'At most 1000');
  end if;
  insert into faultline.queues as q (queue, paused_at, paused_note)
  values (pause_queue.queue, pg_catalog.clock_timestamp(), pause_queue.note)
  on conflict (queue) do update
  set paused_at = coalesce(q.paused_at, excluded.paused_at), paused_note = coalesce(excluded.paused_note, q.paused_note)
  where q.paused_at is null or excluded.paused_note <> coalesce(q.paused_note, '');
  if found then
    perform faultline._record(
      null, null, 'pause', null, pg_catalog.jsonb_build_object('queue', pause_queue.queue, 'note', pause_queue.note));
  end if;
end
$$;

-- Name: FUNCTION pause_queue(queue text, note text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.pause_queue(queue text, note text) IS 'Stops claims of a queue; what is running goes on.';

-- Name: pause_schedule(text, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.pause_schedule(name text, note text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
  s faultline.schedules;
begin
  if pg_catalog.length(note) > 1000 then
    perform faultline._invalid(pg_catalog.format('the note has %s characters', pg_catalog.length(note)), 'At most 1000');
  end if;
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  if s.paused_at is not null and coalesce(note = s.paused_note, note is null) then
    return;
  end if;
  update faultline.schedules x
  set paused_at = coalesce(s.paused_at, pg_catalog.clock_timestamp()), paused_note = coalesce(note, s.paused_note), changed_xid = pg_catalog.pg_current_xact_id()
  where x.schedule = name;
  perform faultline._record(null, null, 'pause_schedule', null, pg_catalog.jsonb_build_object('schedule', name, 'note', note));
end
$$;

-- Name: FUNCTION pause_schedule(name text, note text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.pause_schedule(name text, note text) IS 'Pauses a schedule; the ticks of that time never happen.';

-- Name: put_schedule(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.put_schedule(definition jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
  of_calendar constant text[] := '{cron,every,timezone,starts_at,ends_at}'::text[];
  new_definition constant jsonb := faultline._check_schedule(definition);
  name constant text := new_definition ->> 'name';
  before faultline.schedules;
  now_ timestamptz;
begin
  perform faultline._check_isolation('put_schedule');
  perform pg_catalog.pg_current_xact_id();
  loop
    select * into before from faultline.schedules s where s.schedule = name for no key update;
    exit when found;
    now_ := pg_catalog.clock_timestamp();
    insert into faultline.schedules (
      schedule, version, definition, every, missed, missed_window, missed_limit, overlap, ticks_after, created_at, changed_at, changed_xid, deleted_at)
    values (name, 0, '{}', 1, 'skip', '0', 1, 'allow', now_, now_, now_, pg_catalog.pg_current_xact_id(), now_)
    on conflict (schedule) do nothing;
  end loop;
  if before.definition = new_definition and before.deleted_at is null then
    return before.version;
  end if;
  now_ := pg_catalog.clock_timestamp();
  update faultline.schedules s
  set version = before.version + 1,
    definition = new_definition,
    cron = new_definition ->> 'cron',
    calendar = case when new_definition ? 'cron' then faultline._parse_cron(new_definition ->> 'cron') end,
    timezone = new_definition ->> 'timezone',
    every = (new_definition ->> 'every')::int,
    starts_at = (new_definition ->> 'starts_at')::timestamptz,
    ends_at = (new_definition ->> 'ends_at')::timestamptz,
    missed = new_definition ->> 'missed',
    missed_window = pg_catalog.make_interval(secs => coalesce((new_definition ->> 'missed_window')::double precision, 60)),
    missed_limit = coalesce((new_definition ->> 'missed_limit')::int, 1),
    overlap = new_definition ->> 'overlap',
    ticks_after = case
      when before.deleted_at is not null then now_
      when (select bool_or(new_definition -> k.key is distinct from before.definition -> k.key) from unnest(of_calendar) as k (key)) then greatest(before.ticks_after, now_)
      else before.ticks_after end,
    created_at = case when before.deleted_at is null then before.created_at else now_ end,
    changed_at = now_,
    changed_xid = pg_catalog.pg_current_xact_id(),
    deleted_at = null
  where s.schedule = name;
  perform faultline._record(null, null, 'put_schedule', null, pg_catalog.jsonb_build_object('schedule', name, 'version', before.version + 1));
  return before.version + 1;
end
$$;

-- Name: FUNCTION put_schedule(definition jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.put_schedule(definition jsonb) IS 'Puts a schedule and returns its version: the one it has if nothing has changed.';

-- Name: put_workflow(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.put_workflow(spec jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  workflow_ text;
  hash bigint;
  last faultline.workflows;
  new_version int;
  defaults jsonb;
  names text[];
  definitions jsonb[];
  unknown record;
  total int;
  waits int[];
  placed int[] := '{}'::int[];
  edges int[];
  edge_of int[];
  head int := 1;
  reached int;
begin
  if pg_catalog.octet_length(spec::text) > 4194304 then
    perform faultline._invalid(pg_catalog.format('the workflow has %s bytes as text', pg_catalog.octet_length(spec::text)), 'At most 4194304 (4 MiB)');
  end if;
  perform faultline._check_keys('the workflow', spec, '{name, description, defaults, tasks}');
  if pg_catalog.jsonb_typeof(spec -> 'name') is distinct from 'string' then
    perform faultline._task_fault('name', 'it is missing, or not a text', 'name: nightly-report');
  end if;
  workflow_ := spec ->> 'name';
  perform faultline._check_name('name', workflow_);
  if pg_catalog.jsonb_typeof(spec -> 'description') not in ('string', 'null') then
    perform faultline._task_fault('description', 'it is not a text', 'What the workflow is for');
  end if;
  if spec ? 'defaults' then
    perform faultline._check_keys('defaults', spec -> 'defaults', '{retry, timeout, queue, priority}');
  end if;
  defaults := faultline._spec_job('defaults', spec -> 'defaults');
  if pg_catalog.jsonb_typeof(spec -> 'tasks') is distinct from 'object' or spec -> 'tasks' = '{}' then
    perform faultline._task_fault('tasks', 'there are none', 'tasks: {extract: {type: extract}}');
  end if;
  total := (select count(*) from pg_catalog.jsonb_object_keys(spec -> 'tasks'));
  if total > 20000 then
    perform faultline._task_fault('tasks', pg_catalog.format('there are %s', total), 'At most 20000; for_each runs one task for many elements');
  end if;

  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('faultline workflow ' || workflow_, 0));
  hash := pg_catalog.jsonb_hash_extended(spec, 0);
  select * into last from faultline.workflows w where w.workflow = workflow_ order by w.version desc limit 1;
  if last.spec_hash = hash and last.spec = spec then
    return last.version;
  end if;
  new_version := coalesce(last.version, 0) + 1;
  select pg_catalog.array_agg(e.key order by e.ordinality), pg_catalog.array_agg(faultline._spec_task(e.key, e.value, defaults) order by e.ordinality)
  into names, definitions
  from pg_catalog.jsonb_each(spec -> 'tasks') with ordinality e;
  select names[d.place] as task, n.name into unknown
  from unnest(definitions) with ordinality as d (definition, place)
  cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as n (name)
  where not (spec -> 'tasks') ? n.name
  order by d.place
  limit 1;
  if found then
    perform faultline._task_fault('tasks.' || unknown.task || '.needs', pg_catalog.format('there is no task %s', pg_catalog.quote_literal(pg_catalog.left(unknown.name, 140))), 'Name a task of this workflow');
  end if;

  -- Each task after what it needs: take those that wait for nothing, and those that wait for them alone, and so on. The
  -- edges are sorted by what they come from; edge_of[n] is the first of task n.
  waits := array(
    select pg_catalog.jsonb_array_length(d.definition -> 'needs') from unnest(definitions) with ordinality as d (definition, place) order by d.place);
  with edge as (
    select n.place as needed, d.place as needing
    from unnest(definitions) with ordinality as d (definition, place)
    cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as e (name)
    join unnest(names) with ordinality as n (name, place) on n.name = e.name
  )
  select array(select e.needing::int from edge e order by e.needed, e.needing),
    array(
      select 1 + coalesce(sum(n.edges) over (order by n.place rows between unbounded preceding and 1 preceding), 0)::int
      from (
        select p.place, c.edges
        from pg_catalog.generate_series(1, total + 1) as p (place)
        left join (select e.needed, count(*) as edges from edge e group by e.needed) c on c.needed = p.place
      ) n
      order by n.place)
  into edges, edge_of;
  for place in 1..total loop
    if waits[place] = 0 then
      placed := placed || place;
    end if;
  end loop;
  while head <= pg_catalog.cardinality(placed) loop
    for edge in edge_of[placed[head]]..edge_of[placed[head] + 1] - 1 loop
      reached := edges[edge];
      waits[reached] := waits[reached] - 1;
      if waits[reached] = 0 then
        placed := placed || reached;
      end if;
    end loop;
    head := head + 1;
  end loop;
  if pg_catalog.cardinality(placed) < total then
    perform faultline._task_fault(
      'tasks', 'there is a cycle: ' || pg_catalog.left(pg_catalog.array_to_string(faultline._find_cycle(names, definitions, waits), ' → '), 1000),
      'A task can not need what needs it');
  end if;

  insert into faultline.workflows (workflow, version, spec, spec_hash, created_at)
  values (workflow_, new_version, spec, hash, pg_catalog.clock_timestamp());
  with sorted as (
    select p.place, p.ordinal from unnest(placed) with ordinality as p (place, ordinal)
  ), edge as (
    select d.place as needing, n.place as needed
    from unnest(definitions) with ordinality as d (definition, place)
    cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as e (name)
    join unnest(names) with ordinality as n (name, place) on n.name = e.name
  ), task as (
    insert into faultline.workflow_tasks (workflow, version, task, ordinal, definition, needed_by)
    select workflow_, new_version, names[p.place], p.ordinal, definitions[p.place], coalesce(f.needed_by, '{}')
    from sorted p
    left join (select e.needed, pg_catalog.array_agg(names[e.needing] order by e.needing) as needed_by from edge e group by e.needed) f on f.needed = p.place
    order by p.ordinal
  )
  insert into faultline.task_dependencies (workflow, version, task, ordinal, needs)
  select workflow_, new_version, names[e.needing], n.ordinal, names[e.needed]
  from edge e
  join sorted n on n.place = e.needed
  order by e.needing, n.ordinal;
  return new_version;
end
$$;

-- Name: FUNCTION put_workflow(spec jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.put_workflow(spec jsonb) IS 'Puts a workflow and returns its version: the last one if nothing has changed.';

-- Name: ready_queues(integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.ready_queues(max integer DEFAULT 1000, floor text DEFAULT NULL::text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  token constant jsonb := faultline._read_floor(floor, pg_catalog.clock_timestamp());
  known constant text[] := array(select pg_catalog.jsonb_object_keys(token -> 'queues'));
  left_ int := coalesce(max, 1000);
  name text := '';
  known_name text;
  next_name text;
begin
  while left_ > 0 loop
    select min(k) into known_name from unnest(known) as k where k > name;
    next_name := faultline._next_queue(name, known_name, true);
    name := coalesce(next_name, known_name);
    exit when name is null;
    if next_name is not null or faultline._has_queued(name, token) then
      left_ := left_ - 1;
      return next name;
    end if;
  end loop;
end
$$;

-- Name: FUNCTION ready_queues(max integer, floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.ready_queues(max integer, floor text) IS 'The names of queues that have queued jobs.';

-- Name: reap_expired(integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.reap_expired(max integer DEFAULT 1000, floor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ timestamptz := pg_catalog.clock_timestamp();
  token jsonb;
  lowest timestamptz;
  candidates bigint[];
  roots bigint[];
  expired record;
  reaped bigint := 0;
begin
  max := coalesce(max, 1000);
  if max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', max), 'It lies between 1 and 10000');
  end if;
  token := faultline._read_floor(floor, now_);
  lowest := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  candidates := array(
    select j.job_id
    from faultline.jobs_live j
    where j.lease_expires_at >= lowest and j.lease_expires_at <= now_
    order by j.lease_expires_at
    limit max);
  if pg_catalog.cardinality(candidates) = 0 then
    return 0;
  end if;
  -- Runs come before their jobs; the jobs of a run that somebody holds are taken the next time.
  roots := array(
    select r.run_id
    from faultline.runs r
    where r.run_id = any (array(
      -- lateral … offset 0, and no plain join on run_id: that would imply the predicate of the index of the jobs of runs.
      select c.root_run_id
      from unnest(candidates) as e (job_id)
      cross join lateral (select j.run_id from faultline.jobs_live j where j.job_id = e.job_id and coalesce(j.run_id, 0) > 0 offset 0) j
      cross join lateral (select c.root_run_id from faultline.runs c where c.run_id = j.run_id offset 0) c))
    order by r.run_id
    for no key update skip locked);
  candidates := array(
    select j.job_id
    from faultline.jobs_live j
    where j.job_id = any (candidates) and j.lease_expires_at <= now_
      and (j.run_id is null or exists (select from faultline.runs c where c.run_id = j.run_id and c.root_run_id = any (roots)))
    order by j.job_id
    for update of j skip locked);
  for expired in
    select j.job_id, j.attempt, j.lease_owner, j.lease_expires_at
    from faultline.jobs_live j
    where j.job_id = any (candidates)
    order by j.job_id
  loop
    if faultline._end_attempt(
         expired.job_id, expired.attempt, 'expire', true, true, null,
         pg_catalog.jsonb_build_object(
           'type', 'LeaseExpired',
           'message', pg_catalog.format('runner %s did not report or beat before %s', expired.lease_owner, expired.lease_expires_at)),
         null) is not null then
      reaped := reaped + 1;
    end if;
  end loop;
  return reaped;
end
$$;

-- Name: FUNCTION reap_expired(max integer, floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.reap_expired(max integer, floor text) IS 'Takes back the jobs whose lease has passed, charging each a failure; returns how many.';

-- Name: reconcile(integer, text, boolean); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.reconcile(max integer DEFAULT 1000, floor text DEFAULT NULL::text, sweep boolean DEFAULT true) RETURNS TABLE(transaction_id text, from_state text, to_state text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  now_ timestamptz := pg_catalog.clock_timestamp();
  lowest constant timestamptz := coalesce((faultline._read_floor(floor, now_) ->> 'due')::timestamptz, '-infinity');
  most constant int := coalesce(reconcile.max, 1000);
  candidates text[];
  moved text[];
  t faultline.transactions;
begin
  if most not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', reconcile.max), 'It lies between 1 and 10000');
  end if;
  candidates := array(
    select d.transaction_id
    from faultline.transactions d
    where d.due_at >= lowest and d.due_at <= now_
    order by d.due_at
    limit most);
  if coalesce(reconcile.sweep, true) then
    candidates := candidates || array(select s from faultline._unsettled(most - pg_catalog.cardinality(candidates)) s limit most - pg_catalog.cardinality(candidates));
  end if;
  if pg_catalog.cardinality(candidates) = 0 then
    return;
  end if;
  -- By its xid a caller sees that there was something to settle, although others may hold all of it.
  perform pg_catalog.pg_current_xact_id();
  -- Nearly all are APPLIED, with their entry, by a job that is over: those in one statement. It does not say state =
  -- 'APPLIED', which would be the predicate of an index.
  with settled as (
    update faultline.transactions x
    set state = 'RECONCILED', settled_at = now_, due_at = null
    where x.ctid = any (array(
      select c.ctid
      from faultline.transactions c
      where c.transaction_id = any (candidates) and c.state <> 'INIT' and c.settled_at is null and c.job_state is not null
        and (select true from faultline.ledger_entries e where e.transaction_id = c.transaction_id)
      for no key update of c skip locked))
    returning x.transaction_id
  )
  select pg_catalog.array_agg(s.transaction_id) into moved from settled s;
  if moved is not null then
    return query select m.id, 'APPLIED', 'RECONCILED' from unnest(moved) as m (id);
    candidates := array(select c.id from unnest(candidates) as c (id) except select m.id from unnest(moved) as m (id));
  end if;
  foreach transaction_id in array candidates loop
    select * into t from faultline.transactions x where x.transaction_id = reconcile.transaction_id for no key update skip locked;
    continue when not found;
    from_state := t.state;
    to_state := faultline._settle(t);
    if to_state is not null then
      return next;
    end if;
  end loop;
end
$$;

-- Name: FUNCTION reconcile(max integer, floor text, sweep boolean); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.reconcile(max integer, floor text, sweep boolean) IS 'Settles transactions whose outcome is known; a row for each that moved: (transaction_id, from_state, to_state).';

-- Name: register_runner(uuid, text, integer, text, text[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.register_runner(runner uuid, host text, pid integer, version text, queues text[] DEFAULT NULL::text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if register_runner.runner is null or register_runner.host is null or register_runner.pid is null or register_runner.version is null then
    perform faultline._invalid('runner, host, pid or version is NULL', 'A runner says who it is');
  end if;
  insert into faultline.runners as r (runner, host, pid, version, queues, started_at, last_seen_at)
  values (register_runner.runner, pg_catalog.left(register_runner.host, 255), register_runner.pid,
          pg_catalog.left(register_runner.version, 64), register_runner.queues, now_, now_)
  on conflict (runner) do update
  set host = excluded.host, pid = excluded.pid, version = excluded.version, queues = excluded.queues, last_seen_at = excluded.last_seen_at;
  return (select count(*) from (select from faultline.runners r where r.last_seen_at > now_ - interval '30 seconds' limit 1000) seen);
end
$$;

-- Name: FUNCTION register_runner(runner uuid, host text, pid integer, version text, queues text[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.register_runner(runner uuid, host text, pid integer, version text, queues text[]) IS 'Makes a runner known, says that it is there, and returns how many are.';

-- Name: release_job(bigint, integer, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.release_job(job_id bigint, attempt integer, delay interval DEFAULT NULL::interval) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._check_interval('delay', delay, interval '0', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'release', false, true, delay, null, null) is not null, job_id, attempt, 'release');
end
$$;

-- Name: FUNCTION release_job(job_id bigint, attempt integer, delay interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.release_job(job_id bigint, attempt integer, delay interval) IS 'Gives a claimed job back uncharged: ok, or repeat; raises FL001 if the attempt is stale.';

-- Name: release_unknown(uuid, bigint[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.release_unknown(runner uuid, known bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  held record;
  released bigint := 0;
begin
  if runner is null then
    perform faultline._invalid('runner is NULL', 'Pass the uuid that claimed the jobs');
  end if;
  if known is null or pg_catalog.array_position(known, null) is not null then
    perform faultline._invalid('known is NULL or has a NULL in it', 'Pass an empty array if the runner knows of no job');
  end if;
  for held in
    select h.job_id, h.attempt
    from (
      select j.job_id, j.attempt, (select r.root_run_id from faultline.runs r where r.run_id = j.run_id) as root
      from faultline.jobs_live j
      where j.lease_expires_at > '-infinity' and j.lease_owner = runner and j.job_id <> all (known)
      offset 0 -- sorted outside, or the plan may be to walk all jobs in the order of job_id
    ) h
    order by h.root nulls first, h.job_id
  loop
    if faultline._end_attempt(held.job_id, held.attempt, 'release', false, true, null, null, runner) is not null then
      released := released + 1;
    end if;
  end loop;
  return released;
end
$$;

-- Name: FUNCTION release_unknown(runner uuid, known bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.release_unknown(runner uuid, known bigint[]) IS 'Gives back, uncharged, the jobs that a runner holds but does not know of; returns how many.';

-- Name: remove_runner(uuid); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.remove_runner(runner uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  delete from faultline.runners r where r.runner = remove_runner.runner;
end
$$;

-- Name: FUNCTION remove_runner(runner uuid); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.remove_runner(runner uuid) IS 'Forgets a runner that ended well.';

-- Name: report_stale(bigint, integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.report_stale(job_id bigint, attempt integer, verb text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  reason text;
begin
  perform faultline._check_fence(job_id, attempt);
  if verb is null or verb not in ('complete', 'fail', 'release', 'snooze', 'cancelled', 'heartbeat', 'apply') then
    perform faultline._invalid(
      pg_catalog.format('verb %s is not a report', coalesce(pg_catalog.quote_literal(pg_catalog.left(verb, 100)), 'NULL')),
      'One of complete, fail, release, snooze, cancelled, heartbeat, apply');
  end if;
  if exists (
    select from faultline.jobs_live j
    where j.job_id = report_stale.job_id and j.attempt = report_stale.attempt and j.state = 'running'
  ) then
    perform faultline._invalid(
      pg_catalog.format('attempt %s of job %s is running, nothing of it is stale', attempt, job_id), 'Report it as it is');
  end if;
  reason := faultline._refused(job_id, attempt, verb);
  if reason = 'unknown' then
    perform faultline._no_job(job_id);
  elsif reason = 'stale' then
    -- Of two callers at the same moment the second waits, to see what the first recorded.
    perform pg_catalog.pg_advisory_xact_lock(
      pg_catalog.hashtextextended(pg_catalog.format('faultline stale %s %s %s', job_id, attempt, verb), 0));
    perform faultline._record_stale(job_id, attempt, verb, null);
  end if;
end
$$;

-- Name: FUNCTION report_stale(job_id bigint, attempt integer, verb text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.report_stale(job_id bigint, attempt integer, verb text) IS 'Records, once, that a report of this attempt was refused as stale.';

-- Name: resume_queue(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.resume_queue(queue text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform faultline._check_name('queue', resume_queue.queue);
  perform pg_catalog.pg_current_xact_id();
  update faultline.queues q
  set paused_at = null, paused_note = null
  where q.queue = resume_queue.queue and q.paused_at is not null;
  if found then
    perform faultline._record(null, null, 'resume', null, pg_catalog.jsonb_build_object('queue', resume_queue.queue));
    perform faultline._ring(resume_queue.queue);
  end if;
end
$$;

-- Name: FUNCTION resume_queue(queue text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.resume_queue(queue text) IS 'Lets a paused queue be claimed again.';

-- Name: resume_run(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.resume_run(run_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
begin
  r := faultline._root_run(run_id, 'resumed');
  if r.state = 'running' then
    return 'running';
  elsif r.state = 'succeeded' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has succeeded and can not be resumed', run_id), hint = 'trigger_workflow begins another run.';
  end if;
  perform faultline._resume(r.run_id);
  perform faultline._record(null, null, 'resume_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'workflow', r.workflow));
  return 'running';
end
$$;

-- Name: FUNCTION resume_run(run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.resume_run(run_id bigint) IS 'Runs again what failed in a run and what depended on it; keeps what succeeded.';

-- Name: resume_schedule(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.resume_schedule(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
  s faultline.schedules;
begin
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  if s.paused_at is null then
    return;
  end if;
  update faultline.schedules x
  set paused_at = null, paused_note = null, ticks_after = greatest(s.ticks_after, pg_catalog.clock_timestamp()), changed_xid = pg_catalog.pg_current_xact_id()
  where x.schedule = name;
  perform faultline._record(null, null, 'resume_schedule', null, pg_catalog.jsonb_build_object('schedule', name));
end
$$;

-- Name: FUNCTION resume_schedule(name text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.resume_schedule(name text) IS 'Resumes a paused schedule, from now on.';

-- Name: retry_job(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.retry_job(job_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  ended text;
begin
  -- ready_at must be later than the writer's xid: the floor rests on it.
  perform pg_catalog.pg_current_xact_id();
  select * into job from faultline.jobs_live j where j.job_id = retry_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = retry_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    end if;
  elsif job.run_id is not null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('job %s is task %s of run %s and can not be retried alone', job_id, job.task, job.run_id),
      hint = 'resume_run runs again what failed in a run, and what depended on it.';
  elsif job.state = 'queued' then
    return 'queued';
  elsif job.state = 'failed' then
    update faultline.jobs_live j
    set state = 'queued', failures = 0, ready_at = pg_catalog.clock_timestamp(), finished_at = null, cancel_requested_at = null
    where j.job_id = job.job_id;
    perform faultline._record(job_id, job.attempt, 'retry', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    perform faultline._ring(job.queue);
    return 'queued';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be retried', job_id, coalesce(ended, job.state)),
    hint = 'Only a dead letter (failed) can be retried; enqueue a new job to do finished work again.';
end
$$;

-- Name: FUNCTION retry_job(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.retry_job(job_id bigint) IS 'Queues a dead letter again, with its full number of attempts.';

-- Name: revoke_token(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.revoke_token(token_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: FUNCTION revoke_token(token_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.revoke_token(token_id bigint) IS 'Revokes a token of the HTTP API.';

-- Name: run_status(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.run_status(run_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
begin
  return (
    select pg_catalog.jsonb_build_object(
      'run_id', r.run_id, 'workflow', r.workflow, 'version', r.version, 'state', r.state, 'input', r.input,
      'idempotency_key', r.idempotency_key, 'created_at', r.created_at, 'finished_at', r.finished_at,
      'parent_run_id', r.parent_run_id, 'parent_task', faultline._task_name(r.parent_task, r.parent_item),
      'tasks', (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'name', faultline._task_name(t.name, t.item),
            'state', case when j.state = 'running' then 'running' else t.state end,
            'job_id', t.job_id,
            'attempt', coalesce(j.attempt, (select d.attempt from faultline.jobs_done d where d.job_id = t.job_id)),
            'generation', t.generation, 'result', t.result, 'error', coalesce(t.error, j.error), 'run_id', t.child_run_id,
            'due_at', t.due_at, 'finished_at', t.finished_at,
            'items', case when t.item = -1 and w.definition ? 'for_each' then (
              select pg_catalog.jsonb_object_agg(i.state, i.n)
              from (
                select i.state, count(*) as n
                from faultline.tasks i
                where i.run_id = t.run_id and i.name = t.name and i.item >= 0
                group by i.state
              ) i) end)
          order by t.ordinal, t.item)
        from faultline.tasks t
        join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
        left join faultline.jobs_live j on j.job_id = t.job_id
        where t.run_id = r.run_id and t.item < 1000))
    from faultline.runs r
    where r.run_id = run_status.run_id);
end
$$;

-- Name: FUNCTION run_status(run_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.run_status(run_id bigint) IS 'One run as an object, with its tasks, or NULL.';

-- Name: schedule_changes(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.schedule_changes(INOUT mark text DEFAULT NULL::text, OUT now timestamp with time zone, OUT schedules jsonb) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_variable
declare
  since xid8 := '0'::xid8;
begin
  if mark is not null then
    if mark !~ '^[0-9]{1,18}$' then
      perform faultline._invalid(pg_catalog.format('%s is no mark', pg_catalog.quote_literal(pg_catalog.left(mark, 40))), 'Pass what the last call returned, or NULL');
    end if;
    since := mark::xid8;
  end if;
  now := pg_catalog.clock_timestamp();
  -- A change that this snapshot does not see yet has an xid that is not below its xmin. One statement: one snapshot.
  select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text, coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'schedule', s.schedule, 'version', s.version, 'deleted', s.deleted_at is not null, 'paused', s.paused_at is not null,
      'cron', s.cron, 'timezone', s.timezone, 'every', s.every, 'starts_at', faultline._utc(s.starts_at), 'ends_at', faultline._utc(s.ends_at),
      'missed', s.missed, 'missed_window', extract(epoch from s.missed_window)::int, 'missed_limit', s.missed_limit,
      'cursor', faultline._utc(faultline._schedule_cursor(s))) order by s.schedule)
    from faultline.schedules s
    where case when mark is null then s.deleted_at is null else true end and s.changed_xid >= since
      -- What was restored from another server has its xids, and is found without a mark.
      and (mark is null or s.changed_xid < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()))), '[]')
  into mark, schedules;
end
$_$;

-- Name: FUNCTION schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb) IS 'The schedules that were changed since a mark, the next mark, and the clock of the database.';

-- Name: schema_version(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.schema_version() RETURNS text
    LANGUAGE sql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
select '0.1.0'
$$;

-- Name: FUNCTION schema_version(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.schema_version() IS 'The release of these functions.';

-- Name: set_account(text, text, numeric); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.set_account(account text, currency text, floor numeric) RETURNS numeric
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET lock_timeout TO '5s'
    AS $$
#variable_conflict use_variable
declare
  before numeric;
  balance numeric;
begin
  perform faultline._check_name('account', account);
  perform faultline._check_name('currency', currency);
  if floor is not null then
    perform faultline._check_amount('floor', pg_catalog.to_jsonb(floor));
  end if;
  perform faultline._check_isolation('set_account');
  perform pg_catalog.pg_advisory_xact_lock(1181838445, faultline._account_bucket(account, currency));
  select a.floor into before
  from faultline.accounts a
  where a.account = set_account.account and a.currency = set_account.currency;
  balance := faultline._balance(account, currency);
  if balance < floor then
    raise exception using
      errcode = 'FL008',
      message = pg_catalog.format('account %s is at %s %s, below a floor of %s', account, balance, currency, floor),
      hint = 'Choose a floor at the balance or below it';
  end if;
  if before is not distinct from floor then
    return balance;
  end if;
  if floor is null then
    delete from faultline.accounts a where a.account = set_account.account and a.currency = set_account.currency;
  else
    insert into faultline.accounts as a (account, currency, floor) values (account, currency, floor)
    on conflict on constraint accounts_pkey do update set floor = excluded.floor;
  end if;
  perform faultline._record(null, null, 'set_account', null, pg_catalog.jsonb_build_object('account', account, 'currency', currency, 'floor', floor));
  return balance;
end
$$;

-- Name: FUNCTION set_account(account text, currency text, floor numeric); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.set_account(account text, currency text, floor numeric) IS 'Gives an account a floor in a currency, or takes it away (NULL); returns its balance.';

-- Name: set_queue(text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.set_queue(queue text, settings jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  given constant jsonb := set_queue.settings;
  new_max_running int;
  new_max_attempts int;
  new_lease interval;
  before faultline.queues;
  row_ faultline.queues;
begin
  perform faultline._check_name('queue', set_queue.queue);
  perform faultline._check_settings(given, array['max_running', 'max_attempts', 'backoff', 'lease']);
  new_max_running := faultline._setting_int(given, 'max_running', 1, 1000000);
  new_max_attempts := faultline._setting_int(given, 'max_attempts', 1, 100);
  new_lease := faultline._setting_interval(given, 'lease', interval '1 second', interval '24 hours');

  insert into faultline.queues (queue) values (set_queue.queue) on conflict (queue) do nothing;
  select * into before from faultline.queues q where q.queue = set_queue.queue for update;
  update faultline.queues q
  set max_running = case when given ? 'max_running' then new_max_running else q.max_running end,
      max_attempts = case when given ? 'max_attempts' then new_max_attempts else q.max_attempts end,
      backoff = case when given ? 'backoff' then nullif(given -> 'backoff', 'null') else q.backoff end,
      lease = case when given ? 'lease' then new_lease else q.lease end
  where q.queue = set_queue.queue
  returning * into row_;
  if row_ is distinct from before then
    perform faultline._record(
      null, null, 'set_queue', null, pg_catalog.jsonb_build_object('queue', set_queue.queue, 'settings', given));
    perform faultline._ring(set_queue.queue);
  end if;
  return pg_catalog.to_jsonb(row_);
end
$$;

-- Name: FUNCTION set_queue(queue text, settings jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.set_queue(queue text, settings jsonb) IS 'Sets max_running, max_attempts, backoff, lease of a queue; null resets, a missing key stays.';

-- Name: set_settings(jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.set_settings(settings jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

-- Name: FUNCTION set_settings(settings jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.set_settings(settings jsonb) IS 'Sets retention, event_retention, max_attempts, backoff, lease; null resets, a missing key stays.';

-- Name: settle_effect(bigint, integer, text, text, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  e faultline.effects;
begin
  perform faultline._check_document('the response', response, false);
  e := faultline._lock_effect(job_id, attempt, transaction_id, name);
  if e.state in ('INIT', 'SENT') and not faultline._is_running(job_id, attempt) then
    -- The attempt is over, and what became of it is for whoever reconciles to find out.
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  return faultline._settle_effect(e, state, response);
end
$$;

-- Name: FUNCTION settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb) IS 'Says what became of an effect that was sent: APPLIED, ABSENT, or UNKNOWN.';

-- Name: signal_run(bigint, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.signal_run(run_id bigint, name text, payload jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  r faultline.runs;
  known faultline.run_signals;
  waited_for text[];
  names text[];
begin
  perform faultline._check_name('signal', name);
  perform faultline._check_document('the payload', payload, false);
  perform pg_catalog.pg_current_xact_id();
  perform faultline._lock_runs(array[run_id]);
  select * into r from faultline.runs x where x.run_id = signal_run.run_id;
  if not found then
    perform faultline._no_run(run_id);
  end if;
  waited_for := array(
    select distinct w.definition ->> 'signal'
    from faultline.workflow_tasks w
    where w.workflow = r.workflow and w.version = r.version and w.definition ->> 'kind' = 'signal'
    order by 1);
  if name <> all (waited_for) then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('no task of workflow %s waits for a signal %s', r.workflow, name),
      hint = case when waited_for = '{}' then 'None of its tasks waits for a signal.' else 'They wait for ' || pg_catalog.array_to_string(waited_for, ', ') end;
  end if;
  select * into known from faultline.run_signals s where s.run_id = signal_run.run_id and s.name = signal_run.name;
  if found then
    if known.payload is distinct from payload then
      raise exception using
        errcode = 'FL002', message = pg_catalog.format('run %s was given signal %s with another payload', run_id, name), hint = 'The first one stays.';
    end if;
    return 'signalled';
  end if;
  if r.state <> 'running' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has ended: it is %s', run_id, r.state), hint = 'A signal is for a run that is running.';
  end if;
  insert into faultline.run_signals (run_id, name, payload, at) values (run_id, name, payload, pg_catalog.clock_timestamp());
  names := array(
    select t.name
    from faultline.tasks t
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
    where t.run_id = r.run_id and t.state = 'running' and t.finished_at is null and w.definition ->> 'signal' = signal_run.name);
  perform faultline._tasks_ended(
    run_id, names, pg_catalog.array_fill(-1, array[pg_catalog.cardinality(names)]), 'succeeded',
    pg_catalog.array_fill(payload, array[pg_catalog.cardinality(names)]), null);
  perform faultline._record(null, null, 'signal_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'signal', name));
  return 'signalled';
end
$$;

-- Name: FUNCTION signal_run(run_id bigint, name text, payload jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.signal_run(run_id bigint, name text, payload jsonb) IS 'Gives a run a signal, for the task that waits for it or will.';

-- Name: snooze_job(bigint, integer, interval); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.snooze_job(job_id bigint, attempt integer, for_ interval) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  if for_ is null then
    perform faultline._invalid('for_ is NULL', 'Say for how long the job is put off, for example ''5 minutes''');
  end if;
  perform faultline._check_interval('for_', for_, interval '1 millisecond', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'snooze', false, true, for_, null, null) is not null, job_id, attempt, 'snooze');
end
$$;

-- Name: FUNCTION snooze_job(job_id bigint, attempt integer, for_ interval); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.snooze_job(job_id bigint, attempt integer, for_ interval) IS 'Puts a running job off, uncharged: ok, or repeat; raises FL001 if the attempt is stale.';

-- Name: submit_transaction(text, text, jsonb, text, timestamp with time zone, integer, integer, jsonb, interval, text[], jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.submit_transaction(transaction_id text, kind text, request jsonb DEFAULT '{}'::jsonb, queue text DEFAULT 'default'::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 2, max_attempts integer DEFAULT NULL::integer, backoff jsonb DEFAULT NULL::jsonb, timeout interval DEFAULT NULL::interval, tags text[] DEFAULT '{}'::text[], headers jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
declare
  new_job bigint;
  new_hash bigint;
  known faultline.transactions;
begin
  request := coalesce(submit_transaction.request, '{}');
  queue := coalesce(submit_transaction.queue, 'default');
  priority := coalesce(submit_transaction.priority, 2);
  tags := coalesce(submit_transaction.tags, '{}');
  perform faultline._check_transaction_id(submit_transaction.transaction_id);
  perform faultline._check_name('kind', submit_transaction.kind);
  perform faultline._check_document('the request', submit_transaction.request, true);
  perform faultline._check_job(kind, null, queue, run_at, priority, max_attempts, null, null, backoff, timeout, tags, headers);
  new_hash := faultline._arguments_hash(submit_transaction.kind, submit_transaction.request);
  loop
    -- A look first: a repetition uses up no job's id.
    select * into known from faultline.transactions t where t.transaction_id = submit_transaction.transaction_id;
    if found then
      if known.kind <> submit_transaction.kind or known.request <> submit_transaction.request then
        perform faultline._other_request(known);
      elsif known.state = 'FAILED' then
        perform faultline._burnt(known);
      end if;
      return known.job_id;
    end if;
    new_job := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    insert into faultline.transactions (transaction_id, kind, request, request_hash, options, job_id, created_at)
    values (
      submit_transaction.transaction_id, submit_transaction.kind, submit_transaction.request, new_hash,
      pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'queue', nullif(submit_transaction.queue, 'default'), 'run_at', run_at, 'priority', nullif(submit_transaction.priority, 2),
        'max_attempts', max_attempts, 'timeout', timeout, 'tags', nullif(submit_transaction.tags, '{}')))
      || case when backoff is null then '{}' else pg_catalog.jsonb_build_object('backoff', backoff) end
      || case when headers is null then '{}' else pg_catalog.jsonb_build_object('headers', headers) end,
      new_job, pg_catalog.clock_timestamp())
    on conflict do nothing;
    exit when found;
  end loop;
  -- It has its xid by now, as _add_job wants: the insert gave it.
  perform faultline._add_job(new_job, kind, request, queue, run_at, priority, max_attempts, null, backoff, timeout, tags,
                             headers, submit_transaction.transaction_id, null, null);
  return new_job;
end
$$;

-- Name: FUNCTION submit_transaction(transaction_id text, kind text, request jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.submit_transaction(transaction_id text, kind text, request jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) IS 'Makes a transaction (INIT) and its job in one, and returns the job''s id; the same id and request again: the same job.';

-- Name: task_contexts(bigint[]); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.task_contexts(job_ids bigint[]) RETURNS TABLE(job_id bigint, run_id bigint, name text, item jsonb, input jsonb, results jsonb, error jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  r faultline.runs;
  last_name text;
  needs jsonb;
  given record;
  total bigint := 0;
  elements bigint := 0;
  one record;
begin
  if pg_catalog.cardinality(job_ids) > 10000 then
    perform faultline._invalid(pg_catalog.format('there are %s jobs', pg_catalog.cardinality(job_ids)), 'At most 10000 a call');
  end if;
  for one in
    select j.job_id, j.run_id, t.name, t.value, w.definition
    from unnest(job_ids) as u (id)
    cross join lateral (
      select j.job_id, j.run_id, j.task from faultline.jobs_live j where j.job_id = u.id offset 0
    ) j
    cross join lateral (select x.workflow, x.version from faultline.runs x where x.run_id = j.run_id offset 0) x
    cross join lateral (
      select t.name, t.value
      from faultline.tasks t
      where t.run_id = j.run_id and t.name = pg_catalog.split_part(j.task, '[', 1)
        and t.item = coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(j.task, '[', 2), ']'), '')::int, -1)
      offset 0
    ) t
    cross join lateral (
      select w.definition from faultline.workflow_tasks w where w.workflow = x.workflow and w.version = x.version and w.task = t.name offset 0
    ) w
    order by j.run_id, t.name, j.job_id
  loop
    exit when elements > 33554432 or total > 33554432 and (run_id is distinct from one.run_id or last_name is distinct from one.name);
    elements := elements + coalesce(pg_catalog.octet_length(one.value::text), 0);
    job_id := one.job_id;
    name := one.name;
    item := one.value;
    input := null;
    results := null;
    error := null;
    if run_id is distinct from one.run_id or last_name is distinct from one.name then
      if r.run_id is distinct from one.run_id then
        select * into r from faultline.runs x where x.run_id = one.run_id;
        needs := null;
      end if;
      -- Tasks beside each other often need the same.
      if needs is distinct from one.definition -> 'needs' then
        select * into given from faultline._needs_results(r, one.name, one.definition);
        needs := case when given.error is null then one.definition -> 'needs' end;
      end if;
      error := given.error;
      if error is null then
        input := r.input;
        results := given.results - 'input';
        total := total + given.bytes;
      end if;
    end if;
    run_id := one.run_id;
    last_name := one.name;
    return next;
  end loop;
end
$$;

-- Name: FUNCTION task_contexts(job_ids bigint[]); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.task_contexts(job_ids bigint[]) IS 'What the handlers of claimed tasks are given: element, input, and the results of what they need.';

-- Name: transaction_status(text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.transaction_status(transaction_id text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
begin
  return (
    select pg_catalog.jsonb_build_object(
      'transaction_id', t.transaction_id, 'kind', t.kind, 'request', t.request, 'state', t.state, 'reason', t.reason,
      'job_id', t.job_id, 'job_state', t.job_state, 'created_at', t.created_at, 'settled_at', t.settled_at,
      'entry', (
        select pg_catalog.jsonb_build_object(
          'entry_id', e.entry_id, 'attempt', e.attempt, 'effect', e.effect, 'applied_at', e.applied_at,
          'postings', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('account', p.account, 'amount', p.amount, 'currency', p.currency) order by p.posting_id)
            from faultline.postings p
            where p.entry_id = e.entry_id), '[]'))
        from faultline.ledger_entries e
        where e.transaction_id = t.transaction_id),
      'effects', coalesce((
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'name', f.name, 'key', f.key, 'state', f.state, 'request', f.request, 'response', f.response, 'attempt', f.attempt,
            'sent_at', f.sent_at, 'unknown_since', f.unknown_since, 'asks', f.asks, 'answer', f.answer)
          order by f.created_at, f.name)
        from faultline.effects f
        where f.transaction_id = t.transaction_id), '[]'))
    from faultline.transactions t
    where t.transaction_id = transaction_status.transaction_id);
end
$$;

-- Name: FUNCTION transaction_status(transaction_id text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.transaction_status(transaction_id text) IS 'One transaction as an object, with its entry, postings and effects, or NULL.';

-- Name: trigger_workflow(text, jsonb, text, jsonb); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.trigger_workflow(name text, input jsonb DEFAULT '{}'::jsonb, idempotency_key text DEFAULT NULL::text, headers jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Whoever had one of these first would have the run of the tick, or keep the tick from having one.
  if idempotency_key like 'faultline.tick:%' then
    perform faultline._invalid(
      pg_catalog.format('the idempotency key %s is one of a schedule', pg_catalog.quote_literal(pg_catalog.left(idempotency_key, 260))), 'A key that begins with faultline.tick: stands for a tick: take another');
  end if;
  return faultline._trigger(name, input, idempotency_key, headers);
end
$$;

-- Name: FUNCTION trigger_workflow(name text, input jsonb, idempotency_key text, headers jsonb); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.trigger_workflow(name text, input jsonb, idempotency_key text, headers jsonb) IS 'Begins a run of a workflow and returns its id; with an idempotency key, the id of the one run of that key.';

-- Name: unfinished(text[], text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.unfinished(queues text[] DEFAULT NULL::text[], floor text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  token constant jsonb := faultline._read_floor(floor, pg_catalog.clock_timestamp());
  lease_floor constant timestamptz := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  name text;
begin
  if queues is null then
    -- Ordered, or the walk may go through the index that begins with the queue.
    return (
      select j.lease_expires_at from faultline.jobs_live j where j.lease_expires_at >= lease_floor
      order by j.lease_expires_at limit 1
    ) is not null or exists (select from faultline.ready_queues(1, floor));
  end if;
  foreach name in array queues loop
    if exists (select from faultline.jobs_live j where j.queue = name and j.lease_expires_at >= lease_floor)
       or faultline._has_queued(name, token) then
      return true;
    end if;
  end loop;
  return false;
end
$$;

-- Name: FUNCTION unfinished(queues text[], floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.unfinished(queues text[], floor text) IS 'Is any job of these queues (NULL: of all) queued or running?';

-- Name: verifies(uuid); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.verifies(runner uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  seen_since constant timestamptz := pg_catalog.clock_timestamp() - interval '1 minute';
begin
  return coalesce((
    select r.runner = verifies.runner
    from faultline.runners r
    where r.last_seen_at > seen_since
    order by r.started_at, r.runner
    limit 1), false);
end
$$;

-- Name: FUNCTION verifies(runner uuid); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.verifies(runner uuid) IS 'Whether this runner, of all that are there, is the one that runs verify().';

-- Name: verify(); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.verify() RETURNS TABLE(promise integer, check_name text, subject text, detail text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query select * from faultline._verify_jobs();
  return query select * from faultline._verify_keys();
  return query select * from faultline._verify_ledger();
  return query select * from faultline._verify_workflows();
  return query select * from faultline._verify_schedules();
  return query select * from faultline._verify_guards();
  return query select * from faultline._verify_privileges();
end
$$;

-- Name: FUNCTION verify(); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.verify() IS 'Checks every promise on the live database; no row means healthy.';

-- Name: wake_tasks(integer, text); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.wake_tasks(max integer DEFAULT 1000, floor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  lowest constant timestamptz := coalesce((faultline._read_floor(floor, now_) ->> 'wake')::timestamptz, '-infinity');
  due_runs bigint[];
  due_names text[];
  roots bigint[];
  due record;
  woken bigint := 0;
begin
  max := coalesce(max, 1000);
  if max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', max), 'It lies between 1 and 10000');
  end if;
  perform faultline._check_isolation('wake_tasks');
  select pg_catalog.array_agg(d.run_id), pg_catalog.array_agg(d.name) into due_runs, due_names
  from (
    select t.run_id, t.name from faultline.tasks t where t.due_at >= lowest and t.due_at <= now_ order by t.due_at limit max
  ) d;
  if due_runs is null then
    return 0;
  end if;
  perform pg_catalog.pg_current_xact_id();
  roots := array(
    select locked.run_id
    from (
      select c.root_run_id
      from unnest(due_runs) as u (id)
      cross join lateral (select r.root_run_id from faultline.runs r where r.run_id = u.id offset 0) c
      group by c.root_run_id
      order by c.root_run_id
      offset 0
    ) c
    cross join lateral (select r.run_id from faultline.runs r where r.run_id = c.root_run_id for no key update skip locked) locked);
  for due in
    select d.run_id, d.name, w.definition
    from unnest(due_runs, due_names) as d (run_id, name)
    cross join lateral (
      select r.workflow, r.version from faultline.runs r where r.run_id = d.run_id and r.root_run_id = any (roots) offset 0
    ) r
    cross join lateral (
      -- Not a bare comparison: no plan is to stray into the index of what is due.
      select from faultline.tasks t where t.run_id = d.run_id and t.name = d.name and t.item = -1 and coalesce(t.due_at <= now_, false) offset 0
    ) t
    cross join lateral (
      select w.definition from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = d.name offset 0
    ) w
  loop
    if due.definition ->> 'kind' = 'wait' then
      perform faultline._tasks_ended(due.run_id, array[due.name], array[-1], 'succeeded', array[null]::jsonb[], null);
    else
      perform faultline._tasks_ended(due.run_id, array[due.name], array[-1], 'failed', array[null]::jsonb[], pg_catalog.jsonb_build_object(
        'type', 'SignalTimeout', 'message', pg_catalog.format('no signal %s came within %s', due.definition ->> 'signal', due.definition ->> 'timeout')));
    end if;
    woken := woken + 1;
  end loop;
  return woken;
end
$$;

-- Name: FUNCTION wake_tasks(max integer, floor text); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.wake_tasks(max integer, floor text) IS 'Ends the timers that are over and the waits for signals that never came; returns how many.';

-- Name: why(bigint); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.why(job_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  job faultline.jobs_live;
  done record;
  queue_ faultline.queues;
  holder record;
  running bigint;
  served boolean;
  ahead bigint;
  trouble text;
  sentence text;
  facts jsonb;
begin
  select * into job from faultline.jobs_live j where j.job_id = why.job_id;
  if not found then
    select d.state, d.attempt, d.finished_at, d.queue, d.type, d.error, d.lease_owner
    into done
    from faultline.jobs_done d
    where d.job_id = why.job_id;
    if not found then
      perform faultline._no_job(job_id);
    end if;
    trouble := faultline._trouble(done.error);
    sentence := case done.state
      when 'succeeded' then pg_catalog.format('it succeeded on attempt %s, %s ago', done.attempt, faultline._ago(now_ - done.finished_at))
      when 'cancelled' then pg_catalog.format('it was cancelled %s ago', faultline._ago(now_ - done.finished_at))
      else pg_catalog.format('it was a dead letter%s, and discarded %s ago', coalesce(' after ' || trouble, ''), faultline._ago(now_ - done.finished_at))
    end;
    return pg_catalog.jsonb_build_object(
      'job_id', job_id, 'state', done.state, 'why', sentence,
      'facts', pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'type', done.type, 'queue', done.queue, 'attempt', done.attempt, 'finished_at', done.finished_at,
        'runner', done.lease_owner, 'error', done.error)));
  end if;

  select * into queue_ from faultline.queues q where q.queue = job.queue;
  select r.host, r.pid, r.last_seen_at into holder from faultline.runners r where r.runner = job.lease_owner;
  select count(*) into running
  from (select from faultline.jobs_live j where j.queue = job.queue and j.lease_expires_at is not null
        limit coalesce(queue_.max_running, 10000)) r;
  served := exists (
    select from faultline.runners r
    where r.last_seen_at > now_ - interval '1 minute' and (r.queues is null or job.queue = any (r.queues)));
  trouble := faultline._trouble(job.error);
  facts := pg_catalog.jsonb_build_object(
    'type', job.type, 'queue', job.queue, 'priority', job.priority, 'attempt', job.attempt, 'failures', job.failures,
    'max_attempts', job.max_attempts, 'run_at', job.ready_at, 'error', job.error, 'queue_paused', queue_.paused_at is not null,
    'queue_running', running, 'queue_max_running', queue_.max_running, 'queue_served', served,
    'runner', job.lease_owner, 'runner_host', holder.host, 'runner_pid', holder.pid, 'runner_seen_at', holder.last_seen_at,
    'lease_expires_at', job.lease_expires_at, 'cancel_requested_at', job.cancel_requested_at);

  if job.state = 'failed' then
    sentence := pg_catalog.format('it is a dead letter: %s of %s attempts failed%s; retry_job or discard_job decides',
      job.failures, job.max_attempts, coalesce(', the last with ' || trouble, ''));
  elsif job.state = 'running' then
    sentence := pg_catalog.format('runner %s%s holds it until %s',
      job.lease_owner, case when holder.host is null then '' else pg_catalog.format(' (pid %s on %s)', holder.pid, faultline._one_line(holder.host, 255)) end, job.lease_expires_at);
    if job.lease_expires_at < now_ then
      sentence := pg_catalog.format('the lease of runner %s expired %s ago, and no runner has taken it back yet', job.lease_owner, faultline._ago(now_ - job.lease_expires_at));
    elsif job.cancel_requested_at is not null then
      sentence := sentence || ', and has been asked to cancel it';
    end if;
  elsif queue_.paused_at is not null then
    sentence := pg_catalog.format('queue %s has been paused for %s%s', job.queue, faultline._ago(now_ - queue_.paused_at), coalesce(': ' || faultline._one_line(queue_.paused_note, 1000), ''));
  elsif job.ready_at > now_ and job.failures > 0 then
    sentence := pg_catalog.format('it waits %s for retry %s of %s%s', faultline._ago(job.ready_at - now_), job.failures + 1, job.max_attempts,
      coalesce(' since ' || trouble, ''));
  elsif job.ready_at > now_ then
    sentence := pg_catalog.format('it may not run before %s, in %s', job.ready_at, faultline._ago(job.ready_at - now_));
  elsif running >= queue_.max_running then
    sentence := pg_catalog.format('queue %s runs as many jobs as it may at once: %s', job.queue, queue_.max_running);
  elsif not served then
    sentence := pg_catalog.format('nobody serves queue %s: no runner of it was seen within a minute', job.queue);
  else
    select count(*) into ahead
    from (
      select
      from faultline.jobs_live j
      where j.state = 'queued' and j.queue = job.queue and j.ready_at <= now_
        and (j.priority < job.priority
             or j.priority = job.priority and (j.ready_at, j.job_id) < (job.ready_at, job.job_id))
      limit 10000
    ) a;
    facts := facts || pg_catalog.jsonb_build_object('ahead', ahead);
    sentence := pg_catalog.format('it is ready and waits for its turn: %s%s before it in queue %s',
      ahead, case ahead when 1 then ' job is' else case when ahead = 10000 then ' jobs or more are' else ' jobs are' end end, job.queue);
  end if;
  return pg_catalog.jsonb_build_object(
    'job_id', job_id, 'state', job.state, 'why', sentence, 'facts', pg_catalog.jsonb_strip_nulls(facts));
end
$$;

-- Name: FUNCTION why(job_id bigint); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.why(job_id bigint) IS 'Why a job is where it is: one sentence and the facts.';

-- Name: zone_offsets(text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: faultline; Owner: -

CREATE FUNCTION faultline.zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone) RETURNS TABLE(starts_at timestamp with time zone, utc_offset interval)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
  low bigint;
  high bigint;
  middle bigint;
  next_low bigint;
  last bigint;
  next_offset interval;
begin
  perform faultline._check_zone(timezone);
  if (case when pg_catalog.isfinite(starts) and pg_catalog.isfinite(ends) then starts <= ends and ends - starts <= interval '3660 days' end) is not true then
    perform faultline._invalid(pg_catalog.format('%s to %s is no span of time', coalesce(starts::text, 'NULL'), coalesce(ends::text, 'NULL')), 'It begins before it ends, and has at most 3660 days');
  end if;
  low := pg_catalog.floor(extract(epoch from starts));
  last := pg_catalog.floor(extract(epoch from ends));
  starts_at := starts;
  utc_offset := faultline._zone_offset(timezone, low);
  return next;
  -- No zone changes twice within twelve hours; where it does between two looks is found by halving.
  while low < last loop
    next_low := least(low + 43200, last);
    next_offset := faultline._zone_offset(timezone, next_low);
    if next_offset <> utc_offset then
      high := next_low;
      while high - low > 1 loop
        middle := (low + high) / 2;
        if faultline._zone_offset(timezone, middle) = utc_offset then
          low := middle;
        else
          high := middle;
        end if;
      end loop;
      starts_at := pg_catalog.to_timestamp(high);
      utc_offset := next_offset;
      return next;
    end if;
    low := next_low;
  end loop;
end
$$;

-- Name: FUNCTION zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone); Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON FUNCTION faultline.zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone) IS 'The offsets from UTC that the database knows for a time zone.';

-- Name: account_checkpoints; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.account_checkpoints (
    account text NOT NULL,
    currency text NOT NULL,
    balance numeric NOT NULL
);

-- Name: TABLE account_checkpoints; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.account_checkpoints IS 'Balances up to ledger_checkpoint.folded_to, so that a balance need not add up millions of postings.';

-- Name: accounts; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.accounts (
    account text NOT NULL,
    currency text NOT NULL,
    floor numeric NOT NULL,
    CONSTRAINT accounts_floor_check CHECK (((abs(floor) < '100000000000000000000'::numeric) AND (scale(floor) <= 18)))
);

-- Name: TABLE accounts; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.accounts IS 'Accounts whose balance may not go below a floor; an account needs no row to exist.';

-- Name: ledger_checkpoint; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.ledger_checkpoint (
    only_row boolean DEFAULT true NOT NULL,
    folded_to bigint DEFAULT 0 NOT NULL,
    next_to bigint,
    next_xid xid8,
    CONSTRAINT ledger_checkpoint_only_row_check CHECK (only_row)
);

-- Name: TABLE ledger_checkpoint; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.ledger_checkpoint IS 'One row: the posting up to which account_checkpoints are right, and the one up to which they will be, once every transaction before next_xid is over.';

-- Name: postings; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.postings (
    posting_id bigint NOT NULL,
    entry_id bigint NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    amount numeric NOT NULL,
    CONSTRAINT postings_amount CHECK (((amount <> (0)::numeric) AND (abs(amount) < '100000000000000000000'::numeric) AND (scale(amount) <= 18)))
);

-- Name: TABLE postings; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.postings IS 'Double entry: the amounts of an entry add up to zero in each currency, checked at commit. Append-only.';

-- Name: account_balances; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.account_balances AS
 SELECT account,
    currency,
    sum(amount) AS balance,
    max(floor) AS floor
   FROM ( SELECT c.account,
            c.currency,
            c.balance AS amount,
            NULL::numeric AS floor
           FROM faultline.account_checkpoints c
        UNION ALL
         SELECT p.account,
            p.currency,
            p.amount,
            NULL::numeric
           FROM faultline.postings p
          WHERE (p.posting_id > ( SELECT w.folded_to
                   FROM faultline.ledger_checkpoint w))
        UNION ALL
         SELECT a.account,
            a.currency,
            0,
            a.floor
           FROM faultline.accounts a) b
  GROUP BY account, currency;

-- Name: VIEW account_balances; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.account_balances IS 'Every account: its balance in each currency, and its floor.';

-- Name: api_tokens; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.api_tokens (
    token_id bigint NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_tokens_expiry CHECK ((expires_at > created_at)),
    CONSTRAINT api_tokens_hash CHECK ((length(secret_hash) = 32)),
    CONSTRAINT api_tokens_scopes CHECK ((((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 3)) AND (scopes <@ ARRAY['read'::text, 'enqueue'::text, 'operate'::text])))
);

-- Name: TABLE api_tokens; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.api_tokens IS 'Tokens of the HTTP API: the SHA-256 of each secret, never the secret. A revoked one stays, so that events can be told.';

-- Name: api_tokens_token_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.api_tokens ALTER COLUMN token_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME faultline.api_tokens_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: effect_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.effect_log AS
 SELECT transaction_id,
    name,
    key,
    state,
    request,
    response,
    attempt,
    asks,
    answer,
    created_at,
    sent_at,
    unknown_since,
    ask_at,
    settled_at
   FROM faultline.effects f;

-- Name: VIEW effect_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.effect_log IS 'Every effect outside the database: what was sent with which key, and what is known of it.';

-- Name: job_events; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.job_events (
    event_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    job_id bigint,
    attempt integer,
    verb text NOT NULL,
    runner uuid,
    actor text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT job_events_verb_check CHECK ((verb = ANY (ARRAY['fail'::text, 'expire'::text, 'release'::text, 'snooze'::text, 'cancelled'::text, 'cancel_requested'::text, 'cancel'::text, 'retry'::text, 'discard'::text, 'stale'::text, 'pause'::text, 'resume'::text, 'set_queue'::text, 'set_settings'::text, 'fail_transaction'::text, 'set_account'::text, 'cancel_run'::text, 'resume_run'::text, 'signal_run'::text, 'put_schedule'::text, 'pause_schedule'::text, 'resume_schedule'::text, 'delete_schedule'::text, 'fire_now'::text, 'create_token'::text, 'revoke_token'::text])))
)
PARTITION BY RANGE (at);

-- Name: TABLE job_events; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.job_events IS 'What is out of the ordinary: attempts that ended otherwise than in success, refused reports, operators'' actions. Append-only, one partition a day (UTC).';

-- Name: event_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.event_log AS
 SELECT event_id,
    at,
    job_id,
    attempt,
    verb,
    runner,
    actor,
    detail
   FROM faultline.job_events e;

-- Name: VIEW event_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.event_log IS 'Failed and expired attempts, refused reports, operators'' actions.';

-- Name: idempotency_keys; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.idempotency_keys (
    queue text NOT NULL,
    key text NOT NULL,
    job_id bigint NOT NULL,
    arguments_hash bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

-- Name: TABLE idempotency_keys; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.idempotency_keys IS 'One key of a queue, one job. A key lives until expires_at, and never shorter than its job.';

-- Name: job_events_default; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.job_events_default (
    event_id bigint CONSTRAINT job_events_event_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT job_events_at_not_null NOT NULL,
    job_id bigint,
    attempt integer,
    verb text CONSTRAINT job_events_verb_not_null NOT NULL,
    runner uuid,
    actor text CONSTRAINT job_events_actor_not_null NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb CONSTRAINT job_events_detail_not_null NOT NULL,
    CONSTRAINT job_events_verb_check CHECK ((verb = ANY (ARRAY['fail'::text, 'expire'::text, 'release'::text, 'snooze'::text, 'cancelled'::text, 'cancel_requested'::text, 'cancel'::text, 'retry'::text, 'discard'::text, 'stale'::text, 'pause'::text, 'resume'::text, 'set_queue'::text, 'set_settings'::text, 'fail_transaction'::text, 'set_account'::text, 'cancel_run'::text, 'resume_run'::text, 'signal_run'::text, 'put_schedule'::text, 'pause_schedule'::text, 'resume_schedule'::text, 'delete_schedule'::text, 'fire_now'::text, 'create_token'::text, 'revoke_token'::text])))
);

-- Name: TABLE job_events_default; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.job_events_default IS 'A net for days that have no partition; maintain() empties it.';

-- Name: job_events_event_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.job_events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME faultline.job_events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: jobs_done; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.jobs_done (
    job_id bigint NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ready_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    lease_owner uuid,
    run_id bigint,
    attempt integer NOT NULL,
    failures integer NOT NULL,
    max_attempts integer NOT NULL,
    priority smallint NOT NULL,
    from_state text NOT NULL,
    state text NOT NULL,
    type text NOT NULL,
    queue text NOT NULL,
    payload jsonb,
    result jsonb,
    error jsonb,
    headers jsonb,
    tags text[] NOT NULL,
    idempotency_key text,
    task text,
    CONSTRAINT jobs_done_move CHECK ((((((from_state = 'running'::text) AND (state = 'succeeded'::text)) OR ((from_state = 'running'::text) AND (state = 'cancelled'::text))) OR ((from_state = 'queued'::text) AND (state = 'cancelled'::text))) OR ((from_state = 'failed'::text) AND (state = 'discarded'::text))))
)
PARTITION BY RANGE (finished_at);

-- Name: TABLE jobs_done; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.jobs_done IS 'Jobs that are finished. Insert-only; one partition a day of finished_at (UTC); retention drops partitions.';

-- Name: COLUMN jobs_done.lease_owner; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_done.lease_owner IS 'The runner of the last attempt.';

-- Name: COLUMN jobs_done.from_state; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_done.from_state IS 'The state the job came from, so that its last move is held by a CHECK too.';

-- Name: COLUMN jobs_done.payload; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.jobs_done.payload IS 'NULL if it stands in payloads, as a large one does.';

-- Name: payloads; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.payloads (
    job_id bigint NOT NULL,
    payload jsonb NOT NULL
)
WITH (toast_tuple_target='4080', autovacuum_vacuum_scale_factor='0.05', vacuum_truncate='false', toast.vacuum_truncate='false');

-- Name: TABLE payloads; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.payloads IS 'Payloads that are large, of live and of finished jobs: written once, however often the row of the job is. They go with the job''s day.';

-- Name: jobs; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.jobs AS
 SELECT l.job_id,
    l.type,
    l.queue,
    l.state,
    (l.priority)::integer AS priority,
    COALESCE(l.payload, ( SELECT p.payload
           FROM faultline.payloads p
          WHERE (p.job_id = l.job_id))) AS payload,
    NULL::jsonb AS result,
    l.error,
    l.attempt,
    l.max_attempts,
    l.tags,
    l.ready_at AS run_at,
    l.created_at,
    l.started_at,
    l.finished_at,
    l.lease_owner,
    l.lease_expires_at,
    l.idempotency_key,
    l.run_id,
    l.task
   FROM faultline.jobs_live l
UNION ALL
 SELECT d.job_id,
    d.type,
    d.queue,
    d.state,
    (d.priority)::integer AS priority,
    COALESCE(d.payload, ( SELECT p.payload
           FROM faultline.payloads p
          WHERE (p.job_id = d.job_id))) AS payload,
    d.result,
    d.error,
    d.attempt,
    d.max_attempts,
    d.tags,
    d.ready_at AS run_at,
    d.created_at,
    d.started_at,
    d.finished_at,
    d.lease_owner,
    NULL::timestamp with time zone AS lease_expires_at,
    d.idempotency_key,
    d.run_id,
    d.task
   FROM faultline.jobs_done d;

-- Name: VIEW jobs; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.jobs IS 'Every job: queued, running, failed (dead letters), succeeded, cancelled and discarded.';

-- Name: jobs_done_default; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.jobs_done_default (
    job_id bigint CONSTRAINT jobs_done_job_id_not_null NOT NULL,
    finished_at timestamp with time zone CONSTRAINT jobs_done_finished_at_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT jobs_done_created_at_not_null NOT NULL,
    ready_at timestamp with time zone CONSTRAINT jobs_done_ready_at_not_null NOT NULL,
    started_at timestamp with time zone,
    lease_owner uuid,
    run_id bigint,
    attempt integer CONSTRAINT jobs_done_attempt_not_null NOT NULL,
    failures integer CONSTRAINT jobs_done_failures_not_null NOT NULL,
    max_attempts integer CONSTRAINT jobs_done_max_attempts_not_null NOT NULL,
    priority smallint CONSTRAINT jobs_done_priority_not_null NOT NULL,
    from_state text CONSTRAINT jobs_done_from_state_not_null NOT NULL,
    state text CONSTRAINT jobs_done_state_not_null NOT NULL,
    type text CONSTRAINT jobs_done_type_not_null NOT NULL,
    queue text CONSTRAINT jobs_done_queue_not_null NOT NULL,
    payload jsonb,
    result jsonb,
    error jsonb,
    headers jsonb,
    tags text[] CONSTRAINT jobs_done_tags_not_null NOT NULL,
    idempotency_key text,
    task text,
    CONSTRAINT jobs_done_move CHECK ((((((from_state = 'running'::text) AND (state = 'succeeded'::text)) OR ((from_state = 'running'::text) AND (state = 'cancelled'::text))) OR ((from_state = 'queued'::text) AND (state = 'cancelled'::text))) OR ((from_state = 'failed'::text) AND (state = 'discarded'::text))))
)
WITH (toast_tuple_target='4080');

-- Name: TABLE jobs_done_default; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.jobs_done_default IS 'A net for days that have no partition; maintain() empties it.';

-- Name: jobs_live_job_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.jobs_live ALTER COLUMN job_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME faultline.jobs_live_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: ledger_entries; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.ledger_entries (
    entry_id bigint NOT NULL,
    transaction_id text NOT NULL,
    job_id bigint NOT NULL,
    attempt integer NOT NULL,
    effect jsonb NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

-- Name: TABLE ledger_entries; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.ledger_entries IS 'What has happened: at most one entry a transaction and a job. Append-only.';

-- Name: ledger_entries_entry_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.ledger_entries ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME faultline.ledger_entries_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: posting_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.posting_log AS
 SELECT p.posting_id,
    p.entry_id,
    e.transaction_id,
    e.job_id,
    p.account,
    p.amount,
    p.currency,
    e.applied_at
   FROM (faultline.postings p
     JOIN faultline.ledger_entries e ON ((e.entry_id = p.entry_id)));

-- Name: VIEW posting_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.posting_log IS 'Every posting of the double entry, with the transaction it belongs to.';

-- Name: postings_posting_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.postings ALTER COLUMN posting_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME faultline.postings_posting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: queues; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.queues (
    queue text NOT NULL,
    paused_at timestamp with time zone,
    paused_note text,
    max_running integer,
    max_attempts integer,
    backoff jsonb,
    lease interval,
    CONSTRAINT queues_lease_check CHECK (((lease >= '00:00:01'::interval) AND (lease <= '24:00:00'::interval))),
    CONSTRAINT queues_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT queues_max_running_check CHECK (((max_running >= 1) AND (max_running <= 1000000)))
);

-- Name: TABLE queues; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.queues IS 'Settings of the queues that differ from the defaults; a queue needs no row to exist.';

-- Name: settings; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.settings (
    only_row boolean DEFAULT true NOT NULL,
    retention interval DEFAULT '30 days'::interval NOT NULL,
    event_retention interval DEFAULT '90 days'::interval NOT NULL,
    max_attempts integer DEFAULT 5 NOT NULL,
    backoff jsonb DEFAULT '{"kind": "exponential", "delay": "1s", "jitter": 0.2, "max_delay": "1h"}'::jsonb NOT NULL,
    lease interval DEFAULT '00:00:30'::interval NOT NULL,
    CONSTRAINT settings_event_retention_check CHECK (((event_retention >= '1 day'::interval) AND (event_retention <= '3650 days'::interval))),
    CONSTRAINT settings_lease_check CHECK (((lease >= '00:00:01'::interval) AND (lease <= '24:00:00'::interval))),
    CONSTRAINT settings_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT settings_only_row_check CHECK (only_row),
    CONSTRAINT settings_retention_check CHECK (((retention >= '1 day'::interval) AND (retention <= '3650 days'::interval)))
);

-- Name: TABLE settings; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.settings IS 'One row: how long finished jobs and events are kept, and what a job gets where neither its call nor its queue says.';

-- Name: queue_overview; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.queue_overview AS
 WITH RECURSIVE queued AS (
        ( SELECT j.queue
           FROM faultline.jobs_live j
          WHERE (j.state = 'queued'::text)
          ORDER BY j.queue, j.priority, j.ready_at
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT j.queue
                   FROM faultline.jobs_live j
                  WHERE ((j.state = 'queued'::text) AND (j.queue > q_1.queue))
                  ORDER BY j.queue, j.priority, j.ready_at
                 LIMIT 1) AS queue
           FROM queued q_1
          WHERE (q_1.queue IS NOT NULL)
        ), running AS (
        ( SELECT j.queue
           FROM faultline.jobs_live j
          WHERE (j.lease_expires_at IS NOT NULL)
          ORDER BY j.queue, j.lease_expires_at
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT j.queue
                   FROM faultline.jobs_live j
                  WHERE ((j.lease_expires_at IS NOT NULL) AND (j.queue > r.queue))
                  ORDER BY j.queue, j.lease_expires_at
                 LIMIT 1) AS queue
           FROM running r
          WHERE (r.queue IS NOT NULL)
        ), dead AS (
        ( SELECT j.queue
           FROM faultline.jobs_live j
          WHERE (j.finished_at IS NOT NULL)
          ORDER BY j.queue, j.job_id
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT j.queue
                   FROM faultline.jobs_live j
                  WHERE ((j.finished_at IS NOT NULL) AND (j.queue > d.queue))
                  ORDER BY j.queue, j.job_id
                 LIMIT 1) AS queue
           FROM dead d
          WHERE (d.queue IS NOT NULL)
        ), named AS (
         SELECT queued.queue
           FROM queued
          WHERE (queued.queue IS NOT NULL)
        UNION
         SELECT running.queue
           FROM running
          WHERE (running.queue IS NOT NULL)
        UNION
         SELECT dead.queue
           FROM dead
          WHERE (dead.queue IS NOT NULL)
        UNION
         SELECT queues.queue
           FROM faultline.queues
        )
 SELECT n.queue,
    (q.paused_at IS NOT NULL) AS paused,
    q.paused_note,
    q.max_running,
    COALESCE(q.max_attempts, s.max_attempts) AS max_attempts,
    COALESCE(q.backoff, s.backoff) AS backoff,
    COALESCE(q.lease, s.lease) AS lease,
    ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM faultline.jobs_live j
                  WHERE ((j.state = 'queued'::text) AND (j.queue = n.queue))
                 LIMIT 10000) c) AS queued,
    ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM faultline.jobs_live j
                  WHERE ((j.lease_expires_at IS NOT NULL) AND (j.queue = n.queue))
                 LIMIT 10000) c) AS running,
    ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM faultline.jobs_live j
                  WHERE ((j.finished_at IS NOT NULL) AND (j.queue = n.queue))
                 LIMIT 10000) c) AS failed
   FROM ((named n
     CROSS JOIN faultline.settings s)
     LEFT JOIN faultline.queues q ON ((q.queue = n.queue)));

-- Name: VIEW queue_overview; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.queue_overview IS 'Every queue that has live jobs or settings: its settings, and its jobs by state, counted up to 10 000.';

-- Name: run_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.run_log AS
 SELECT run_id,
    workflow,
    version,
    state,
    input,
    idempotency_key,
    parent_run_id,
    parent_task,
    created_at,
    finished_at
   FROM faultline.runs r;

-- Name: VIEW run_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.run_log IS 'Every run of a workflow.';

-- Name: run_signals; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.run_signals (
    run_id bigint NOT NULL,
    name text NOT NULL,
    payload jsonb,
    at timestamp with time zone NOT NULL
);

-- Name: TABLE run_signals; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.run_signals IS 'The signals that a run was given; one that arrives before its task waits for it.';

-- Name: runners; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.runners (
    runner uuid NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    queues text[],
    started_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL
);

-- Name: TABLE runners; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.runners IS 'One row a runner process, under a uuid that is new at each start. queues NULL: it serves all of them.';

-- Name: runner_overview; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.runner_overview AS
 SELECT runner,
    host,
    pid,
    version,
    queues,
    started_at,
    last_seen_at,
    ( SELECT count(*) AS count
           FROM faultline.jobs_live j
          WHERE ((j.lease_expires_at > '-infinity'::timestamp with time zone) AND (j.lease_owner = r.runner))) AS running
   FROM faultline.runners r;

-- Name: VIEW runner_overview; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.runner_overview IS 'The runners that are known, and how many jobs each holds.';

-- Name: runs_run_id_seq; Type: SEQUENCE; Schema: faultline; Owner: -

ALTER TABLE faultline.runs ALTER COLUMN run_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME faultline.runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: schedule_ticks; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.schedule_ticks (
    schedule text NOT NULL,
    tick_at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    job_id bigint,
    run_id bigint,
    missed integer DEFAULT 0 NOT NULL,
    version integer NOT NULL,
    fired_at timestamp with time zone NOT NULL,
    detail text,
    CONSTRAINT schedule_ticks_due CHECK (((kind = 'now'::text) OR (tick_at <= fired_at))),
    CONSTRAINT schedule_ticks_kind CHECK ((kind = ANY (ARRAY['calendar'::text, 'backfill'::text, 'now'::text]))),
    CONSTRAINT schedule_ticks_missed CHECK ((missed >= 0)),
    CONSTRAINT schedule_ticks_outcome CHECK (
CASE outcome
    WHEN 'made'::text THEN (num_nonnulls(job_id, run_id) = 1)
    WHEN 'skipped'::text THEN (num_nulls(job_id, run_id) = 2)
    WHEN 'failed'::text THEN (num_nulls(job_id, run_id) = 2)
    WHEN 'missed'::text THEN ((num_nulls(job_id, run_id) = 2) AND (missed > 0))
    ELSE false
END)
);

-- Name: TABLE schedule_ticks; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.schedule_ticks IS 'Ticks that have happened: one row, so one job or run, a tick. Insert-only; retention removes what its schedule has forgotten first.';

-- Name: COLUMN schedule_ticks.kind; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedule_ticks.kind IS 'calendar: proposed by runners; backfill, now: by an operator.';

-- Name: COLUMN schedule_ticks.missed; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.schedule_ticks.missed IS 'How many ticks before this one the rule for missed ticks has dropped; with outcome missed this one too.';

-- Name: schedule_list; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.schedule_list AS
 SELECT s.schedule,
    s.version,
    s.definition,
    (s.definition ->> 'description'::text) AS description,
    (s.definition ->> 'source'::text) AS source,
    s.cron,
    s.timezone,
    ((s.every)::double precision * '00:00:01'::interval) AS every,
    (s.definition ->> 'type'::text) AS type,
    (s.definition ->> 'workflow'::text) AS workflow,
    s.missed,
    s.overlap,
    s.paused_at,
    s.paused_note,
    s.starts_at,
    s.ends_at,
    s.created_at,
    s.changed_at,
    t.tick_at AS last_tick_at,
    t.outcome AS last_outcome,
    t.job_id AS last_job_id,
    t.run_id AS last_run_id,
    GREATEST(s.ticks_after, s.forgotten_until, t.tick_at) AS cursor,
    (s.forgotten_missed + ( SELECT COALESCE(sum(m.missed), (0)::bigint) AS "coalesce"
           FROM faultline.schedule_ticks m
          WHERE ((m.schedule = s.schedule) AND (m.missed > 0)))) AS missed_ticks,
    s.forgotten_until
   FROM (faultline.schedules s
     LEFT JOIN LATERAL ( SELECT l.tick_at,
            l.outcome,
            l.job_id,
            l.run_id
           FROM faultline.schedule_ticks l
          WHERE ((l.schedule = s.schedule) AND (l.kind = 'calendar'::text))
          ORDER BY l.tick_at DESC
         LIMIT 1) t ON (true))
  WHERE (s.deleted_at IS NULL);

-- Name: VIEW schedule_list; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.schedule_list IS 'Every schedule, with its last tick.';

-- Name: schedule_tick_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.schedule_tick_log AS
 SELECT schedule,
    tick_at,
    kind,
    outcome,
    job_id,
    run_id,
    missed,
    version,
    fired_at,
    detail
   FROM faultline.schedule_ticks t;

-- Name: VIEW schedule_tick_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.schedule_tick_log IS 'What became of the ticks of schedules.';

-- Name: task_dependencies; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.task_dependencies (
    workflow text NOT NULL,
    version integer NOT NULL,
    task text NOT NULL,
    ordinal integer NOT NULL,
    needs text NOT NULL
);

-- Name: TABLE task_dependencies; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.task_dependencies IS 'The edges of a version: task needs needs.';

-- Name: COLUMN task_dependencies.ordinal; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.task_dependencies.ordinal IS 'That of what is needed. The last one is the most likely to be unfinished, and is looked at first.';

-- Name: tasks; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.tasks (
    run_id bigint NOT NULL,
    name text NOT NULL,
    item integer DEFAULT '-1'::integer NOT NULL,
    ordinal integer NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    after_failure boolean DEFAULT false NOT NULL,
    job_id bigint,
    child_run_id bigint,
    value jsonb,
    result jsonb,
    error jsonb,
    due_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT tasks_finished CHECK ((((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'skipped'::text, 'cancelled'::text])) = (finished_at IS NOT NULL)) AND ((finished_at IS NULL) OR (due_at IS NULL)))),
    CONSTRAINT tasks_job CHECK (((state <> 'queued'::text) OR (job_id IS NOT NULL))),
    CONSTRAINT tasks_state CHECK ((state = ANY (ARRAY['waiting'::text, 'queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'skipped'::text, 'cancelled'::text])))
);

-- Name: TABLE tasks; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.tasks IS 'The tasks of a run: item -1 is the task itself, 0 and on are the items of a for_each.';

-- Name: COLUMN tasks.after_failure; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.tasks.after_failure IS 'Skipped because of a failure somewhere above: when: failure counts that as one.';

-- Name: COLUMN tasks.due_at; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.tasks.due_at IS 'When a timer ends, or the patience with a signal. Written later than the clock after the writer has its xid: the floor rests on it.';

-- Name: task_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.task_log AS
 SELECT run_id,
    name,
    NULLIF(item, '-1'::integer) AS item,
    state,
    generation,
    job_id,
    child_run_id,
    result,
    error,
    due_at,
    finished_at
   FROM faultline.tasks t;

-- Name: VIEW task_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.task_log IS 'Every task of every run.';

-- Name: token_overview; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.token_overview AS
 SELECT token_id,
    name,
    scopes,
    created_at,
    created_by,
    expires_at,
    revoked_at,
    ((revoked_at IS NULL) AND COALESCE((expires_at > clock_timestamp()), true)) AS valid
   FROM faultline.api_tokens t;

-- Name: VIEW token_overview; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.token_overview IS 'The tokens of the HTTP API: whose they are, what they may do, and whether they still do.';

-- Name: transaction_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.transaction_log AS
 SELECT t.transaction_id,
    t.kind,
    t.state,
    t.reason,
    t.job_id,
    t.job_state,
    t.request,
    t.created_at,
    t.settled_at,
    e.entry_id,
    e.attempt,
    e.effect,
    e.applied_at
   FROM (faultline.transactions t
     LEFT JOIN faultline.ledger_entries e ON ((e.transaction_id = t.transaction_id)));

-- Name: VIEW transaction_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.transaction_log IS 'Every transaction of the ledger: what it is, how far it is, and its entry.';

-- Name: workflows; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.workflows (
    workflow text NOT NULL,
    version integer NOT NULL,
    spec jsonb NOT NULL,
    spec_hash bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);

-- Name: TABLE workflows; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.workflows IS 'Versions of workflows, as they were put. A version never changes; a run keeps the one it began with.';

-- Name: workflow_log; Type: VIEW; Schema: faultline; Owner: -

CREATE VIEW faultline.workflow_log AS
 SELECT workflow,
    version,
    spec,
    created_at
   FROM faultline.workflows w;

-- Name: VIEW workflow_log; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON VIEW faultline.workflow_log IS 'Every version of every workflow, as it was put.';

-- Name: workflow_tasks; Type: TABLE; Schema: faultline; Owner: -

CREATE TABLE faultline.workflow_tasks (
    workflow text NOT NULL,
    version integer NOT NULL,
    task text NOT NULL,
    ordinal integer NOT NULL,
    definition jsonb NOT NULL,
    needed_by text[] NOT NULL
);

-- Name: TABLE workflow_tasks; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON TABLE faultline.workflow_tasks IS 'The tasks of a version, each after what it needs, with all defaults in its definition.';

-- Name: COLUMN workflow_tasks.needed_by; Type: COMMENT; Schema: faultline; Owner: -

COMMENT ON COLUMN faultline.workflow_tasks.needed_by IS 'The edges once more, from the other end: read when the task ends.';

-- Name: job_events_default; Type: TABLE ATTACH; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.job_events ATTACH PARTITION faultline.job_events_default DEFAULT;

-- Name: jobs_done_default; Type: TABLE ATTACH; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.jobs_done ATTACH PARTITION faultline.jobs_done_default DEFAULT;

-- Data for Name: account_checkpoints; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: accounts; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: api_tokens; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: effects; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: job_events_default; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: jobs_done_default; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: jobs_live; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: ledger_checkpoint; Type: TABLE DATA; Schema: faultline; Owner: -

INSERT INTO faultline.ledger_checkpoint VALUES (true, 0, NULL, NULL);

-- Data for Name: ledger_entries; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: payloads; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: postings; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: queues; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: run_signals; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: runners; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: runs; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: schedule_ticks; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: schedules; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: settings; Type: TABLE DATA; Schema: faultline; Owner: -

INSERT INTO faultline.settings VALUES (true, '30 days', '90 days', 5, '{"kind": "exponential", "delay": "1s", "jitter": 0.2, "max_delay": "1h"}', '00:00:30');

-- Data for Name: task_dependencies; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: tasks; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: transactions; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: workflow_tasks; Type: TABLE DATA; Schema: faultline; Owner: -

-- Data for Name: workflows; Type: TABLE DATA; Schema: faultline; Owner: -

-- Name: api_tokens_token_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.api_tokens_token_id_seq', 1, false);

-- Name: job_events_event_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.job_events_event_id_seq', 1, false);

-- Name: jobs_live_job_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.jobs_live_job_id_seq', 1, false);

-- Name: ledger_entries_entry_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.ledger_entries_entry_id_seq', 1, false);

-- Name: postings_posting_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.postings_posting_id_seq', 1, false);

-- Name: runs_run_id_seq; Type: SEQUENCE SET; Schema: faultline; Owner: -

SELECT pg_catalog.setval('faultline.runs_run_id_seq', 1, false);

-- Name: account_checkpoints account_checkpoints_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.account_checkpoints
    ADD CONSTRAINT account_checkpoints_pkey PRIMARY KEY (account, currency);

-- Name: accounts accounts_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (account, currency);

-- Name: api_tokens api_tokens_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.api_tokens
    ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (token_id);

-- Name: api_tokens api_tokens_secret; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.api_tokens
    ADD CONSTRAINT api_tokens_secret UNIQUE (secret_hash);

-- Name: effects effects_key; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.effects
    ADD CONSTRAINT effects_key UNIQUE (key);

-- Name: effects effects_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.effects
    ADD CONSTRAINT effects_pkey PRIMARY KEY (transaction_id, name);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (queue, key);

-- Name: job_events job_events_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.job_events
    ADD CONSTRAINT job_events_pkey PRIMARY KEY (event_id, at);

-- Name: job_events_default job_events_default_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.job_events_default
    ADD CONSTRAINT job_events_default_pkey PRIMARY KEY (event_id, at);

-- Name: jobs_done jobs_done_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.jobs_done
    ADD CONSTRAINT jobs_done_pkey PRIMARY KEY (job_id, finished_at);

-- Name: jobs_done_default jobs_done_default_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.jobs_done_default
    ADD CONSTRAINT jobs_done_default_pkey PRIMARY KEY (job_id, finished_at);

-- Name: jobs_live jobs_live_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.jobs_live
    ADD CONSTRAINT jobs_live_pkey PRIMARY KEY (job_id);

-- Name: ledger_checkpoint ledger_checkpoint_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.ledger_checkpoint
    ADD CONSTRAINT ledger_checkpoint_pkey PRIMARY KEY (only_row);

-- Name: ledger_entries ledger_entries_job; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.ledger_entries
    ADD CONSTRAINT ledger_entries_job UNIQUE (job_id);

-- Name: ledger_entries ledger_entries_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.ledger_entries
    ADD CONSTRAINT ledger_entries_pkey PRIMARY KEY (entry_id);

-- Name: ledger_entries ledger_entries_transaction; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.ledger_entries
    ADD CONSTRAINT ledger_entries_transaction UNIQUE (transaction_id);

-- Name: payloads payloads_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.payloads
    ADD CONSTRAINT payloads_pkey PRIMARY KEY (job_id);

-- Name: postings postings_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (posting_id);

-- Name: queues queues_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue);

-- Name: run_signals run_signals_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.run_signals
    ADD CONSTRAINT run_signals_pkey PRIMARY KEY (run_id, name);

-- Name: runners runners_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.runners
    ADD CONSTRAINT runners_pkey PRIMARY KEY (runner);

-- Name: runs runs_key; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.runs
    ADD CONSTRAINT runs_key UNIQUE (workflow, idempotency_key);

-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);

-- Name: schedule_ticks schedule_ticks_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.schedule_ticks
    ADD CONSTRAINT schedule_ticks_pkey PRIMARY KEY (schedule, tick_at);

-- Name: schedules schedules_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (schedule);

-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (only_row);

-- Name: task_dependencies task_dependencies_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.task_dependencies
    ADD CONSTRAINT task_dependencies_pkey PRIMARY KEY (workflow, version, task, ordinal);

-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (run_id, name, item);

-- Name: transactions transactions_job; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.transactions
    ADD CONSTRAINT transactions_job UNIQUE (job_id);

-- Name: transactions transactions_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (transaction_id);

-- Name: workflow_tasks workflow_tasks_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.workflow_tasks
    ADD CONSTRAINT workflow_tasks_pkey PRIMARY KEY (workflow, version, task);

-- Name: workflows workflows_pkey; Type: CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.workflows
    ADD CONSTRAINT workflows_pkey PRIMARY KEY (workflow, version);

-- Name: effects_ask; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX effects_ask ON faultline.effects USING btree (ask_at) WHERE (ask_at IS NOT NULL);

-- Name: effects_unknown; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX effects_unknown ON faultline.effects USING btree (unknown_since) WHERE (unknown_since IS NOT NULL);

-- Name: idempotency_keys_expiry; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX idempotency_keys_expiry ON faultline.idempotency_keys USING btree (expires_at);

-- Name: job_events_job; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX job_events_job ON ONLY faultline.job_events USING btree (job_id, attempt, verb);

-- Name: job_events_default_job_id_attempt_verb_idx; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX job_events_default_job_id_attempt_verb_idx ON faultline.job_events_default USING btree (job_id, attempt, verb);

-- Name: jobs_done_apart; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_done_apart ON ONLY faultline.jobs_done USING btree (job_id) WHERE (payload IS NULL);

-- Name: jobs_done_default_job_id_idx; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_done_default_job_id_idx ON faultline.jobs_done_default USING btree (job_id) WHERE (payload IS NULL);

-- Name: jobs_live_dead; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_live_dead ON faultline.jobs_live USING btree (queue, job_id) WHERE (finished_at IS NOT NULL);

-- Name: jobs_live_lease; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_live_lease ON faultline.jobs_live USING btree (lease_expires_at) WHERE (lease_expires_at IS NOT NULL);

-- Name: jobs_live_ready; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_live_ready ON faultline.jobs_live USING btree (queue, priority, ready_at, job_id) WHERE (state = 'queued'::text);

-- Name: jobs_live_running; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX jobs_live_running ON faultline.jobs_live USING btree (queue, lease_expires_at) WHERE (lease_expires_at IS NOT NULL);

-- Name: jobs_live_task; Type: INDEX; Schema: faultline; Owner: -

CREATE UNIQUE INDEX jobs_live_task ON faultline.jobs_live USING btree (run_id, task) WHERE (run_id IS NOT NULL);

-- Name: postings_account; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX postings_account ON faultline.postings USING btree (account, currency, posting_id) INCLUDE (amount);

-- Name: postings_entry; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX postings_entry ON faultline.postings USING btree (entry_id);

-- Name: runs_failed; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX runs_failed ON faultline.runs USING btree (run_id) WHERE (state = 'failed'::text);

-- Name: runs_family_index; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX runs_family_index ON faultline.runs USING btree (root_run_id, place);

-- Name: runs_finished_index; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX runs_finished_index ON faultline.runs USING btree (finished_at) WHERE (finished_at IS NOT NULL);

-- Name: runs_running; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX runs_running ON faultline.runs USING btree (run_id) WHERE (finished_at IS NULL);

-- Name: runs_version; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX runs_version ON faultline.runs USING btree (workflow, version);

-- Name: schedule_ticks_dropped; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX schedule_ticks_dropped ON faultline.schedule_ticks USING btree (schedule) INCLUDE (missed) WHERE (missed > 0);

-- Name: schedule_ticks_fired; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX schedule_ticks_fired ON faultline.schedule_ticks USING btree (fired_at);

-- Name: schedule_ticks_job; Type: INDEX; Schema: faultline; Owner: -

CREATE UNIQUE INDEX schedule_ticks_job ON faultline.schedule_ticks USING btree (job_id) WHERE (job_id IS NOT NULL);

-- Name: schedule_ticks_made; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX schedule_ticks_made ON faultline.schedule_ticks USING btree (schedule, tick_at) WHERE (outcome = 'made'::text);

-- Name: schedule_ticks_run; Type: INDEX; Schema: faultline; Owner: -

CREATE UNIQUE INDEX schedule_ticks_run ON faultline.schedule_ticks USING btree (run_id) WHERE (run_id IS NOT NULL);

-- Name: schedules_changed; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX schedules_changed ON faultline.schedules USING btree (changed_xid);

-- Name: tasks_due; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX tasks_due ON faultline.tasks USING btree (due_at) WHERE (due_at IS NOT NULL);

-- Name: tasks_open; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX tasks_open ON faultline.tasks USING btree (run_id, ordinal, item) WHERE (finished_at IS NULL);

-- Name: transactions_applied; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX transactions_applied ON faultline.transactions USING btree (created_at) WHERE (state = 'APPLIED'::text);

-- Name: transactions_due; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX transactions_due ON faultline.transactions USING btree (due_at) WHERE (due_at IS NOT NULL);

-- Name: transactions_failed; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX transactions_failed ON faultline.transactions USING btree (settled_at) WHERE (reason IS NOT NULL);

-- Name: transactions_init; Type: INDEX; Schema: faultline; Owner: -

CREATE INDEX transactions_init ON faultline.transactions USING btree (created_at) WHERE (state = 'INIT'::text);

-- Name: job_events_default_job_id_attempt_verb_idx; Type: INDEX ATTACH; Schema: faultline; Owner: -

ALTER INDEX faultline.job_events_job ATTACH PARTITION faultline.job_events_default_job_id_attempt_verb_idx;

-- Name: job_events_default_pkey; Type: INDEX ATTACH; Schema: faultline; Owner: -

ALTER INDEX faultline.job_events_pkey ATTACH PARTITION faultline.job_events_default_pkey;

-- Name: jobs_done_default_job_id_idx; Type: INDEX ATTACH; Schema: faultline; Owner: -

ALTER INDEX faultline.jobs_done_apart ATTACH PARTITION faultline.jobs_done_default_job_id_idx;

-- Name: jobs_done_default_pkey; Type: INDEX ATTACH; Schema: faultline; Owner: -

ALTER INDEX faultline.jobs_done_pkey ATTACH PARTITION faultline.jobs_done_default_pkey;

-- Name: effects effects_born; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER effects_born BEFORE INSERT ON faultline.effects FOR EACH ROW WHEN ((new.state <> 'INIT'::text)) EXECUTE FUNCTION faultline._refuse_effect();

-- Name: effects effects_moves; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER effects_moves BEFORE UPDATE ON faultline.effects FOR EACH ROW WHEN (((NOT ((new.state = old.state) OR ((old.state = 'INIT'::text) AND (new.state = 'SENT'::text)) OR ((old.state = 'SENT'::text) AND (new.state = ANY (ARRAY['APPLIED'::text, 'ABSENT'::text]))))) OR (((((new.transaction_id IS DISTINCT FROM old.transaction_id) OR (new.name IS DISTINCT FROM old.name)) OR (new.key IS DISTINCT FROM old.key)) OR (new.request_hash IS DISTINCT FROM old.request_hash)) OR (new.request IS DISTINCT FROM old.request)))) EXECUTE FUNCTION faultline._refuse_effect();

-- Name: effects effects_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER effects_not_truncated BEFORE TRUNCATE ON faultline.effects FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: effects effects_stay; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER effects_stay BEFORE DELETE ON faultline.effects FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: job_events job_events_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER job_events_append_only BEFORE UPDATE ON faultline.job_events FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: jobs_done jobs_done_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER jobs_done_append_only BEFORE UPDATE ON faultline.jobs_done FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: jobs_live jobs_live_born; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER jobs_live_born BEFORE INSERT ON faultline.jobs_live FOR EACH ROW WHEN ((new.state <> 'queued'::text)) EXECUTE FUNCTION faultline._refuse_move();

-- Name: jobs_live jobs_live_moves; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER jobs_live_moves BEFORE UPDATE ON faultline.jobs_live FOR EACH ROW WHEN (((NOT (((new.state = old.state) AND (new.attempt = old.attempt)) OR ((old.state = 'queued'::text) AND (new.state = 'running'::text) AND (new.attempt = (old.attempt + 1))) OR ((old.state = 'running'::text) AND (new.state = ANY (ARRAY['queued'::text, 'failed'::text])) AND (new.attempt = old.attempt)) OR ((old.state = 'failed'::text) AND (new.state = 'queued'::text) AND (new.attempt = old.attempt)))) OR (new.job_id <> old.job_id))) EXECUTE FUNCTION faultline._refuse_move();

-- Name: ledger_entries ledger_entries_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER ledger_entries_append_only BEFORE DELETE OR UPDATE ON faultline.ledger_entries FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: ledger_entries ledger_entries_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER ledger_entries_not_truncated BEFORE TRUNCATE ON faultline.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: payloads payloads_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER payloads_append_only BEFORE UPDATE ON faultline.payloads FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: postings postings_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER postings_append_only BEFORE DELETE OR UPDATE ON faultline.postings FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: postings postings_balanced; Type: TRIGGER; Schema: faultline; Owner: -

CREATE CONSTRAINT TRIGGER postings_balanced AFTER INSERT ON faultline.postings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION faultline._check_balanced();

-- Name: postings postings_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER postings_not_truncated BEFORE TRUNCATE ON faultline.postings FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: schedule_ticks schedule_ticks_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER schedule_ticks_append_only BEFORE UPDATE ON faultline.schedule_ticks FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: schedule_ticks schedule_ticks_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER schedule_ticks_not_truncated BEFORE TRUNCATE ON faultline.schedule_ticks FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: schedule_ticks schedule_ticks_stay; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER schedule_ticks_stay BEFORE DELETE ON faultline.schedule_ticks FOR EACH ROW EXECUTE FUNCTION faultline._refuse_to_forget();

-- Name: schedules schedules_moves; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER schedules_moves BEFORE DELETE OR UPDATE ON faultline.schedules FOR EACH ROW EXECUTE FUNCTION faultline._refuse_schedule();

-- Name: schedules schedules_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER schedules_not_truncated BEFORE TRUNCATE ON faultline.schedules FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: transactions transactions_born; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER transactions_born BEFORE INSERT ON faultline.transactions FOR EACH ROW WHEN ((new.state <> 'INIT'::text)) EXECUTE FUNCTION faultline._refuse_transaction();

-- Name: transactions transactions_moves; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER transactions_moves BEFORE UPDATE ON faultline.transactions FOR EACH ROW EXECUTE FUNCTION faultline._refuse_transaction();

-- Name: transactions transactions_not_truncated; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER transactions_not_truncated BEFORE TRUNCATE ON faultline.transactions FOR EACH STATEMENT EXECUTE FUNCTION faultline._refuse_change();

-- Name: transactions transactions_stay; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER transactions_stay BEFORE DELETE ON faultline.transactions FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: workflows workflows_append_only; Type: TRIGGER; Schema: faultline; Owner: -

CREATE TRIGGER workflows_append_only BEFORE UPDATE ON faultline.workflows FOR EACH ROW EXECUTE FUNCTION faultline._refuse_change();

-- Name: effects effects_transaction_id_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.effects
    ADD CONSTRAINT effects_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES faultline.transactions(transaction_id);

-- Name: ledger_entries ledger_entries_transaction_id_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.ledger_entries
    ADD CONSTRAINT ledger_entries_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES faultline.transactions(transaction_id);

-- Name: postings postings_entry_id_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.postings
    ADD CONSTRAINT postings_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES faultline.ledger_entries(entry_id);

-- Name: run_signals run_signals_run_id_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.run_signals
    ADD CONSTRAINT run_signals_run_id_fkey FOREIGN KEY (run_id) REFERENCES faultline.runs(run_id);

-- Name: runs runs_workflow_version_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.runs
    ADD CONSTRAINT runs_workflow_version_fkey FOREIGN KEY (workflow, version) REFERENCES faultline.workflows(workflow, version);

-- Name: schedule_ticks schedule_ticks_schedule_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.schedule_ticks
    ADD CONSTRAINT schedule_ticks_schedule_fkey FOREIGN KEY (schedule) REFERENCES faultline.schedules(schedule);

-- Name: task_dependencies task_dependencies_workflow_version_task_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.task_dependencies
    ADD CONSTRAINT task_dependencies_workflow_version_task_fkey FOREIGN KEY (workflow, version, task) REFERENCES faultline.workflow_tasks(workflow, version, task);

-- Name: tasks tasks_run_id_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.tasks
    ADD CONSTRAINT tasks_run_id_fkey FOREIGN KEY (run_id) REFERENCES faultline.runs(run_id);

-- Name: workflow_tasks workflow_tasks_workflow_version_fkey; Type: FK CONSTRAINT; Schema: faultline; Owner: -

ALTER TABLE ONLY faultline.workflow_tasks
    ADD CONSTRAINT workflow_tasks_workflow_version_fkey FOREIGN KEY (workflow, version) REFERENCES faultline.workflows(workflow, version);

-- Name: SCHEMA faultline; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA faultline TO faultline_producer;
GRANT USAGE ON SCHEMA faultline TO faultline_runner;
GRANT USAGE ON SCHEMA faultline TO faultline_operator;
GRANT USAGE ON SCHEMA faultline TO faultline_observer;

-- Name: FUNCTION _account_bucket(account text, currency text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._account_bucket(account text, currency text) FROM PUBLIC;

-- Name: FUNCTION _add_job(job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text, run_id bigint, task text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._add_job(job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text, run_id bigint, task text) FROM PUBLIC;

-- Name: FUNCTION _advance(r faultline.runs, ended text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._advance(r faultline.runs, ended text[]) FROM PUBLIC;

-- Name: FUNCTION _ago(span interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._ago(span interval) FROM PUBLIC;

-- Name: FUNCTION _answer(accepted boolean, job_id bigint, attempt integer, verb text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._answer(accepted boolean, job_id bigint, attempt integer, verb text) FROM PUBLIC;

-- Name: FUNCTION _apply(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing boolean, OUT entry_id bigint, OUT created boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._apply(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing boolean, OUT entry_id bigint, OUT created boolean) FROM PUBLIC;

-- Name: FUNCTION _arguments_hash(type text, payload jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._arguments_hash(type text, payload jsonb) FROM PUBLIC;

-- Name: FUNCTION _backoff_delay(backoff jsonb, failures integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._backoff_delay(backoff jsonb, failures integer) FROM PUBLIC;

-- Name: FUNCTION _balance(account text, currency text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._balance(account text, currency text) FROM PUBLIC;

-- Name: FUNCTION _burnt(t faultline.transactions); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._burnt(t faultline.transactions) FROM PUBLIC;

-- Name: FUNCTION _check_amount(what text, amount jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_amount(what text, amount jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_array(what text, value jsonb, example text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_array(what text, value jsonb, example text) FROM PUBLIC;

-- Name: FUNCTION _check_backoff(backoff jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_backoff(backoff jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_balanced(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_balanced() FROM PUBLIC;

-- Name: FUNCTION _check_document(what text, document jsonb, must_be_object boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_document(what text, document jsonb, must_be_object boolean) FROM PUBLIC;

-- Name: FUNCTION _check_fence(job_id bigint, attempt integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_fence(job_id bigint, attempt integer) FROM PUBLIC;

-- Name: FUNCTION _check_interval(what text, value interval, lowest interval, highest interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_interval(what text, value interval, lowest interval, highest interval) FROM PUBLIC;

-- Name: FUNCTION _check_isolation(what text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_isolation(what text) FROM PUBLIC;

-- Name: FUNCTION _check_job(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_job(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_keys(place text, value jsonb, known text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_keys(place text, value jsonb, known text[]) FROM PUBLIC;

-- Name: FUNCTION _check_name(what text, value text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_name(what text, value text) FROM PUBLIC;

-- Name: FUNCTION _check_postings(postings jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_postings(postings jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_schedule(definition jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_schedule(definition jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_settings(settings jsonb, known text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_settings(settings jsonb, known text[]) FROM PUBLIC;

-- Name: FUNCTION _check_ticks(ticks jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_ticks(ticks jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_transaction_id(transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_transaction_id(transaction_id text) FROM PUBLIC;

-- Name: FUNCTION _check_zone(zone text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._check_zone(zone text) FROM PUBLIC;

-- Name: FUNCTION _child_ended(r faultline.runs); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._child_ended(r faultline.runs) FROM PUBLIC;

-- Name: FUNCTION _close_items(r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._close_items(r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]) FROM PUBLIC;

-- Name: FUNCTION _complete_tasks(job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._complete_tasks(job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]) FROM PUBLIC;

-- Name: FUNCTION _condition(r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._condition(r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb) FROM PUBLIC;

-- Name: FUNCTION _days_before(parent text, until timestamp with time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._days_before(parent text, until timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _effect_key(transaction_id text, name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._effect_key(transaction_id text, name text) FROM PUBLIC;

-- Name: FUNCTION _end_attempt(job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._end_attempt(job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid) FROM PUBLIC;

-- Name: FUNCTION _end_task(run_id bigint, name text, item integer, state text, result jsonb, error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._end_task(run_id bigint, name text, item integer, state text, result jsonb, error jsonb) FROM PUBLIC;

-- Name: FUNCTION _end_tasks(r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._end_tasks(r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb) FROM PUBLIC;

-- Name: FUNCTION _ended_otherwise(job_id bigint, attempt integer, transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._ended_otherwise(job_id bigint, attempt integer, transaction_id text) FROM PUBLIC;

-- Name: FUNCTION _enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb, OUT job_id bigint, OUT created boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb, OUT job_id bigint, OUT created boolean) FROM PUBLIC;

-- Name: FUNCTION _find_cycle(names text[], definitions jsonb[], waits integer[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._find_cycle(names text[], definitions jsonb[], waits integer[]) FROM PUBLIC;

-- Name: FUNCTION _finish(job faultline.jobs_live, state text, error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._finish(job faultline.jobs_live, state text, error jsonb) FROM PUBLIC;

-- Name: FUNCTION _finish_jobs(run_ids bigint[], state text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._finish_jobs(run_ids bigint[], state text) FROM PUBLIC;

-- Name: FUNCTION _finish_run(r faultline.runs); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._finish_run(r faultline.runs) FROM PUBLIC;

-- Name: FUNCTION _fold_postings(max integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._fold_postings(max integer) FROM PUBLIC;

-- Name: FUNCTION _follow(turns bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._follow(turns bigint[]) FROM PUBLIC;

-- Name: FUNCTION _has_queued(queue text, token jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._has_queued(queue text, token jsonb) FROM PUBLIC;

-- Name: FUNCTION _invalid(message text, hint text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._invalid(message text, hint text) FROM PUBLIC;

-- Name: FUNCTION _is_day(calendar jsonb, day date); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._is_day(calendar jsonb, day date) FROM PUBLIC;

-- Name: FUNCTION _is_running(job_id bigint, attempt integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._is_running(job_id bigint, attempt integer) FROM PUBLIC;

-- Name: FUNCTION _is_tick(s faultline.schedules, tick_at timestamp with time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._is_tick(s faultline.schedules, tick_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _is_wall_time(calendar jsonb, wall timestamp without time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._is_wall_time(calendar jsonb, wall timestamp without time zone) FROM PUBLIC;

-- Name: FUNCTION _keep_apart(job_id bigint, payload jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._keep_apart(job_id bigint, payload jsonb) FROM PUBLIC;

-- Name: FUNCTION _keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint) FROM PUBLIC;

-- Name: FUNCTION _lock_attempt(job_id bigint, attempt integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._lock_attempt(job_id bigint, attempt integer) FROM PUBLIC;

-- Name: FUNCTION _lock_effect(job_id bigint, attempt integer, transaction_id text, name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._lock_effect(job_id bigint, attempt integer, transaction_id text, name text) FROM PUBLIC;

-- Name: FUNCTION _lock_runs(run_ids bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._lock_runs(run_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _lock_schedule(name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._lock_schedule(name text) FROM PUBLIC;

-- Name: FUNCTION _lock_transaction(job faultline.jobs_live, transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._lock_transaction(job faultline.jobs_live, transaction_id text) FROM PUBLIC;

-- Name: FUNCTION _make_tick(s faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._make_tick(s faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text) FROM PUBLIC;

-- Name: FUNCTION _needs_results(r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._needs_results(r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb) FROM PUBLIC;

-- Name: FUNCTION _next_queue(after text, before text, only_queued boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._next_queue(after text, before text, only_queued boolean) FROM PUBLIC;

-- Name: FUNCTION _no_job(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._no_job(job_id bigint) FROM PUBLIC;

-- Name: FUNCTION _no_run(run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._no_run(run_id bigint) FROM PUBLIC;

-- Name: FUNCTION _no_transaction(transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._no_transaction(transaction_id text) FROM PUBLIC;

-- Name: FUNCTION _oldest_day(parent text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._oldest_day(parent text) FROM PUBLIC;

-- Name: FUNCTION _one_line(value text, length integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._one_line(value text, length integer) FROM PUBLIC;

-- Name: FUNCTION _other_job(t faultline.transactions); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._other_job(t faultline.transactions) FROM PUBLIC;

-- Name: FUNCTION _other_request(t faultline.transactions); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._other_request(t faultline.transactions) FROM PUBLIC;

-- Name: FUNCTION _overlaps(name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._overlaps(name text) FROM PUBLIC;

-- Name: FUNCTION _parse_cron(cron text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._parse_cron(cron text) FROM PUBLIC;

-- Name: FUNCTION _post(entry_id bigint, postings jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._post(entry_id bigint, postings jsonb) FROM PUBLIC;

-- Name: FUNCTION _queue_names(token jsonb, max integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._queue_names(token jsonb, max integer) FROM PUBLIC;

-- Name: FUNCTION _read_floor(floor text, now_ timestamp with time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._read_floor(floor text, now_ timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _ready(r faultline.runs, ended text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._ready(r faultline.runs, ended text[]) FROM PUBLIC;

-- Name: FUNCTION _record(job_id bigint, attempt integer, verb text, runner uuid, detail jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._record(job_id bigint, attempt integer, verb text, runner uuid, detail jsonb) FROM PUBLIC;

-- Name: FUNCTION _record_stale(job_id bigint, attempt integer, verb text, runner uuid); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._record_stale(job_id bigint, attempt integer, verb text, runner uuid) FROM PUBLIC;

-- Name: FUNCTION _refer(r faultline.runs, definition jsonb, reference text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refer(r faultline.runs, definition jsonb, reference text) FROM PUBLIC;

-- Name: FUNCTION _reference_base(reference text, needs jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._reference_base(reference text, needs jsonb) FROM PUBLIC;

-- Name: FUNCTION _refuse_change(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_change() FROM PUBLIC;

-- Name: FUNCTION _refuse_effect(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_effect() FROM PUBLIC;

-- Name: FUNCTION _refuse_fences(what text, job_ids bigint[], attempts integer[], others json); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_fences(what text, job_ids bigint[], attempts integer[], others json) FROM PUBLIC;

-- Name: FUNCTION _refuse_item(ordinal bigint, item jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_item(ordinal bigint, item jsonb) FROM PUBLIC;

-- Name: FUNCTION _refuse_move(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_move() FROM PUBLIC;

-- Name: FUNCTION _refuse_schedule(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_schedule() FROM PUBLIC;

-- Name: FUNCTION _refuse_to_forget(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_to_forget() FROM PUBLIC;

-- Name: FUNCTION _refuse_transaction(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refuse_transaction() FROM PUBLIC;

-- Name: FUNCTION _refused(job_id bigint, attempt integer, verb text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._refused(job_id bigint, attempt integer, verb text) FROM PUBLIC;

-- Name: FUNCTION _reopen(run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._reopen(run_id bigint) FROM PUBLIC;

-- Name: FUNCTION _resume(root bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._resume(root bigint) FROM PUBLIC;

-- Name: FUNCTION _ring(queue text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._ring(queue text) FROM PUBLIC;

-- Name: FUNCTION _root_run(run_id bigint, verb text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._root_run(run_id bigint, verb text) FROM PUBLIC;

-- Name: FUNCTION _schedule_cursor(s faultline.schedules); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._schedule_cursor(s faultline.schedules) FROM PUBLIC;

-- Name: FUNCTION _schedule_fault(key text, message text, hint text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._schedule_fault(key text, message text, hint text) FROM PUBLIC;

-- Name: FUNCTION _schedule_interval(key text, value jsonb, lowest interval, highest interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._schedule_interval(key text, value jsonb, lowest interval, highest interval) FROM PUBLIC;

-- Name: FUNCTION _schedule_job(key text, value jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._schedule_job(key text, value jsonb) FROM PUBLIC;

-- Name: FUNCTION _schedule_time(key text, value jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._schedule_time(key text, value jsonb) FROM PUBLIC;

-- Name: FUNCTION _setting_int(settings jsonb, key text, lowest integer, highest integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._setting_int(settings jsonb, key text, lowest integer, highest integer) FROM PUBLIC;

-- Name: FUNCTION _setting_interval(settings jsonb, key text, lowest interval, highest interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._setting_interval(settings jsonb, key text, lowest interval, highest interval) FROM PUBLIC;

-- Name: FUNCTION _settle(t faultline.transactions); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._settle(t faultline.transactions) FROM PUBLIC;

-- Name: FUNCTION _settle_effect(e faultline.effects, state text, response jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._settle_effect(e faultline.effects, state text, response jsonb) FROM PUBLIC;

-- Name: FUNCTION _spec_interval(place text, value jsonb, lowest interval, highest interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._spec_interval(place text, value jsonb, lowest interval, highest interval) FROM PUBLIC;

-- Name: FUNCTION _spec_job(place text, given jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._spec_job(place text, given jsonb) FROM PUBLIC;

-- Name: FUNCTION _spec_task(name text, given jsonb, defaults jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._spec_task(name text, given jsonb, defaults jsonb) FROM PUBLIC;

-- Name: FUNCTION _stands_apart(payload jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._stands_apart(payload jsonb) FROM PUBLIC;

-- Name: FUNCTION _start_child(r faultline.runs, name text, item integer, definition jsonb, element jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._start_child(r faultline.runs, name text, item integer, definition jsonb, element jsonb) FROM PUBLIC;

-- Name: FUNCTION _start_items(r faultline.runs, name text, definition jsonb, most integer, behind integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._start_items(r faultline.runs, name text, definition jsonb, most integer, behind integer) FROM PUBLIC;

-- Name: FUNCTION _start_jobs(r faultline.runs, names text[], items integer[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._start_jobs(r faultline.runs, names text[], items integer[]) FROM PUBLIC;

-- Name: FUNCTION _start_task(r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._start_task(r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]) FROM PUBLIC;

-- Name: FUNCTION _submit_again(t faultline.transactions); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._submit_again(t faultline.transactions) FROM PUBLIC;

-- Name: FUNCTION _take_turn(queue text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._take_turn(queue text) FROM PUBLIC;

-- Name: FUNCTION _task_ended(job faultline.jobs_live, state text, error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._task_ended(job faultline.jobs_live, state text, error jsonb) FROM PUBLIC;

-- Name: FUNCTION _task_fault(place text, message text, hint text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._task_fault(place text, message text, hint text) FROM PUBLIC;

-- Name: FUNCTION _task_name(name text, item integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._task_name(name text, item integer) FROM PUBLIC;

-- Name: FUNCTION _tasks_ended(run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._tasks_ended(run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb) FROM PUBLIC;

-- Name: FUNCTION _tell_transaction(transaction_id text, job_state text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._tell_transaction(transaction_id text, job_state text) FROM PUBLIC;

-- Name: FUNCTION _tick_fault(s faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._tick_fault(s faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text) FROM PUBLIC;

-- Name: FUNCTION _trigger(name text, input jsonb, idempotency_key text, headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._trigger(name text, input jsonb, idempotency_key text, headers jsonb) FROM PUBLIC;

-- Name: FUNCTION _trouble(error jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._trouble(error jsonb) FROM PUBLIC;

-- Name: FUNCTION _unsettled(max integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._unsettled(max integer) FROM PUBLIC;

-- Name: FUNCTION _utc(moment timestamp with time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._utc(moment timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _verdicts(job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verdicts(job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text) FROM PUBLIC;

-- Name: FUNCTION _verify_guards(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_guards() FROM PUBLIC;

-- Name: FUNCTION _verify_jobs(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_jobs() FROM PUBLIC;

-- Name: FUNCTION _verify_keys(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_keys() FROM PUBLIC;

-- Name: FUNCTION _verify_ledger(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_ledger() FROM PUBLIC;

-- Name: FUNCTION _verify_privileges(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_privileges() FROM PUBLIC;

-- Name: FUNCTION _verify_schedules(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_schedules() FROM PUBLIC;

-- Name: FUNCTION _verify_workflows(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._verify_workflows() FROM PUBLIC;

-- Name: FUNCTION _zone_offset(zone text, second bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline._zone_offset(zone text, second bigint) FROM PUBLIC;

-- Name: FUNCTION account_balance(account text, currency text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.account_balance(account text, currency text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.account_balance(account text, currency text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.account_balance(account text, currency text) TO faultline_observer;

-- Name: FUNCTION advance_floor(queues text[], floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.advance_floor(queues text[], floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.advance_floor(queues text[], floor text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.advance_floor(queues text[], floor text) TO faultline_observer;

-- Name: FUNCTION answer_effect(transaction_id text, name text, state text, response jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.answer_effect(transaction_id text, name text, state text, response jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.answer_effect(transaction_id text, name text, state text, response jsonb) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.answer_effect(transaction_id text, name text, state text, response jsonb) TO faultline_operator;

-- Name: FUNCTION apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, result jsonb, OUT entry_id bigint, OUT created boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, result jsonb, OUT entry_id bigint, OUT created boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.apply_and_complete(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, result jsonb, OUT entry_id bigint, OUT created boolean) TO faultline_runner;

-- Name: FUNCTION apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, OUT entry_id bigint, OUT created boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, OUT entry_id bigint, OUT created boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.apply_ledger(job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, OUT entry_id bigint, OUT created boolean) TO faultline_runner;

-- Name: FUNCTION begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb, OUT key text, OUT state text, OUT response jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb, OUT key text, OUT state text, OUT response jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.begin_effect(job_id bigint, attempt integer, transaction_id text, name text, request jsonb, OUT key text, OUT state text, OUT response jsonb) TO faultline_runner;

-- Name: FUNCTION bell(queue text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.bell(queue text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.bell(queue text) TO faultline_runner;

-- Name: FUNCTION cancel_job(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.cancel_job(job_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.cancel_job(job_id bigint) TO faultline_operator;

-- Name: FUNCTION cancel_run(run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.cancel_run(run_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.cancel_run(run_id bigint) TO faultline_operator;

-- Name: FUNCTION cancelled(job_id bigint, attempt integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.cancelled(job_id bigint, attempt integer) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.cancelled(job_id bigint, attempt integer) TO faultline_runner;

-- Name: FUNCTION check_schedule(definition jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.check_schedule(definition jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.check_schedule(definition jsonb) TO faultline_operator;

-- Name: FUNCTION claim_job(queue text, runner uuid, batch integer, lease interval, floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.claim_job(queue text, runner uuid, batch integer, lease interval, floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.claim_job(queue text, runner uuid, batch integer, lease interval, floor text) TO faultline_runner;

-- Name: FUNCTION claim_jobs(queues text[], runner uuid, batch integer, lease interval, floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.claim_jobs(queues text[], runner uuid, batch integer, lease interval, floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.claim_jobs(queues text[], runner uuid, batch integer, lease interval, floor text) TO faultline_runner;

-- Name: FUNCTION complete_job(job_id bigint, attempt integer, result jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.complete_job(job_id bigint, attempt integer, result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.complete_job(job_id bigint, attempt integer, result jsonb) TO faultline_runner;

-- Name: FUNCTION complete_jobs(job_ids bigint[], attempts integer[], results jsonb[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.complete_jobs(job_ids bigint[], attempts integer[], results jsonb[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.complete_jobs(job_ids bigint[], attempts integer[], results jsonb[]) TO faultline_runner;

-- Name: FUNCTION create_token(secret_hash bytea, scopes text[], name text, lifetime interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.create_token(secret_hash bytea, scopes text[], name text, lifetime interval) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.create_token(secret_hash bytea, scopes text[], name text, lifetime interval) TO faultline_operator;

-- Name: FUNCTION delete_schedule(name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.delete_schedule(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.delete_schedule(name text) TO faultline_operator;

-- Name: FUNCTION discard_job(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.discard_job(job_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.discard_job(job_id bigint) TO faultline_operator;

-- Name: FUNCTION effect_sent(job_id bigint, attempt integer, transaction_id text, name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.effect_sent(job_id bigint, attempt integer, transaction_id text, name text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.effect_sent(job_id bigint, attempt integer, transaction_id text, name text) TO faultline_runner;

-- Name: FUNCTION effects_to_ask(names text[], max integer); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.effects_to_ask(names text[], max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.effects_to_ask(names text[], max integer) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.effects_to_ask(names text[], max integer) TO faultline_operator;

-- Name: FUNCTION enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.enqueue(type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb) TO faultline_producer;

-- Name: FUNCTION enqueue_bulk(type text, payloads jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.enqueue_bulk(type text, payloads jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.enqueue_bulk(type text, payloads jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) TO faultline_producer;

-- Name: FUNCTION enqueue_many(jobs jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.enqueue_many(jobs jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.enqueue_many(jobs jsonb) TO faultline_producer;

-- Name: FUNCTION fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean, retry_in interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean, retry_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fail_job(job_id bigint, attempt integer, error jsonb, retryable boolean, retry_in interval) TO faultline_runner;

-- Name: FUNCTION fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[], retryables boolean[], retry_ins interval[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[], retryables boolean[], retry_ins interval[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fail_jobs(job_ids bigint[], attempts integer[], errors jsonb[], retryables boolean[], retry_ins interval[]) TO faultline_runner;

-- Name: FUNCTION fail_transaction(transaction_id text, reason text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fail_transaction(transaction_id text, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fail_transaction(transaction_id text, reason text) TO faultline_operator;

-- Name: FUNCTION find_entry(job_id bigint, attempt integer, transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.find_entry(job_id bigint, attempt integer, transaction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.find_entry(job_id bigint, attempt integer, transaction_id text) TO faultline_runner;

-- Name: FUNCTION find_token(token_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.find_token(token_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.find_token(token_id bigint) TO faultline_operator;

-- Name: FUNCTION fire_now(name text, OUT job_id bigint, OUT run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fire_now(name text, OUT job_id bigint, OUT run_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fire_now(name text, OUT job_id bigint, OUT run_id bigint) TO faultline_operator;

-- Name: FUNCTION fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.fire_schedule(name text, tick_at timestamp with time zone, version integer, backfill boolean, OUT job_id bigint, OUT run_id bigint, OUT created boolean) TO faultline_operator;

-- Name: FUNCTION fire_schedules(ticks jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.fire_schedules(ticks jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.fire_schedules(ticks jsonb) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.fire_schedules(ticks jsonb) TO faultline_operator;

-- Name: FUNCTION heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.heartbeat(runner uuid, job_ids bigint[], attempts integer[], lease interval) TO faultline_runner;

-- Name: FUNCTION job_status(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.job_status(job_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.job_status(job_id bigint) TO faultline_producer;
GRANT ALL ON FUNCTION faultline.job_status(job_id bigint) TO faultline_observer;

-- Name: FUNCTION maintain(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.maintain() FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.maintain() TO faultline_runner;
GRANT ALL ON FUNCTION faultline.maintain() TO faultline_operator;

-- Name: FUNCTION metrics(floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.metrics(floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.metrics(floor text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.metrics(floor text) TO faultline_observer;

-- Name: FUNCTION next_ready(queues text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.next_ready(queues text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.next_ready(queues text[]) TO faultline_runner;

-- Name: FUNCTION open_ledger(job_id bigint, attempt integer, transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.open_ledger(job_id bigint, attempt integer, transaction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.open_ledger(job_id bigint, attempt integer, transaction_id text) TO faultline_runner;

-- Name: FUNCTION pause_queue(queue text, note text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.pause_queue(queue text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.pause_queue(queue text, note text) TO faultline_operator;

-- Name: FUNCTION pause_schedule(name text, note text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.pause_schedule(name text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.pause_schedule(name text, note text) TO faultline_operator;

-- Name: FUNCTION put_schedule(definition jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.put_schedule(definition jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.put_schedule(definition jsonb) TO faultline_operator;

-- Name: FUNCTION put_workflow(spec jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.put_workflow(spec jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.put_workflow(spec jsonb) TO faultline_operator;

-- Name: FUNCTION ready_queues(max integer, floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.ready_queues(max integer, floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.ready_queues(max integer, floor text) TO faultline_runner;

-- Name: FUNCTION reap_expired(max integer, floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.reap_expired(max integer, floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.reap_expired(max integer, floor text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.reap_expired(max integer, floor text) TO faultline_operator;

-- Name: FUNCTION reconcile(max integer, floor text, sweep boolean); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.reconcile(max integer, floor text, sweep boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.reconcile(max integer, floor text, sweep boolean) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.reconcile(max integer, floor text, sweep boolean) TO faultline_operator;

-- Name: FUNCTION register_runner(runner uuid, host text, pid integer, version text, queues text[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.register_runner(runner uuid, host text, pid integer, version text, queues text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.register_runner(runner uuid, host text, pid integer, version text, queues text[]) TO faultline_runner;

-- Name: FUNCTION release_job(job_id bigint, attempt integer, delay interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.release_job(job_id bigint, attempt integer, delay interval) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.release_job(job_id bigint, attempt integer, delay interval) TO faultline_runner;

-- Name: FUNCTION release_unknown(runner uuid, known bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.release_unknown(runner uuid, known bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.release_unknown(runner uuid, known bigint[]) TO faultline_runner;

-- Name: FUNCTION remove_runner(runner uuid); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.remove_runner(runner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.remove_runner(runner uuid) TO faultline_runner;

-- Name: FUNCTION report_stale(job_id bigint, attempt integer, verb text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.report_stale(job_id bigint, attempt integer, verb text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.report_stale(job_id bigint, attempt integer, verb text) TO faultline_runner;

-- Name: FUNCTION resume_queue(queue text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.resume_queue(queue text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.resume_queue(queue text) TO faultline_operator;

-- Name: FUNCTION resume_run(run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.resume_run(run_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.resume_run(run_id bigint) TO faultline_operator;

-- Name: FUNCTION resume_schedule(name text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.resume_schedule(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.resume_schedule(name text) TO faultline_operator;

-- Name: FUNCTION retry_job(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.retry_job(job_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.retry_job(job_id bigint) TO faultline_operator;

-- Name: FUNCTION revoke_token(token_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.revoke_token(token_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.revoke_token(token_id bigint) TO faultline_operator;

-- Name: FUNCTION run_status(run_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.run_status(run_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.run_status(run_id bigint) TO faultline_producer;
GRANT ALL ON FUNCTION faultline.run_status(run_id bigint) TO faultline_observer;

-- Name: FUNCTION schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.schedule_changes(INOUT mark text, OUT now timestamp with time zone, OUT schedules jsonb) TO faultline_operator;

-- Name: FUNCTION schema_version(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.schema_version() FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.schema_version() TO faultline_producer;
GRANT ALL ON FUNCTION faultline.schema_version() TO faultline_observer;

-- Name: FUNCTION set_account(account text, currency text, floor numeric); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.set_account(account text, currency text, floor numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.set_account(account text, currency text, floor numeric) TO faultline_operator;

-- Name: FUNCTION set_queue(queue text, settings jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.set_queue(queue text, settings jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.set_queue(queue text, settings jsonb) TO faultline_operator;

-- Name: FUNCTION set_settings(settings jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.set_settings(settings jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.set_settings(settings jsonb) TO faultline_operator;

-- Name: FUNCTION settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.settle_effect(job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb) TO faultline_runner;

-- Name: FUNCTION signal_run(run_id bigint, name text, payload jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.signal_run(run_id bigint, name text, payload jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.signal_run(run_id bigint, name text, payload jsonb) TO faultline_producer;

-- Name: FUNCTION snooze_job(job_id bigint, attempt integer, for_ interval); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.snooze_job(job_id bigint, attempt integer, for_ interval) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.snooze_job(job_id bigint, attempt integer, for_ interval) TO faultline_runner;

-- Name: FUNCTION submit_transaction(transaction_id text, kind text, request jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.submit_transaction(transaction_id text, kind text, request jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.submit_transaction(transaction_id text, kind text, request jsonb, queue text, run_at timestamp with time zone, priority integer, max_attempts integer, backoff jsonb, timeout interval, tags text[], headers jsonb) TO faultline_producer;

-- Name: FUNCTION task_contexts(job_ids bigint[]); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.task_contexts(job_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.task_contexts(job_ids bigint[]) TO faultline_runner;

-- Name: FUNCTION transaction_status(transaction_id text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.transaction_status(transaction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.transaction_status(transaction_id text) TO faultline_producer;
GRANT ALL ON FUNCTION faultline.transaction_status(transaction_id text) TO faultline_observer;

-- Name: FUNCTION trigger_workflow(name text, input jsonb, idempotency_key text, headers jsonb); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.trigger_workflow(name text, input jsonb, idempotency_key text, headers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.trigger_workflow(name text, input jsonb, idempotency_key text, headers jsonb) TO faultline_producer;

-- Name: FUNCTION unfinished(queues text[], floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.unfinished(queues text[], floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.unfinished(queues text[], floor text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.unfinished(queues text[], floor text) TO faultline_observer;

-- Name: FUNCTION verifies(runner uuid); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.verifies(runner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.verifies(runner uuid) TO faultline_runner;

-- Name: FUNCTION verify(); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.verify() FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.verify() TO faultline_runner;
GRANT ALL ON FUNCTION faultline.verify() TO faultline_observer;

-- Name: FUNCTION wake_tasks(max integer, floor text); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.wake_tasks(max integer, floor text) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.wake_tasks(max integer, floor text) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.wake_tasks(max integer, floor text) TO faultline_operator;

-- Name: FUNCTION why(job_id bigint); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.why(job_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.why(job_id bigint) TO faultline_observer;

-- Name: FUNCTION zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone); Type: ACL; Schema: faultline; Owner: -

REVOKE ALL ON FUNCTION faultline.zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION faultline.zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone) TO faultline_runner;
GRANT ALL ON FUNCTION faultline.zone_offsets(timezone text, starts timestamp with time zone, ends timestamp with time zone) TO faultline_operator;

-- Name: TABLE account_balances; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.account_balances TO faultline_observer;

-- Name: TABLE effect_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.effect_log TO faultline_observer;

-- Name: TABLE event_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.event_log TO faultline_observer;

-- Name: TABLE jobs; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.jobs TO faultline_observer;

-- Name: TABLE posting_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.posting_log TO faultline_observer;

-- Name: TABLE queue_overview; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.queue_overview TO faultline_observer;

-- Name: TABLE run_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.run_log TO faultline_observer;

-- Name: TABLE runner_overview; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.runner_overview TO faultline_observer;

-- Name: TABLE schedule_list; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.schedule_list TO faultline_observer;

-- Name: TABLE schedule_tick_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.schedule_tick_log TO faultline_observer;

-- Name: TABLE task_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.task_log TO faultline_observer;

-- Name: TABLE token_overview; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.token_overview TO faultline_observer;

-- Name: TABLE transaction_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.transaction_log TO faultline_observer;

-- Name: TABLE workflow_log; Type: ACL; Schema: faultline; Owner: -

GRANT SELECT ON TABLE faultline.workflow_log TO faultline_observer;

reset role;
commit;

/*
 * One run of a workflow, a and b and then c, which needs both: what _complete_tasks, _tasks_ended, cancel_run, resume_run and
 * reap_expired do to it, two runners, and an operator. What it says and what it leaves out: docs/models.md.
 *
 *     make model ARGS=join
 *     make model ARGS="join -DNO_ROOT_LOCK"
 *
 * An atomic step is one statement, or a commit. A statement sees what was committed before it began, and what its own
 * transaction has written: READ COMMITTED. A -D breaks the protocol in one place.
 *
 * An option never begins with an `if`: Spin takes its options for those of the outer one, and its `else` with them.
 */

#define RUNNERS 2
#define A 0
#define B 1
#define C 2

mtype:task_state = { WAITING, QUEUED, SUCCEEDED, FAILED, SKIPPED, CANCELLED };
mtype:job_state = { J_NONE, J_QUEUED, J_RUNNING };
mtype:run_state = { R_RUNNING, R_SUCCEEDED, R_FAILED, R_CANCELLED };

/* What is committed. */
mtype:task_state task[3];
mtype:job_state job[3];           /* in jobs_live; a dead letter is none */
byte holder[3];                   /* whose claim was the last one: the attempt */
mtype:run_state the_run = R_RUNNING;

/* Locks, until the commit: 0 is free, else the process. */
byte root_lock;
byte job_lock[3];

bool works[RUNNERS];              /* it has not died on its attempt */
bool calm;                        /* nothing breaks from now on */

#define me (_pid - 1)             /* the runners come right after init */
#define MINE _pid
#define IS_OVER(state) (state != WAITING && state != QUEUED)
#define IS_CURRENT(t) (job[t] == J_RUNNING && holder[t] == me)
#define ALIVE (job[A] != J_NONE || job[B] != J_NONE || job[C] != J_NONE)

#ifdef NO_FENCE
#define FENCE(t) (job[t] == J_RUNNING)
#else
#define FENCE(t) IS_CURRENT(t)
#endif

#ifdef NO_ROOT_LOCK
#define LOCK_ROOT true
#else
#define LOCK_ROOT root_lock == 0 -> root_lock = MINE
#endif

#ifdef CANCELS_WITHOUT_LOCK
#define LOCK_ROOT_TO_CANCEL true
#else
#define LOCK_ROOT_TO_CANCEL LOCK_ROOT
#endif

/* What has to hold after each commit. */
inline promises() {
	assert(job[C] == J_NONE || (task[A] == SUCCEEDED && task[B] == SUCCEEDED));
#ifndef FOLLOWS_LATER /* what is left to do has no job then */
	assert(the_run != R_RUNNING || ALIVE);
#endif
	assert(the_run == R_RUNNING || !ALIVE);
	assert(the_run != R_SUCCEEDED || (task[A] == SUCCEEDED && task[B] == SUCCEEDED && task[C] == SUCCEEDED));
	assert((task[C] == QUEUED) == (job[C] != J_NONE))
}

/* A runner is about to end its job: a stale attempt changes nothing. */
inline writes() {
	assert(IS_CURRENT(t))
}

inline unlock() {
	if
	:: root_lock == MINE -> root_lock = 0
	:: else
	fi
}

/* Its process or its connection is gone: the server rolls back, and frees its locks. */
#define DIES :: atomic { !calm -> goto dies }

proctype Runner() {
	byte t;
	mtype:task_state ended, c;
	mtype:run_state end;
#ifdef OLD_SNAPSHOT
	mtype:task_state other;
#define OTHER other
#else
#define OTHER task[1 - t]
#endif

idle:	atomic { /* claim_jobs: it locks jobs alone */
		if
		:: job[A] == J_QUEUED && job_lock[A] == 0 -> t = A
		:: job[B] == J_QUEUED && job_lock[B] == 0 -> t = B
		:: job[C] == J_QUEUED && job_lock[C] == 0 -> t = C
		fi;
		job[t] = J_RUNNING;
		holder[t] = me;
		works[me] = true
	}

	/* _complete_tasks; or _end_attempt, which has no attempts left. */
#ifdef OLD_SNAPSHOT
	if
	:: atomic { true ->
		if
		:: t != C -> other = task[1 - t]
		:: else
		fi }
	DIES
	fi;
#endif
	if
	:: atomic { LOCK_ROOT }
	DIES
	fi;

	if
	:: atomic { job_lock[t] == 0 -> /* the job is deleted, with the fence in the WHERE */
		if
		:: FENCE(t) -> writes(); job_lock[t] = MINE
		:: else -> goto dies
		fi;
		if
		:: ended = SUCCEEDED
		:: ended = FAILED
		fi }
	DIES
	fi;

#ifdef FOLLOWS_LATER
	if
	:: atomic { true -> task[t] = ended; job[t] = J_NONE; job_lock[t] = 0; unlock() }
	DIES
	fi;
	if
	:: atomic { LOCK_ROOT }
	DIES
	fi;
#endif

	if
	:: atomic { true -> /* _advance: what waits for nothing more */
		if
		:: t == C
		:: t != C && task[C] == WAITING && ended == SUCCEEDED && OTHER == SUCCEEDED -> c = QUEUED
		:: t != C && task[C] == WAITING && IS_OVER(OTHER) && !(ended == SUCCEEDED && OTHER == SUCCEEDED) -> c = SKIPPED
		:: else
		fi }
	DIES
	fi;

	if
	:: atomic { true -> /* _finish_run: is anything unfinished? */
		if
		:: t == C && ended == SUCCEEDED -> end = R_SUCCEEDED
		:: t == C && ended == FAILED -> end = R_FAILED
		:: t != C && c == SKIPPED && IS_OVER(OTHER) -> end = R_FAILED
		:: else
		fi }
	DIES
	fi;

	atomic { true -> /* commit */
#ifndef FOLLOWS_LATER
		task[t] = ended;
		job[t] = J_NONE;
#endif
		if
		:: c == QUEUED -> task[C] = QUEUED; job[C] = J_QUEUED
		:: c == SKIPPED -> task[C] = SKIPPED
		:: else
		fi;
		if
		:: end != 0 -> the_run = end
		:: else
		fi;
		job_lock[t] = 0;
		unlock();
		promises();
		goto over }

dies:	atomic { true ->
		if
		:: job_lock[t] == MINE -> job_lock[t] = 0
		:: else
		fi;
		unlock() }

over:	atomic { true ->
		works[me] = false;
		t = 0;
		ended = 0;
		c = 0;
		end = 0;
#ifdef OLD_SNAPSHOT
		other = 0;
#endif
		goto idle }
}

/* reap_expired: the root, then the job; what others hold is skipped. */
#define EXPIRES(t) atomic { \
	job[t] == J_RUNNING && root_lock == 0 && job_lock[t] == 0 && (!calm || !works[holder[t]]) -> job[t] = J_QUEUED }

#ifndef NO_REAPER
proctype Reaper() {
	do
	:: EXPIRES(A)
	:: EXPIRES(B)
	:: EXPIRES(C)
	od
}
#endif

#define CANCELS(t) \
	if \
	:: !IS_OVER(task[t]) -> task[t] = CANCELLED \
	:: else \
	fi; \
	if \
	:: seen[t] -> job[t] = J_NONE \
	:: else \
	fi

#define REOPENS(t) \
	if \
	:: task[t] != SUCCEEDED && t == C && (task[A] != SUCCEEDED || task[B] != SUCCEEDED) -> task[t] = WAITING \
	:: task[t] != SUCCEEDED && (t != C || (task[A] == SUCCEEDED && task[B] == SUCCEEDED)) -> task[t] = QUEUED; job[t] = J_QUEUED \
	:: else \
	fi

proctype Operator() {
	bool seen[3];    /* the jobs that _finish_jobs finds */

	do
	:: atomic { !calm && the_run == R_RUNNING -> /* cancel_run */
		LOCK_ROOT_TO_CANCEL }
		atomic { true ->
		seen[A] = job[A] != J_NONE;
		seen[B] = job[B] != J_NONE;
		seen[C] = job[C] != J_NONE }
		atomic { job_lock[A] == 0 && job_lock[B] == 0 && job_lock[C] == 0 -> /* commit */
		if
		:: the_run == R_RUNNING ->
			the_run = R_CANCELLED;
			CANCELS(A);
			CANCELS(B);
			CANCELS(C)
		:: else
		fi;
		seen[A] = false;
		seen[B] = false;
		seen[C] = false;
		unlock();
		promises() }
	:: atomic { !calm && (the_run == R_FAILED || the_run == R_CANCELLED) -> /* resume_run */
		LOCK_ROOT;
		if
		:: the_run == R_FAILED || the_run == R_CANCELLED ->
			the_run = R_RUNNING;
			REOPENS(A);
			REOPENS(B);
			REOPENS(C)
		:: else
		fi;
		unlock();
		promises() }
	od
}

proctype Weather() {
	calm = true
}

init {
	atomic { /* trigger_workflow, and its commit */
		task[A] = QUEUED; task[B] = QUEUED; task[C] = WAITING;
		job[A] = J_QUEUED; job[B] = J_QUEUED; job[C] = J_NONE;
		run Runner(); run Runner();
#ifndef NO_REAPER
		run Reaper();
#endif
		run Operator();
		run Weather()
	}
}

/* With weak fairness: once nothing breaks any more, the run ends. */
ltl settled { [] (calm -> <> (the_run != R_RUNNING)) }

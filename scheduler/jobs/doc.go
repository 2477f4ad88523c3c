// Package jobs drives the scheduler's core for real, in one process.
//
// Run decodes a plan, gives the core a new job and returns a handle whose rows stream while the job runs. One goroutine owns the core: it takes
// events (jobs, ends of tasks, cancellations), steps the core and does what the actions say: launch a task on the executor of this
// process, abort one, end a job. Each task runs on a goroutine of its own and reports its end as an event. The last
// stage's rows go to the job's result queue; other stages put theirs into the in-memory exchange, which is dropped with the job.
//
// Memory: all jobs share the process's budget; each has a budget of its own under it, with the limit of its session.
package jobs

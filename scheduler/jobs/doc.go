// Package jobs drives the scheduler's core for real.
//
// Run decodes a plan, gives the core a new job and returns a handle for its rows. One goroutine owns the core: it takes events (jobs, executors that
// come and go, ends of tasks, cancellations), steps the core and does what the actions say through the Executor that an action names: launch an
// attempt, abort one, drop a job.
//
// New has one executor, in this process: each task runs on a goroutine of its own, the last stage's rows go to the job's result queue while it runs, other
// stages put theirs into an in-memory exchange, which is dropped with the job. NewCluster has none at first; executors Join and Leave, and jobs wait
// while there is none. There the last stage's output stays where it was made, in a part for each of its tasks, is fetched from there as the client reads, or read by it
// from there, and is made again when it is lost before its first row was read.
//
// When a stage is complete, the core asks for the rest of the job's plan anew. The loop answers at once: planner/stage changes the plan by the rows and bytes that
// the tasks have told, and stages that changed are encoded again. The filters that tasks made of their outputs are merged and go with the launches of the scans
// that use them. A Journal, where there is one, is told what another scheduler has to know to go on; what executors
// still run then is taken over (adopt.go).
//
// One file a subject: spec.go makes of a plan what the core sees, replan.go, filter.go, job.go, delivery.go and parts.go the result, local.go the executor in this process.
//
// Memory: all jobs share the process's budget; each has a budget of its own under it, with the limit of its session.
package jobs

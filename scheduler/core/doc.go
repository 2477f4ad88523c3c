// Package core decides which task runs where, next. It is a pure, deterministic state machine on the standard library alone: Step takes an event and
// the time and returns actions; there is no I/O, no clock, no goroutine and no randomness in it. So a simulator (package sim) drives it through
// years of crashes in seconds, and a run replays from its events.
//
// A job is stages with dependencies. Jobs wait in a queue for their turn (queue.go) and then share the executors that they may use: each free slot
// goes to the session that uses least of its due, and of that session to the job that does (fair.go, assign.go). Which executor takes the task
// follows from what they have said they can, what runs on them and where the inputs lie (pool.go, placement.go). A stage starts when what it reads is
// complete; by policy it may start before that, on slots that nobody else wants (policy.go). When a stage is complete, the job's planner is
// asked whether the rest should look otherwise (adaptive.go). A task that takes much longer than others of its stage gets a second attempt elsewhere
// (speculate.go).
//
// A task that failed for a reason that another attempt can mend is tried again, on another executor where there is one, at most MaxAttempts times; any
// other failure ends the job (retry.go). One that ran out of memory gets half an executor, then a whole one. An output that is gone although its
// executor is there (a reader says so) counts as a failure of the task that made it. When an executor leaves, its running tasks run again elsewhere, and
// so do the finished tasks whose output lay on it, if a stage that is not complete still reads them. A task under which executors are lost
// again and again runs alone, and then fails its job. A draining executor gets nothing new. A kept result lies on its executor until it is delivered, and
// is made again when it is lost before. Tasks that write are never repeated after an end that nobody saw: their job fails instead.
//
// Another scheduler's jobs come with what is finished of them; what their executors still run is taken over where it fits (adopt.go).
//
// A step takes time logarithmic in the number of executors and jobs; what an executor's loss takes is proportional to the tasks of the jobs
// that it worked for. A task takes about forty bytes.
package core

// Package core decides which task runs where, next. It is a pure, deterministic state machine on the standard library alone: Step takes
// an event and the time and returns actions; there is no I/O, no clock, no goroutine and no randomness in it. So a simulator can
// drive it through years of crashes in seconds, and a run replays from its events.
//
// A job is stages with dependencies; a stage starts when the stages that it reads are complete. An executor has slots, one
// a task. Runnable tasks of all jobs take turns for free slots: one task a job a round, in order of submission, so no job starves
// another. A task that failed for a reason that another attempt can mend is tried again, on another executor where there is one, at most MaxAttempts times;
// any other failure ends the job. An output that is gone although its executor is there (a reader says so) counts as a failure of the task that made it. When an executor leaves, its running tasks run again elsewhere, and so do the finished tasks whose
// output lay on it, if a stage that is not complete still reads them. A draining executor gets nothing new. A kept result lies on its executor until it is
// delivered, and is made again when it is lost before. Tasks that write are never repeated after an end that nobody saw: their job fails instead.
package core

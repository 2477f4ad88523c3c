// Package sim drives the scheduler's core through simulated clusters: thousands of executors that come, drain, crash and are slow, tasks that fail, run out
// of memory or kill what runs them, messages that come late, twice or not in order, outputs that vanish, schedulers that begin anew with
// what was written down and what executors still run. Everything follows from a seed, so that a run which
// breaks an invariant is repeated by its seed.
//
// Run takes a Config and returns a Report. After every event it checks what must always be so: no executor has more attempts than slots or gets one while
// it is away, drains or lacks what the job wishes for; an attempt is launched only with inputs that the core has been told of and that nothing it has been
// told of has taken away; attempt numbers are never used twice; no two attempts of a task run unless it is slow; a task that writes is never begun again
// after an end that nobody saw; a session never runs more jobs than it may; nothing starts between a question for a new plan and its answer. When a
// job is done, its result is traced back to the first stages: where another attempt would have put out other rows, all that went into the result come from
// one attempt. At the end every job has ended.
//
// Load is the other way round: no faults, but ten thousand executors and a million tasks, to measure what the core takes per task.
package sim

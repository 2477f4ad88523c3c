// Package executor runs the tasks of a plan: trees of nodes become pipelines, pipelines run morsel by morsel on all workers.
//
// # Pipelines
//
// A pipeline is a Source, some Operators, and a Breaker. Each worker has its own chain of Sinks: it takes batches from the source and pushes them
// through; an operator pushes what it makes into the next. The breaker (a hash table, a sort, the result) collects; when every worker
// has finished, Seal runs once, and the breaker's content is the source of the next pipeline. What the plan fixes is in the
// operator, what all workers share too; what one worker owns is in its Sink, so nobody asks who locks what. A union is a stream with several
// inputs: each worker reads them in turn into the operators behind.
//
// RunTask runs a task's pipelines one after another, the shared subplans' first. The root's rows end in the breaker that the caller gives: Results hands
// them to a consumer while the task runs (Start does both), ExchangeOutput puts them into a shuffle store for the next stage.
//
// # Ends
//
// Between sinks stands a boundary. It asks whether the query has ended, so that a cancellation is noticed within a batch; an operator that makes much out of
// one batch is asked each time it pushes, and one that computes long without pushing asks Worker.Check itself. ErrDone, which a
// limit returns, ends one worker's input without a failure; Enough ends that of all workers. A panic, a fault on freed memory included, becomes an
// error with SQLSTATE XX000 that names the plan node whose code ran.
//
// # Memory
//
// A batch is valid until Push returns. An operator's output lives in memory of its own sink, overwritten by its next output. Who keeps rows copies them into
// arenas charged to a budget of class State (Task.state), in steps that a refusal leaves undone; grow repeats a step while others are spilled for it. What holds state
// registers it as a mem.Spillable: with a lock that its worker holds for a batch at a time while it grows, and that of the breaker as a whole from Seal on until a
// pipeline pins it. Package spill has the files. A task's buffers are Steady (Task.Budget), what spilling takes is Urgent (Task.urgent); docs/decisions/spilling.md says
// why. A refusal that nothing can relieve ends the query with SQLSTATE 53200. Releaser gives back what a finished pipeline has read; all arenas are freed when the
// task ends, however it ends.
//
// A pipeline that probes a spilled join is cut before it (see Pipeline.cut).
//
// # Splits
//
// A worker reads one split of a scan at a time, and Worker.morsel says which, so that an aggregation by a key whose values metadata shows to lie in one split each passes
// groups on when their split ends, within the pipeline (see clustered and docs/decisions/clustered-groups.md).
//
// # Statistics
//
// When a task measures, boundaries count rows, batches and time, a handful of clock readings a batch. A node's time is its own, over all workers: what its
// sinks took less what the sinks behind them took. Reporter adds memory and a remark.
//
// # Adding an operator
//
// One file: a build function for its plan node, registered from an init, and its Operator or Breaker.
package executor

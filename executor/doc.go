// Package executor runs the tasks of a plan: trees of nodes become pipelines, pipelines run morsel by morsel on all workers.
//
// # Pipelines
//
// A pipeline is a Source, some Operators, and a Breaker. Each worker has its own chain of Sinks: it takes batches from the source and pushes them
// through; an operator pushes what it makes into the next. The breaker (a hash table, a sort, the result) collects; when every worker
// has finished, Seal runs once, and the breaker's content is the source of the next pipeline. What the plan fixes is in the
// operator, what all workers share too; what one worker owns is in its Sink, so nobody asks who locks what.
//
// # Memory
//
// A batch is valid until Push returns. An operator's output lives in memory of its own sink, overwritten by its next output. Who keeps rows copies them into
// arenas charged to the task's budget; a refusal ends the query with SQLSTATE 53200. All arenas are freed when the task ends.
//
// # Adding an operator
//
// One file: a build function for its plan node, registered in builders, and its Operator or Breaker. Statistics for EXPLAIN ANALYZE are
// taken around every sink by the pipeline, operators only say what is theirs alone.
package executor

// Package plan is the physical plan: what executors run, and what travels to them.
//
// Nodes are plain structs in a tree; expressions in them are over expr.Ref, the position of a column in the node's input (for joins: the
// probe side's columns, then the build side's). A Plan is stages in order of dependency, each a tree whose leaves are
// scans, constants and reads of earlier stages' exchanges, and whose root's rows are partitioned as Output says. The embedded engine
// usually plans a single stage. Marshal and Unmarshal are the wire format (protobuf, expressions as flat arrays, so
// that no depth breaks them); Explain prints the plan that runs, with estimates and, after a run, with what was measured.
//
// The package also declares what plans say about data: files, splits and statistics.
package plan

// Package stage cuts a physical plan at its exchanges.
//
// What flows in is the physical planner's tree and its shared subplans; what flows out is a plan.Plan: stages in order of dependency whose leaves are
// scans, constants and reads of earlier stages, and a number for every node. Without exchanges there is one stage of one task,
// which keeps the shared subplans; with them each shared subplan is a stage that its readers read. Check says whether a plan is
// consistent: every reference in range and of the type that its operator expects.
//
// While a plan runs, Replan makes what has not begun better by what complete stages have put out: empty.go leaves out what reads nothing, sides.go switches the
// sides of joins, broadcast.go reads small build sides in every task, shares.go puts small partitions together and divides large ones.
package stage

// Package remote is an executor that a scheduler in another process gives work to.
//
// Run opens the data plane (a Flight server over the outputs that lie here), registers with the scheduler and polls it: what flows in are commands (launch an
// attempt, abort one, drop a job, and before a first launch its stage and filters for its scans), what flows out are the ends of tasks with their errors, the
// sizes of their outputs' partitions, the filters that they made of them and measurements, progress, and over Flight the outputs. What this machine does in a second is
// measured before the first poll. An attempt reads outputs of this executor directly and others over Flight; when it cannot, it says which
// are missing. When its context ends, the executor drains: it takes nothing new, finishes what runs, keeps serving until the jobs are over that may read here,
// and leaves.
//
// Memory: one budget for the process; outputs have a share of it and go to files in the work folder beyond that; the attempts of a job share a budget
// with the session's limit. Everything of a job is freed when the scheduler drops it, when nothing of it ran or was read for a long time, when the
// scheduler does not know the executor any more, and at the end.
package remote

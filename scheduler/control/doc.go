// Package control is the scheduler's side of the control plane: it serves polybolos.control.v1.Control to executors and is their Executor to package jobs.
//
// What flows in are polls: each is a sign of life and may bring capabilities, ends of tasks and progress. What flows out are commands: launches, aborts, drops.
// A command has a number and stays in its executor's queue until a later poll acknowledges it, so that a lost reply loses nothing; what an executor
// repeats is recognized by the core. An executor whose polls stop for longer than a timeout, or
// whose connection breaks and is not back after a short grace, has left, with all that ran and lay on it; when it comes
// back it is told that it is unknown, drops everything and registers under a new name. A stage's plan comes with its first launch; large ones are kept by
// hash while a job uses them, and executors ask for them once.
//
// Results are fetched from executors by package shuffle/transport while clients read them; the arena of a batch belongs to the stream.
// Goroutines: gRPC's own, and one that looks for executors that are gone.
package control

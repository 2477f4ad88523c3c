package core

import "time"

// JobID names a job; it is chosen outside.
type JobID string

// ExecutorID names an executor; it is chosen outside.
type ExecutorID string

// Task names one attempt of a task.
type Task struct {
	Job     JobID
	Stage   int
	Index   int // 0 to the stage's number of tasks - 1
	Attempt int // 0 for the first
}

// Event is something that happened.
type Event interface{ event() }

// The events. Events about unknown jobs, executors or attempts are late messages and change nothing.
type (
	// Submitted brings a new job. One that another scheduler has begun brings what is Finished already, the Epoch of its last re-plan, whose
	// stages are those of Job, and the number of the first attempt that no task has had. For the time of Hold nothing of it is launched: executors come back and say
	// what they run.
	Submitted struct {
		Job          JobSpec
		Finished     []Finished
		Epoch        int
		FirstAttempt int
		Hold         time.Duration
	}
	// Cancelled ends a job at a user's wish.
	Cancelled struct{ Job JobID }
	// Joined brings an executor. Running are attempts that it was given by another scheduler and still runs: where one
	// fits what is known of its job, it counts like one of ours; otherwise it is aborted.
	Joined struct {
		Executor     ExecutorID
		Capabilities Capabilities
		Running      []Running
	}
	// Changed brings other capabilities of an executor that is there: it lost a device. Of one that is not it changes nothing.
	Changed struct {
		Executor     ExecutorID
		Capabilities Capabilities
	}
	// Draining says that an executor takes no more tasks; what runs and lies on it stays.
	Draining struct{ Executor ExecutorID }
	// Left takes an executor and everything on it away, but for durable outputs. Crashed says that it did not mean to: one of its tasks may be why.
	Left struct {
		Executor ExecutorID
		Crashed  bool
	}
	// Succeeded says that an attempt's output is complete.
	Succeeded struct {
		Task   Task
		Output Output
	}
	// Failed says that an attempt ended without output. Retryable failures are the executor's, others the query's own. OutOfMemory says that the
	// executor's memory did not suffice: the task is tried again with fewer neighbours. Where outputs that it was to read are gone, Missing names the
	// attempts that made them: these run again, and the failure is theirs.
	Failed struct {
		Task        Task
		Message     string
		Retryable   bool
		OutOfMemory bool
		Missing     []Task
	}
	// Lost says that the output of an attempt that had succeeded is gone, durable or not.
	Lost struct {
		Task    Task
		Message string
	}
	// Delivered says that the kept result of a job has been read to its end. It follows a Result.
	Delivered struct{ Job JobID }
	// Replanned answers a Replan: Stages are the job's stages from now on, as many as before. Those that are not open stay as they are, but for Skip,
	// which also ends what runs. An answer to an older epoch than the last asked for is ignored.
	Replanned struct {
		Job    JobID
		Epoch  int
		Stages []StageSpec
	}
	// Tick says that time has passed: delayed attempts start, slow ones get a second.
	Tick struct{}
)

// Running is an attempt that runs, and of each stage that it reads which attempts of the tasks.
type Running struct {
	Task  Task
	Reads map[int][]int
}

// Output is what is known of a finished attempt's output.
type Output struct {
	Bytes   int64
	Durable bool // it does not go when its executor leaves
}

// Finished is an attempt that succeeded before its job came here.
type Finished struct {
	Task     Task
	Executor ExecutorID // which may not have joined yet; never empty
	Output   Output
}

func (Submitted) event() {}
func (Cancelled) event() {}
func (Joined) event()    {}
func (Changed) event()   {}
func (Draining) event()  {}
func (Left) event()      {}
func (Succeeded) event() {}
func (Failed) event()    {}
func (Lost) event()      {}
func (Delivered) event() {}
func (Replanned) event() {}
func (Tick) event()      {}

// Producer is an attempt that has succeeded and where its output lies. Without an Executor it is one that has not succeeded yet.
type Producer struct {
	Task     Task
	Executor ExecutorID
}

// Action is something to be done.
type Action interface{ action() }

// State is how a job ended.
type State uint8

// The ends of a job.
const (
	Done State = iota
	Error
	Canceled
)

// Reason says why a job ended in an Error.
type Reason uint8

// The reasons.
const (
	TaskFailed   Reason = iota // a task's own failure, or too many failures of a task
	Rejected                   // the queue is full
	Poison                     // executors were lost again and again while they ran one task
	Unrepeatable               // a task that writes was interrupted
	Invalid                    // the job is not consistent
)

// Failure is a failed attempt of a task.
type Failure struct {
	Attempt  int
	Executor ExecutorID
	Message  string
}

// The actions.
type (
	// Launch starts an attempt on an executor. Producers says for each stage that it reads which attempt of each task to read, and where; the map is
	// shared by launches and must not be changed. With Partial some of them have no place yet: Located tells it later.
	Launch struct {
		Task      Task
		Executor  ExecutorID
		Producers map[int][]Producer
		Partial   bool
	}
	// Located tells an executor, which runs tasks that were launched with Partial inputs, where one more of them lies.
	Located struct {
		Executor ExecutorID
		Output   Producer
	}
	// Abort stops an attempt whose output nobody wants any more.
	Abort struct {
		Task     Task
		Executor ExecutorID
	}
	// Undone says that the output of an attempt that had succeeded counts no more: its task runs again.
	Undone struct{ Task Task }
	// Replan asks for the job's stages anew now that a stage is complete: no stage of which nothing was launched starts before the answer, Replanned.
	// Open tells of each stage whether it may be changed.
	Replan struct {
		Job   JobID
		Epoch int
		Stage int
		Open  []bool
	}
	// Result says where the kept result of a job lies: the output of each task of the last stage. It comes again with other attempts
	// when an output was lost before it was delivered.
	Result struct {
		Job     JobID
		Outputs []Producer
	}
	// End says that a job is over; Message is the cause of an Error, and History the failures of its task before the last. The job's exchange data may
	// go.
	End struct {
		Job     JobID
		State   State
		Reason  Reason
		Cause   Task // the attempt that failed, for TaskFailed, Poison and Unrepeatable
		Message string
		History []Failure
	}
)

func (Launch) action()  {}
func (Located) action() {}
func (Abort) action()   {}
func (Undone) action()  {}
func (Replan) action()  {}
func (Result) action()  {}
func (End) action()     {}

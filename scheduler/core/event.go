package core

// JobID names a job; it is chosen outside.
type JobID string

// ExecutorID names an executor; it is chosen outside.
type ExecutorID string

// JobSpec is what the core needs to know of a job's plan. Stages are in order of dependency and are named by their index.
type JobSpec struct {
	ID     JobID
	Stages []StageSpec
	// Kept says that the last stage's output stays where it was made until it is Delivered. Otherwise its rows leave while it runs, and the job is
	// over when it is.
	Kept bool
}

// StageSpec is a stage: how many tasks, and which earlier stages it reads.
type StageSpec struct {
	Tasks int
	Reads []int
	Once  bool // its tasks change something outside: an attempt of which it is not known how it ended must not be repeated
}

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
	// Submitted brings a new job.
	Submitted struct{ Job JobSpec }
	// Cancelled ends a job at a user's wish.
	Cancelled struct{ Job JobID }
	// Joined brings an executor with room for Slots tasks.
	Joined struct {
		Executor ExecutorID
		Slots    int
	}
	// Draining says that an executor takes no more tasks; what runs and lies on it stays.
	Draining struct{ Executor ExecutorID }
	// Left takes an executor and everything on it away.
	Left struct{ Executor ExecutorID }
	// Succeeded says that an attempt's output is complete.
	Succeeded struct{ Task Task }
	// Failed says that an attempt ended without output. Retryable failures are the executor's, others the query's own. Where outputs that it
	// was to read are gone, Missing names the attempts that made them: these run again, and the failure is theirs.
	Failed struct {
		Task      Task
		Message   string
		Retryable bool
		Missing   []Task
	}
	// Lost says that the output of an attempt that had succeeded is gone.
	Lost struct {
		Task    Task
		Message string
	}
	// Delivered says that the kept result of a job has been read to its end. It follows a Result.
	Delivered struct{ Job JobID }
)

func (Submitted) event() {}
func (Cancelled) event() {}
func (Joined) event()    {}
func (Draining) event()  {}
func (Left) event()      {}
func (Succeeded) event() {}
func (Failed) event()    {}
func (Lost) event()      {}
func (Delivered) event() {}

// Producer is an attempt that has succeeded and where its output lies.
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

// The actions.
type (
	// Launch starts an attempt on an executor. Producers says for each stage that it reads which attempt of each task to read, and where.
	Launch struct {
		Task      Task
		Executor  ExecutorID
		Producers map[int][]Producer
	}
	// Abort stops an attempt whose output nobody wants any more.
	Abort struct {
		Task     Task
		Executor ExecutorID
	}
	// Result says where the kept result of a job lies: the output of each task of the last stage. It comes again with other attempts
	// when an output was lost before it was delivered.
	Result struct {
		Job     JobID
		Outputs []Producer
	}
	// End says that a job is over; Message is the cause of an Error. The job's exchange data may go.
	End struct {
		Job     JobID
		State   State
		Cause   Task // the attempt that failed, for Error
		Message string
	}
)

func (Launch) action() {}
func (Abort) action()  {}
func (Result) action() {}
func (End) action()    {}

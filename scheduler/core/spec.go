package core

// JobSpec is what the core needs to know of a job's plan and of the wishes of its session. Stages are in order of dependency and are named by
// their index.
type JobSpec struct {
	ID     JobID
	Stages []StageSpec
	// Kept says that the last stage's output stays where it was made until it is Delivered. Otherwise its rows leave while it runs, and the job is
	// over when it is.
	Kept bool

	Session  string  // jobs of one session share what is one session's due; "": the job is a session of its own
	Limit    int     // how many jobs of the session run at once, the others wait; 0: no limit
	Priority int     // from -MaxPriority to MaxPriority: each step doubles the job's share, and higher ones leave the queue first
	Group    string  // the resource group whose executors may run it; "": all
	Labels   []Label // that these must have, in any order

	Policy   Policy
	Adaptive bool // ask for a Replan when a stage is complete
	Patient  bool // no second attempts of slow tasks
}

// MaxPriority bounds a job's priority.
const MaxPriority = 10

// Label is a property of an executor.
type Label struct{ Name, Value string }

// Policy says when a stage may start.
type Policy uint8

// The policies. A stage that starts before its inputs are complete takes only slots that nobody else wants, and gives them back when somebody does.
const (
	StageByStage Policy = iota // when all that it reads is complete
	EarlyStart                 // when all tasks of what it reads have at least started
	AllAtOnce                  // with the job, when all its tasks fit into the free slots; otherwise stage by stage
)

// StageSpec is a stage: how many tasks, what they read and how much they have to do.
type StageSpec struct {
	Tasks int
	Reads []int // earlier stages
	After []int // earlier stages that it does not read but whose completion makes it cheaper
	Once  bool  // its tasks change something outside: an attempt of which it is not known how it ended must not be repeated
	// Unstable says that another attempt of a task may put out other rows, or the same ones spread another way: when one is repeated, everything that
	// has read the first is repeated, too.
	Unstable bool
	Prefers  []string // by task: the names of the executors on which its files lie; nil, or "": none
	Skip     bool     // nobody needs it: it counts as complete without running
	Work     Work
}

// Work is what one task has to do, as far as it is known; zero values are unknown.
type Work struct {
	Scan   int64 // bytes read from tables
	Input  int64 // bytes read from earlier stages
	Rows   int64 // rows that are hashed or sorted
	Memory int64 // bytes held at once
	Device bool  // a device could do it
}

// Capabilities are what an executor has said of itself. Throughputs are those of one slot; zero means unknown.
type Capabilities struct {
	Slots   int     // tasks at once
	Memory  int64   // bytes that all its tasks together may hold, 0: no limit
	Scan    float64 // bytes decoded per second
	Hash    float64 // rows hashed per second
	Network float64 // bytes received per second by the whole executor
	Group   string  // its resource group
	Labels  []Label
	Devices []Device
	Name    string // by which stages prefer it
}

// Device is an accelerator of an executor.
type Device struct {
	Memory    int64   // bytes
	Bandwidth float64 // bytes per second of its memory
}

// Limits bound what the core takes on. Zero values are the defaults.
type Limits struct {
	Running int // jobs that run at once
	Queued  int // jobs that wait for their turn: more are rejected
}

// The default limits.
const (
	DefaultRunning = 512
	DefaultQueued  = 10_000
)

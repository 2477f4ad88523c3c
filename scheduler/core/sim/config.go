package sim

import "time"

// Config says what is simulated. Probabilities are per attempt unless they say otherwise.
type Config struct {
	Seed      uint64
	Executors int // at the start; as many come later as go away
	Jobs      int
	MaxStages int // of a job
	MaxTasks  int // of a stage

	Fail, OutOfMemory, Error float64 // ends of an attempt: retryable, for lack of memory, for good
	Poison                   float64 // share of the tasks that kill every executor that runs them
	Slow                     float64 // share of the executors that take twenty times as long
	Crash, Drain             float64 // of an executor, per second; one with devices loses them as often as others drain
	Vanish                   float64 // an output is gone when it is read
	Restart                  float64 // of the scheduler, per second
	Late, Twice              float64 // a message comes late, or again later

	Horizon time.Duration // of simulated time after which faults stop, so that jobs come to an end
}

// Chaos is a config with every kind of fault.
func Chaos(seed uint64) Config {
	return Config{
		Seed: seed, Executors: 8, Jobs: 25, MaxStages: 6, MaxTasks: 12,
		Fail: 0.02, OutOfMemory: 0.02, Error: 0.001, Poison: 0.0005, Slow: 0.1, Crash: 0.01, Drain: 0.005, Vanish: 0.003, Late: 0.1, Twice: 0.05,
		Horizon: 60 * time.Second,
	}
}

// Report is what happened.
type Report struct {
	Events, Launches, Speculated, Preempted, Located, Replans int
	Done, Failed, Canceled                                    int
	Poisoned, Rejected                                        int
	Restarts, Adopted                                         int
	Crashes                                                   int
	Time                                                      time.Duration // simulated
}

package sim

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var (
	seeds = flag.Int("sim.seeds", 60, "how many simulations of every kind run")
	first = flag.Uint64("sim.first", 0, "the seed of the first one")
)

// kinds are the clusters that are simulated.
var kinds = map[string]func(seed uint64) Config{
	"chaos": Chaos,
	"calm": func(seed uint64) Config {
		return Config{Seed: seed, Executors: 6, Jobs: 20, MaxStages: 5, MaxTasks: 10, Horizon: 10 * time.Second}
	},
	"restarts": func(seed uint64) Config {
		c := Chaos(seed)
		c.Restart, c.Crash = 0.15, 0.005
		return c
	},
	"one executor": func(seed uint64) Config {
		c := Chaos(seed)
		c.Executors, c.Jobs, c.MaxTasks = 2, 6, 4
		return c
	},
	"crashes": func(seed uint64) Config {
		c := Chaos(seed)
		c.Crash, c.Poison, c.Error = 0.1, 0.005, 0
		return c
	},
	"many executors": func(seed uint64) Config {
		c := Chaos(seed)
		c.Executors, c.Jobs, c.MaxTasks, c.Horizon = 300, 8, 200, 20*time.Second
		return c
	},
}

func TestInvariantsHold(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all Report
			n := *seeds
			if testing.Short() {
				n = min(n, 15)
			}
			if name == "many executors" {
				n = max(1, n/50)
			}
			for i := range n {
				r, err := Run(kind(*first + uint64(i)))
				if err != nil {
					t.Error(err)
				}
				all.Events += r.Events
				all.Launches += r.Launches
				all.Speculated += r.Speculated
				all.Preempted += r.Preempted
				all.Located += r.Located
				all.Replans += r.Replans
				all.Done += r.Done
				all.Failed += r.Failed
				all.Poisoned += r.Poisoned
				all.Crashes += r.Crashes
				all.Restarts += r.Restarts
				all.Adopted += r.Adopted
			}
			t.Logf("%+v", all)
			if name == "restarts" && min(all.Restarts, all.Adopted, all.Done) == 0 {
				t.Errorf("nothing was adopted: %+v", all)
			}
			if name == "chaos" && min(all.Speculated, all.Located, all.Replans, all.Done, all.Crashes) == 0 {
				t.Errorf("something never happened: %+v", all)
			}
		})
	}
}

func TestRunsReplay(t *testing.T) {
	a, errA := Run(Chaos(*first))
	b, errB := Run(Chaos(*first))
	if a != b || fmt.Sprint(errA) != fmt.Sprint(errB) {
		t.Errorf("one seed, two runs:\n%+v %v\n%+v %v", a, errA, b, errB)
	}
}

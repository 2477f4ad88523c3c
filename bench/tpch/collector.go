package tpch

import "runtime/metrics"

// collectorClock is how much processor time Go's garbage collector, and this process in all, have taken, as the runtime estimates both at the end of each cycle of the
// collector. It counts the time that a thread waits for a processor which other processes hold, in both.
type collectorClock struct{ collector, all float64 } // seconds

// now reads the clocks of this process.
func (collectorClock) now() collectorClock {
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(samples)
	seconds := make([]float64, len(samples))
	for i, s := range samples {
		if s.Value.Kind() == metrics.KindFloat64 {
			seconds[i] = s.Value.Float64()
		}
	}
	return collectorClock{collector: seconds[0], all: seconds[1] - seconds[2]}
}

// shareSince is the collector's share of the processor time since before.
func (c collectorClock) shareSince(before collectorClock) float64 {
	if all := c.all - before.all; all > 0 {
		return min(1, max(0, (c.collector-before.collector)/all))
	}
	return 0
}

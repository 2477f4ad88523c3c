package kernels

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
)

// Kernel is a hot loop to measure.
type Kernel struct {
	Name string
	// Prepare makes the data in an arena and returns the loop.
	Prepare func(a *mem.Arena) (Loop, error)
}

// Loop is a prepared kernel.
type Loop struct {
	Rows    int // that a pass handles
	Traffic Traffic
	Parts   int // of which a pass takes the next, 0: 1; for data that no cache holds, of which a pass alone would take longer than a turn that the system gives
	Pass    func() error
	Close   func() // frees what is not in the arena; may be nil
}

// Traffic is what a pass must move, whatever the implementation.
type Traffic struct {
	Read    int64 `json:"read_bytes"`    // in order
	Written int64 `json:"written_bytes"` // in order
	Visits  int64 `json:"visits"`        // reads of 8 bytes at random places
	Table   int64 `json:"table_bytes"`   // of what is visited
}

// Result is what was measured.
type Result struct {
	Name          string  `json:"name"`
	Rows          int     `json:"rows"`
	Traffic       Traffic `json:"traffic"`
	NanosPerRow   float64 `json:"ns_per_row"`
	RowsPerSecond float64 `json:"rows_per_second"`
	GBPerSecond   float64 `json:"gb_per_second"`          // bytes read and written in order
	RooflineGB    float64 `json:"roofline_gb_per_second"` // the same by plain loops
	Fraction      float64 `json:"fraction"`               // the roofline's time divided by the kernel's: 1 is as fast as memory
}

// Options say what to measure.
type Options struct {
	Filter   *regexp.Regexp // names to measure, nil: all
	Rounds   int            // how often each is measured, 0: DefaultRounds
	Round    time.Duration  // about the length of a round of short passes, 0: 2 ms, less than a turn that the system gives to others
	Started  func(name string)
	Finished func(Result)
}

// DefaultRounds are enough that some are undisturbed on a machine that has other things to do.
const DefaultRounds = 30

// All are the kernels.
func All() []Kernel {
	return slices.Concat(expressions(), streams(), groupingWithNulls(), texts(), hashing(), moving(), grouping(), joins(), sorting(), decoding(), unpacking(), decompressing())
}

// Run measures kernels. The end of ctx ends it between rounds.
func Run(ctx context.Context, list []Kernel, o Options) ([]Result, error) {
	if o.Rounds == 0 {
		o.Rounds = DefaultRounds
	}
	if o.Round == 0 {
		o.Round = 2 * time.Millisecond
	}
	var out []Result
	for _, k := range list {
		if o.Filter != nil && !o.Filter.MatchString(k.Name) {
			continue
		}
		if o.Started != nil {
			o.Started(k.Name)
		}
		r, err := measure(ctx, k, o)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("kernel %s: %w", k.Name, err)
		}
		out = append(out, r)
		if o.Finished != nil {
			o.Finished(r)
		}
	}
	return out, nil
}

func measure(ctx context.Context, k Kernel, o Options) (Result, error) {
	a := mem.NewArena(nil)
	defer a.Free()
	loop, err := k.Prepare(a)
	if err != nil {
		return Result{}, err
	}
	if loop.Close != nil {
		defer loop.Close()
	}
	roof, err := newRoofline(a, loop.Traffic, max(1, loop.Parts))
	if err != nil {
		return Result{}, err
	}
	kernelClock, roofClock := clock{pass: loop.Pass}, clock{pass: roof.pass}
	for range o.Rounds {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		if err := errors.Join(kernelClock.round(o.Round), roofClock.round(o.Round)); err != nil {
			return Result{}, err
		}
	}
	kernel, roofline := kernelClock.best, roofClock.best
	bytes := float64(loop.Traffic.Read + loop.Traffic.Written)
	return Result{
		Name: k.Name, Rows: loop.Rows, Traffic: loop.Traffic,
		NanosPerRow: kernel * 1e9 / float64(loop.Rows), RowsPerSecond: float64(loop.Rows) / kernel,
		GBPerSecond: bytes / kernel / 1e9, RooflineGB: bytes / roofline / 1e9, Fraction: roofline / kernel,
	}, nil
}

// clock finds the shortest time of a pass.
type clock struct {
	pass   func() error
	passes int     // in a round, 0: not warm yet
	best   float64 // seconds of a pass
}

// round measures as many passes as the rounds before found to take about length.
func (c *clock) round(length time.Duration) error {
	if c.passes == 0 {
		if err := c.pass(); err != nil {
			return err
		}
		c.passes = 1
	}
	start := time.Now()
	for range c.passes {
		if err := c.pass(); err != nil {
			return err
		}
	}
	took := max(time.Since(start), 1)
	if t := took.Seconds() / float64(c.passes); c.best == 0 || t < c.best {
		c.best = t
	}
	if took < length/2 {
		c.passes *= int(min(length/took, 16))
	}
	return nil
}

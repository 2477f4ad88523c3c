package kernels

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
)

// TestKernelsRun runs a pass of each, with freed memory poisoned, and checks what they say of themselves.
func TestKernelsRun(t *testing.T) {
	poison := mem.Poison
	mem.Poison = true
	defer func() { mem.Poison = poison }()
	names := map[string]bool{}
	for _, k := range All() {
		if names[k.Name] {
			t.Errorf("two kernels are called %s", k.Name)
		}
		names[k.Name] = true
		if testing.Short() && regexp.MustCompile("128 MB|524288").MatchString(k.Name) {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			a := mem.NewArena(nil)
			defer a.Free()
			loop, err := k.Prepare(a)
			if err != nil {
				t.Fatal(err)
			}
			if loop.Close != nil {
				defer loop.Close()
			}
			if loop.Rows <= 0 || loop.Traffic.Read <= 0 || loop.Traffic.Visits > 0 && loop.Traffic.Table <= 0 {
				t.Errorf("%d rows, %+v", loop.Rows, loop.Traffic)
			}
			for range 2 { // a second pass finds what the first left
				if err := loop.Pass(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestRunMeasuresWhatIsChosen(t *testing.T) {
	passes := 0
	count := Kernel{Name: "count", Prepare: func(*mem.Arena) (Loop, error) {
		return Loop{Rows: 1000, Traffic: Traffic{Read: 1 << 16, Written: 1 << 12, Visits: 100, Table: 1 << 12}, Pass: func() error { passes++; return nil }}, nil
	}}
	other := Kernel{Name: "other", Prepare: func(*mem.Arena) (Loop, error) { return Loop{}, errors.New("not to be prepared") }}
	o := Options{Filter: regexp.MustCompile("^c"), Rounds: 2, Round: time.Millisecond}
	got, err := Run(t.Context(), []Kernel{count, other}, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || passes == 0 {
		t.Fatalf("%d results, %d passes", len(got), passes)
	}
	r := got[0]
	if r.Name != "count" || r.NanosPerRow <= 0 || r.RowsPerSecond <= 0 || r.GBPerSecond <= 0 || r.RooflineGB <= 0 || r.Fraction <= 0 {
		t.Errorf("the result is %+v", r)
	}
	o.Filter = nil
	if _, err := Run(t.Context(), []Kernel{other}, o); err == nil || err.Error() != "kernel other: not to be prepared" {
		t.Errorf("got %v", err)
	}
}

func TestRunStopsWhenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	k := Kernel{Name: "k", Prepare: func(*mem.Arena) (Loop, error) {
		return Loop{Rows: 1, Pass: func() error { cancel(); return nil }}, nil
	}}
	if _, err := Run(ctx, []Kernel{k}, Options{Rounds: 1000, Round: time.Millisecond}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRooflineMovesAllMixes(t *testing.T) {
	for _, c := range []Traffic{
		{}, {Read: 3 * blockBytes / 2}, {Written: 3 * blockBytes / 2}, {Read: 100_000, Written: 70_001}, {Read: 70_001, Written: 100_000},
		{Read: 8, Visits: maxPlaces + 5, Table: 80},
	} {
		a := mem.NewArena(nil)
		r, err := newRoofline(a, c, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.pass(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if c.Visits > 0 && r.sum == 0 {
			t.Errorf("%+v: nothing was visited", c)
		}
		for i, b := range r.out {
			if copied := i < len(r.in); copied != (b == present) {
				t.Errorf("%+v: byte %d is %d", c, i, b)
				break
			}
		}
		if len(r.in) > len(r.out) {
			r.in[len(r.in)-1] = absent
			if err := r.pass(); err == nil {
				t.Errorf("%+v: the last byte was not read", c)
			}
		}
		a.Free()
	}
}

package tpchgen

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestJumpEqualsSingleSteps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		seed := 1 + random.Uint64N(lehmerModulus-1)
		draws := random.IntN(2_000)
		want := seed
		for range draws {
			want = want * lehmerMultiplier % lehmerModulus
		}
		if got := jump(seed, int64(draws)); got != want {
			t.Errorf("seed %d, %d draws ahead: %d, want %d", seed, draws, got, want)
		}
		w := newWideStream(seed, int64(draws), 1, 100, false)
		if uint64(w.seed) != want {
			t.Errorf("wide stream from %d at row %d: seed %d, want %d", seed, draws, w.seed, want)
		}
	}
}

// The definition computes in double precision; uniform computes in integers.
func TestUniformEqualsItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	check := func(seed, span uint64) {
		t.Helper()
		want := uint64(float64(seed) / lehmerModulus * float64(span))
		if got := uniformWide(seed, span); got != want {
			t.Fatalf("seed %d, span %d: %d, want %d", seed, span, got, want)
		}
	}
	for range 2_000_000 {
		span := 1 + random.Uint64N(widestExactSpan)
		check(1+random.Uint64N(lehmerModulus-1), span)
		// The seeds next to a step, where the rounding of the definition would show.
		step := 1 + random.Uint64N(span)
		if at := step * lehmerModulus / span; at > 1 && at+1 < lehmerModulus {
			check(at-1, span)
			check(at, span)
			check(at+1, span)
		}
	}
}

func TestWideStreamOfLargeScales(t *testing.T) {
	const span = 6_000_000_000
	whole := newWideStream(partKeySeed, 0, linesPerOrder, span, true)
	high := false
	for row := range int64(100) {
		from := newWideStream(partKeySeed, row, linesPerOrder, span, true)
		for range 1 + row%linesPerOrder {
			v := from.draw()
			if v < 1 || v > span {
				t.Fatalf("row %d: %d is not in [1, %d]", row, v, int64(span))
			}
			high = high || v > 1<<31
			if row == 0 && v != whole.draw() {
				t.Fatal("two streams at one place differ")
			}
		}
	}
	if !high {
		t.Error("no key above 2^31 was drawn")
	}
}

func TestTextPool(t *testing.T) {
	text, release, err := acquirePool(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if len(text) != poolSize {
		t.Fatalf("the pool has %d bytes", len(text))
	}
	if got, want := hashString(text), uint64(0x0cedff07c2a488bd); got != want {
		t.Errorf("hash of the pool %#x, want %#x", got, want)
	}
	head := string(text[:2_000])
	if strings.Contains(head, "  ") || !strings.Contains(head, ". ") {
		t.Errorf("the pool begins %q", head)
	}
}

func TestPoolStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := make([]byte, 1<<20+poolSlack)
	if err := writePool(ctx, out, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if out[0] != 0 {
		t.Error("text was written after the context had ended")
	}
}

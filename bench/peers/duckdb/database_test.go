package main

import (
	"math/big"
	"testing"
)

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		unscaled int64
		scale    int
		want     string
	}{{1250, 2, "12.50"}, {-5, 2, "-0.05"}, {7, 0, "7"}, {0, 4, "0.0000"}} {
		if got := decimal(big.NewInt(c.unscaled), c.scale); got != c.want {
			t.Errorf("%d at scale %d: %s, want %s", c.unscaled, c.scale, got, c.want)
		}
	}
}

func TestMissingTableIsNamed(t *testing.T) {
	if _, err := open(t.Context(), t.TempDir(), 1, 1<<30); err == nil {
		t.Error("a folder without tables opens")
	}
}

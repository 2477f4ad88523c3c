package tpch

import "testing"

func TestParseProcessorTime(t *testing.T) {
	taken, all, err := parseProcessorTime("cpu  10 1 5 100 20 2 1 4 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
	if err != nil || taken != 23 || all != 143 {
		t.Errorf("%d of %d, %v", taken, all, err)
	}
	for _, bad := range []string{"", "cpu0 1 2 3 4 5 6 7 8\n", "cpu 1 2 3\n", "cpu a b c d e f g h\n"} {
		if _, _, err := parseProcessorTime(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestBusyIsAShare(t *testing.T) {
	if share, err := busy(t.Context()); err != nil || share < 0 || share > 1 {
		t.Errorf("%g, %v", share, err)
	}
}

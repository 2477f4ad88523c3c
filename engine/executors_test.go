package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/simd"
)

func TestShowExecutorsListsThisProcess(t *testing.T) {
	e, s := open(t, Config{Threads: 3, MemoryLimit: 256 << 20})
	got := text(t, s, "show executors")
	for _, want := range []string{"local", "3", simd.Current().String(), fmt.Sprint(256 << 20), "serving", "0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Count(got, "\n") != 1 {
		t.Errorf("want one row, got %q", got)
	}
	// A query whose rows nobody takes runs.
	other := e.Session()
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	list, err := other.Parse("select * from generate_series(1, 100000000)")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := other.Run(t.Context(), list[0])
	if err != nil {
		t.Fatal(err)
	}
	tasks := func() int {
		list, err := e.executors()
		if err != nil || len(list) != 1 {
			t.Fatalf("%d executors, %v", len(list), err)
		}
		return list[0].Tasks
	}
	for tasks() != 1 {
		select {
		case <-t.Context().Done():
			t.Fatal("the query did not run")
		case <-time.After(time.Millisecond):
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for tasks() != 0 {
		select {
		case <-t.Context().Done():
			t.Fatal("the query is closed and runs")
		case <-time.After(time.Millisecond):
		}
	}
}

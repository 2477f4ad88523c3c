package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/scheduler/control"
)

// cells is a query's first column, a line a row.
func cells(t *testing.T, s *engine.Session, text string) string {
	t.Helper()
	got, err := tpch.Fetch(t.Context(), s, text)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	var b strings.Builder
	for _, row := range got.Rows {
		if row[0] != nil {
			b.WriteString(*row[0])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAllQueriesAnswerRightUnderEveryPolicy(t *testing.T) {
	for _, settings := range []map[string]string{
		{"scheduling_policy": "early"},
		{"scheduling_policy": "early", "adaptive": "off"},
		{"scheduling_policy": "all"},
		{"adaptive": "off"},
		{"partitions": "17"},
	} {
		t.Run(fmt.Sprint(settings), func(t *testing.T) {
			s := startScheduler(t, control.Config{})
			s.startExecutor(t, remote.Config{Threads: 4})
			s.startExecutor(t, remote.Config{Threads: 4, InlineOutput: -1})
			s.waitFor(t, 2)
			session := s.open(t)
			for name, value := range settings {
				if err := session.Set(name, value); err != nil {
					t.Fatal(err)
				}
			}
			for n := 1; n <= tpch.Queries; n++ {
				if err := check(t.Context(), session, n); err != nil {
					t.Errorf("query %d: %v", n, err)
				}
			}
		})
	}
}

func TestExplainAnalyzeSaysWhatWasPlannedAnew(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	session := s.open(t)
	for query, want := range map[string][]string{
		"select l_suppkey, count(*) from lineitem group by 1":                                            {"stage 1: 1 tasks instead of 4"},
		"select count(*) from orders, lineitem where o_orderkey = l_orderkey and o_comment = 'no such' ": {"has no rows"},
	} {
		text := cells(t, session, "explain analyze "+query)
		for _, w := range append(want, "Planned anew while it ran") {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in\n%s", w, text)
			}
		}
		if err := session.Set("adaptive", "off"); err != nil {
			t.Fatal(err)
		}
		if text := cells(t, session, "explain analyze "+query); strings.Contains(text, "Planned anew") {
			t.Errorf("not adaptive, but\n%s", text)
		}
		if err := session.Set("adaptive", "on"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFiltersCrossStages reads a large table after a small one, which leaves out most of its rows.
func TestFiltersCrossStages(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	session := s.open(t)
	got := cells(t, session, `explain analyze
		select max(a) from (select l_partkey as k, avg(l_quantity) as a from lineitem group by 1) as x, part where k = p_partkey and p_brand = 'Brand#23'`)
	_, scan, ok := strings.Cut(got, "Scan parquet lineitem")
	if !ok || !strings.Contains(got, "makes runtime filter 1 from p_partkey") || !strings.Contains(scan, "runtime filter 1 on l_partkey") {
		t.Fatalf("no filter of a stage in\n%s", got)
	}
	var rows int64
	if _, err := fmt.Sscanf(scan[strings.Index(scan, "; rows ")+len("; rows "):], "%d", &rows); err != nil {
		t.Fatal(err)
	}
	if rows == 0 || rows > 60175/10 {
		t.Errorf("the scan gives %d of 60175 rows:\n%s", rows, got)
	}
}

func TestGroupsAndLabelsAreSettings(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{Labels: map[string]string{"disk": "slow"}})
	session := s.open(t)
	if err := session.Set("required_labels", "disk=fast"); err != nil {
		t.Fatal(err)
	}
	if err := session.Set("resource_group", "etl"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- check(t.Context(), session, 6) }()
	select {
	case err := <-done:
		t.Fatalf("without an executor of the group: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	s.startExecutor(t, remote.Config{Labels: map[string]string{"disk": "fast"}, Group: "etl"})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPartitionsFollowTheExecutors(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{Threads: 2})
	s.waitFor(t, 1)
	session := s.open(t)
	if text := cells(t, session, "explain select count(*) from lineitem"); !strings.Contains(text, "Stage 0: 2 tasks") {
		t.Errorf("got\n%s", text)
	}
	s.startExecutor(t, remote.Config{Threads: 3})
	s.waitFor(t, 2)
	if text := cells(t, session, "explain select count(*) from lineitem"); !strings.Contains(text, "Stage 0: 5 tasks") {
		t.Errorf("got\n%s", text)
	}
}

// TestKilledExecutorIsNoticedByItsConnection would wait for an hour if it were not.
func TestKilledExecutorIsNoticedByItsConnection(t *testing.T) {
	s := startScheduler(t, control.Config{Timeout: time.Hour, Grace: 50 * time.Millisecond, Wait: time.Hour})
	victim := startExecutor(t, s.address)
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	_ = victim.End(os.Kill)
	s.waitFor(t, 1)
	if err := check(t.Context(), s.open(t), 6); err != nil {
		t.Fatal(err)
	}
}

func TestLargePlansRun(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{Threads: 4})
	s.waitFor(t, 1)
	session := s.open(t)
	t.Run("a list of 100 000 elements", func(t *testing.T) {
		var list strings.Builder
		for n := range 100_000 {
			fmt.Fprintf(&list, ",%d", 2*n)
		}
		got := cells(t, session, "select count(*) from lineitem where l_orderkey in ("+list.String()[1:]+")")
		want := cells(t, session, "select count(*) from lineitem where l_orderkey < 200000 and l_orderkey % 2 = 0")
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("5 000 files", func(t *testing.T) {
		const files = 5_000
		folder := t.TempDir()
		source := filepath.Join(data(t), "region.parquet")
		for n := range files {
			name := filepath.Join(folder, fmt.Sprintf("a-rather-long-name-of-a-file-that-makes-the-plan-larger-%05d.parquet", n))
			if err := os.Link(source, name); err != nil && !errors.Is(err, os.ErrExist) {
				t.Fatal(err)
			}
		}
		if got := cells(t, session, "select count(*) from '"+folder+"/*.parquet'"); got != fmt.Sprintln(5*files) {
			t.Errorf("%s rows", got)
		}
	})
	t.Run("1 000 stages", func(t *testing.T) {
		// Each part of the union is a grouping of its own, whose first step is a stage.
		part := "select %d as k, r_regionkey, count(*) as n from region group by r_regionkey"
		var text strings.Builder
		text.WriteString("select count(*), sum(n) from (")
		for n := range 1000 {
			if n > 0 {
				text.WriteString(" union all ")
			}
			fmt.Fprintf(&text, part, n)
		}
		text.WriteString(") as all_of_them")
		stages := strings.Count(cells(t, session, "explain "+text.String()), "\nStage ")
		if stages < 1000 {
			t.Errorf("%d stages", stages)
		}
		if got := cells(t, session, text.String()); got != "5000\n" {
			t.Errorf("%s groups", got)
		}
	})
}

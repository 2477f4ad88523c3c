package memory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/engine"
)

var (
	data  = flag.String("memory.data", "", "folder of generated data; empty: scale factor 0.1, generated for the test")
	limit = flag.Int64("memory.limit", 16_000_000, "bytes that queries may hold")
)

// beside is what a process may have resident beside the limit.
const beside = 150 << 20

// Environment of the child process.
const (
	childData    = "POLYBOLOS_MEMORY_TEST_DATA"
	childLimit   = "POLYBOLOS_MEMORY_TEST_LIMIT"
	childSetting = "POLYBOLOS_MEMORY_TEST_EXCHANGE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childData); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

// outcome is what a child says of a run of all queries.
type outcome struct {
	Tables   []*tpch.Table
	Peak     int64 // accounted
	Resident int64
	Left     int64 // accounted at the end
}

// child runs the queries and writes the outcome to standard output.
func child(dir string) error {
	most, err := strconv.ParseInt(os.Getenv(childLimit), 10, 64)
	if err != nil {
		return err
	}
	if most > 0 {
		engine.BoundHeap()
	}
	e, err := engine.Open(engine.Config{Threads: 2, MemoryLimit: most, TempDir: os.TempDir()})
	if err != nil {
		return err
	}
	defer e.Close()
	ctx := context.Background()
	s := e.Session()
	defer s.Close()
	if err := tpch.CreateTables(ctx, s, dir); err != nil {
		return err
	}
	if err := s.Set("exchange", os.Getenv(childSetting)); err != nil {
		return err
	}
	var out outcome
	for n := 1; n <= tpch.Queries; n++ {
		text, err := tpch.Query(n)
		if err != nil {
			return err
		}
		t, err := tpch.Fetch(ctx, s, text)
		if err != nil {
			return fmt.Errorf("query %d: %w", n, err)
		}
		out.Tables = append(out.Tables, t)
	}
	out.Left, out.Peak = e.Memory()
	if out.Resident, err = resident(); err != nil {
		return err
	}
	return gob.NewEncoder(os.Stdout).Encode(out)
}

// resident is the most that this process has had in memory.
func resident() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no VmHWM in /proc/self/status")
}

// run runs a child.
func run(t *testing.T, dir string, most int64, exchange string) outcome {
	t.Helper()
	temp := t.TempDir()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childData+"="+dir, childLimit+"="+strconv.FormatInt(most, 10), childSetting+"="+exchange, "TMPDIR="+temp, "GOMEMLIMIT=")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("limit %d: %v: %s", most, err, stderr.String())
	}
	var out outcome
	if err := gob.NewDecoder(&stdout).Decode(&out); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v %v", left, err)
	}
	return out
}

func TestQueriesKeepTheMemoryLimit(t *testing.T) {
	dir := *data
	if dir == "" {
		dir = t.TempDir()
		if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: 0.1, Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := tpchgen.ReadManifest(dir)
	if err != nil {
		t.Skipf("no data in %s: %v", dir, err)
	}
	want := make([]*tpch.Table, tpch.Queries)
	if tpch.CheckData(m) == nil {
		for n := range want {
			if want[n], err = tpch.Answer(m.ScaleFactor, n+1); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		// Without reference answers those without a limit are.
		copy(want, run(t, dir, 0, "auto").Tables)
	}
	ways := []string{"auto"}
	if *data == "" {
		ways = append(ways, "force")
	}
	for _, exchange := range ways {
		bound := *limit
		if exchange == "force" {
			// Tasks of several stages run at once, each with buffers of its own for every partition.
			bound *= 4
		}
		got := run(t, dir, bound, exchange)
		for n := range want {
			if err := tpch.Compare(got.Tables[n], want[n]); err != nil {
				t.Errorf("exchange %s, query %d: %v", exchange, n+1, err)
			}
		}
		if got.Peak > bound || got.Left != 0 {
			t.Errorf("exchange %s: %d bytes accounted at most, limit %d; %d at the end", exchange, got.Peak, bound, got.Left)
		}
		if got.Resident > bound+beside && !raceDetector {
			t.Errorf("exchange %s: %d bytes resident, limit %d", exchange, got.Resident, bound)
		}
		t.Logf("exchange %s: limit %d, accounted %d, resident %d", exchange, bound, got.Peak, got.Resident)
	}
}

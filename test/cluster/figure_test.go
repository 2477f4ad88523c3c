package cluster

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/test/servers"
)

// The figure of the cluster: go test ./test/cluster -run Figure -v -figure.data /data/sf10 -figure.runs 3.
var (
	figureData    = flag.String("figure.data", "", "folder of the data of TestFigureOfQueriesThroughMinIO")
	figureRuns    = flag.Int("figure.runs", 1, "how often each query runs on either side; the best counts")
	figureQueries = flag.String("figure.queries", "", "which queries, separated by commas (default all)")
	figureFlags   = flag.String("figure.flags", "", "further flags of the executors, separated by spaces")
	figureMinIO   = flag.Bool("figure.minio", true, "shuffle through MinIO, and not over Flight")
)

// TestFigureOfQueriesThroughMinIO times the queries on the embedded engine with two threads, and in turn on two executors with one thread each whose
// exchanges all go through MinIO on this machine. It asserts nothing of the times: it prints them, and compares the rows.
func TestFigureOfQueriesThroughMinIO(t *testing.T) {
	if *figureData == "" {
		t.Skip("-figure.data names no data")
	}
	var store []string
	var others []int // processes of the cluster
	if *figureMinIO {
		server := servers.MinIO(t)
		others = append(others, server.PID())
		server.MakeBucket(t, "shuffle")
		store = []string{"--shuffle-url", "s3://shuffle/figure", "--s3-endpoint", server.Endpoint, "--s3-access-key", servers.AccessKey, "--s3-secret-key", servers.SecretKey}
	}
	s := start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, store...)...)
	others = append(others, s.PID())
	for range 2 {
		x := start(t, 1, append(append([]string{"executor", "--scheduler", s.Addresses[0], "--threads", "1", "--work-dir", t.TempDir()}, store...), strings.Fields(*figureFlags)...)...)
		others = append(others, x.PID())
	}
	c, err := client.Open(t.Context(), "grpc://"+s.Addresses[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	data, err := filepath.Abs(*figureData)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tpchgen.Tables() {
		if _, err := c.Exec(t.Context(), fmt.Sprintf("create external table %s stored as parquet location '%s.parquet'", table.Name, filepath.Join(data, table.Name))); err != nil {
			t.Fatal(err)
		}
	}
	// The engine beside the cluster lives in this process, and is measured as users run it.
	mem.Poison = false
	defer func() { mem.Poison = true }()
	e, err := engine.Open(engine.Config{TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	alone := e.Session()
	defer alone.Close()
	if err := tpch.CreateTables(t.Context(), alone, data); err != nil {
		t.Fatal(err)
	}
	sum, work, n := 0.0, 0.0, 0
	for q := 1; q <= tpch.Queries; q++ {
		if *figureQueries != "" && !slices.Contains(strings.Split(*figureQueries, ","), strconv.Itoa(q)) {
			continue
		}
		text, err := tpch.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		var rows [2]int
		cpu := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		for range *figureRuns {
			for side, run := range []func(context.Context, string) (int, error){
				func(ctx context.Context, text string) (int, error) {
					table, err := tpch.Fetch(ctx, alone, text)
					if err != nil {
						return 0, err
					}
					return len(table.Rows), nil
				},
				func(ctx context.Context, text string) (int, error) { return countRows(ctx, c, text) },
			} {
				began, before := time.Now(), cpuTime(t, others...)+cpuTime(t, os.Getpid())
				if rows[side], err = run(t.Context(), text); err != nil {
					t.Fatalf("query %d, side %d: %v", q, side, err)
				}
				best[side] = min(best[side], time.Since(began))
				cpu[side] = min(cpu[side], cpuTime(t, others...)+cpuTime(t, os.Getpid())-before)
			}
		}
		if rows[0] != rows[1] {
			t.Errorf("query %d: %d rows alone, %d in the cluster", q, rows[0], rows[1])
		}
		ratio := best[1].Seconds() / best[0].Seconds()
		works := max(cpu[1].Seconds(), clockTick.Seconds()) / max(cpu[0].Seconds(), clockTick.Seconds())
		sum, work, n = sum+math.Log(ratio), work+math.Log(works), n+1
		t.Logf("query %2d  embedded %7.3f s (%6.2f s of CPU)  cluster %7.3f s (%6.2f)  ratio %.2f (%.2f)", q, best[0].Seconds(), cpu[0].Seconds(), best[1].Seconds(), cpu[1].Seconds(), ratio, works)
	}
	t.Logf("geometric mean of %d ratios: %.2f, of CPU time %.2f", n, math.Exp(sum/float64(n)), math.Exp(work/float64(n)))
}

// clockTick is the unit in which the kernel counts CPU time.
const clockTick = 10 * time.Millisecond

// cpuTime is what processes have used of the CPU, which on a busy machine says more than time does.
func cpuTime(t *testing.T, list ...int) (sum time.Duration) {
	t.Helper()
	for _, pid := range list {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		// The name in parentheses may have spaces; user and system time are fields 14 and 15.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, f := range fields[11:13] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += time.Duration(n) * clockTick
		}
	}
	return sum
}

// countRows runs the statements of a query and counts the rows of the one that has some.
func countRows(ctx context.Context, c *client.Client, text string) (int, error) {
	most := 0
	for _, s := range strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ";"), ";") {
		rows, err := c.Query(ctx, s)
		if err != nil {
			return 0, err
		}
		n := 0
		for {
			b, err := rows.Next(ctx)
			if err != nil {
				return 0, errors.Join(err, rows.Close())
			}
			if b == nil {
				break
			}
			n += b.Rows()
		}
		if err := rows.Close(); err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}

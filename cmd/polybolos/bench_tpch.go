package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/polybolos-db/polybolos/bench/peer"
	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/session"
)

// tpchFlags are the flags of bench tpch.
type tpchFlags struct {
	scaleFactor float64
	data        string
	engine      string
	peers       []string
	peerDir     string
	queries     string
	runs        int
	json        string
	svg         string
	cpuProfile  string
	generate    bool
	threads     int
	memory      string
	set         []string

	list        []int // queries, nil: all
	memoryLimit int64
	spill       spillFlags
	spillLimit  int64
	settings    map[string]string
}

// newTPCHCommand is polybolos bench tpch.
func newTPCHCommand() *cobra.Command {
	var f tpchFlags
	c := &cobra.Command{
		Use:   "tpch",
		Short: "Run the 22 TPC-H-derived queries and check their answers",
		Long: `Run the 22 TPC-H-derived queries and check their answers. With --peer each query also runs on other engines, in turn with this one, on the same
files with as many threads, each engine in a process of its own; a ratio is our time, or memory, divided by the peer's. The results are derived
from TPC-H and are not comparable to published TPC-H results.`,
		Example: "  polybolos bench tpch --sf 1 --generate\n  polybolos bench tpch --sf 1 --peer duckdb --runs 5 --json result.json --svg result.svg",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := c.Flags()
	flags.Float64Var(&f.scaleFactor, "sf", 1, "scale factor of the data")
	flags.StringVar(&f.data, "data", "", "folder of the data (default data/sf<SF>)")
	flags.StringVar(&f.engine, "engine", "embedded", "what runs the queries: embedded")
	flags.StringSliceVar(&f.peers, "peer", nil, "engines to run beside, separated by commas: "+strings.Join(peer.Names(), ", "))
	flags.StringVar(&f.peerDir, "peer-dir", peer.DefaultDir, "folder of the peers")
	flags.StringVar(&f.queries, "queries", "", "which queries, such as 1,6,9-12 (default all)")
	flags.IntVar(&f.runs, "runs", 1, "how often each query runs; the best time counts")
	flags.StringVar(&f.json, "json", "", "file to write the report to")
	flags.StringVar(&f.svg, "svg", "", "file to draw the report in")
	flags.StringVar(&f.cpuProfile, "cpu-profile", "", "file for a CPU profile of the queries, without peers")
	flags.BoolVar(&f.generate, "generate", false, "generate the data first unless it is there")
	flags.IntVar(&f.threads, "threads", 0, "workers (default all cores)")
	flags.StringVar(&f.memory, "memory-limit", "", "memory that queries may hold, such as 2GB")
	f.spill.add(flags)
	flags.StringArrayVar(&f.set, "set", nil, "a setting of the session, name=value")
	return c
}

// check reads and tests the flags.
func (f *tpchFlags) check() (err error) {
	switch {
	case f.engine != "embedded":
		return fmt.Errorf("--engine %s: the only engine is embedded", f.engine)
	case !(f.scaleFactor > 0):
		return fmt.Errorf("--sf %g: must be greater than 0", f.scaleFactor)
	case f.runs < 1:
		return fmt.Errorf("--runs %d: must be at least 1", f.runs)
	case f.threads < 0:
		return fmt.Errorf("--threads %d: must not be negative", f.threads)
	case f.cpuProfile != "" && len(f.peers) > 0:
		return errors.New("--cpu-profile is of this process, and with --peer the queries run in another: leave one of them out")
	}
	if f.threads == 0 {
		f.threads = runtime.GOMAXPROCS(0)
	}
	if f.list, err = parseQueries(f.queries); err != nil {
		return err
	}
	if f.settings, err = parseSettings(f.set); err != nil {
		return err
	}
	if f.spillLimit, err = f.spill.bytes(); err != nil {
		return err
	}
	if f.memory != "" {
		if f.memoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return fmt.Errorf("--memory-limit %w", err)
		}
		engine.BoundHeap()
	}
	if f.data == "" {
		f.data = filepath.Join("data", "sf"+strconv.FormatFloat(f.scaleFactor, 'f', -1, 64))
	}
	return nil
}

func (f *tpchFlags) run(ctx context.Context, out io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	var peers []tpch.Contender
	for _, name := range f.peers {
		command, err := peer.Find(f.peerDir, name)
		if err != nil {
			return err
		}
		peers = append(peers, tpch.Contender{Name: name, Command: command})
	}
	if f.generate {
		if err := f.prepare(ctx, out); err != nil {
			return err
		}
	}
	m, err := tpchgen.ReadManifest(f.data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no data in %s: add --generate, or run polybolos bench generate --sf %g --out %s", f.data, f.scaleFactor, f.data)
	}
	if err != nil {
		return err
	}
	if m.ScaleFactor != f.scaleFactor {
		return fmt.Errorf("--sf %g: the data in %s has scale factor %g", f.scaleFactor, f.data, m.ScaleFactor)
	}
	total := len(f.list)
	if f.list == nil {
		total = tpch.Queries
	}
	bar := newBar(int64(total), "queries")
	started := func(n int) { bar.Describe(fmt.Sprintf("query %d", n)) }
	finished := func(tpch.QueryResult) { _ = bar.Add(1) }
	var report *tpch.Report
	if len(peers) > 0 {
		report, err = f.runBeside(ctx, peers, started, finished)
	} else {
		report, err = f.runAlone(ctx, started, finished)
	}
	_ = bar.Clear()
	if err != nil {
		return err
	}
	printReport(out, report)
	if f.json != "" {
		if err := writeJSON(f.json, report); err != nil {
			return err
		}
	}
	if f.svg != "" {
		if err := writeFile("--svg", f.svg, func(w io.Writer) error { return tpch.WriteChart(w, report) }); err != nil {
			return err
		}
	}
	return judge(out, report)
}

// runAlone runs the queries in this process.
func (f *tpchFlags) runAlone(ctx context.Context, started func(int), finished func(tpch.QueryResult)) (_ *tpch.Report, err error) {
	e, err := engine.Open(engine.Config{Threads: f.threads, MemoryLimit: f.memoryLimit, SpillDir: f.spill.dir, SpillLimit: f.spillLimit})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if f.cpuProfile != "" {
		w, perr := os.Create(f.cpuProfile)
		if perr != nil {
			return nil, fmt.Errorf("--cpu-profile: %w", perr)
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		if err := pprof.StartCPUProfile(w); err != nil {
			return nil, fmt.Errorf("--cpu-profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	return tpch.Run(ctx, e, tpch.Options{
		Data: f.data, Queries: f.list, Runs: f.runs, Settings: f.settings, Started: started, Finished: finished,
	})
}

// runBeside runs the queries in a process of this program, in turn with the peers.
func (f *tpchFlags) runBeside(ctx context.Context, peers []tpch.Contender, started func(int), finished func(tpch.QueryResult)) (*tpch.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := []string{self, "bench", "serve"}
	for _, s := range f.set {
		command = append(command, "--set", s)
	}
	return tpch.RunBeside(ctx, tpch.BesideOptions{
		Config: peer.Config{Data: f.data, Threads: f.threads, MemoryLimit: f.memoryLimit},
		Us:     tpch.Contender{Name: "polybolos", Command: command}, Peers: peers,
		Queries: f.list, Runs: f.runs, Started: started, Finished: finished,
	})
}

// parseSettings reads name=value.
func parseSettings(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s: must be name=value", s)
		}
		out[name] = value
	}
	return out, nil
}

// prepare generates the data unless its manifest is there: the manifest is written last, so data with one is whole.
func (f *tpchFlags) prepare(ctx context.Context, out io.Writer) error {
	if m, err := tpchgen.ReadManifest(f.data); err == nil && m.ScaleFactor == f.scaleFactor {
		fmt.Fprintf(out, "Using the data in %s.\n", f.data)
		return nil
	}
	bar := newBar(-1, "generate")
	_, err := tpchgen.Generate(ctx, tpchgen.Options{ScaleFactor: f.scaleFactor, Dir: f.data, Progress: func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done)
	}})
	_ = bar.Clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Generated the tables at scale factor %g in %s.\n", f.scaleFactor, f.data)
	return nil
}

// newBar is a progress bar on standard error, silent where that is no terminal.
func newBar(total int64, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))),
		progressbar.OptionSetWidth(40),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
	)
}

// parseQueries reads a list such as 1,6,9-12; nil means all.
func parseQueries(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var out []int
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b > tpch.Queries || a > b {
			return nil, fmt.Errorf("--queries %s: %q is no query or range of queries from 1 to %d", list, part, tpch.Queries)
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
	}
	return out, nil
}

// judge prints how many answers are right, and is an error when any is not.
func judge(out io.Writer, r *tpch.Report) error {
	failed := 0
	for _, q := range r.Queries {
		if q.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d queries failed or gave a wrong answer", failed, len(r.Queries))
	}
	if !r.Reference {
		fmt.Fprintf(out, "%d queries ran; no reference answers for scale factor %g\n", len(r.Queries), r.ScaleFactor)
		return nil
	}
	fmt.Fprintf(out, "%d/%d answers are right\n", r.Correct(), len(r.Queries))
	return nil
}

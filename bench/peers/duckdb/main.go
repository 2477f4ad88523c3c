// Command duckdb is DuckDB as a peer of the benchmarks; package bench/peer of the main module explains what it hears and says. It is a module
// of its own so that DuckDB never enters the main one.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

type hello struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type request struct {
	SQL string `json:"sql"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type result struct {
	Seconds float64     `json:"seconds"`
	Columns []column    `json:"columns,omitempty"`
	Rows    [][]*string `json:"rows,omitempty"`
	Error   string      `json:"error,omitempty"`
}

type goodbye struct {
	PeakBytes int64 `json:"peak_bytes"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("duckdb", flag.ContinueOnError)
	data := flags.String("data", "", "`folder` of the tables")
	threads := flags.Int("threads", 0, "workers, 0: DuckDB's choice")
	memory := flags.Int64("memory-limit", 0, "`bytes`, 0: DuckDB's choice")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("--data is missing: the folder of the tables")
	}
	d, err := open(ctx, *data, *threads, *memory)
	if err != nil {
		return err
	}
	// A signal must also end the wait for the next line.
	end := context.AfterFunc(ctx, func() { _ = os.Stdin.Close() })
	defer end()
	return errors.Join(serve(ctx, d, os.Stdin, os.Stdout), d.close())
}

func serve(ctx context.Context, d *database, in io.Reader, out io.Writer) error {
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	say := func(v any) error { return errors.Join(encoder.Encode(v), w.Flush()) }
	version, err := d.version(ctx)
	if err != nil {
		return err
	}
	if err := say(hello{Name: "DuckDB", Version: version}); err != nil {
		return err
	}
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var q request
		if err := decoder.Decode(&q); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		r, err := d.query(ctx, q.SQL)
		if err != nil {
			r = result{Error: err.Error()}
		}
		if err := say(r); err != nil {
			return err
		}
	}
	peak, err := peakBytes()
	if err != nil {
		return err
	}
	return say(goodbye{PeakBytes: peak})
}

// peakBytes is the most memory that this process held resident.
func peakBytes() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("the system's status of the process has no VmHWM")
}

package tpch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
)

// Options say what to run.
type Options struct {
	Data     string            // folder with the tables and their manifest
	Queries  []int             // which queries, nil: all
	Runs     int               // how often each runs, at least 1
	Settings map[string]string // of the session
	Started  func(n int)       // called before each query
	Finished func(QueryResult) // called after each query
}

// Report is what a run found.
type Report struct {
	ScaleFactor float64       `json:"scale_factor"`
	Reference   bool          `json:"reference"` // whether there are answers to compare with
	*Comparison               // nil: no peer ran
	Queries     []QueryResult `json:"queries"`
	// CollectorShare is the share of the process's processor time that Go's garbage collector took while the queries ran in it; 0 with peers.
	CollectorShare float64 `json:"collector_share,omitempty"`
}

// QueryResult is what was found about one query.
type QueryResult struct {
	Query      int       `json:"query"`
	Seconds    float64   `json:"seconds"` // the best run
	Median     float64   `json:"median_seconds"`
	Runs       []float64 `json:"runs"`
	Rows       int       `json:"rows"`
	Correct    *bool     `json:"correct"` // nil: nothing to compare with
	Error      string    `json:"error,omitempty"`
	*PeerTimes           // of the first peer, nil: none
}

// Correct is the number of queries whose results equal the answers.
func (r *Report) Correct() int {
	n := 0
	for _, q := range r.Queries {
		if q.Correct != nil && *q.Correct {
			n++
		}
	}
	return n
}

// Run runs queries on an engine. A query that fails or gives a wrong answer is part of the report; an error means that nothing could be run.
func Run(ctx context.Context, e *engine.Engine, o Options) (_ *Report, err error) {
	m, err := tpchgen.ReadManifest(o.Data)
	if err != nil {
		return nil, err
	}
	s := e.Session()
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := CreateTables(ctx, s, o.Data); err != nil {
		return nil, err
	}
	for k, v := range o.Settings {
		if err := s.Set(k, v); err != nil {
			return nil, err
		}
	}
	report := &Report{ScaleFactor: m.ScaleFactor, Reference: true}
	if err := CheckData(m); errors.Is(err, ErrNoReference) {
		report.Reference = false
	} else if err != nil {
		return nil, fmt.Errorf("data in %s: %w", o.Data, err)
	}
	begin := collectorClock{}.now()
	for _, n := range chosen(o.Queries) {
		text, err := Query(n)
		if err != nil {
			return nil, err
		}
		if o.Started != nil {
			o.Started(n)
		}
		q := QueryResult{Query: n}
		if err := q.run(ctx, s, text, max(1, o.Runs), report); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			q.fail(err)
		}
		report.Queries = append(report.Queries, q)
		if o.Finished != nil {
			o.Finished(q)
		}
	}
	report.CollectorShare = collectorClock{}.now().shareSince(begin)
	return report, nil
}

// chosen is the list of queries to run: all when none is named.
func chosen(list []int) []int {
	if list == nil {
		for n := 1; n <= Queries; n++ {
			list = append(list, n)
		}
	}
	return list
}

func (q *QueryResult) fail(err error) {
	wrong := false
	q.Correct, q.Error = &wrong, err.Error()
}

// run runs one query and checks each run's result.
func (q *QueryResult) run(ctx context.Context, s *engine.Session, text string, runs int, report *Report) error {
	for range runs {
		start := time.Now()
		t, err := Fetch(ctx, s, text)
		took := time.Since(start).Seconds()
		if err != nil {
			return err
		}
		q.Runs = append(q.Runs, took)
		q.Seconds, q.Median = best(q.Runs), median(q.Runs)
		q.Rows = len(t.Rows)
		if !report.Reference {
			continue
		}
		want, err := Answer(report.ScaleFactor, q.Query)
		if err != nil {
			return err
		}
		if err := Compare(t, want); err != nil {
			return fmt.Errorf("wrong answer: %w", err)
		}
		right := true
		q.Correct = &right
	}
	return nil
}

// CreateTables makes the tables of a data folder known to a session.
func CreateTables(ctx context.Context, s *engine.Session, data string) error {
	for _, t := range tpchgen.Tables() {
		path := filepath.Join(data, t.Name+".parquet")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			path = filepath.Join(data, t.Name)
		}
		sql := fmt.Sprintf("create or replace external table %s stored as parquet location '%s'", t.Name, strings.ReplaceAll(path, "'", "''"))
		if err := s.Exec(ctx, sql); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

// Fetch runs the statements of a script and returns the last one's rows as text.
func Fetch(ctx context.Context, s *engine.Session, script string) (_ *Table, err error) {
	list, err := s.Parse(script)
	if err != nil {
		return nil, err
	}
	var t *Table
	for _, st := range list {
		r, err := s.Run(ctx, st)
		if err != nil {
			return nil, err
		}
		t = &Table{}
		for _, f := range r.Fields() {
			t.Names = append(t.Names, f.Name)
			t.Types = append(t.Types, f.Type.String())
		}
		for {
			b, err := r.Next(ctx)
			if err != nil {
				return nil, errors.Join(err, r.Close())
			}
			if b == nil {
				break
			}
			t.add(b)
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Table) add(b *column.Batch) {
	for k := range b.Rows() {
		row := make([]*string, len(b.Cols))
		for c, v := range b.Cols {
			if i := b.Row(k); !v.IsNull(i) {
				text := v.ValueAt(i).String()
				row[c] = &text
			}
		}
		t.Rows = append(t.Rows, row)
	}
}

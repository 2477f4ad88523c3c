package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/engine"
)

// TaxConfig says what to measure.
type TaxConfig struct {
	Binary    string // polybolos
	Data      string // folder of the tables
	Executors int
	Threads   int // of each executor
	Runs      int // of each query; the best counts
	Queries   []int
	Settings  map[string]string // of the cluster's session
	Verbose   bool              // show what the processes log
	Each      func(QueryTax)    // is told each query as it is measured; may be nil
}

// QueryTax is one query's times.
type QueryTax struct {
	Query             int
	Embedded, Cluster time.Duration
	Stages            int
	Same              bool // both gave the same rows
}

// TaxReport is what the distribution costs.
type TaxReport struct {
	Queries  []QueryTax
	Ratio    float64       // geometric mean of the cluster's time by the embedded engine's
	PerStage time.Duration // what a query takes more for each stage, least squares beside Fixed
	Fixed    time.Duration // and for itself
}

// Tax measures the queries on a cluster and on an embedded engine, in turn.
func Tax(ctx context.Context, c TaxConfig) (_ *TaxReport, err error) {
	p, err := Start(ctx, c.Binary, c.Executors, c.Threads, c.Verbose)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	e, err := engine.Open(engine.Config{Threads: c.Executors * c.Threads})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	s := e.Session()
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := tpch.CreateTables(ctx, s, c.Data); err != nil {
		return nil, err
	}
	remote, err := client.Open(ctx, p.URL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remote.Close()) }()
	for _, t := range tpchgen.Tables() {
		path, err := filepath.Abs(filepath.Join(c.Data, t.Name+".parquet"))
		if err != nil {
			return nil, err
		}
		if _, err := remote.Exec(ctx, fmt.Sprintf("create external table %s stored as parquet location '%s'", t.Name, path)); err != nil {
			return nil, err
		}
	}
	for name, value := range c.Settings {
		if err := remote.Set(ctx, name, value); err != nil {
			return nil, err
		}
	}
	r := &TaxReport{}
	for _, n := range c.Queries {
		q, err := one(ctx, c, s, remote, n)
		if err != nil {
			return nil, fmt.Errorf("query %d: %w", n, err)
		}
		r.Queries = append(r.Queries, q)
		if c.Each != nil {
			c.Each(q)
		}
	}
	r.sum()
	return r, nil
}

// one measures a query.
func one(ctx context.Context, c TaxConfig, s *engine.Session, remote *client.Client, n int) (QueryTax, error) {
	q := QueryTax{Query: n, Embedded: math.MaxInt64, Cluster: math.MaxInt64}
	text, err := tpch.Query(n)
	if err != nil {
		return q, err
	}
	for range c.Runs {
		start := time.Now()
		want, err := tpch.Fetch(ctx, s, text)
		if err != nil {
			return q, err
		}
		q.Embedded = min(q.Embedded, time.Since(start))
		start = time.Now()
		rows, err := script(ctx, remote, text)
		if err != nil {
			return q, err
		}
		q.Cluster = min(q.Cluster, time.Since(start))
		q.Same = rows == len(want.Rows)
	}
	lines, err := explained(ctx, remote, text)
	q.Stages = lines
	return q, err
}

// script runs the statements of a query and counts the rows of the one that has the most: the others make and drop a view.
func script(ctx context.Context, c *client.Client, text string) (most int, err error) {
	for _, statement := range strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ";"), ";") {
		n, err := count(ctx, c, statement)
		if err != nil {
			return 0, err
		}
		if most = max(most, n); !strings.Contains(strings.ToLower(statement), "view") {
			most = n
		}
	}
	return most, nil
}

// count reads a statement's rows.
func count(ctx context.Context, c *client.Client, statement string) (n int, err error) {
	rows, err := c.Query(ctx, statement)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		b, err := rows.Next(ctx)
		if b == nil || err != nil {
			return n, err
		}
		n += b.Rows()
	}
}

// explained is how many stages a query has.
func explained(ctx context.Context, c *client.Client, text string) (stages int, err error) {
	for _, statement := range strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ";"), ";") {
		if low := strings.ToLower(strings.TrimSpace(statement)); strings.HasPrefix(low, "drop") || strings.HasPrefix(low, "create") {
			if _, err := c.Exec(ctx, statement); err != nil {
				return 0, err
			}
			continue
		}
		rows, err := c.Query(ctx, "explain "+statement)
		if err != nil {
			return 0, err
		}
		for {
			b, err := rows.Next(ctx)
			if err != nil {
				return 0, errors.Join(err, rows.Close())
			}
			if b == nil {
				break
			}
			for k := range b.Rows() {
				if strings.HasPrefix(b.Cols[0].ValueAt(b.Row(k)).String(), "Stage ") {
					stages++
				}
			}
		}
		if err := rows.Close(); err != nil {
			return 0, err
		}
	}
	return max(1, stages), nil
}

// sum fits the means: the difference of the times is a fixed part and one for each stage.
func (r *TaxReport) sum() {
	var logs, n, x, y, xx, xy float64
	for _, q := range r.Queries {
		logs += math.Log(q.Cluster.Seconds() / q.Embedded.Seconds())
		stages, more := float64(q.Stages), (q.Cluster - q.Embedded).Seconds()
		n, x, y, xx, xy = n+1, x+stages, y+more, xx+stages*stages, xy+stages*more
	}
	if n == 0 {
		return
	}
	r.Ratio = math.Exp(logs / n)
	slope := 0.0
	if d := n*xx - x*x; d > 0 {
		slope = (n*xy - x*y) / d
	}
	r.PerStage = time.Duration(slope * 1e9)
	r.Fixed = time.Duration((y - slope*x) / n * 1e9)
}

// Worst is the query that exceeds the given allowance most, and by how much; negative: none does.
func (r *TaxReport) Worst(fixed, perStage time.Duration) (query int, by time.Duration) {
	by = math.MinInt64
	for _, q := range r.Queries {
		if more := q.Cluster - q.Embedded - fixed - time.Duration(q.Stages)*perStage; more > by {
			query, by = q.Query, more
		}
	}
	return query, by
}

// AllQueries are the 22.
func AllQueries() []int {
	out := make([]int, tpch.Queries)
	for i := range out {
		out[i] = i + 1
	}
	return slices.Clip(out)
}

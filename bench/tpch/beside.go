package tpch

import (
	"context"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/bench/peer"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
)

// Contender is an engine that takes part: a program that keeps to the protocol of package peer.
type Contender struct {
	Name    string   // for messages
	Command []string // program and first arguments
}

// BesideOptions say what to measure beside what.
type BesideOptions struct {
	peer.Config
	Us       Contender
	Peers    []Contender       // at least one
	Queries  []int             // which queries, nil: all
	Runs     int               // how often each engine runs each query after its warm-up, at least 1
	Started  func(n int)       // called before each query
	Finished func(QueryResult) // called after each query
}

// contender is an engine that runs.
type contender struct {
	Contender
	process *peer.Process
	dead    error // why it cannot go on
	peak    int64
}

// attempt is what one engine did with one query.
type attempt struct {
	table *Table
	runs  []float64
	err   error
}

// RunBeside runs queries on us and on peers, each a process, in turn: of each query first a run of each to warm up, whose results are
// compared, then the measured runs, us, peer, us, peer and so on, so that whatever else the machine does falls on all. While one runs the others are
// stopped. A query that fails or gives a wrong answer is part of the report, as is a peer that ends early; an error means that nothing could be measured.
func RunBeside(ctx context.Context, o BesideOptions) (_ *Report, err error) {
	if len(o.Peers) == 0 {
		return nil, errors.New("no peer to run beside")
	}
	m, err := tpchgen.ReadManifest(o.Data)
	if err != nil {
		return nil, err
	}
	report := &Report{ScaleFactor: m.ScaleFactor, Reference: true}
	if err := CheckData(m); errors.Is(err, ErrNoReference) {
		report.Reference = false
	} else if err != nil {
		return nil, fmt.Errorf("data in %s: %w", o.Data, err)
	}
	all := make([]*contender, 0, 1+len(o.Peers))
	defer func() {
		for _, c := range all {
			if cerr := c.close(); err == nil && c.dead == nil && cerr != nil {
				err = cerr
			}
		}
		if err == nil {
			report.summarize(o, all)
		}
	}()
	for _, c := range append([]Contender{o.Us}, o.Peers...) {
		p, err := peer.Start(ctx, c.Name, c.Command, o.Config)
		if err != nil {
			return nil, err
		}
		all = append(all, &contender{Contender: c, process: p})
		if err := p.Pause(); err != nil {
			return nil, err
		}
	}
	for _, p := range all[1:] {
		report.Comparison = report.Comparison.with(p)
	}
	if report.Busy, err = busy(ctx); err != nil {
		return nil, err
	}
	for _, n := range chosen(o.Queries) {
		text, err := Query(n)
		if err != nil {
			return nil, err
		}
		if o.Started != nil {
			o.Started(n)
		}
		attempts := race(all, text, max(1, o.Runs))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if all[0].dead != nil {
			return nil, fmt.Errorf("query %d: %w", n, all[0].dead)
		}
		q, err := report.judge(n, attempts)
		if err != nil {
			return nil, err
		}
		if o.Finished != nil {
			o.Finished(q)
		}
	}
	after, err := busy(ctx)
	if err != nil {
		return nil, err
	}
	report.Busy = max(report.Busy, after)
	return report, nil
}

// race runs one query on all engines. One that fails takes no further part in this query.
func race(all []*contender, text string, runs int) []attempt {
	out := make([]attempt, len(all))
	for i, c := range all {
		var r peer.Result
		if r, out[i].err = c.query(text); out[i].err == nil {
			out[i].table, out[i].err = tableOf(r)
		}
	}
	for range runs {
		for i, c := range all {
			if out[i].err != nil {
				continue
			}
			var r peer.Result
			if r, out[i].err = c.query(text); out[i].err == nil {
				out[i].runs = append(out[i].runs, r.Seconds)
			}
		}
	}
	return out
}

func (c *contender) query(text string) (peer.Result, error) {
	if c.dead != nil {
		return peer.Result{}, c.dead
	}
	err := c.process.Resume()
	var r peer.Result
	if err == nil {
		r, err = c.process.Query(text)
	}
	if err == nil {
		err = c.process.Pause()
	}
	if err != nil {
		c.dead = err
		return r, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	if !(r.Seconds > 0) {
		return r, fmt.Errorf("%s says that the query took %g seconds", c.Name, r.Seconds)
	}
	return r, nil
}

func (c *contender) close() error {
	g, err := c.process.Close()
	c.peak = g.PeakBytes
	return err
}

// judge adds what was found about query n to the report.
func (r *Report) judge(n int, attempts []attempt) (QueryResult, error) {
	var want *Table
	if r.Reference {
		var err error
		if want, err = Answer(r.ScaleFactor, n); err != nil {
			return QueryResult{}, err
		}
	}
	us := attempts[0]
	q := QueryResult{Query: n}
	if us.table != nil {
		q.Runs, q.Rows = us.runs, len(us.table.Rows)
		q.Seconds, q.Median = best(us.runs), median(us.runs)
	}
	switch {
	case us.err != nil:
		q.fail(us.err)
	case want != nil:
		q.check(Compare(us.table, want), "wrong answer")
	default:
		// Without an answer, what most can be said is whether the engines agree.
		for i, a := range attempts[1:] {
			if a.err == nil {
				q.check(CompareRounded(us.table, a.table), "other rows than those of "+r.Peers[i].Name)
				break
			}
		}
	}
	for i, a := range attempts[1:] {
		p := PeerTimes{}
		if a.err != nil {
			p.PeerError = a.err.Error()
		} else {
			p.PeerSeconds, p.PeerMedian, p.PeerRuns = best(a.runs), median(a.runs), a.runs
			if want != nil {
				if err := CompareRounded(a.table, want); err != nil {
					p.PeerError = "wrong answer: " + err.Error()
				}
				right := p.PeerError == ""
				p.PeerCorrect = &right
			}
			if q.Seconds > 0 {
				p.Ratio = q.Seconds / p.PeerSeconds
			}
		}
		r.Peers[i].Queries = append(r.Peers[i].Queries, PeerQuery{Query: n, PeerTimes: p})
		if i == 0 {
			q.PeerTimes = &p
		}
	}
	r.Queries = append(r.Queries, q)
	return q, nil
}

// check notes whether the result is right: err is how it differs.
func (q *QueryResult) check(err error, what string) {
	if err != nil {
		q.fail(fmt.Errorf("%s: %w", what, err))
		return
	}
	right := true
	q.Correct = &right
}

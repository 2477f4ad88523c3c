package parquet

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/storage"
)

// probe is a condition of a join above, and how much it is worth. What it lets through the join tests again: one that drops next to nothing is left out for
// a while.
type probe struct {
	storage.Probe
	in, out int // rows since the last decision
	rest    int // rows for which it is left out still
}

const (
	probeTrial = 16 * column.BatchRows // rows between decisions
	probeRest  = 64 * column.BatchRows // rows for which a probe rests
	// probeWorth is the share of rows, in percent, that a probe must drop: to test a row takes about a tenth of what the join above takes for it.
	probeWorth = 5
)

// resting reports whether the next n rows pass untested.
func (p *probe) resting(n int) bool {
	if p.rest <= 0 {
		return false
	}
	p.rest -= n
	return true
}

func (p *probe) account(in, out int) {
	p.in, p.out = p.in+in, p.out+out
	if p.in < probeTrial {
		return
	}
	if (p.in-p.out)*100 < p.in*probeWorth {
		p.rest = probeRest
	}
	p.in, p.out = 0, 0
}

// Probe has the reader drop rows that do not pass, before it reads their other columns.
func (r *reader) Probe(probes []storage.Probe) bool {
	for _, p := range probes {
		if p.Column < 0 || p.Column >= len(r.scan.Columns) {
			return false
		}
	}
	for i := range r.filters.sel {
		if r.filters.sel[i] == nil {
			sel, err := column.AllocSlice[uint32](r.filters.arena, column.BatchRows)
			if err != nil {
				return false // the operator applies them: its refusal says more
			}
			r.filters.sel[i] = sel
		}
	}
	for _, p := range probes {
		r.filters.probes = append(r.filters.probes, probe{Probe: p})
	}
	return true
}

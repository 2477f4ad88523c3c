package tpch

import (
	"math"
	"slices"
)

// Comparison is what was found beside peers. Every ratio is ours divided by the peer's of the same run: below 1 we are faster, or smaller.
// The fields at the top are those of the first peer.
type Comparison struct {
	Threads         int           `json:"threads"`
	Busy            float64       `json:"busy"` // the share of the machine's processors that others took before or after, whichever was more
	Peer            string        `json:"peer"`
	GeomeanRatio    float64       `json:"geomean_ratio"`     // over the queries that both got right; 0: none
	PeakMemoryRatio float64       `json:"peak_memory_ratio"` // 0: the peer ended early
	PeakBytes       int64         `json:"peak_memory_bytes"` // ours
	Peers           []PeerSummary `json:"peers"`
}

// PeerSummary is what was found about one peer.
type PeerSummary struct {
	Name            string      `json:"name"`
	Version         string      `json:"version"`
	GeomeanRatio    float64     `json:"geomean_ratio"`
	Compared        int         `json:"compared"` // the queries in the mean
	PeakBytes       int64       `json:"peak_memory_bytes"`
	PeakMemoryRatio float64     `json:"peak_memory_ratio"`
	Queries         []PeerQuery `json:"queries"`
}

// PeerQuery is what was found about one query on a peer.
type PeerQuery struct {
	Query int `json:"query"`
	PeerTimes
}

// PeerTimes are a peer's figures of one query. Where PeerError is set its times count for nothing.
type PeerTimes struct {
	PeerSeconds float64   `json:"peer_seconds,omitempty"` // the best run
	PeerMedian  float64   `json:"peer_median_seconds,omitempty"`
	PeerRuns    []float64 `json:"peer_runs,omitempty"`
	Ratio       float64   `json:"ratio,omitempty"` // our best run divided by the peer's
	PeerCorrect *bool     `json:"peer_correct,omitempty"`
	PeerError   string    `json:"peer_error,omitempty"`
}

func (c *Comparison) with(p *contender) *Comparison {
	if c == nil {
		c = &Comparison{}
	}
	hello := p.process.Hello()
	c.Peers = append(c.Peers, PeerSummary{Name: hello.Name, Version: hello.Version})
	return c
}

// summarize fills the means in, once all has run and ended.
func (r *Report) summarize(o BesideOptions, all []*contender) {
	r.Threads, r.PeakBytes = o.Threads, all[0].peak
	for i := range r.Peers {
		p := &r.Peers[i]
		var ratios []float64
		for k, q := range p.Queries {
			if q.PeerError == "" && r.Queries[k].Error == "" {
				ratios = append(ratios, q.Ratio)
			}
		}
		p.Compared, p.GeomeanRatio = len(ratios), geomean(ratios)
		if p.PeakBytes = all[i+1].peak; p.PeakBytes > 0 {
			p.PeakMemoryRatio = float64(r.PeakBytes) / float64(p.PeakBytes)
		}
	}
	first := r.Peers[0]
	r.Peer, r.GeomeanRatio, r.PeakMemoryRatio = first.Name, first.GeomeanRatio, first.PeakMemoryRatio
}

// geomean is the geometric mean of positive numbers, 0 of none.
func geomean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(x)))
}

// best is the least of the runs, 0 of none.
func best(runs []float64) float64 {
	if len(runs) == 0 {
		return 0
	}
	return slices.Min(runs)
}

// median is the middle of the runs, 0 of none.
func median(runs []float64) float64 {
	if len(runs) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(runs))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

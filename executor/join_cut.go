package executor

import "context"

// cut runs what has to run before p where a join that p probes is spilled: the rows up to the join go to its probe files, in a pipeline of their own, and p goes on
// from the join's pairs of files.
//
//	scan → filter → probe a → probe b → sort      with b spilled becomes
//	scan → filter → probe a → b's probe files     and then
//	pairs of b → sort
func (p *Pipeline) cut(ctx context.Context, t *Task) error {
	for {
		t.admit()
		p.pin(true)
		s, at := p.spilledJoin()
		m, marks := p.Breaker.(marker)
		var x *spilledJoin
		if marks {
			m.pin(true)
			x = m.op.joins().side.spilled
		}
		if s == nil && x == nil {
			return nil
		}
		p.pin(false)
		if s == nil {
			// The whole pipeline is the probe side of a join that gives build rows only.
			p.Breaker = x
			continue
		}
		op := s.Operators[at].(blockOperator)
		x = op.joins().side.spilled
		before := &Pipeline{Stream: Stream{Source: s.Source, Inputs: s.Inputs, Operators: s.Operators[:at:at], source: s.source, nodes: s.nodes[:at:at]},
			Breaker: x, node: s.nodes[at]}
		if err := before.run(ctx, t); err != nil {
			return err
		}
		s.Source, s.Inputs, s.source = spilledPairs{x}, nil, s.nodes[at]
		s.Operators = append([]Operator{spilledProbe{x: x, op: op}}, s.Operators[at+1:]...)
		s.nodes = append(s.nodes[:0:0], s.nodes[at:]...)
	}
}

// spilledJoin finds the first join whose build side is spilled, as rows go.
func (s *Stream) spilledJoin() (in *Stream, at int) {
	for _, input := range s.Inputs {
		if in, at := input.spilledJoin(); in != nil {
			return in, at
		}
	}
	for i, op := range s.Operators {
		if j, ok := op.(blockOperator); ok && j.joins().side.spilled != nil {
			return s, i
		}
	}
	return nil, 0
}

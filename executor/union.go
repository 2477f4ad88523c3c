package executor

import "github.com/polybolos-db/polybolos/plan"

func init() {
	register(func(b *Builder, n *plan.Union) (*Stream, error) {
		s := &Stream{}
		for _, in := range n.In {
			input, err := b.Build(in)
			if err != nil {
				return nil, err
			}
			s.Inputs = append(s.Inputs, input)
		}
		return s, nil
	})
}

package executor

import (
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

func init() {
	register(func(b *Builder, n *plan.Scan) (*Stream, error) {
		f, err := format.Lookup(n.Format)
		if err != nil {
			return nil, err
		}
		splits := b.Task.share(n)
		if len(splits) == 0 {
			return &Stream{Source: &values{fields: n.Fields()}}, nil
		}
		store, err := objectstore.For(splits[0].File.URL)
		if err != nil {
			return nil, err
		}
		s, err := newScan(n, f, store, splits)
		if err != nil {
			return nil, err
		}
		if err := s.bind(b.Task); err != nil {
			return nil, err
		}
		b.Task.Defer(s.Release)
		return &Stream{Source: s}, nil
	})
	register(func(b *Builder, n *plan.Write) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		f, err := format.Lookup(n.Format)
		if err != nil {
			return nil, err
		}
		store, err := objectstore.For(n.URL)
		if err != nil {
			return nil, err
		}
		l, err := layoutOf(n)
		if err != nil {
			return nil, err
		}
		return (&write{node: n, task: b.Task, format: f, store: store, layout: l}).stream(b, s), nil
	})
}

package executor

import (
	"context"
	"fmt"
	"reflect"

	"github.com/polybolos-db/polybolos/plan"
)

// Builder turns a task's tree into pipelines.
type Builder struct {
	Task      *Task
	Ctx       context.Context // the task's
	pipelines []*Pipeline     // run in this order: an operator breaks the pipelines that it depends on before its own stream ends
	node      plan.Node       // whose builder runs
	inOrder   bool            // the rows of that node reach the output of the task as they come
	enough    map[*plan.Recursion]int64
}

// builders has a function for each kind of plan node; each operator's file registers its own from an init.
var builders = map[reflect.Type]func(b *Builder, n plan.Node) (*Stream, error){}

// register makes build the builder of nodes of N's type.
func register[N plan.Node](build func(b *Builder, n N) (*Stream, error)) {
	builders[reflect.TypeFor[N]()] = func(b *Builder, n plan.Node) (*Stream, error) { return build(b, n.(N)) }
}

// Build makes the stream of n's rows; the pipelines below it are added to the builder.
func (b *Builder) Build(n plan.Node) (*Stream, error) {
	build, ok := builders[reflect.TypeOf(n)]
	if !ok {
		return nil, fmt.Errorf("executor: no operator for plan node %T", n)
	}
	above, inOrder := b.node, b.inOrder
	b.node, b.inOrder = n, inOrder && keepsOrder(above)
	defer func() { b.node, b.inOrder = above, inOrder }()
	s, err := build(b, n)
	if err != nil {
		return nil, err
	}
	s.claim(n)
	return s, nil
}

// keepsOrder reports whether n, nil being the task's output, passes rows in the order of its input.
func keepsOrder(n plan.Node) bool {
	switch n.(type) {
	case nil, *plan.Filter, *plan.Project, *plan.Limit, *plan.Unnest:
		return true
	}
	return false
}

// Break ends the stream s in br. The pipeline runs before all pipelines that are ended later, so what br collects is complete when they read it.
func (b *Builder) Break(s *Stream, br Breaker) {
	s.claim(b.node)
	b.pipelines = append(b.pipelines, &Pipeline{Stream: *s, Breaker: br, node: b.node})
}

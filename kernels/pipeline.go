package kernels

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/column"
)

// Pipeline is what a device may run as one: steps over the rows of a source, and the grouping that takes them.
type Pipeline struct {
	Inputs []column.Type // the source's columns
	Steps  []Step
	Keys   []int // columns after the last step
	Aggs   []Aggregate
	Bounds []Bounds // by key; may be nil
	Rows   float64  // estimated rows of the source, 0 when unknown
	Groups float64  // estimated groups, 0 when unknown
}

// Bounds are the least and the greatest value that a key of integers, dates or decimals of 64 bits can have, where that is known. They need not be right: a device that meets
// another value gives its work back.
type Bounds struct {
	Known       bool
	Least, Most int64
}

// Step is a filter or a projection: one of the two. Its program reads the columns that the step before left.
type Step struct {
	Filter  *Program // one boolean output
	Project *Program // the columns from here on are its outputs
}

// Columns are the types of the columns after the first n steps.
func (p *Pipeline) Columns(n int) []column.Type {
	types := p.Inputs
	for _, s := range p.Steps[:n] {
		if s.Project == nil {
			continue
		}
		types = make([]column.Type, len(s.Project.Outputs))
		for i, r := range s.Project.Outputs {
			types[i] = s.Project.Regs[r]
		}
	}
	return types
}

// String lists the steps for people.
func (p *Pipeline) String() string {
	var parts []string
	for _, s := range p.Steps {
		if s.Filter != nil {
			parts = append(parts, "filter")
		} else {
			parts = append(parts, "project")
		}
	}
	if len(p.Keys) == 0 {
		parts = append(parts, "aggregate")
	} else {
		parts = append(parts, fmt.Sprintf("group by %d keys", len(p.Keys)))
	}
	return strings.Join(parts, ", ")
}

package dataframe

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// rendering is the text of a frame and where its steps lie in it.
type rendering struct {
	text  strings.Builder
	names map[*step]string
	spans []span
}

// span is the bytes of a step's text, from begin to before end.
type span struct {
	begin, end int
	step       string
}

// SQL is the frame as one statement, which is what its actions run.
func (f Frame) SQL() (string, error) {
	r, err := f.render("")
	if err != nil {
		return "", err
	}
	return r.text.String(), nil
}

// render writes the statement, which begins with prefix.
func (f Frame) render(prefix string) (*rendering, error) {
	if f.err != nil {
		return nil, f.err
	}
	if f.session == nil || f.step == nil {
		return nil, fault.New(fault.InvalidParameterValue, "the zero Frame has no rows").WithHint("begin with Table, Read, Function, SQL or Values")
	}
	r := &rendering{names: map[*step]string{}}
	r.text.WriteString(prefix)
	r.text.WriteString("WITH ")
	r.write(f.step)
	last := r.names[f.step]
	r.text.WriteString("\nSELECT " + f.everything() + " FROM " + last + f.ending())
	return r, nil
}

// write writes the steps that s needs and s, each once, without recursion: a frame may have thousands.
func (r *rendering) write(last *step) {
	todo := []*step{last}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		if r.names[s] != "" {
			todo = todo[:len(todo)-1]
			continue
		}
		ready := true
		for i := len(s.inputs) - 1; i >= 0; i-- {
			if r.names[s.inputs[i]] == "" {
				todo = append(todo, s.inputs[i])
				ready = false
			}
		}
		if ready {
			r.define(s)
			todo = todo[:len(todo)-1]
		}
	}
}

func (r *rendering) define(s *step) {
	name := fmt.Sprintf("%s_%d", s.method, len(r.names)+1)
	r.names[s] = name
	if len(r.spans) > 0 {
		r.text.WriteString(",\n")
	}
	begin := r.text.Len()
	r.text.WriteString(name + " AS (")
	if len(s.inputs) > 0 {
		r.text.WriteString("SELECT " + s.columns + " FROM ")
	}
	for i, piece := range s.from {
		r.text.WriteString(piece)
		if i < len(s.inputs) {
			r.text.WriteString(r.names[s.inputs[i]])
		}
	}
	for i, condition := range s.where {
		switch {
		case len(s.where) == 1:
			r.text.WriteString(" WHERE " + condition.text)
		case i == 0:
			r.text.WriteString(" WHERE " + condition.operand())
		default:
			r.text.WriteString(" AND " + condition.operand())
		}
	}
	r.text.WriteString(s.tail + ")")
	r.spans = append(r.spans, span{begin: begin, end: r.text.Len(), step: name})
}

// explain says in which step an error arose, when its position tells.
func (r *rendering) explain(err error) error {
	e, ok := fault.As(err)
	if !ok || e.Position == 0 || e.Where != "" {
		return err
	}
	for _, s := range r.spans {
		if e.Position-1 >= s.begin && e.Position-1 < s.end {
			located := *e
			located.Where = "step " + s.step
			return &located
		}
	}
	return err
}

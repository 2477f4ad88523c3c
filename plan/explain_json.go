package plan

import (
	"encoding/json"

	"github.com/polybolos-db/polybolos/fault"
)

// jsonStage and jsonNode are what ExplainJSON prints.
type jsonStage struct {
	Stage  int        `json:"stage"`
	Tasks  int        `json:"tasks"`
	Output string     `json:"output,omitempty"`
	Plan   *jsonNode  `json:"plan"`
	Shared []jsonNode `json:"shared,omitempty"`
}

type jsonNode struct {
	Operator  string     `json:"operator"`
	Details   []string   `json:"details,omitempty"`
	Columns   []string   `json:"columns"`
	Estimated float64    `json:"estimated_rows"`
	Rows      *int64     `json:"rows,omitempty"`
	Seconds   *float64   `json:"seconds,omitempty"`
	Inputs    []jsonNode `json:"inputs,omitempty"`
}

// ExplainJSON prints p as JSON: a list of stages, the last first. stats, when not nil, adds what a run measured, by node ID.
func ExplainJSON(p *Plan, stats map[int]NodeStats) (string, error) {
	var out []jsonStage
	for i := len(p.Stages) - 1; i >= 0; i-- {
		s := p.Stages[i]
		root := nodeJSON(s.Root, stats)
		j := jsonStage{Stage: s.ID, Tasks: s.Tasks, Plan: &root}
		if i < len(p.Stages)-1 {
			j.Output = describePartitioning(s.Output, s.Root.Fields())
		}
		for _, n := range s.Shared {
			j.Shared = append(j.Shared, nodeJSON(n, stats))
		}
		out = append(out, j)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "write the plan as JSON")
	}
	return string(text), nil
}

func nodeJSON(n Node, stats map[int]NodeStats) jsonNode {
	name, details := describe(n)
	out := jsonNode{Operator: name, Details: details, Columns: []string{}, Estimated: n.Meta().Rows}
	for _, f := range n.Fields() {
		out.Columns = append(out.Columns, f.Name+" "+f.Type.String())
	}
	if s, ok := stats[n.Meta().ID]; ok {
		rows, seconds := s.Rows, s.Time.Seconds()
		out.Rows, out.Seconds = &rows, &seconds
		if s.Detail != "" {
			out.Details = append(out.Details, s.Detail)
		}
	}
	for _, in := range n.Inputs() {
		out.Inputs = append(out.Inputs, nodeJSON(in, stats))
	}
	return out
}

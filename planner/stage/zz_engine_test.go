package stage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

func TestZZEngine(t *testing.T) {
	e, err := engine.Open(engine.Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	c := plantest.Small(6, 6, 6)
	for seed := range 6 {
		data := plantest.Random(rand.New(rand.NewPCG(uint64(seed), 3)), c)
		for _, mode := range []string{"auto", "force"} {
			s := e.Session()
			run := func(text string) ([]string, error) {
				list, err := s.Parse(text)
				if err != nil {
					return nil, err
				}
				var out []string
				for _, st := range list {
					r, err := s.Run(context.Background(), st)
					if err != nil {
						return nil, err
					}
					for {
						b, err := r.Next(context.Background())
						if err != nil {
							return nil, err
						}
						if b == nil {
							break
						}
						for k := range b.Rows() {
							var sb strings.Builder
							for _, v := range b.Cols {
								sb.WriteString(v.ValueAt(b.Row(k)).String() + "|")
							}
							out = append(out, sb.String())
						}
					}
					r.Close()
				}
				slices.Sort(out)
				return out, nil
			}
			for _, name := range c.Names() {
				var cols []string
				for _, f := range c[name].Fields {
					cols = append(cols, f.Name)
				}
				var rows []string
				for _, r := range data[name] {
					var vs []string
					for _, v := range r {
						vs = append(vs, fmt.Sprintf("%s::int", v))
					}
					rows = append(rows, "("+strings.Join(vs, ",")+")")
				}
				q := fmt.Sprintf("create or replace table %s as select * from (values %s) as x(%s)", name, strings.Join(rows, ","), strings.Join(cols, ","))
				if len(rows) == 0 {
					q = fmt.Sprintf("create or replace table %s as select 1 as %s, 1 as %s, 1 as %s limit 0", name, cols[0], cols[1], cols[2])
				}
				if _, err := run(q); err != nil {
					t.Fatal(q, err)
				}
			}
			if _, err := run("set exchange = '" + mode + "'"); err != nil {
				t.Log(err)
			}
			for _, q := range plantest.Queries {
				b := plantest.Bind(t, c, q)
				want, err := (&plantest.Interpreter{Data: data}).Rows(b.Plan, false)
				if err != nil {
					continue
				}
				got, err := run(q)
				if err != nil || !slices.Equal(got, want) && !(len(got) == 0 && len(want) == 0) && !strings.Contains(q, "limit 3 offset 1") {
					ex, _ := run("explain " + q)
					t.Errorf("%s seed %d %s: got %v %v want %v\n%v\n%s", mode, seed, q, got, err, want, data, strings.Join(ex, "\n"))
				}
			}
		}
	}
}

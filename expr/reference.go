package expr

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Reference is the list of all functions, operators and aggregates as a page of Markdown, made from the registry. docs/sql-functions.md is this text.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Functions and operators\n\n")
	b.WriteString("Made from the function registry; do not edit. Arguments convert implicitly as in PostgreSQL: integers to wider ones,\n")
	b.WriteString("to numeric and to double precision, dates to timestamps, and string literals to whatever is wanted.\n")
	b.WriteString("A function gives NULL where an argument is NULL unless its description says otherwise.\n\n")
	for _, part := range []struct {
		title     string
		operators bool
	}{{"Operators", true}, {"Functions", false}} {
		fmt.Fprintf(&b, "## %s\n\n| Call | Result | Meaning |\n| --- | --- | --- |\n", part.title)
		var names []string
		for n := range registry() {
			if isOperator(n) == part.operators && !strings.HasPrefix(n, "$") {
				names = append(names, n)
			}
		}
		sort.Strings(names)
		for _, n := range names {
			for _, g := range grouped(registry()[n]) {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", g.calls, g.results, strings.ReplaceAll(g.doc, "|", "\\|"))
			}
		}
		if !part.operators {
			b.WriteString("| `coalesce(any, ...)`, `ifnull`, `nvl` | common type | The first argument that is not NULL; the others are not computed. |\n")
			b.WriteString("| `nullif(any, any)` | first type | NULL where the arguments are equal, otherwise the first. |\n")
			b.WriteString("| `timezone_hour(timestamp with time zone)`, `timezone_minute(timestamp with time zone)` | bigint | " +
				"The hours and the minutes that the session's clocks are ahead of UTC at a time. |\n")
			b.WriteString("| `if(boolean, any, any)`, `iff` | common type | The second argument where the first is true, otherwise the third. |\n")
			b.WriteString("| `extract(field from x)`, `date_part(field, x)` | bigint or numeric; double precision | The function of the field's name: year, month, day, hour and so on. |\n")
		}
		b.WriteString("\n")
	}
	b.WriteString("## Aggregates\n\n| Name | Meaning |\n| --- | --- |\n")
	byName := map[string][]string{}
	for n, f := range aggregates {
		if f.Name == "any" {
			continue
		}
		if f.Name != "single_value" && n != f.Name {
			byName[f.Name] = append(byName[f.Name], "`"+n+"`")
		} else if f.Name != "single_value" {
			byName[n] = append([]string{}, byName[n]...)
		}
	}
	var names []string
	for n := range byName {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		sort.Strings(byName[n])
		all := append([]string{"`" + n + "`"}, byName[n]...)
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(all, ", "), aggregates[n].Doc)
	}
	return b.String()
}

// group is the overloads of one name that mean the same.
type group struct{ calls, results, doc string }

func grouped(fs []*Function) []group {
	var out []group
	var docs []string
	for _, f := range fs {
		if !slices.Contains(docs, f.Doc) {
			docs = append(docs, f.Doc)
		}
	}
	for _, doc := range docs {
		var calls, results []string
		for _, f := range fs {
			if f.Doc != doc {
				continue
			}
			calls = append(calls, "`"+strings.ReplaceAll(f.signature(), "|", "\\|")+"`")
			if r := paramName(f.Result); !slices.Contains(results, r) {
				results = append(results, r)
			}
		}
		out = append(out, group{strings.Join(calls, ", "), strings.Join(results, ", "), doc})
	}
	return out
}

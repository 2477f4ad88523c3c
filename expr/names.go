package expr

import "slices"

// FunctionNames are the names of all functions and aggregates that calls can name, sorted; operators are left out.
func FunctionNames() []string {
	var out []string
	add := func(name string) {
		if name != "" && (name[0] >= 'a' && name[0] <= 'z') {
			out = append(out, name)
		}
	}
	for name := range registry() {
		add(name)
	}
	for name := range special {
		add(name)
	}
	for name := range aggregates {
		add(name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

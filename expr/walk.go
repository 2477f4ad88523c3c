package expr

// Walk calls f on e and, where f returns true, on its children, parents first.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, c := range e.Children() {
		Walk(c, f)
	}
}

// Rewrite replaces every node by f of it, children first. f returns its argument to keep a node; unchanged subtrees are shared.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	children := e.Children()
	var changed []Expr
	for i, c := range children {
		n := Rewrite(c, f)
		if n != c && changed == nil {
			changed = append(make([]Expr, 0, len(children)), children[:i]...)
		}
		if changed != nil {
			changed = append(changed, n)
		}
	}
	if changed != nil {
		e = e.WithChildren(changed)
	}
	return f(e)
}

// Columns calls f for every logical column that e reads.
func Columns(e Expr, f func(*Column)) {
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Column); ok {
			f(c)
		}
		return true
	})
}

// Conjuncts splits e at its top-level ANDs; nil gives none.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	a, ok := e.(*And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, t := range a.Terms {
		out = append(out, Conjuncts(t)...)
	}
	return out
}

// Conjunction joins terms by AND: nil for none, the term itself for one.
func Conjunction(terms []Expr) Expr {
	switch len(terms) {
	case 0:
		return nil
	case 1:
		return terms[0]
	}
	return &And{Terms: terms}
}

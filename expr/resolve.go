package expr

import (
	"sort"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// divisionScale is the least number of digits after the point of a decimal quotient or average.
const divisionScale = 16

// special are the names that are no entries of the registry since they are nodes of their own or rewritings.
var special = map[string]func(args []Expr) (Expr, error){}

func init() {
	special["coalesce"] = NewCoalesce
	special["ifnull"] = NewCoalesce
	special["nvl"] = NewCoalesce
	special["nullif"] = newNullIf
	special["if"] = newIf
	special["iff"] = newIf
	for _, name := range []string{"timezone_hour", "timezone_minute"} {
		special[name] = func(args []Expr) (Expr, error) {
			if len(args) != 1 {
				return nil, undefinedFunction(name, args)
			}
			arg, err := coerceParam(args[0], tTZ)
			if err != nil || arg.Type().Kind != column.TimestampTZ {
				return nil, undefinedFunction(name, args)
			}
			return zoneField(name, arg)
		}
	}
}

func newNullIf(args []Expr) (Expr, error) {
	if len(args) != 2 {
		return nil, undefinedFunction("nullif", args)
	}
	eq, err := NewComparison(Eq, args[0], args[1])
	if err != nil {
		return nil, err
	}
	first := args[0]
	if isUntyped(first) && args[1].Type().Kind.IsNested() {
		if first, err = NewCast(first, args[1].Type(), false); err != nil {
			return nil, err
		}
	} else if isUntyped(first) {
		first = eq.(*Comparison).Left
	}
	return &Case{Whens: []When{{Cond: eq, Then: &Literal{Value: column.NullValue(first.Type())}}}, Else: first, Typ: first.Type()}, nil
}

func newIf(args []Expr) (Expr, error) {
	if len(args) != 3 {
		return nil, undefinedFunction("if", args)
	}
	return NewCase([]When{{Cond: args[0], Then: args[1]}}, args[2])
}

// FunctionExists reports whether name is a scalar function or operator, with whatever arguments.
func FunctionExists(name string) bool {
	name = strings.ToLower(name)
	return special[name] != nil || len(registry()[name]) > 0
}

// NewCall is the call name(args) of a function or operator: it chooses the overload as PostgreSQL does, converts the arguments implicitly, and fails with 42883
// and the candidates when none fits, with 42725 when several fit equally well.
func NewCall(name string, args []Expr) (Expr, error) {
	name = strings.ToLower(name)
	if f := special[name]; f != nil {
		return f(args)
	}
	if name == "json_object" {
		if e, err := objectOfLists(args); e != nil || err != nil {
			return e, err
		}
	}
	overloads := registry()[nestedOperator(name, args)]
	if len(overloads) == 0 {
		return nil, undefinedFunction(name, args)
	}
	fn, err := resolve(name, overloads, args)
	if err != nil {
		return nil, err
	}
	out := make([]Expr, len(args))
	for i, a := range args {
		if fn.Prepare != nil && fn.param(i).Kind == column.Null {
			// Any type: Prepare chooses it.
			out[i] = a
			continue
		}
		if out[i], err = coerceParam(a, fn.param(i)); err != nil {
			return nil, err
		}
	}
	if fn.Prepare != nil {
		if out, err = fn.Prepare(out); err != nil {
			return nil, err
		}
	}
	return Rebind(fn, out)
}

// Rebind makes the call of an overload on arguments that already have its types.
func Rebind(fn *Function, args []Expr) (Expr, error) {
	if len(args) != len(fn.Params) && (!fn.Variadic || len(args) < len(fn.Params)-1) {
		return nil, fault.New(fault.Internal, "function %s takes %d arguments, not %d", fn.Name, len(fn.Params), len(args))
	}
	if fn.Bind == nil {
		return &Call{Fn: fn, Args: args, Typ: fn.Result}, nil
	}
	b, err := fn.Bind(args)
	if err != nil {
		return nil, err
	}
	return &Call{Fn: fn, Args: args, Typ: b.Result}, nil
}

// Lookup is the overload of name with exactly these parameter types, as Function.Params lists them (numeric without digits), for plans that come over the wire.
func Lookup(name string, params []column.Type) (*Function, error) {
	for _, f := range registry()[name] {
		if len(f.Params) != len(params) {
			continue
		}
		same := true
		for i, p := range f.Params {
			same = same && p.Equal(params[i])
		}
		if same {
			return f, nil
		}
	}
	return nil, fault.New(fault.UndefinedFunction, "function %s does not exist", signature(name, params))
}

// param is the type of the i-th argument.
func (f *Function) param(i int) column.Type {
	if i >= len(f.Params) {
		i = len(f.Params) - 1
	}
	return f.Params[i]
}

func (f *Function) takes(n int) bool {
	if f.Variadic {
		return n >= len(f.Params)-1
	}
	return n == len(f.Params)
}

// anyType stands for every type in a parameter list; anyDecimal for a decimal of any digits.
var (
	anyType    = column.T(column.Null)
	anyDecimal = column.T(column.Decimal)
)

func coerceParam(a Expr, p column.Type) (Expr, error) {
	switch {
	case p.Kind == column.List && p.Nested == nil && isUntyped(a) && a.Type().Kind == column.List:
		return a, nil // ARRAY[]: the other arguments choose its type
	case p.Kind == column.Null:
		if isUntyped(a) {
			return NewCast(a, column.T(column.Text), false)
		}
		return a, nil
	case p.Kind == column.Decimal && p.Precision == 0:
		if a.Type().Kind == column.Decimal {
			return a, nil
		}
		if isUntyped(a) {
			return untypedDecimal(a)
		}
		return coerceImplicit(a, decimalOf(a))
	case p.Kind == a.Type().Kind && !isUntyped(a):
		return a, nil
	case p.Kind == column.List && p.Nested == nil:
		// A literal, since nothing else becomes a list.
		p = column.ListType(tText)
	}
	return coerceImplicit(a, p)
}

// resolve chooses the overload for the arguments by PostgreSQL's rules (its manual, "Functions" and "Operators" under type conversion).
func resolve(name string, overloads []*Function, args []Expr) (*Function, error) {
	kinds := make([]column.Kind, len(args))
	unknown := make([]bool, len(args))
	for i, a := range args {
		kinds[i], unknown[i] = a.Type().Kind, isUntyped(a) && a.Type().Kind != column.List
	}
	var fit []*Function
	for _, f := range overloads {
		if f.takes(len(args)) && f.fits(kinds, unknown) {
			fit = append(fit, f)
		}
	}
	// An untyped operand is taken as the other one's type when an overload has exactly that.
	if len(args) == 2 && unknown[0] != unknown[1] {
		k := kinds[0]
		if unknown[0] {
			k = kinds[1]
		}
		for _, f := range fit {
			if f.param(0).Kind == k && f.param(1).Kind == k {
				return f, nil
			}
		}
	}
	if len(fit) > 1 {
		fit = best(fit, func(f *Function) int { return f.exact(kinds, unknown) })
	}
	if len(fit) > 1 {
		fit = best(fit, func(f *Function) int { return f.preferred(kinds, unknown) })
	}
	for i := range args {
		if len(fit) > 1 && unknown[i] {
			// Text is what a string literal means unless nothing takes text there; otherwise the preferred type of the candidates.
			fit = best(fit, func(f *Function) int {
				switch k := f.param(i).Kind; {
				case k == column.Text:
					return 2
				case isPreferred(k):
					return 1
				}
				return 0
			})
		}
	}
	if len(fit) > 1 {
		// Among what is left, the nearest conversions win.
		fit = best(fit, func(f *Function) int { return -f.distance(kinds, unknown) })
	}
	switch len(fit) {
	case 0:
		return nil, undefinedFunction(name, args)
	case 1:
		return fit[0], nil
	}
	return nil, fault.New(fault.AmbiguousFunction, "function %s is not unique", signature(name, typesOf(args))).
		WithHint("Could not choose a best candidate function. You might need to add explicit type casts. %s", candidates(fit))
}

func best(fs []*Function, score func(*Function) int) []*Function {
	var out []*Function
	top := 0
	for _, f := range fs {
		s := score(f)
		if len(out) == 0 || s > top {
			out, top = append(out[:0:0], f), s
		} else if s == top {
			out = append(out, f)
		}
	}
	return out
}

func (f *Function) fits(kinds []column.Kind, unknown []bool) bool {
	for i, k := range kinds {
		p := f.param(i).Kind
		if p != column.Null && !unknown[i] && !implicit(k, p) {
			return false
		}
	}
	return true
}

func (f *Function) exact(kinds []column.Kind, unknown []bool) int {
	n := 0
	for i, k := range kinds {
		if !unknown[i] && f.param(i).Kind == k {
			n++
		}
	}
	return n
}

func (f *Function) preferred(kinds []column.Kind, unknown []bool) int {
	n := 0
	for i, k := range kinds {
		if p := f.param(i).Kind; !unknown[i] && (p == k || isPreferred(p)) {
			n++
		}
	}
	return n
}

func (f *Function) distance(kinds []column.Kind, unknown []bool) int {
	n := 0
	for i, k := range kinds {
		p := f.param(i).Kind
		if unknown[i] || p == k {
			continue
		}
		for d, t := range implicitTargets[k] {
			if t == p {
				n += d + 1
			}
		}
		if p == column.Null {
			n += 100
		}
	}
	return n
}

// isPreferred reports whether a kind is the preferred one of its category. Timestamps without time zone take the place that PostgreSQL gives to those with,
// so that date_trunc of a date does not depend on a time zone.
func isPreferred(k column.Kind) bool {
	return k == column.Float64 || k == column.Text || k == column.Timestamp || k == column.Interval || k == column.Bool
}

func typesOf(args []Expr) []column.Type {
	ts := make([]column.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	return ts
}

// signature prints name(types) and, for operators, the types around the symbol.
func signature(name string, types []column.Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = paramName(t)
	}
	if isOperator(name) {
		if len(types) == 2 {
			return names[0] + " " + name + " " + names[1]
		}
		return name + " " + strings.Join(names, ", ")
	}
	return name + "(" + strings.Join(names, ", ") + ")"
}

func paramName(t column.Type) string {
	switch {
	case t.Kind == column.Null:
		return "any"
	case t.Kind == column.Decimal && t.Precision == 0:
		return "numeric"
	}
	return t.String()
}

func isOperator(name string) bool {
	if name == "" {
		return false
	}
	c := name[0]
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_')
}

func (f *Function) signature() string {
	s := signature(f.Name, f.Params)
	if f.Variadic {
		s = strings.TrimSuffix(s, ")") + ", ...)"
	}
	return s
}

// shownCandidates is the number of overloads that an error lists.
const shownCandidates = 8

func candidates(fs []*Function) string {
	var parts []string
	for i, f := range fs {
		if i == shownCandidates {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, f.signature())
	}
	return "candidates: " + strings.Join(parts, "; ")
}

func undefinedFunction(name string, args []Expr) error {
	names := typesOf(args)
	for i, a := range args {
		if isUntyped(a) {
			names[i] = column.T(column.Text)
		}
	}
	what, overloads := "function", registry()[name]
	if name != "" && isOperator(name) {
		what = "operator"
	}
	e := fault.New(fault.UndefinedFunction, "%s does not exist: %s", what, signature(name, names))
	switch {
	case len(overloads) > 0:
		return e.WithHint("No %s matches the given argument types; %s", what, candidates(overloads))
	case SuggestFunction(name) != "" && SuggestFunction(name) != name:
		return e.WithHint("Did you mean %q?", SuggestFunction(name))
	}
	return e
}

// SuggestFunction is the function or aggregate whose name is nearest to a mistyped one, empty when none is near.
func SuggestFunction(name string) string {
	name = strings.ToLower(name)
	var names []string
	for n := range registry() {
		if !isOperator(n) {
			names = append(names, n)
		}
	}
	for n := range aggregates {
		names = append(names, n)
	}
	for n := range special {
		names = append(names, n)
	}
	sort.Strings(names)
	found, least := "", max(1, len(name)/3)+1
	for _, n := range names {
		if d := editDistance(name, n, least); d < least {
			found, least = n, d
		}
	}
	return found
}

// editDistance is the Levenshtein distance of a and b with exchanged neighbours counted once, or at least limit when it reaches that.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			d := 1
			if a[i-1] == b[j-1] {
				d = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+d)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

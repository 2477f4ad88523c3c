package dataframe

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// Expr is an expression over the columns of a Frame. Where methods take any, they take an Expr or a value that Lit takes.
type Expr struct {
	text    string
	name    string // the output column, quoted; "" for the expression's own
	key     string // what Asc, Desc, NullsFirst and NullsLast have put behind text
	level   level
	grouped bool // has an aggregate that is no window function
	err     error
}

// level says whether an expression needs parentheses as an operand.
type level uint8

const (
	compound level = iota
	atom
)

// operand is the text in parentheses where it needs them.
func (e Expr) operand() string {
	if e.level == atom {
		return e.text
	}
	return "(" + e.text + ")"
}

// Col is a column by name. Names are exact; SQL that is not quoted makes lower-case names.
func Col(name string) Expr {
	q, err := quoteName(name)
	return Expr{text: q, level: atom, err: err}
}

// ColOf is a column of one side of a join, by the alias that As gave to the side.
func ColOf(alias, name string) Expr {
	a, err := quoteName(alias)
	q, err2 := quoteName(name)
	if err == nil {
		err = err2
	}
	return Expr{text: a + "." + q, level: atom, err: err}
}

// All is every column: in Select before or after computed ones.
func All() Expr { return Expr{text: "*", level: atom} }

// SQLExpr is an expression written as SQL.
func SQLExpr(text string) Expr {
	if strings.TrimSpace(text) == "" {
		return Expr{err: fault.New(fault.SyntaxError, "an expression is empty")}
	}
	return Expr{text: text + "\n"} // a comment at the end must not swallow what follows
}

// Call is a function of the SQL reference by its name, schema-less and lower-case.
func Call(function string, args ...any) Expr {
	name, err := quoteName(function)
	e := combine(args...)
	if e.err == nil {
		e.err = err
	}
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = Lit(a).text
	}
	e.text, e.level = name+"("+strings.Join(texts, ", ")+")", atom
	return e
}

// combine is an expression of no text yet that has what its operands have.
func combine(operands ...any) Expr {
	var out Expr
	for _, o := range operands {
		e := Lit(o)
		out.grouped = out.grouped || e.grouped
		if out.err == nil {
			out.err = e.check()
		}
	}
	return out
}

// check is the expression's error; one without text is the zero value.
func (e Expr) check() error {
	if e.err == nil && e.text == "" {
		return fault.New(fault.InvalidParameterValue, "an expression is empty").WithHint("make expressions with Col, Lit, Call or an aggregate")
	}
	return e.err
}

func binary(l any, op string, r any) Expr {
	e := combine(l, r)
	e.text = Lit(l).operand() + " " + op + " " + Lit(r).operand()
	return e
}

func suffix(e Expr, text string) Expr {
	out := combine(e)
	out.text = e.operand() + " " + text
	return out
}

// As names the expression's column.
func (e Expr) As(name string) Expr {
	q, err := quoteName(name)
	e.name = q
	if e.err == nil {
		e.err = err
	}
	return e
}

// Add is e + v.
func (e Expr) Add(v any) Expr { return binary(e, "+", v) }

// Sub is e - v.
func (e Expr) Sub(v any) Expr { return binary(e, "-", v) }

// Mul is e * v.
func (e Expr) Mul(v any) Expr { return binary(e, "*", v) }

// Div is e / v; of two integers the quotient rounded towards zero.
func (e Expr) Div(v any) Expr { return binary(e, "/", v) }

// Mod is the remainder of e / v, with e's sign.
func (e Expr) Mod(v any) Expr { return binary(e, "%", v) }

// Neg is -e.
func (e Expr) Neg() Expr {
	out := combine(e)
	out.text = "- " + e.operand()
	return out
}

// Concat is e || v.
func (e Expr) Concat(v any) Expr { return binary(e, "||", v) }

// Eq is e = v: NULL where one is NULL, as all comparisons but IsDistinct are.
func (e Expr) Eq(v any) Expr { return binary(e, "=", v) }

// Ne is e <> v.
func (e Expr) Ne(v any) Expr { return binary(e, "<>", v) }

// Lt is e < v.
func (e Expr) Lt(v any) Expr { return binary(e, "<", v) }

// Le is e <= v.
func (e Expr) Le(v any) Expr { return binary(e, "<=", v) }

// Gt is e > v.
func (e Expr) Gt(v any) Expr { return binary(e, ">", v) }

// Ge is e >= v.
func (e Expr) Ge(v any) Expr { return binary(e, ">=", v) }

// IsDistinct is e <> v with NULL as a value like others.
func (e Expr) IsDistinct(v any) Expr { return binary(e, "IS DISTINCT FROM", v) }

// And is e AND v.
func (e Expr) And(v any) Expr { return binary(e, "AND", v) }

// Or is e OR v.
func (e Expr) Or(v any) Expr { return binary(e, "OR", v) }

// Not is NOT e.
func (e Expr) Not() Expr {
	out := combine(e)
	out.text = "NOT " + e.operand()
	return out
}

// IsNull is e IS NULL.
func (e Expr) IsNull() Expr { return suffix(e, "IS NULL") }

// IsNotNull is e IS NOT NULL.
func (e Expr) IsNotNull() Expr { return suffix(e, "IS NOT NULL") }

// Between is low <= e AND e <= high.
func (e Expr) Between(low, high any) Expr {
	out := combine(e, low, high)
	out.text = e.operand() + " BETWEEN " + Lit(low).operand() + " AND " + Lit(high).operand()
	return out
}

// In is whether e equals one of the values; false for none.
func (e Expr) In(values ...any) Expr {
	if len(values) == 0 {
		return binary(binary(e, "=", e), "AND", false)
	}
	out := combine(append([]any{e}, values...)...)
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = Lit(v).text
	}
	out.text = e.operand() + " IN (" + strings.Join(texts, ", ") + ")"
	return out
}

// Like matches a pattern: % for any text, _ for one character.
func (e Expr) Like(pattern any) Expr { return binary(e, "LIKE", pattern) }

// Matches matches a POSIX regular expression, anywhere in the text.
func (e Expr) Matches(pattern any) Expr { return binary(e, "~", pattern) }

// Cast converts to an SQL type: "bigint", "decimal(10,2)", "timestamp".
func (e Expr) Cast(sqlType string) Expr {
	out := combine(e)
	out.text, out.level = "CAST("+e.text+" AS "+sqlType+")", atom
	return out
}

// TryCast is Cast that gives NULL for what cannot be converted.
func (e Expr) TryCast(sqlType string) Expr {
	out := combine(e)
	out.text, out.level = "TRY_CAST("+e.text+" AS "+sqlType+")", atom
	return out
}

// Coalesce is the first value that is not NULL.
func Coalesce(values ...any) Expr { return Call("coalesce", values...) }

// Case begins a conditional: Case().When(cond, value).Else(value).
func Case() Cases { return Cases{} }

// Cases is a conditional under construction.
type Cases struct {
	parts []any
	text  string
}

// When adds a condition and the value where it, and none before, is true.
func (c Cases) When(condition, value any) Cases {
	return Cases{
		parts: append(c.parts[:len(c.parts):len(c.parts)], condition, value),
		text:  c.text + " WHEN " + Lit(condition).text + " THEN " + Lit(value).text,
	}
}

// Else ends the conditional with the value where no condition is true.
func (c Cases) Else(value any) Expr {
	out := combine(append(c.parts[:len(c.parts):len(c.parts)], value)...)
	if len(c.parts) == 0 && out.err == nil {
		out.err = fault.New(fault.SyntaxError, "a conditional has no When")
	}
	out.text, out.level = "CASE"+c.text+" ELSE "+Lit(value).text+" END", atom
	return out
}

// End ends the conditional; it is NULL where no condition is true.
func (c Cases) End() Expr { return c.Else(nil) }

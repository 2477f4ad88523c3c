package dataframe

import "strings"

// Aggregate is an aggregate or window function by its SQL name: Aggregate("corr", y, x).
func Aggregate(function string, args ...any) Expr {
	e := Call(function, args...)
	e.grouped = true
	return e
}

// CountAll counts rows.
func CountAll() Expr { return Expr{text: "count(*)", level: atom, grouped: true} }

// Count counts the rows where v is not NULL.
func Count(v any) Expr { return Aggregate("count", v) }

// CountDistinct counts the different values that are not NULL.
func CountDistinct(v any) Expr {
	e := combine(v)
	e.text, e.level, e.grouped = "count(DISTINCT "+Lit(v).text+")", atom, true
	return e
}

// Sum adds the values that are not NULL; NULL for none. Integers and decimals are exact.
func Sum(v any) Expr { return Aggregate("sum", v) }

// Avg is the mean.
func Avg(v any) Expr { return Aggregate("avg", v) }

// Min is the least value.
func Min(v any) Expr { return Aggregate("min", v) }

// Max is the greatest value.
func Max(v any) Expr { return Aggregate("max", v) }

// Where restricts an aggregate to the rows where the condition is true.
func (e Expr) Where(condition any) Expr {
	out := combine(e, condition)
	out.text, out.level = e.text+" FILTER (WHERE "+Lit(condition).text+")", atom
	return out
}

// Window is the rows that a window function sees.
type Window struct {
	by, order []Expr
	frame     string
}

// PartitionBy makes a window of the rows that agree in the expressions; of all rows without any.
func PartitionBy(by ...Expr) Window { return Window{by: by} }

// OrderBy orders the window's rows.
func (w Window) OrderBy(keys ...Expr) Window {
	w.order = keys
	return w
}

// Frame bounds the window's rows around the current one, in SQL: "ROWS BETWEEN 6 PRECEDING AND CURRENT ROW".
func (w Window) Frame(frame string) Window {
	w.frame = frame
	return w
}

// Over makes a window function of an aggregate, or of Aggregate("row_number"), "rank", "lag" and the like.
func (e Expr) Over(w Window) Expr {
	parts := []any{e}
	for _, x := range append(w.by[:len(w.by):len(w.by)], w.order...) {
		parts = append(parts, x)
	}
	out := combine(parts...)
	var text []string
	if len(w.by) > 0 {
		text = append(text, "PARTITION BY "+list(w.by))
	}
	if len(w.order) > 0 {
		text = append(text, "ORDER BY "+list(w.order))
	}
	if w.frame != "" {
		text = append(text, w.frame)
	}
	out.text, out.level, out.grouped = e.text+" OVER ("+strings.Join(text, " ")+")", atom, false
	return out
}

// Asc sorts from the least value on, NULLs last.
func (e Expr) Asc() Expr { return suffixKey(e, "ASC") }

// Desc sorts from the greatest value on, NULLs first, as PostgreSQL does.
func (e Expr) Desc() Expr { return suffixKey(e, "DESC") }

// NullsFirst puts NULLs before all values of a sort key.
func (e Expr) NullsFirst() Expr { return suffixKey(e, "NULLS FIRST") }

// NullsLast puts NULLs behind all values of a sort key.
func (e Expr) NullsLast() Expr { return suffixKey(e, "NULLS LAST") }

// suffixKey keeps the operand's form: a sort key is used as nothing else.
func suffixKey(e Expr, text string) Expr {
	if e.text == "" {
		return e // the zero value, which the frame refuses
	}
	e.text += " " + text
	e.key += " " + text
	return e
}

// list is the texts of the expressions with commas, names left out.
func list(exprs []Expr) string {
	texts := make([]string, len(exprs))
	for i, e := range exprs {
		texts[i] = e.text
	}
	return strings.Join(texts, ", ")
}

// columns is the texts with their names.
func columns(exprs []Expr) string {
	texts := make([]string, len(exprs))
	for i, e := range exprs {
		texts[i] = e.text
		if e.name != "" {
			texts[i] += " AS " + e.name
		}
	}
	return strings.Join(texts, ", ")
}

package parquet

import (
	"github.com/polybolos-db/polybolos/expr"
)

// pageFilter finds the rows of a row group that conditions leave by what the page index says of pages.
type pageFilter struct {
	reader *reader
	group  int
	all    []rowRange
	err    error
}

// minGap is the number of rows between two ranges up to which they are read as one: to pass over less costs more than to read it.
const minGap = 512

// surviving is the rows from one to another of a row group that the scan's conditions can hold for.
func (r *reader) surviving(group int, from, to int64) ([]rowRange, error) {
	rows := []rowRange{{from, to}}
	if r.scan.Filters == nil && r.scan.Hints == nil || !r.footer.groups[group].zoned {
		return rows, nil
	}
	f := pageFilter{reader: r, group: group, all: rows}
	for _, e := range r.scan.Filters {
		rows = intersect(rows, f.where(e))
	}
	for _, e := range r.scan.Hints {
		rows = intersect(rows, f.where(e))
	}
	if f.err != nil {
		return nil, f.err
	}
	out := rows[:0:0]
	for _, x := range rows {
		out = appendRange(out, x, minGap)
	}
	return out, nil
}

// where is the rows for which e can hold.
func (f *pageFilter) where(e expr.Expr) []rowRange {
	switch e := e.(type) {
	case *expr.And:
		rows := f.all
		for _, t := range e.Terms {
			rows = intersect(rows, f.where(t))
		}
		return rows
	case *expr.Or:
		var rows []rowRange
		for _, t := range e.Terms {
			rows = union(rows, f.where(t))
		}
		return rows
	}
	x, err := f.indexOf(e)
	if err != nil {
		f.err = err
	}
	if x == nil || x.zones == nil || f.err != nil {
		return f.all
	}
	r := f.reader
	p := pruner{footer: r.footer, group: &r.footer.groups[f.group], scan: r.scan}
	var rows []rowRange
	for k := range x.zones {
		p.zone = &x.zones[k]
		if p.may(e) {
			rows = appendRange(rows, rowRange{x.rows[k], x.end(k, p.group.rows)}, 0)
		}
	}
	return rows
}

// indexOf is the page index of the one column that e names; nil where it names none or several.
func (f *pageFilter) indexOf(e expr.Expr) (*pageIndex, error) {
	var only *expr.Ref
	single := true
	expr.Walk(e, func(e expr.Expr) bool {
		if ref, ok := e.(*expr.Ref); ok {
			single = single && (only == nil || only.Index == ref.Index)
			only = ref
		}
		return true
	})
	if only == nil || !single {
		return nil, nil
	}
	r := f.reader
	l, _ := (&pruner{footer: r.footer, group: &r.footer.groups[f.group], scan: r.scan}).leaf(only)
	if l == nil {
		return nil, nil
	}
	x, err := r.footer.pageIndexOf(r.open, r.key, f.group, l.index)
	if err != nil {
		err = r.place(err, f.group, only.Index)
	}
	return x, err
}

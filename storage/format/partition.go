package format

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// PartitionOption is the option under which a table keeps the names of the columns that its files' folders hold, joined by commas: year,month for
// year=2024/month=1/part.parquet.
const PartitionOption = "hive_columns"

// nullPartition is how a folder's name says NULL.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// PartitionKeys are the keys and values that the folders of a file's path hold, in order, unescaped.
func PartitionKeys(path string) (keys, values []string) {
	parts := strings.Split(path, "/")
	for _, p := range parts[:len(parts)-1] {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			continue
		}
		key, kerr := url.PathUnescape(k)
		value, verr := url.PathUnescape(v)
		if kerr != nil || verr != nil {
			key, value = k, v
		}
		keys, values = append(keys, key), append(values, value)
	}
	return keys, values
}

// EscapePartition is a value as a folder's name holds it; null is NULL.
func EscapePartition(value string, null bool) string {
	if null {
		return nullPartition
	}
	return strings.NewReplacer("=", "%3D", "%2F", "%2F").Replace(url.PathEscape(value))
}

// PartitionType is the type of a partition column that holds these values: bigint, date or text.
func PartitionType(values []string) column.Type {
	for _, k := range []column.Kind{column.Int64, column.Date} {
		fits := true
		for _, v := range values {
			if v == nullPartition {
				continue
			}
			if _, err := convert.Text([]byte(v), column.T(k)); err != nil || strings.TrimSpace(v) != v || k == column.Int64 && len(v) > 1 && v[0] == '0' {
				fits = false
				break
			}
		}
		if fits {
			return column.T(k)
		}
	}
	return column.T(column.Text)
}

// partitioned reads the files of another format, with columns of the folders' names added where the options ask for them.
type partitioned struct{ storage.Format }

// Detect passes on to the format.
func (p partitioned) Detect(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (map[string]string, error) {
	d, ok := p.Format.(storage.Detector)
	if !ok {
		return options, nil
	}
	return d.Detect(ctx, store, file, options)
}

// Divide passes on to the format.
func (p partitioned) Divide(ctx context.Context, store storage.Store, s plan.Split, scan *storage.Scan, rows int64) ([]plan.Split, error) {
	d, ok := p.Format.(storage.Divider)
	if !ok {
		return []plan.Split{s}, nil
	}
	if _, names := inner(scan.Options); names != nil {
		own := p.split(scan, names)
		scan = &own.scan
	}
	return d.Divide(ctx, store, s, scan, rows)
}

// Divides reports whether the format's splits can be divided.
func (p partitioned) Divides() bool {
	_, ok := p.Format.(storage.Divider)
	return ok
}

// Bounds passes on to the format what is not a column of the folders' names.
func (p partitioned) Bounds(ctx context.Context, store storage.Store, splits []plan.Split, field column.Field, options map[string]string) ([]plan.ColumnStatistics, error) {
	b, ok := p.Format.(storage.Bounder)
	options, names := inner(options)
	if !ok || slices.Contains(names, field.Name) {
		return nil, nil
	}
	return b.Bounds(ctx, store, splits, field, options)
}

// inner are the options without ours, and the partition columns.
func inner(options map[string]string) (map[string]string, []string) {
	list, ok := options[PartitionOption]
	if !ok {
		return options, nil
	}
	out := make(map[string]string, len(options))
	for k, v := range options {
		if k != PartitionOption {
			out[k] = v
		}
	}
	return out, strings.Split(list, ",")
}

// value is a file's value of a partition column.
func value(file plan.File, f column.Field) (column.Value, error) {
	keys, values := PartitionKeys(file.URL)
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == f.Name && values[i] != nullPartition {
			return convert.Text([]byte(values[i]), f.Type)
		}
	}
	return column.NullValue(f.Type), nil
}

func (p partitioned) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) ([]column.Field, error) {
	options, _ = inner(options)
	return p.Format.Infer(ctx, store, file, options)
}

func (p partitioned) Splits(ctx context.Context, store storage.Store, file plan.File, options map[string]string) ([]plan.Split, error) {
	options, _ = inner(options)
	return p.Format.Splits(ctx, store, file, options)
}

func (p partitioned) Statistics(ctx context.Context, store storage.Store, file plan.File, schema []column.Field, options map[string]string) (*plan.Statistics, error) {
	options, names := inner(options)
	if names == nil {
		return p.Format.Statistics(ctx, store, file, schema, options)
	}
	var own []column.Field
	for _, f := range schema {
		if !slices.Contains(names, f.Name) {
			own = append(own, f)
		}
	}
	s, err := p.Format.Statistics(ctx, store, file, own, options)
	if s == nil || err != nil {
		return nil, err
	}
	out := &plan.Statistics{Rows: s.Rows, Bytes: s.Bytes}
	next := 0
	for _, f := range schema {
		if !slices.Contains(names, f.Name) {
			out.Columns = append(out.Columns, s.Columns[next])
			next++
			continue
		}
		v, err := value(file, f)
		if err != nil {
			return nil, err
		}
		c := plan.ColumnStatistics{Nulls: s.Rows, Bytes: 0}
		if !v.Null {
			c = plan.ColumnStatistics{Min: &v, Max: &v, Distinct: 1}
		}
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

// split takes a scan apart: what the format reads, and for each wanted column where it comes from.
type split struct {
	scan  storage.Scan
	from  []int // per wanted column: position among the format's columns, or -1
	whole bool  // all filters are the format's
}

func (p partitioned) split(scan *storage.Scan, names []string) split {
	out := split{whole: true}
	out.scan.Options, _ = inner(scan.Options)
	out.scan.Shared = scan.Shared
	place := make([]int, len(scan.Schema))
	for i, f := range scan.Schema {
		place[i] = -1
		if !slices.Contains(names, f.Name) {
			place[i] = len(out.scan.Schema)
			out.scan.Schema = append(out.scan.Schema, f)
		}
	}
	for _, c := range scan.Columns {
		if place[c] < 0 {
			out.from = append(out.from, -1)
			continue
		}
		out.from = append(out.from, len(out.scan.Columns))
		out.scan.Columns = append(out.scan.Columns, place[c])
	}
	for _, f := range scan.Filters {
		moved, own := out.moved(f)
		if own {
			out.scan.Filters = append(out.scan.Filters, moved)
		}
		out.whole = out.whole && own
	}
	for _, h := range scan.Hints {
		if moved, own := out.moved(h); own {
			out.scan.Hints = append(out.scan.Hints, moved)
		}
	}
	return out
}

// moved is a condition on the format's own columns; own is false where it has others.
func (s *split) moved(e expr.Expr) (moved expr.Expr, own bool) {
	own = true
	moved = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		r, ok := e.(*expr.Ref)
		if !ok {
			return e
		}
		if s.from[r.Index] < 0 {
			own = false
			return e
		}
		to := *r
		to.Index = s.from[r.Index]
		return &to
	})
	return moved, own
}

// KeepFile reports whether a file may have rows that satisfy the scan's filters, by the names of its folders alone.
func KeepFile(file plan.File, scan *storage.Scan) (bool, error) {
	_, names := inner(scan.Options)
	filename := scan.Options[FilenameOption]
	if names == nil && filename == "" {
		return true, nil
	}
	for _, f := range scan.Filters {
		known := true
		var failed error
		bound := expr.Rewrite(f, func(e expr.Expr) expr.Expr {
			r, ok := e.(*expr.Ref)
			if !ok {
				return e
			}
			field := scan.Schema[scan.Columns[r.Index]]
			if filename != "" && field.Name == filename {
				return &expr.Literal{Value: column.TextValue(file.URL)}
			}
			if !slices.Contains(names, field.Name) {
				known = false
				return e
			}
			v, err := value(file, field)
			if err != nil {
				failed = err
			}
			return &expr.Literal{Value: v}
		})
		if failed != nil {
			return false, failed
		}
		if !known {
			continue
		}
		// An error is the scan's to tell, when it comes to the row.
		if v, err := expr.Evaluate(bound); err == nil && (v.Null || !v.Bool()) {
			return false, nil
		}
	}
	return true, nil
}

func (p partitioned) Prune(ctx context.Context, store storage.Store, splits []plan.Split, scan *storage.Scan) ([]plan.Split, error) {
	_, names := inner(scan.Options)
	if names == nil {
		return p.Format.Prune(ctx, store, splits, scan)
	}
	s := p.split(scan, names)
	return p.Format.Prune(ctx, store, splits, &s.scan)
}

func (p partitioned) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	_, names := inner(scan.Options)
	if names == nil {
		return p.Format.NewReader(store, scan, budget)
	}
	s := p.split(scan, names)
	r, err := p.Format.NewReader(store, &s.scan, budget)
	if err != nil {
		return nil, err
	}
	return &partitionReader{Reader: r, split: s, fields: scan.Schema, columns: scan.Columns, arena: mem.NewArena(budget)}, nil
}

// partitionReader adds a constant column for each partition column.
type partitionReader struct {
	storage.Reader
	split   split
	fields  []column.Field
	columns []int
	arena   *mem.Arena
	values  []column.Value
	out     []*column.Vector
}

func (r *partitionReader) Start(ctx context.Context, s plan.Split) error {
	r.values = r.values[:0]
	for i, from := range r.split.from {
		var v column.Value
		if from < 0 {
			var err error
			if v, err = value(s.File, r.fields[r.columns[i]]); err != nil {
				return err
			}
		}
		r.values = append(r.values, v)
	}
	return r.Reader.Start(ctx, s)
}

func (r *partitionReader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	var own column.Batch
	more, err := r.Reader.Next(ctx, &own)
	if err != nil || !more {
		return more, err
	}
	r.arena.Reset()
	r.out = r.out[:0]
	for i, from := range r.split.from {
		if from >= 0 {
			r.out = append(r.out, own.Cols[from])
			continue
		}
		v, err := column.NewConstant(r.arena, r.values[i], own.Len)
		if err != nil {
			return false, err
		}
		r.out = append(r.out, v)
	}
	b.Cols, b.Len, b.Sel = r.out, own.Len, own.Sel
	return true, nil
}

// Probe passes on to the format's reader where no probe is on a column of the folders' names.
func (r *partitionReader) Probe(probes []storage.Probe) bool {
	p, ok := r.Reader.(storage.Prober)
	if !ok {
		return false
	}
	own := make([]storage.Probe, len(probes))
	for i, x := range probes {
		if own[i] = x; r.split.from[x.Column] < 0 {
			return false
		}
		own[i].Column = r.split.from[x.Column]
	}
	return p.Probe(own)
}

// Exact reports whether the format tests all filters.
func (r *partitionReader) Exact() bool { return r.split.whole && r.Reader.Exact() }

func (r *partitionReader) Close() error {
	r.arena.Free()
	return r.Reader.Close()
}

package substrait

import (
	"fmt"
	"net/url"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// read converts a table, files or constant rows; its filter sees all columns, the projection chooses among them.
func (c *converter) read(r *pb.ReadRel, outer *scope) (logical.Node, error) {
	var node logical.Node
	var err error
	switch k := r.GetReadType().(type) {
	case *pb.ReadRel_NamedTable_:
		node, err = c.namedTable(k.NamedTable.GetNames())
	case *pb.ReadRel_LocalFiles_:
		node, err = c.files(k.LocalFiles.GetItems())
	case *pb.ReadRel_VirtualTable_:
		return c.constants(r, k.VirtualTable, outer)
	default:
		return nil, c.unsupported("this source of rows")
	}
	if err != nil {
		return nil, err
	}
	if node, err = c.asDeclared(node, r.GetBaseSchema()); err != nil {
		return nil, err
	}
	return c.narrowed(node, r, outer)
}

// namedTable is a table or a view of the catalog; a name's catalog part is not looked at.
func (c *converter) namedTable(names []string) (logical.Node, error) {
	if len(names) == 0 || len(names) > 3 {
		return nil, c.fail(fault.InvalidName, "a table's name has %d parts", len(names))
	}
	schema := ""
	if len(names) > 1 {
		schema = names[len(names)-2]
	}
	t, v, err := c.resolver.Table(c.ctx, schema, names[len(names)-1])
	if err != nil {
		return nil, c.located(err)
	}
	if v == nil {
		return c.scan(t), nil
	}
	if c.options.View == nil {
		return nil, c.unsupported(fmt.Sprintf("the view %q in a plan", v.Name))
	}
	n, err := c.options.View(c.ctx, schema, v.Name)
	if err != nil {
		return nil, c.located(err)
	}
	n, _ = logical.Copy(n, c.ids)
	return n, nil
}

func (c *converter) scan(t catalog.Table) logical.Node {
	fields := t.Schema()
	scan := &logical.Scan{Table: t, Alias: t.Name(), Limit: -1, Cols: make([]logical.Col, len(fields)), Source: make([]int, len(fields))}
	for i, f := range fields {
		scan.Cols[i] = logical.Col{ID: c.ids.Next(), Name: f.Name, Type: f.Type, Nullable: !f.NotNull}
		scan.Source[i] = i
	}
	return scan
}

// files is the rows of files that the plan names.
func (c *converter) files(items []*pb.ReadRel_LocalFiles_FileOrFiles) (logical.Node, error) {
	var out logical.Node
	for i, item := range items {
		path, err := c.pathOf(item)
		if err != nil {
			return nil, err
		}
		if item.GetStart() != 0 || item.GetLength() != 0 {
			return nil, c.unsupported("a part of a file")
		}
		format := ""
		switch item.GetFileFormat().(type) {
		case *pb.ReadRel_LocalFiles_FileOrFiles_Parquet:
			format = "parquet"
		case *pb.ReadRel_LocalFiles_FileOrFiles_Arrow:
			format = "arrow"
		case *pb.ReadRel_LocalFiles_FileOrFiles_Text, nil:
		default:
			return nil, c.unsupported("this file format")
		}
		t, err := c.resolver.OpenPath(c.ctx, path, format, nil)
		if err != nil {
			return nil, c.located(err)
		}
		n := c.scan(t)
		if i == 0 {
			out = n
			continue
		}
		if len(n.Columns()) != len(out.Columns()) {
			return nil, c.fail(fault.DatatypeMismatch, "the file %s has %d columns, the first one %d", path, len(n.Columns()), len(out.Columns()))
		}
		types := make([]column.Type, len(out.Columns()))
		cols := make([]logical.Col, len(types))
		for k, col := range out.Columns() {
			types[k], cols[k] = col.Type, col
			cols[k].ID, cols[k].Nullable = c.ids.Next(), col.Nullable || n.Columns()[k].Nullable
		}
		if n, err = c.convertTo(n, types); err != nil {
			return nil, err
		}
		out = &logical.SetOp{Kind: logical.Union, All: true, In: []logical.Node{out, n}, Cols: cols}
	}
	if out == nil {
		return nil, c.fail(fault.UndefinedFile, "the plan reads no file")
	}
	return out, nil
}

// pathOf is the path of an item; file:// URLs are paths of this machine.
func (c *converter) pathOf(item *pb.ReadRel_LocalFiles_FileOrFiles) (string, error) {
	path := ""
	switch k := item.GetPathType().(type) {
	case *pb.ReadRel_LocalFiles_FileOrFiles_UriPath:
		path = k.UriPath
	case *pb.ReadRel_LocalFiles_FileOrFiles_UriPathGlob:
		path = k.UriPathGlob
	case *pb.ReadRel_LocalFiles_FileOrFiles_UriFile:
		path = k.UriFile
	case *pb.ReadRel_LocalFiles_FileOrFiles_UriFolder:
		path = k.UriFolder
	}
	if !strings.HasPrefix(path, "file:") {
		return path, nil
	}
	u, err := url.Parse(path)
	if err != nil {
		return "", c.fail(fault.InvalidName, "%q is no URL", path)
	}
	return u.Path, nil
}

// asDeclared chooses the columns of the schema that the plan declares, by name, in its order and types.
func (c *converter) asDeclared(node logical.Node, schema *pb.NamedStruct) (logical.Node, error) {
	if schema == nil {
		return node, nil
	}
	cols := node.Columns()
	p := &logical.Project{Input: node}
	names, at := schema.GetNames(), 0
	for _, t := range schema.GetStruct().GetTypes() {
		if at >= len(names) {
			return nil, c.fail(fault.SyntaxError, "the schema has more types than names")
		}
		name := names[at]
		at += 1 + declaredNames(t)
		i := find(cols, name)
		if i < 0 {
			e := c.fail(fault.UndefinedColumn, "column %q of the Substrait plan does not exist", name)
			have := make([]string, len(cols))
			for k, col := range cols {
				have[k] = col.Name
			}
			return nil, e.WithHint("there are: %s", strings.Join(have, ", "))
		}
		col := cols[i]
		var e expr.Expr = col.Expr()
		e, err := c.declared(e, t)
		if err != nil {
			return nil, err
		}
		if !e.Type().Equal(col.Type) {
			col.ID, col.Type = c.ids.Next(), e.Type()
		}
		p.Cols = append(p.Cols, col)
		p.Exprs = append(p.Exprs, e)
	}
	return p, nil
}

// find is the position of a column by its name, or by its name in another case when only one has it.
func find(cols []logical.Col, name string) int {
	near := -1
	for i, col := range cols {
		switch {
		case col.Name == name:
			return i
		case strings.EqualFold(col.Name, name):
			if near >= 0 {
				return -1
			}
			near = i
		}
	}
	return near
}

// constants is rows of the plan itself.
func (c *converter) constants(r *pb.ReadRel, t *pb.ReadRel_VirtualTable, outer *scope) (logical.Node, error) {
	var rows [][]expr.Expr
	for _, row := range t.GetExpressions() {
		e, err := c.expressions(row.GetFields(), &scope{outer: outer})
		if err != nil {
			return nil, err
		}
		rows = append(rows, e)
	}
	for _, row := range t.GetValues() { //nolint:staticcheck // old producers still write it
		e := make([]expr.Expr, len(row.GetFields()))
		for i, l := range row.GetFields() {
			var err error
			if e[i], err = c.literal(l); err != nil {
				return nil, err
			}
		}
		rows = append(rows, e)
	}
	types := r.GetBaseSchema().GetStruct().GetTypes()
	names := r.GetBaseSchema().GetNames()
	n := &logical.Values{Rows: rows}
	at := 0
	for i, declared := range types {
		same := make([]expr.Expr, 0, len(rows))
		for k, row := range rows {
			if len(row) != len(types) {
				return nil, c.fail(fault.SyntaxError, "row %d has %d values for %d columns", k, len(row), len(types))
			}
			same = append(same, row[i])
		}
		want, ok, err := c.typeOf(declared)
		if err == nil && !ok && len(same) > 0 {
			want, err = expr.CommonType("VALUES", same)
		}
		if err != nil {
			return nil, c.located(err)
		}
		if want.Kind == column.Null {
			want = column.T(column.Text)
		}
		for _, row := range rows {
			if row[i], err = expr.NewCast(row[i], want, false); err != nil {
				return nil, c.located(err)
			}
		}
		if at >= len(names) {
			return nil, c.fail(fault.SyntaxError, "the schema has more types than names")
		}
		n.Cols = append(n.Cols, logical.Col{ID: c.ids.Next(), Name: names[at], Type: want, Nullable: true})
		at += 1 + declaredNames(declared)
	}
	if len(types) == 0 {
		// Rows without columns: the input of constants.
		n.Rows = make([][]expr.Expr, len(rows))
	}
	return c.narrowed(n, r, outer)
}

// narrowed applies the filter and the projection of a read.
func (c *converter) narrowed(node logical.Node, r *pb.ReadRel, outer *scope) (logical.Node, error) {
	if r.GetFilter() != nil {
		cond, err := c.condition(r.GetFilter(), &scope{cols: node.Columns(), outer: outer})
		if err != nil {
			return nil, err
		}
		node = &logical.Filter{Input: node, Cond: cond}
	}
	if r.GetProjection().GetSelect() == nil {
		return node, nil
	}
	emit := &pb.RelCommon_Emit{}
	for _, item := range r.GetProjection().GetSelect().GetStructItems() {
		if item.GetChild() != nil {
			return nil, c.unsupported("a projection into nested fields")
		}
		emit.OutputMapping = append(emit.OutputMapping, item.GetField())
	}
	return c.emit(node, &pb.RelCommon{EmitKind: &pb.RelCommon_Emit_{Emit: emit}})
}

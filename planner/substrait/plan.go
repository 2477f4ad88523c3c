package substrait

import (
	"context"
	"fmt"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/proto"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

const (
	// maxNodes bounds the relations and expressions of a plan; one that refers to its parts again and again grows beyond any size.
	maxNodes = 1 << 20
	// maxDepth bounds how deep they nest. The limit of protobuf's decoder is of the same order.
	maxDepth = 2_500
)

// Options are what a plan is converted with.
type Options struct {
	// View binds all columns of a view, whose schema may be empty. They get new identities here.
	View func(ctx context.Context, schema, name string) (logical.Node, error)
}

// Bound is a converted plan.
type Bound struct {
	Plan logical.Node // its columns are the result's, with their names
	IDs  *logical.IDs // for the columns that later stages make
}

// Convert decodes a plan and converts its last relation.
func Convert(ctx context.Context, encoded []byte, resolver catalog.Resolver, o Options) (*Bound, error) {
	p := &pb.Plan{}
	if err := proto.Unmarshal(encoded, p); err != nil {
		return nil, fault.Wrap(fault.SyntaxError, err, "the bytes are no Substrait plan")
	}
	c := &converter{ctx: ctx, resolver: resolver, options: o, ids: &logical.IDs{}, plan: p, functions: map[uint32]string{}}
	for _, e := range p.GetExtensions() {
		if f := e.GetExtensionFunction(); f != nil {
			name, _, _ := strings.Cut(f.GetName(), ":")
			c.functions[f.GetFunctionAnchor()] = strings.ToLower(name)
		}
	}
	n := len(p.GetRelations())
	if n == 0 {
		return nil, fault.New(fault.SyntaxError, "the Substrait plan has no relation")
	}
	node, err := c.relation(n - 1)
	if err != nil {
		return nil, err
	}
	return &Bound{Plan: node, IDs: c.ids}, nil
}

// converter converts one plan.
type converter struct {
	ctx       context.Context
	resolver  catalog.Resolver
	options   Options
	ids       *logical.IDs
	plan      *pb.Plan
	functions map[uint32]string

	path  []string // where in the plan the conversion is
	nodes int
}

// relation converts one of the plan's relations: the tree that is the result, or one that others refer to.
func (c *converter) relation(i int) (logical.Node, error) {
	defer c.enter(fmt.Sprintf("relations[%d]", i))()
	r := c.plan.GetRelations()[i]
	if r.GetRoot() == nil {
		return c.rel(r.GetRel(), nil)
	}
	node, err := c.rel(r.GetRoot().GetInput(), nil)
	if err != nil {
		return nil, err
	}
	return c.rename(node, r.GetRoot().GetNames())
}

// enter notes a part of the plan; what it returns leaves it again.
func (c *converter) enter(part string) func() {
	c.path = append(c.path, part)
	return func() { c.path = c.path[:len(c.path)-1] }
}

// count keeps the plan within its limits.
func (c *converter) count() error {
	c.nodes++
	if c.nodes > maxNodes || len(c.path) > maxDepth {
		return c.fail(fault.StatementTooComplex, "the Substrait plan is too large or nested too deep")
	}
	return nil
}

// fail is an error at the place where the conversion is.
func (c *converter) fail(code fault.Code, format string, args ...any) *fault.Error {
	return fault.New(code, format, args...).In("Substrait plan, %s", c.place())
}

// place is the path, its middle left out when it is long.
func (c *converter) place() string {
	const most = 12
	if len(c.path) <= most {
		return strings.Join(c.path, ".")
	}
	return strings.Join(c.path[:most/2], ".") + " … " + strings.Join(c.path[len(c.path)-most/2:], ".")
}

// located says where an error arose that does not know yet.
func (c *converter) located(err error) error {
	if e, ok := fault.As(err); ok && e.Where == "" {
		return e.In("Substrait plan, %s", c.place())
	}
	return err
}

func (c *converter) unsupported(what string) error {
	return c.fail(fault.FeatureNotSupported, "%s of Substrait is not supported", what)
}

// rename gives the columns the names of a list that goes depth-first through nested types.
func (c *converter) rename(node logical.Node, names []string) (logical.Node, error) {
	cols := node.Columns()
	out := make([]logical.Col, len(cols))
	at := 0
	for i, col := range cols {
		if at >= len(names) {
			return nil, c.fail(fault.SyntaxError, "the relation has %d columns and only %d names", len(cols), len(names))
		}
		out[i] = col
		out[i].Name = names[at]
		at += 1 + fieldNames(col.Type)
	}
	if at != len(names) {
		return nil, c.fail(fault.SyntaxError, "the relation has %d columns, with their nested fields, and %d names", at, len(names))
	}
	return &logical.Project{Input: node, Cols: out, Exprs: logical.References(cols)}, nil
}

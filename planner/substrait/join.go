package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/planner/logical"
)

var joinKinds = map[pb.JoinRel_JoinType]struct {
	kind    logical.JoinKind
	swapped bool // the logical join's left side is the plan's right one
}{
	pb.JoinRel_JOIN_TYPE_INNER: {kind: logical.Inner}, pb.JoinRel_JOIN_TYPE_OUTER: {kind: logical.Full},
	pb.JoinRel_JOIN_TYPE_LEFT: {kind: logical.Left}, pb.JoinRel_JOIN_TYPE_RIGHT: {kind: logical.Right},
	pb.JoinRel_JOIN_TYPE_LEFT_SEMI: {kind: logical.Semi}, pb.JoinRel_JOIN_TYPE_RIGHT_SEMI: {kind: logical.Semi, swapped: true},
	pb.JoinRel_JOIN_TYPE_LEFT_ANTI: {kind: logical.Anti}, pb.JoinRel_JOIN_TYPE_RIGHT_ANTI: {kind: logical.Anti, swapped: true},
	pb.JoinRel_JOIN_TYPE_LEFT_SINGLE: {kind: logical.Single},
	pb.JoinRel_JOIN_TYPE_LEFT_MARK:   {kind: logical.Mark}, pb.JoinRel_JOIN_TYPE_RIGHT_MARK: {kind: logical.Mark, swapped: true},
}

// join pairs rows by an expression over both sides' columns, the left ones first.
func (c *converter) join(r *pb.JoinRel, outer *scope) (logical.Node, error) {
	k, ok := joinKinds[r.GetType()]
	if !ok {
		return nil, c.unsupported("the join " + r.GetType().String())
	}
	left, err := c.rel(r.GetLeft(), outer)
	if err != nil {
		return nil, err
	}
	right, err := c.rel(r.GetRight(), outer)
	if err != nil {
		return nil, err
	}
	both := append(left.Columns()[:len(left.Columns()):len(left.Columns())], right.Columns()...)
	j := &logical.Join{Kind: k.kind, Left: left, Right: right}
	if k.swapped {
		j.Left, j.Right = right, left
	}
	if r.GetExpression() != nil {
		if j.Cond, err = c.condition(r.GetExpression(), &scope{cols: both, outer: outer}); err != nil {
			return nil, err
		}
	}
	if k.kind == logical.Mark {
		j.Mark = logical.Col{ID: c.ids.Next(), Name: "mark", Type: column.T(column.Bool), Nullable: true}
		if j.Cond == nil {
			j.Cond = logical.Bool(true)
		}
	}
	if r.GetPostJoinFilter() == nil {
		return j, nil
	}
	cond, err := c.condition(r.GetPostJoinFilter(), &scope{cols: j.Columns(), outer: outer})
	if err != nil {
		return nil, err
	}
	return &logical.Filter{Input: j, Cond: cond}, nil
}

// cross pairs every row with every row.
func (c *converter) cross(r *pb.CrossRel, outer *scope) (logical.Node, error) {
	left, err := c.rel(r.GetLeft(), outer)
	if err != nil {
		return nil, err
	}
	right, err := c.rel(r.GetRight(), outer)
	if err != nil {
		return nil, err
	}
	return &logical.Join{Kind: logical.Inner, Left: left, Right: right}, nil
}

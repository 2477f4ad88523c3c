package substrait

import (
	"math/rand/v2"
	"strings"
	"testing"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/proto"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
)

// plan plans bytes and reports errors that are no fault of the plan.
func plan(t *testing.T, s *engine.Session, encoded []byte) error {
	t.Helper()
	_, err := s.PlanSubstrait(t.Context(), encoded)
	if err != nil {
		if e, ok := fault.As(err); !ok || e.Code == fault.Internal {
			t.Fatalf("a damaged plan gives %v", err)
		}
	}
	return err
}

// TestDamagedPlans flips, cuts and doubles parts of real plans: each gives rows or an error that names the place.
func TestDamagedPlans(t *testing.T) {
	s := open(t, 0.001)
	random := rand.New(rand.NewPCG(1, 2))
	for query := 1; query <= 22; query++ {
		whole := planOf(t, query)
		failed := 0
		const rounds = 40
		for range rounds {
			damaged := append([]byte(nil), whole...)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] = byte(random.Uint32())
			}
			if random.IntN(4) == 0 {
				damaged = damaged[:random.IntN(len(damaged))]
			}
			if plan(t, s, damaged) != nil {
				failed++
			}
		}
		if failed == 0 {
			t.Errorf("query %d: none of %d damaged plans failed", query, rounds)
		}
	}
}

// FuzzPlan plans any bytes.
func FuzzPlan(f *testing.F) {
	for query := 1; query <= 22; query++ {
		f.Add(planOf(f, query))
	}
	s := open(f, 0.001)
	f.Fuzz(func(t *testing.T, encoded []byte) { _ = plan(t, s, encoded) })
}

// TestRefusals says what is wrong and where.
func TestRefusals(t *testing.T) {
	s := open(t, 0.001)
	table := func(names ...string) *pb.Rel {
		return &pb.Rel{RelType: &pb.Rel_Read{Read: &pb.ReadRel{ReadType: &pb.ReadRel_NamedTable_{NamedTable: &pb.ReadRel_NamedTable{Names: names}}}}}
	}
	filter := func(e *pb.Expression) *pb.Rel {
		return &pb.Rel{RelType: &pb.Rel_Filter{Filter: &pb.FilterRel{Input: table("nation"), Condition: e}}}
	}
	field := func(i int32) *pb.Expression {
		return &pb.Expression{RexType: &pb.Expression_Selection{Selection: &pb.Expression_FieldReference{
			ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: &pb.Expression_ReferenceSegment{
				ReferenceType: &pb.Expression_ReferenceSegment_StructField_{StructField: &pb.Expression_ReferenceSegment_StructField{Field: i}},
			}},
		}}}
	}
	deep := field(0)
	for range 3_000 {
		deep = &pb.Expression{RexType: &pb.Expression_Cast_{Cast: &pb.Expression_Cast{Input: deep, Type: &pb.Type{Kind: &pb.Type_I64_{I64: &pb.Type_I64{}}}}}}
	}
	for _, c := range []struct {
		rel  *pb.Rel
		code fault.Code
		want string
	}{
		{table("nations"), fault.UndefinedTable, "nations"},
		{table(), fault.InvalidName, "0 parts"},
		{filter(field(77)), fault.InvalidColumnReference, "relations[0].filter.selection: there is no column 77"},
		{filter(field(1)), fault.DatatypeMismatch, "relations[0].filter"},
		{filter(nil), fault.SyntaxError, "an expression is missing"},
		{filter(deep), fault.StatementTooComplex, "too deep"},
		{filter(&pb.Expression{RexType: &pb.Expression_ScalarFunction_{ScalarFunction: &pb.Expression_ScalarFunction{FunctionReference: 9}}}), fault.UndefinedFunction, "declares no function 9"},
		{&pb.Rel{RelType: &pb.Rel_Write{Write: &pb.WriteRel{}}}, fault.FeatureNotSupported, "a relation of kind Write"},
		{&pb.Rel{RelType: &pb.Rel_Reference{Reference: &pb.ReferenceRel{SubtreeOrdinal: 0}}}, fault.StatementTooComplex, "too deep"},
		{nil, fault.SyntaxError, "a relation is missing"},
	} {
		encoded, err := proto.Marshal(&pb.Plan{Relations: []*pb.PlanRel{{RelType: &pb.PlanRel_Rel{Rel: c.rel}}}})
		if err != nil {
			t.Fatal(err)
		}
		err = plan(t, s, encoded)
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v instead of %s with %q", err, c.code, c.want)
		}
	}
	for _, bytes := range [][]byte{nil, []byte("select 1"), {0xff}} {
		if plan(t, s, bytes) == nil {
			t.Errorf("%q is a plan", bytes)
		}
	}
}

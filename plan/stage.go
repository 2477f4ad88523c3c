package plan

import (
	"slices"

	"time"

	"google.golang.org/protobuf/proto"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// MarshalStage encodes one stage of a plan as a polybolos.plan.v1.Plan that has it alone: what an executor needs to run its tasks.
func MarshalStage(s *Stage, settings Settings) ([]byte, error) {
	settings.Scheduling = Scheduling{Policy: settings.Scheduling.Policy}
	return Marshal(&Plan{Stages: []*Stage{s}, Settings: settings})
}

// UnmarshalStage decodes what MarshalStage made. What is known of it alone is checked; that it fits to the stages that it reads is not.
func UnmarshalStage(data []byte) (*Stage, Settings, error) {
	var in planv1.Plan
	if err := proto.Unmarshal(data, &in); err != nil {
		return nil, Settings{}, fault.Wrap(fault.DataCorrupted, err, "decode stage")
	}
	if len(in.Stages) != 1 {
		return nil, Settings{}, corrupt("%d stages instead of one", len(in.Stages))
	}
	s, err := decodeStage(in.Stages[0])
	if err != nil {
		return nil, Settings{}, err
	}
	if err := CheckStage(s); err != nil {
		return nil, Settings{}, fault.Wrap(fault.DataCorrupted, err, "decode stage")
	}
	return s, decodeSettings(in.GetSettings()), nil
}

// Copy is a stage whose nodes are others than s's; expressions are shared.
func (s *Stage) Copy() (*Stage, error) {
	data, err := MarshalStage(s, Settings{Now: time.Unix(0, 0)})
	if err != nil {
		return nil, err
	}
	out, _, err := UnmarshalStage(data)
	return out, err
}

// CheckStage is Check for a stage of which the others are not known.
func CheckStage(s *Stage) error {
	c := &checker{stage: s, ids: map[int]bool{}, alone: true}
	c.whole(s)
	return c.err
}

// whole checks a stage but for its number.
func (c *checker) whole(s *Stage) {
	for j, n := range s.Shared {
		c.shared = j
		c.tree(n)
	}
	c.shared = len(s.Shared)
	if c.tree(s.Root); c.err != nil {
		return
	}
	if s.Output.Kind > Range {
		c.fail(nil, "exchange kind %d", s.Output.Kind)
	}
	c.shares(s)
	for _, f := range s.Filters {
		c.columns(s.Root, "runtime filter", []int{f.Column}, s.Root.Fields())
	}
	if s.Output.Kind == Hash || s.Output.Kind == Range {
		c.columns(s.Root, "partitioning", s.Output.Keys, s.Root.Fields())
	}
	if s.Output.Kind == Range && (len(s.Output.Keys) != 1 || s.Output.Partitions < 1 || !slices.IsSorted(s.Output.Bounds)) {
		c.fail(nil, "%d keys in ranges with bounds %v over %d partitions", len(s.Output.Keys), s.Output.Bounds, s.Output.Partitions)
	}
}

// shares checks that each task has its share.
func (c *checker) shares(s *Stage) {
	if s.Shares != nil && len(s.Shares) != s.Tasks {
		c.fail(nil, "%d shares for %d tasks", len(s.Shares), s.Tasks)
	}
	for _, h := range s.Shares {
		if h.From < 0 || h.To < h.From || h.Part < 0 || h.Parts > 1 && h.Part >= h.Parts {
			c.fail(nil, "share of partitions %d to %d, part %d of %d", h.From, h.To, h.Part, h.Parts)
		}
	}
}

// share checks that the tasks of a stage read the partitions that there are.
func (c *checker) share(n *ExchangeRead, from *Stage) {
	spread := n.Kind.Partitioned()
	switch {
	case !spread && (n.All > 0 || n.Divided):
		c.fail(n, "what is not partitioned is read by partition")
	case !spread:
	case n.All > 0:
		if n.All != from.Output.Partitions {
			c.fail(n, "reads all of %d partitions, but there are %d", n.All, from.Output.Partitions)
		}
	case c.stage.Shares != nil:
		for _, h := range c.stage.Shares {
			if h.To > from.Output.Partitions {
				c.fail(n, "reads partition %d of %d", h.To-1, from.Output.Partitions)
			}
		}
	case from.Output.Partitions != c.stage.Tasks:
		c.fail(n, "%d tasks for %d partitions", c.stage.Tasks, from.Output.Partitions)
	}
}

func readsAndFilters(out *planv1.Stage, s *Stage) {
	for _, h := range s.Shares {
		out.Shares = append(out.Shares, &planv1.Share{From: int32(h.From), To: int32(h.To), Part: int32(h.Part), Parts: int32(h.Parts)})
	}
	for _, f := range s.Filters {
		out.Filters = append(out.Filters, &planv1.StageFilter{Filter: int32(f.Filter), Column: int32(f.Column), Keys: f.Keys})
	}
}

func decodeReadsAndFilters(in *planv1.Stage, out *Stage) {
	for _, h := range in.Shares {
		out.Shares = append(out.Shares, Share{From: int(h.From), To: int(h.To), Part: int(h.Part), Parts: int(h.Parts)})
	}
	for _, f := range in.Filters {
		out.Filters = append(out.Filters, StageFilter{Filter: int(f.Filter), Column: int(f.Column), Keys: f.Keys})
	}
}

func scheduling(s Scheduling) *planv1.Scheduling {
	if s == (Scheduling{}) {
		return nil
	}
	return &planv1.Scheduling{
		Session: s.Session, Jobs: int32(s.Jobs), Priority: int32(s.Priority), Group: s.Group, Labels: s.Labels, Policy: s.Policy, Adaptive: s.Adaptive,
		Speculate: s.Speculate,
	}
}

func decodeScheduling(in *planv1.Scheduling) Scheduling {
	return Scheduling{
		Session: in.GetSession(), Jobs: int(in.GetJobs()), Priority: int(in.GetPriority()), Group: in.GetGroup(), Labels: in.GetLabels(),
		Policy: in.GetPolicy(), Adaptive: in.GetAdaptive(), Speculate: in.GetSpeculate(),
	}
}

// MarshalValue encodes one value as a polybolos.plan.v1.Value.
func MarshalValue(v column.Value) ([]byte, error) { return proto.Marshal(value(v)) }

// UnmarshalValue decodes what MarshalValue made.
func UnmarshalValue(data []byte) (column.Value, error) {
	var in planv1.Value
	if err := proto.Unmarshal(data, &in); err != nil {
		return column.Value{}, fault.Wrap(fault.DataCorrupted, err, "decode value")
	}
	return decodeValue(&in)
}

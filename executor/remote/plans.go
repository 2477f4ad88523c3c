package remote

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// planTime is how long the scheduler may take to give a plan.
const planTime = 20 * time.Second

// stage is a stage of a job as its attempts here share it: read-only once it is decoded.
type stage struct {
	mu       sync.Mutex // held while it is fetched and decoded
	encoded  []byte     // nil: to be fetched
	plan     *plan.Stage
	settings plan.Settings
}

// stages are a job's, by the hash of their encoded form.
type stages struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*stage
}

// add takes what the scheduler sent; nil where the stage is too large for that.
func (s *stages) add(hash, encoded []byte) {
	if len(hash) == sha256.Size {
		s.at([sha256.Size]byte(hash), encoded)
	}
}

func (s *stages) at(hash [sha256.Size]byte, encoded []byte) *stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[[sha256.Size]byte]*stage{}
	}
	st := s.all[hash]
	if st == nil {
		st = &stage{encoded: encoded}
		s.all[hash] = st
	}
	return st
}

// get decodes the stage of a launch; the first attempt that comes does so for all.
func (x *tasks) get(ctx context.Context, s *stages, name []byte) (*plan.Stage, plan.Settings, error) {
	if len(name) != sha256.Size {
		return nil, plan.Settings{}, fault.New(fault.Internal, "the name of a stage has %d bytes", len(name))
	}
	hash := [sha256.Size]byte(name)
	st := s.at(hash, nil)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.plan != nil {
		return st.plan, st.settings, nil
	}
	if st.encoded == nil {
		encoded, err := x.fetch(ctx, hash)
		if err != nil {
			return nil, plan.Settings{}, err
		}
		st.encoded = encoded
	}
	if sha256.Sum256(st.encoded) != hash {
		return nil, plan.Settings{}, fault.New(fault.DataCorrupted, "the plan that the scheduler sent is not the one that the task names")
	}
	var err error
	if st.plan, st.settings, err = plan.UnmarshalStage(st.encoded); err != nil {
		return nil, plan.Settings{}, err
	}
	st.encoded = nil
	return st.plan, st.settings, nil
}

// fetch gets a stage from the scheduler.
func (x *tasks) fetch(ctx context.Context, hash [sha256.Size]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	reply, err := x.plans.GetPlan(ctx, &controlv1.GetPlanRequest{Version: version, Plan: hash[:]}, grpc.WaitForReady(true))
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "get the plan from the scheduler")
	}
	return reply.GetEncoded(), nil
}

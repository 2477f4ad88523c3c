package control

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/shuffle"
)

const (
	// sweepTime is how often objects are looked for that no job needs: what attempts wrote that nobody waited for, and what is older than any job.
	sweepTime = time.Minute
	// removeTime is how long the removal of a job's objects may take; what it leaves is found by the next sweep.
	removeTime = 2 * time.Minute
	// maxRemovals is how many jobs wait for their removal; more are left to the sweep.
	maxRemovals = 10_000
)

// DefaultShuffleAge is the age from which objects of jobs that this scheduler does not know are removed: longer than any job that others run there.
const DefaultShuffleAge = 24 * time.Hour

// collector removes shuffle objects.
type collector struct {
	objects *shuffle.Objects
	ended   chan core.JobID
	left    bool // a removal has failed; of the collector's goroutine alone
}

// collect has a job's objects removed.
func (s *Server) collect(job core.JobID) {
	if s.config.Shuffle == nil {
		return
	}
	select {
	case s.collector.ended <- job:
	default:
	}
}

// runCollector removes objects until ctx ends.
func (s *Server) runCollector(ctx context.Context) {
	if s.config.Shuffle == nil {
		return
	}
	tick := time.NewTicker(sweepTime)
	defer tick.Stop()
	last := core.JobID("")
	for {
		select {
		case <-ctx.Done():
			s.removeLast()
			return
		case job := <-s.collector.ended:
			// Each executor of a job says so.
			if job != last {
				s.removeObjects(ctx, job)
			}
			last = job
		case now := <-tick.C:
			s.sweep(ctx, now)
		}
	}
}

// removeObjects removes the objects of a job, for a short time still when ctx has ended.
func (s *Server) removeObjects(ctx context.Context, job core.JobID) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastRemovals, cancel) })()
	if n, err := s.collector.objects.Remove(own, string(job)); err != nil {
		s.collector.left = true
		s.config.Log.Warn("shuffle objects stay for now", "job", job, "removed", n, "error", err)
	}
}

// lastRemovals is how long a scheduler that ends takes for what ended before it.
const lastRemovals = 5 * time.Second

// removeLast removes what was asked for before the end.
func (s *Server) removeLast() {
	ctx, cancel := context.WithTimeout(context.Background(), lastRemovals)
	defer cancel()
	done := map[core.JobID]bool{}
	for {
		select {
		case job := <-s.collector.ended:
			if !done[job] {
				s.removeObjects(ctx, job)
			}
			done[job] = true
		default:
			if s.collector.left {
				s.sweep(ctx, time.Now())
			}
			return
		}
	}
}

// sweep removes objects of jobs of this scheduler that are over, and those of others that are old.
func (s *Server) sweep(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	_, err := s.collector.objects.Sweep(ctx, now.Add(-s.config.ShuffleAge), func(job string, old bool) bool {
		if s.jobs.Open(core.JobID(job)) {
			return true
		}
		return !strings.HasPrefix(job, s.config.Cluster+"-") && !old
	})
	if err != nil && ctx.Err() == nil {
		s.config.Log.Warn("shuffle objects that no job needs were not removed", "error", err)
	}
}

// checkShuffle refuses an executor whose outputs others would not find.
func (s *Server) checkShuffle(c *controlv1.Capabilities) error {
	want := ""
	if s.config.Shuffle != nil {
		want = s.config.Shuffle.URL()
	}
	if c.GetShuffle() == want {
		return nil
	}
	return status.Errorf(codes.FailedPrecondition, "the executor shuffles through %s, the scheduler through %s: give both the same --shuffle-url",
		shuffleName(c.GetShuffle()), shuffleName(want))
}

func shuffleName(url string) string {
	if url == "" {
		return "its own memory and disk"
	}
	return url
}

// stored opens a result that is in the object store.
func (s *Server) stored(ctx context.Context, output shuffle.ID, fields []column.Field, budget *mem.Budget) (jobs.Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := s.config.Shuffle.Open(ctx, []shuffle.ID{output}, 0, 1, fields)
	if err != nil {
		cancel()
		return nil, err
	}
	return &storedResult{reader: r, cancel: cancel, arena: mem.NewArena(budget)}, nil
}

// storedResult is a result of which one piece is in memory, beside those read ahead.
type storedResult struct {
	reader  *shuffle.ObjectReader
	cancel  context.CancelFunc
	arena   *mem.Arena
	next    int
	batches []*column.Batch
}

func (r *storedResult) Next(ctx context.Context) (*column.Batch, error) {
	for len(r.batches) == 0 {
		if r.next == r.reader.Blocks() {
			return nil, nil
		}
		r.arena.Reset()
		var err error
		if r.batches, err = r.reader.Read(ctx, r.next, r.arena); err != nil {
			return nil, err
		}
		r.next++
	}
	b := r.batches[0]
	r.batches = r.batches[1:]
	return b, nil
}

func (r *storedResult) Close() error {
	r.cancel()
	r.arena.Free()
	return nil
}

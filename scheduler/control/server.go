package control

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// Version is the version of the protocol.
const Version = 1

// MaxMessage is how many bytes of one message of the control plane are taken: launches name every output that a task reads.
const MaxMessage = 64 << 20

// maxSlots bounds what an executor may claim, maxExecutors how many there may be.
const (
	maxSlots     = 1 << 16
	maxExecutors = 10_000
)

// Config says how a scheduler treats its executors. Zero values are the defaults.
type Config struct {
	Name        string        // begins the names of jobs; no other scheduler of the executors may have it
	MemoryLimit int64         // bytes that results on their way to clients may hold, 0: no limit
	Timeout     time.Duration // an executor without a sign of life for so long has left
	Grace       time.Duration // an executor whose connection broke has left when it is not back for so long
	Limits      core.Limits   // how many queries run and wait
	Wait        time.Duration // how long a poll waits for something to do
	Log         *slog.Logger  // nil: nothing is logged

	Shuffle    *shuffle.Objects                 // where outputs lie; nil: on the executors that made them
	Security   credentials.TransportCredentials // of connections to executors; nil: in the clear
	ShuffleAge time.Duration                    // objects there of jobs that nobody here knows are removed when they are so old
	Journal    jobs.Journal                     // what jobs need to go on in another process; nil: they end with this one
	Cluster    string                           // begins the names of the jobs of all schedulers that follow each other; default Name
}

// The default times.
const (
	DefaultTimeout = 10 * time.Second
	DefaultGrace   = time.Second
	DefaultWait    = 3 * time.Second
)

// Server is the scheduler's side of the control plane.
type Server struct {
	controlv1.UnimplementedControlServer
	config Config
	jobs   *jobs.Jobs
	client *transport.Client
	stop   context.CancelFunc

	sessions atomic.Int64 // opened so far
	ended    chan struct{}

	run           string // names this process to executors
	collector     collector
	collecting    sync.WaitGroup
	stopCollector context.CancelFunc

	keys      transport.Keys // that tickets of results are signed with
	mu        sync.Mutex
	noted     func(shuffle.ID, transport.Phase) // what clients do with results on executors; nil: nobody wants to know
	executors map[core.ExecutorID]*executor
	plans     map[[sha256.Size]byte]*encodedPlan
	departed  departed
}

// encodedPlan is a plan that executors may ask for as long as one of the jobs runs.
type encodedPlan struct {
	bytes []byte
	jobs  map[core.JobID]bool
}

// New makes a server without executors. Register adds it to a gRPC server; Close ends all jobs.
func New(c Config) *Server {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Grace == 0 {
		c.Grace = min(DefaultGrace, c.Timeout)
	}
	if c.Wait == 0 {
		c.Wait = min(DefaultWait, c.Timeout/2)
	}
	if c.Cluster == "" {
		c.Cluster = c.Name
	}
	if c.ShuffleAge == 0 {
		c.ShuffleAge = DefaultShuffleAge
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		config: c, client: transport.NewClient(c.Security), stop: stop, ended: make(chan struct{}),
		executors: map[core.ExecutorID]*executor{}, plans: map[[sha256.Size]byte]*encodedPlan{}, departed: departed{},
	}
	s.run = fmt.Sprintf("%016x", rand.Uint64())
	s.keys.Set(newKey())
	s.jobs = jobs.NewCluster(jobs.Config{Journal: c.Journal, MemoryLimit: c.MemoryLimit, Limits: c.Limits, Log: c.Log}, c.Name, s.fetch)
	go s.watch(ctx)
	s.collector = collector{objects: c.Shuffle, ended: make(chan core.JobID, maxRemovals)}
	// It goes on while the last jobs end, which Close waits for.
	collect, stopCollector := context.WithCancel(context.Background())
	s.stopCollector = stopCollector
	s.collecting.Go(func() { s.runCollector(collect) })
	return s
}

// Jobs runs plans on the executors.
func (s *Server) Jobs() *jobs.Jobs { return s.jobs }

// Options are what a gRPC server needs to serve executors.
func Options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		// Executors try idle connections every 10 s.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// A machine that is gone without a word does not answer: its calls end, and its grace begins.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 5 * time.Second, Timeout: 3 * time.Second}),
	}
}

// Register adds the service to a gRPC server.
func (s *Server) Register(g *grpc.Server) { controlv1.RegisterControlServer(g, s) }

// Close ends all jobs and waits until nothing of them runs here.
func (s *Server) Close() error {
	s.stop()
	<-s.ended
	err := s.jobs.Close()
	s.stopCollector()
	s.collecting.Wait()
	if cerr := s.client.Close(); err == nil {
		err = cerr
	}
	return err
}

// Executor is what is known of an executor.
type Executor struct {
	ID           string
	Capabilities *controlv1.Capabilities // not to be changed
	Draining     bool
	Lost         bool // it gives no sign of life, and has left when that lasts
}

// Executors are the executors that are there, by name.
func (s *Server) Executors() []Executor {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Executor{}
	for _, id := range slices.Sorted(maps.Keys(s.executors)) {
		x := s.executors[id]
		out = append(out, Executor{ID: string(id), Capabilities: x.capabilities, Draining: x.draining, Lost: x.silent(time.Now(), s.config.Wait)})
	}
	return out
}

// Threads is how many tasks the executors that take any run at once.
func (s *Server) Threads() int {
	n := 0
	for _, x := range s.Executors() {
		if !x.Draining {
			n += int(x.Capabilities.GetSlots())
		}
	}
	return n
}

// Poll serves an executor.
func (s *Server) Poll(ctx context.Context, r *controlv1.PollRequest) (*controlv1.PollReply, error) {
	reply, err := s.poll(ctx, r)
	if err == nil {
		reply.Run, reply.TicketKey = s.run, s.keys.Key()
	}
	return reply, err
}

func (s *Server) poll(ctx context.Context, r *controlv1.PollRequest) (*controlv1.PollReply, error) {
	if err := checkVersion(r.GetVersion()); err != nil {
		return nil, err
	}
	id := core.ExecutorID(r.GetExecutor())
	x, err := s.find(id, r)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return &controlv1.PollReply{Unknown: true}, nil
	}
	generation := x.begin(r)
	defer x.end()
	for _, st := range r.GetStatuses() {
		if err := s.jobs.Report(report(id, st)); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
	}
	s.noteReads(r.GetReads())
	for _, p := range r.GetProgress() {
		s.jobs.Progress(core.JobID(p.GetJob()), id, p.GetSplits(), p.GetDone(), p.GetRows())
	}
	if r.GetDraining() && x.drain() {
		s.config.Log.Info("executor drains", "executor", id)
		if err := s.jobs.Drain(id); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
	}
	if r.GetLeaving() {
		s.remove(x, false, "the executor left")
		return &controlv1.PollReply{}, nil
	}
	return x.wait(ctx, generation, s.config.Wait), nil
}

func checkVersion(v uint32) error {
	if v != Version {
		return status.Errorf(codes.FailedPrecondition, "the executor speaks version %d of the control protocol, the scheduler version %d: use the same release", v, Version)
	}
	return nil
}

// find is the executor of a poll, which is new when the poll brings capabilities, and nil when it does not.
func (s *Server) find(id core.ExecutorID, r *controlv1.PollRequest) (*executor, error) {
	c := r.GetCapabilities()
	if c != nil && (id == "" || c.GetAddress() == "" || c.GetSlots() < 1 || c.GetSlots() > maxSlots) {
		return nil, status.Errorf(codes.InvalidArgument, "executor %q at %q with %d slots: each of them must be given, and at most %d slots",
			id, c.GetAddress(), c.GetSlots(), maxSlots)
	}
	if c != nil {
		if err := s.checkShuffle(c); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	x := s.executors[id]
	known := x != nil
	if !known && c != nil && len(s.executors) >= maxExecutors {
		s.mu.Unlock()
		return nil, status.Errorf(codes.ResourceExhausted, "there are %d executors, which is all that one scheduler takes", maxExecutors)
	}
	if !known && c != nil && !r.GetLeaving() {
		x = &executor{server: s, id: id, capabilities: c, signal: make(chan struct{}), seen: time.Now(), jobs: map[core.JobID]*given{}}
		s.executors[id] = x
	}
	// Devices get lost while an executor is there, and nothing else of it changes.
	changed := known && c != nil && len(c.GetDevices()) < len(x.capabilities.GetDevices())
	if changed {
		x.capabilities = proto.CloneOf(x.capabilities)
		x.capabilities.Devices = c.GetDevices()
		c = x.capabilities
	}
	s.mu.Unlock()
	if changed {
		s.config.Log.Warn("executor lost devices", "executor", id, "devices", len(c.GetDevices()))
		if err := s.jobs.Change(id, capabilities(c)); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
	}
	if known || x == nil {
		return x, nil
	}
	s.rejoin(x, r.GetJobs())
	s.config.Log.Info("executor joined", "executor", id, "address", c.GetAddress(), "slots", c.GetSlots(), "memory", c.GetMemoryLimit(),
		"simd", c.GetSimd(), "group", c.GetGroup(), "labels", c.GetLabels(), "devices", len(c.GetDevices()), "calibration", c.GetCalibration(),
		"build", c.GetBuild())
	if n := len(r.GetAttempts()); n > 0 {
		s.config.Log.Info("executor runs attempts of an earlier scheduler", "executor", id, "attempts", n)
	}
	if err := s.jobs.Rejoin(id, capabilities(c), x, adopted(r.GetAttempts())); err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return x, nil
}

// remove takes an executor away; crashed says that it did not mean to go.
func (s *Server) remove(x *executor, crashed bool, why string) {
	s.mu.Lock()
	known := s.executors[x.id] == x
	address := x.capabilities.GetAddress()
	if known {
		delete(s.executors, x.id)
		s.departed.note(x.capabilities)
	}
	s.mu.Unlock()
	if !known {
		return
	}
	x.leave()
	s.client.Forget(address)
	s.config.Log.Warn("executor is gone", "executor", x.id, "why", why)
	// When the jobs have ended, nobody needs to know.
	_ = s.jobs.Leave(x.id, crashed, fault.New(fault.ConnectionFailure, "executor %s is gone: %s", x.id, why))
}

// watch removes executors that give no sign of life, and plans that no job uses.
func (s *Server) watch(ctx context.Context) {
	defer close(s.ended)
	tick := time.NewTicker(max(time.Millisecond, min(s.config.Timeout, s.config.Grace)/8))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.mu.Lock()
			all := slices.Collect(maps.Values(s.executors))
			s.mu.Unlock()
			for _, x := range all {
				if why := x.lost(now, s.config.Timeout, s.config.Grace); why != "" {
					s.remove(x, true, why)
				}
			}
			s.forget()
		}
	}
}

// forget drops plans that no job uses.
func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, p := range s.plans {
		maps.DeleteFunc(p.jobs, func(id core.JobID, _ bool) bool { return !s.jobs.Open(id) })
		if len(p.jobs) == 0 {
			delete(s.plans, hash)
		}
	}
}

// GetPlan gives a plan by its hash.
func (s *Server) GetPlan(_ context.Context, r *controlv1.GetPlanRequest) (*controlv1.GetPlanReply, error) {
	if err := checkVersion(r.GetVersion()); err != nil {
		return nil, err
	}
	if len(r.GetPlan()) != sha256.Size {
		return nil, status.Errorf(codes.InvalidArgument, "a plan's name has %d bytes, not %d", sha256.Size, len(r.GetPlan()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plans[[sha256.Size]byte(r.GetPlan())]
	if p == nil {
		return nil, status.Errorf(codes.NotFound, "there is no plan %x", r.GetPlan())
	}
	return &controlv1.GetPlanReply{Encoded: p.bytes}, nil
}

// keep makes a stage of a job known by its hash.
func (s *Server) keep(job core.JobID, hash [sha256.Size]byte, encoded []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plans[hash]
	if p == nil {
		p = &encodedPlan{bytes: encoded, jobs: map[core.JobID]bool{}}
		s.plans[hash] = p
	}
	p.jobs[job] = true
}

// location is where an executor's outputs are read.
func (s *Server) location(id core.ExecutorID) *controlv1.Location {
	return &controlv1.Location{Executor: string(id), Address: s.address(id)}
}

// address is where an executor's outputs are read, "" when it is gone.
func (s *Server) address(id core.ExecutorID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.executors[id]; x != nil {
		return x.capabilities.GetAddress()
	}
	return ""
}

// fetch opens a result.
func (s *Server) fetch(ctx context.Context, from core.ExecutorID, output shuffle.ID, fields []column.Field, budget *mem.Budget) (jobs.Rows, error) {
	if s.config.Shuffle != nil {
		return s.stored(ctx, output, fields, budget)
	}
	address := s.address(from)
	if address == "" {
		return nil, fault.New(fault.ConnectionFailure, "executor %s is gone", from)
	}
	stream, err := s.client.Open(ctx, address, output, 0, fields)
	if err != nil {
		return nil, err
	}
	return &result{stream: stream, arena: mem.NewArena(budget)}, nil
}

// result is an output of which one batch at a time is in memory.
type result struct {
	stream *transport.Stream
	arena  *mem.Arena
}

func (r *result) Next(ctx context.Context) (*column.Batch, error) {
	r.arena.Reset()
	return r.stream.Next(ctx, r.arena)
}

func (r *result) Close() error {
	r.arena.Free()
	return r.stream.Close()
}

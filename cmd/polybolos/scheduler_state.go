package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/scheduler/state/etcd"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// stateFlags say where the scheduler keeps what must outlive it.
type stateFlags struct {
	folder string
	url    string
}

func (f *stateFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.folder, "data-dir", "", "folder that keeps jobs, tables, views and sessions, which a scheduler that is started again goes on with (default they go with the scheduler)")
	flags.StringVar(&f.url, "state-url", "", "etcd://host:port[,host:port][/prefix] or etcds:// that keeps them instead: of several schedulers one works and the others wait to take over")
}

const (
	// claimTime is how long the scheduler may be silent before another takes over.
	claimTime = 5 * time.Second
	// attemptsOfRun is how many numbers of attempts each run of the scheduler has for itself, and runsOfNumbers after how many runs they come again.
	attemptsOfRun, runsOfNumbers = 100, 600
	// collectTime is how often plans and sessions are looked for that nobody needs, and collectAge how old such a plan is at least.
	collectTime, collectAge = 10 * time.Minute, 10 * time.Minute
	// journalTime is how long the journal may take for its last words.
	journalTime = 5 * time.Second
)

// schedulerState is what a scheduler keeps, when it keeps something.
type schedulerState struct {
	store   state.Store
	blobs   state.Blobs
	claim   state.Claim
	tables  *state.Tables
	journal *state.Journal
	clients *state.Clients
	log     *slog.Logger

	name string // of the cluster
	run  int    // how often the cluster's scheduler was started, from 1
	stop context.CancelFunc
	done sync.WaitGroup
}

// open opens the state; nil without flags. It waits while another scheduler has it.
func (f *stateFlags) open(c *cobra.Command, shuffleURL string, t *service.TLS, log *slog.Logger) (_ *schedulerState, err error) {
	if f.folder == "" && f.url == "" {
		log.Info("jobs, tables and sessions are not durable: they go with this scheduler", "hint", "--data-dir keeps them")
		return nil, nil
	}
	s := &schedulerState{log: log}
	if s.blobs, err = f.plans(c, shuffleURL); err != nil {
		return nil, err
	}
	if f.url != "" {
		config, cerr := t.ClientConfig()
		if cerr != nil {
			return nil, cerr
		}
		s.store, err = etcd.Open(c.Context(), f.url, config)
	} else {
		s.store, err = etcd.Embed(c.Context(), filepath.Join(f.folder, "state"))
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	host, err := os.Hostname()
	if err != nil {
		host = "scheduler"
	}
	waiting := time.AfterFunc(time.Second, func() { log.Info("another scheduler is at work: waiting to take over") })
	s.claim, err = s.store.Claim(c.Context(), "scheduler", fmt.Sprintf("%s, process %d", host, os.Getpid()), claimTime)
	waiting.Stop()
	if err != nil {
		return nil, err
	}
	if err := s.start(c.Context()); err != nil {
		return nil, err
	}
	s.tables = &state.Tables{Store: s.store, Blobs: s.blobs, Claim: s.claim}
	s.journal = state.NewJournal(s.store, s.blobs, s.claim, log)
	s.clients = state.NewClients(s.store, s.claim, log)
	// The commands' context ends when the scheduler is to end, and when another has taken over.
	ctx, cancel := context.WithCancelCause(c.Context())
	c.SetContext(ctx)
	collect, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() {
		select {
		case <-s.claim.Lost():
			cancel(errTakenOver)
		case <-collect.Done():
			cancel(nil)
		}
	})
	s.done.Go(func() { s.collect(collect) })
	return s, nil
}

var errTakenOver = fault.New(fault.AdminShutdown, "the state store was not reached for %v: another scheduler may have taken over", claimTime)

// plans are where plans are kept that are too large for a record.
func (f *stateFlags) plans(c *cobra.Command, shuffleURL string) (state.Blobs, error) {
	switch {
	case f.folder != "":
		return state.FileBlobs{Folder: filepath.Join(f.folder, "plans")}, nil
	case shuffleURL == "":
		return nil, usagef(c, "--state-url needs --shuffle-url or --data-dir, where large plans are kept")
	}
	s3, err := objectstore.DefaultS3()
	if err != nil {
		return nil, err
	}
	at, err := objectstore.ParseS3(strings.TrimSuffix(shuffleURL, "/") + "/.plans/")
	return state.S3Blobs{S3: s3, At: at}, err
}

// start reads the name of the cluster, which the first scheduler chooses, and counts its schedulers.
func (s *schedulerState) start(ctx context.Context) error {
	const key = "cluster"
	var cluster struct {
		Version int    `json:"version"`
		Name    string `json:"name"`
		Run     int    `json:"run"`
	}
	const version = 1
	r, ok, err := s.store.Get(ctx, key)
	if err != nil {
		return err
	}
	cluster.Version, cluster.Name = version, fmt.Sprintf("s%08x", rand.Uint32())
	if ok {
		if err := json.Unmarshal(r.Value, &cluster); err != nil {
			return fault.Wrap(fault.DataCorrupted, err, "the scheduler's state is damaged: record %q", key)
		}
		if cluster.Version != version {
			return fault.New(fault.FeatureNotSupported, "the scheduler's state has version %d, and this release reads version %d", cluster.Version, version).
				WithHint("use the release that wrote it, or another --data-dir or prefix")
		}
	}
	cluster.Run++
	value, err := json.Marshal(cluster)
	if err != nil {
		return fmt.Errorf("encode the cluster's record: %w", err)
	}
	_, err = s.store.Commit(ctx, state.Commit{Claim: s.claim, If: []state.Condition{{Key: key, Revision: r.Revision}}, Put: []state.Record{{Key: key, Value: value}}})
	s.name, s.run = cluster.Name, cluster.Run
	return err
}

// jobPrefix begins the names of this run's jobs.
func (s *schedulerState) jobPrefix() string { return fmt.Sprint(s.name, "-", s.run) }

// catalog opens the catalog.
func (s *schedulerState) catalog(ctx context.Context) (*catalog.Catalog, error) {
	if s == nil {
		return catalog.New(), nil
	}
	return catalog.OpenKept(ctx, s.tables)
}

// resume goes on with the jobs whose results somebody may come for.
func (s *schedulerState) resume(ctx context.Context, server *control.Server) error {
	if s == nil {
		return nil
	}
	list, err := s.journal.Load(ctx)
	if err != nil {
		return err
	}
	wanted, err := s.clients.Jobs(ctx)
	if err != nil {
		return err
	}
	var resumed []jobs.Resumed
	for _, r := range list {
		if !wanted[string(r.ID)] {
			s.journal.Ended(r.ID)
			s.log.Info("a job is not resumed: nobody can come for its result", "job", r.ID)
			continue
		}
		j := jobs.Resumed{Spec: r.Spec, Encoded: r.Encoded, Epoch: r.Epoch, FirstAttempt: s.run % runsOfNumbers * attemptsOfRun}
		for _, a := range r.Finished {
			j.Finished = append(j.Finished, jobs.Done{Finished: a.Finished, Inline: a.Inline, Sizes: a.Sizes, Rows: a.Rows})
		}
		s.log.Info("a job is resumed", "job", r.ID, "finished", len(r.Finished), "epoch", r.Epoch)
		resumed = append(resumed, j)
	}
	for id, err := range server.Resume(resumed, flightsql.DefaultTicketLife) {
		s.log.Warn("a job cannot be resumed", "job", id, "error", err)
		s.journal.Ended(id)
	}
	return nil
}

// collect removes from time to time what nobody needs.
func (s *schedulerState) collect(ctx context.Context) {
	tick := time.NewTicker(collectTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := s.collectOnce(ctx, now); err != nil && ctx.Err() == nil {
				s.log.Warn("plans and sessions that nobody needs were not removed", "error", err)
			}
		}
	}
}

func (s *schedulerState) collectOnce(ctx context.Context, now time.Time) error {
	if err := s.clients.Expire(ctx, now.Add(-flightsql.DefaultSessionIdle), now); err != nil {
		return err
	}
	plans, err := s.journal.Plans(ctx)
	if err != nil {
		return err
	}
	tables, err := s.tables.References(ctx)
	if err != nil {
		return err
	}
	return s.blobs.Sweep(ctx, now.Add(-collectAge), func(name string) bool { return plans[name] || tables[name] })
}

// close writes what is left and gives the state to others.
func (s *schedulerState) close() error {
	if s == nil {
		return nil
	}
	var err error
	if s.stop != nil {
		s.stop()
		s.done.Wait()
	}
	if s.clients != nil {
		s.clients.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), journalTime)
	defer cancel()
	if s.journal != nil {
		err = s.journal.Close(ctx)
	}
	if s.claim != nil {
		err = errors.Join(err, s.claim.Release(ctx))
	}
	return errors.Join(err, s.store.Close())
}

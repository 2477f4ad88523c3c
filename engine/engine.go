package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/session"
)

// Config is what an engine is opened with. The zero value uses all cores, most of the memory, and the system's temporary folder.
type Config struct {
	Threads     int    // workers, 0: all cores
	MemoryLimit int64  // bytes that all queries together may hold, 0: 80 % of the machine's
	Warehouse   string // folder that keeps tables, views and schemas, made when missing; "": they go with their session
	TempDir     string // where tables of sessions are kept while they live, "": the system's
	SpillDir    string // where queries put what has no room in memory, "": TempDir
	SpillLimit  int64  // bytes that they may put there, 0: no limit
}

// Engine runs queries in this process.
type Engine struct {
	config   Config
	jobs     *jobs.Jobs
	catalog  *catalog.Catalog
	kept     *catalog.Warehouse // nil without
	folder   string
	spill    *spill.Dir
	sessions atomic.Int64
}

// memoryShare is the part of the machine's memory that queries may hold when no limit is given: the rest is for Go's heap and file caches.
const memoryShare = 0.8

// Open starts an engine. Close ends it.
func Open(c Config) (*Engine, error) {
	if c.Threads < 0 || c.MemoryLimit < 0 || c.SpillLimit < 0 {
		return nil, fault.New(fault.InvalidParameterValue, "threads, memory limit and spill limit must not be negative")
	}
	if c.SpillDir == "" {
		c.SpillDir = c.TempDir
	}
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.MemoryLimit > 0 {
		mem.SetMappedLimit(c.MemoryLimit)
	} else {
		c.MemoryLimit = int64(memoryShare * float64(physicalMemory()))
	}
	folder, err := os.MkdirTemp(c.TempDir, "polybolos-")
	if err != nil {
		return nil, fault.Wrap(fault.IOError, err, "make a temporary folder")
	}
	e := &Engine{config: c, folder: folder, catalog: catalog.New()}
	if c.Warehouse != "" {
		if e.kept, e.catalog, err = catalog.OpenWarehouse(context.Background(), c.Warehouse); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
	}
	e.spill = spill.NewDir(c.SpillDir, c.SpillLimit)
	e.jobs = jobs.New(jobs.Config{Threads: c.Threads, MemoryLimit: c.MemoryLimit, Spill: e.spill})
	return e, nil
}

// Session opens a session on the engine's catalog.
func (e *Engine) Session() *Session {
	n := e.sessions.Add(1)
	return &Session{session.New(session.Config{
		Jobs: e.jobs, Catalog: e.catalog, Warehouse: e.warehouse(), Folder: filepath.Join(e.folder, fmt.Sprintf("session-%d", n)), Threads: e.config.Threads,
		Executors: e.executors,
	})}
}

// SharedSession opens a session whose tables belong to the engine: they outlive the session, and all such sessions insert into them.
func (e *Engine) SharedSession() *Session {
	return &Session{session.New(session.Config{
		Jobs: e.jobs, Catalog: e.catalog, Warehouse: e.warehouse(), Folder: filepath.Join(e.folder, "tables"), SharedFolder: true, Threads: e.config.Threads,
		Executors: e.executors,
	})}
}

// Memory is what all queries hold now, in bytes, and the most they held at once: never more than the limit.
func (e *Engine) Memory() (used, peak int64) { return e.jobs.Memory() }

// warehouse is the folder of the warehouse, empty without.
func (e *Engine) warehouse() string {
	if e.kept == nil {
		return ""
	}
	return e.kept.Dir()
}

// Close ends all queries and removes the engine's temporary folder.
func (e *Engine) Close() error {
	err := errors.Join(e.jobs.Close(), e.spill.Close())
	if e.kept != nil {
		err = errors.Join(err, e.kept.Close())
	}
	if rerr := os.RemoveAll(e.folder); rerr != nil {
		err = errors.Join(err, fault.Wrap(fault.IOError, rerr, "remove the temporary folder"))
	}
	return err
}

// Session is a session of an embedded engine.
type Session struct{ *session.Session }

// Exec runs the statements of a script and drops their rows.
func (s *Session) Exec(ctx context.Context, script string) error {
	return s.Query(ctx, script, func(*column.Batch) error { return nil })
}

// Query runs the statements of a script and calls f with each batch of rows, which is valid during the call. An error of f ends the query.
func (s *Session) Query(ctx context.Context, script string, f func(*column.Batch) error) error {
	list, err := s.Parse(script)
	if err != nil {
		return err
	}
	for _, st := range list {
		if err := s.each(ctx, st, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) each(ctx context.Context, st session.Statement, f func(*column.Batch) error) (err error) {
	r, err := s.Run(ctx, st)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}

package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// Config is what a session is opened with.
type Config struct {
	Jobs         Jobs
	Catalog      *catalog.Catalog
	Warehouse    string // folder of the warehouse that keeps Catalog, where its tables are written; empty: they are the session's
	Folder       string // where the session's tables are written; made on first use, removed by Close
	SharedFolder bool   // Folder is that of several sessions, which insert into each other's tables; Close leaves it
	Threads      int    // first value of the setting, 0: all cores
	MemoryLimit  int64  // first value of the setting, bytes, 0: the engine's limit
	Name         string // tells the scheduler which queries are of one session; empty: it does not matter
	// Partitions says how many tasks a stage between exchanges has as long as the setting is not changed; nil: as many as there are cores.
	Partitions func() int
	// Executors tells which executors run the session's queries, by name; nil: none is known.
	Executors func() ([]Executor, error)
}

// Session is one user's sequence of statements. It is used by one goroutine at a time.
type Session struct {
	config    Config
	values    map[string]string // settings that were changed
	prepared  map[string]*prepared
	temporary *catalog.Catalog // tables and views that only this session sees

	inTransaction bool // between BEGIN and its end
	changed       bool // a statement since BEGIN has changed something

	draws draws // of random numbers, since a seed was set

	noting  sync.Mutex
	notices []string // of the statement that ran last; guarded by noting
}

// Statement is a parsed statement of a script.
type Statement struct {
	parsed *parse.Statement
	script string
}

// Text is the statement as written.
func (s Statement) Text() string { return s.parsed.Text }

// Script is the text that error positions count in.
func (s Statement) Script() string { return s.script }

// New opens a session.
func New(c Config) *Session {
	return &Session{config: c, values: map[string]string{}, prepared: map[string]*prepared{}, temporary: catalog.New()}
}

// Parse splits and parses a script. Errors are *fault.Error with a position in it.
func (s *Session) Parse(script string) ([]Statement, error) {
	list, err := sql.Parse(script)
	if err != nil {
		return nil, err
	}
	out := make([]Statement, len(list))
	for i, p := range list {
		out[i] = Statement{parsed: p, script: script}
	}
	return out, nil
}

// Run starts a statement; its rows are read from the Result, which the caller closes. The statement ends with ctx at the latest. Errors are
// *fault.Error with a position in the statement's script.
func (s *Session) Run(ctx context.Context, st Statement) (Result, error) {
	return s.run(ctx, st.parsed, sql.Options{})
}

func (s *Session) run(ctx context.Context, st *parse.Statement, o sql.Options) (Result, error) {
	s.changed = s.changed || changes(st.Body)
	s.forgetNotices()
	s.draws.next()
	switch body := st.Body.(type) {
	case *parse.Query:
		return s.query(ctx, body, o)
	case *parse.Explain:
		return s.explain(ctx, body, o)
	case *parse.Set:
		return done{"SET"}, s.set(body.Name, body.Value, body.Position)
	case *parse.Reset:
		return s.reset(body)
	case *parse.ShowSetting:
		return s.showSetting(body)
	case *parse.ShowList:
		return s.showList(body)
	case *parse.Describe:
		return s.describe(ctx, body, o)
	case *parse.CreateExternalTable:
		return s.createExternalTable(ctx, body)
	case *parse.CreateTable:
		return s.createTable(ctx, body)
	case *parse.CreateTableAs:
		return s.createTableAs(ctx, body, o)
	case *parse.CreateView:
		return s.createView(ctx, body)
	case *parse.Drop:
		return s.drop(ctx, body)
	case *parse.CreateSchema:
		return s.createSchema(ctx, body)
	case *parse.Alter:
		return s.alter(ctx, body)
	case *parse.Truncate:
		return s.truncate(ctx, body)
	case *parse.Summarize:
		return s.summarize(ctx, body, o)
	case *parse.ShowCreate:
		return s.showCreate(ctx, body)
	case *parse.Analyze:
		return s.analyze(ctx, body)
	case *parse.Transaction:
		return s.transaction(body)
	case *parse.Discard:
		return s.discard(body)
	case *parse.Insert:
		return s.insert(ctx, body, o)
	case *parse.Change:
		return s.change(ctx, body, o)
	case *parse.Merge:
		return s.merge(ctx, body, o)
	case *parse.Copy:
		return s.copy(ctx, body, o)
	case *parse.Prepare:
		return s.prepare(ctx, body)
	case *parse.Execute:
		return s.execute(ctx, body)
	case *parse.Deallocate:
		return s.deallocate(body)
	}
	return nil, fault.New(fault.FeatureNotSupported, "%s is not supported", firstWords(st.Text)).At(st.Offset + 1)
}

// shownText is how much of an unsupported statement an error repeats.
const shownText = 40

func firstWords(text string) string {
	if len(text) > shownText {
		return fmt.Sprintf("%q…", text[:shownText])
	}
	return fmt.Sprintf("%q", text)
}

// Close removes what the session made.
func (s *Session) Close() error {
	if s.config.Folder == "" || s.config.SharedFolder {
		var err error
		for _, t := range s.temporary.Tables() {
			if st := catalog.StoredOf(t); st != nil {
				err = errors.Join(err, os.RemoveAll(st.Folder))
			}
		}
		return err
	}
	if err := os.RemoveAll(s.config.Folder); err != nil {
		return fault.Wrap(fault.IOError, err, "remove the session's tables")
	}
	return nil
}

// safeName keeps of a table's name what any file system takes, so that a person can find its folder.
func safeName(name string) string {
	out := []rune{}
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			out = append(out, r)
		}
		if len(out) == 40 {
			break
		}
	}
	return string(out)
}

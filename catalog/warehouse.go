package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// Warehouse is a folder that keeps a catalog: a folder for each schema, in it one for each table with its Parquet files, and the file catalog.json,
// which says what belongs together. Each change writes files that nobody reads yet, and then puts a new catalog.json in the place of the old
// one: a crash leaves the state before or after it. One process at a time uses a warehouse.
type Warehouse struct {
	dir  string
	lock *os.File

	mu   sync.Mutex
	used map[string]bool // folders of the state that is written down
}

const (
	stateFile    = "catalog.json"
	lockFile     = ".lock"
	stateVersion = 1
)

// keptState is the content of catalog.json.
type keptState struct {
	Version int                    `json:"version"`
	Schemas map[string]*keptSchema `json:"schemas"`
}

type keptSchema struct {
	Tables map[string]*keptTable `json:"tables"`
	Views  map[string]*keptView  `json:"views"`
}

// keptTable is a table: stored here, or external with its options.
type keptTable struct {
	Stored   *Stored       `json:"stored,omitempty"`
	External *keptExternal `json:"external,omitempty"`
}

type keptExternal struct {
	Format   string             `json:"format"`
	Location string             `json:"location"`
	Options  map[string]string  `json:"options,omitempty"`
	Declared []column.Field     `json:"declared,omitempty"`
	Distinct map[string]float64 `json:"distinct,omitempty"`
}

type keptView struct {
	Columns []string `json:"columns,omitempty"`
	SQL     string   `json:"sql"`
}

// brokenTable is a table whose files could not be opened when the warehouse was: its name stays taken, and using it tells why.
type brokenTable struct {
	kept *keptTable
	err  error
}

// OpenWarehouse opens the warehouse in a folder, which it makes when it is missing, and the catalog that it keeps. It fails with ObjectNotInState
// when another process uses it.
func OpenWarehouse(ctx context.Context, dir string) (_ *Warehouse, _ *Catalog, err error) {
	dir, err = filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, MainSchema), 0o777)
	}
	if err != nil {
		return nil, nil, fault.Wrap(fault.IOError, err, "open the warehouse %q", dir)
	}
	w := &Warehouse{dir: dir}
	if w.lock, err = os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o666); err != nil {
		return nil, nil, fault.Wrap(fault.IOError, err, "lock the warehouse %q", dir)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.lock.Close())
		}
	}()
	if lerr := unix.Flock(int(w.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); lerr != nil {
		return nil, nil, fault.Wrap(fault.ObjectNotInState, lerr, "the warehouse %q is used by another process", dir)
	}
	c := New()
	if err := w.load(ctx, c); err != nil {
		return nil, nil, err
	}
	c.keep = w.keep
	return w, c, w.sweep()
}

// Close gives the warehouse free and removes the files that nothing needs any more.
func (w *Warehouse) Close() error {
	return errors.Join(w.sweep(), w.lock.Close())
}

// Dir is the warehouse's folder.
func (w *Warehouse) Dir() string { return w.dir }

func (w *Warehouse) load(ctx context.Context, c *Catalog) error {
	path := filepath.Join(w.dir, stateFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.IOError, err, "read %q", path)
	}
	var state keptState
	if err := json.Unmarshal(text, &state); err != nil {
		return fault.Wrap(fault.DataCorrupted, err, "%q is not the catalog of a warehouse, or damaged", path)
	}
	if state.Version != stateVersion {
		return fault.New(fault.FeatureNotSupported, "%q has version %d; this program reads version %d", path, state.Version, stateVersion)
	}
	for name, kept := range state.Schemas {
		s := newSchema()
		for n, t := range kept.Tables {
			if t == nil || t.Stored == nil && t.External == nil {
				return fault.New(fault.DataCorrupted, "%q does not say what table %q is", path, n)
			}
			if t.Stored != nil {
				if !filepath.IsLocal(t.Stored.Folder) {
					return fault.New(fault.DataCorrupted, "%q has table %q outside of the warehouse", path, n)
				}
				t.Stored.Folder = filepath.Join(w.dir, t.Stored.Folder)
			}
			table, err := t.open(ctx, n)
			if err != nil && ctx.Err() != nil {
				return err
			}
			if err != nil {
				s.broken[n] = &brokenTable{t, err}
				continue
			}
			s.tables[n] = table
		}
		for n, v := range kept.Views {
			s.views[n] = &View{Name: n, Columns: v.Columns, SQL: v.SQL}
		}
		c.schemas[name] = s
	}
	w.used = folders(c.schemas)
	return nil
}

func (t *keptTable) open(ctx context.Context, name string) (Table, error) {
	if t.Stored != nil {
		return OpenStored(ctx, name, *t.Stored)
	}
	e := t.External
	table, err := OpenTable(ctx, name, plan.Source{Format: e.Format, Options: e.Options}, e.Location, e.Declared)
	if err != nil {
		return nil, err
	}
	return WithDistinct(table, e.Distinct), nil
}

// keep writes a state down.
func (w *Warehouse) keep(schemas map[string]*schema) error {
	state := keptState{Version: stateVersion, Schemas: map[string]*keptSchema{}}
	for name, s := range schemas {
		kept := &keptSchema{Tables: map[string]*keptTable{}, Views: map[string]*keptView{}}
		for n, t := range s.tables {
			f, ok := t.(*files)
			if !ok {
				return fault.New(fault.FeatureNotSupported, "table %q cannot be kept in a warehouse", n)
			}
			kept.Tables[n] = w.keptOf(f)
		}
		for n, b := range s.broken {
			kept.Tables[n] = w.relative(b.kept)
		}
		for n, v := range s.views {
			kept.Views[n] = &keptView{Columns: v.Columns, SQL: v.SQL}
		}
		state.Schemas[name] = kept
	}
	text, err := json.MarshalIndent(state, "", " ")
	if err == nil {
		err = w.replace(filepath.Join(w.dir, stateFile), append(text, '\n'))
	}
	if err != nil {
		return fault.Wrap(fault.IOError, err, "write the catalog of the warehouse %q", w.dir)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = folders(schemas)
	return nil
}

func (w *Warehouse) keptOf(f *files) *keptTable {
	if f.stored != nil {
		return w.relative(&keptTable{Stored: f.stored})
	}
	location := f.location
	if abs, err := filepath.Abs(location); err == nil && !hasScheme(location) {
		location = abs
	}
	return &keptTable{External: &keptExternal{
		Format: f.source.Format, Location: location, Options: f.options, Declared: f.declared, Distinct: f.distinct,
	}}
}

var schemeLike = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

func hasScheme(location string) bool { return schemeLike.MatchString(location) }

// relative makes the folder of a stored table one within the warehouse, so that the warehouse can be moved.
func (w *Warehouse) relative(t *keptTable) *keptTable {
	if t.Stored == nil {
		return t
	}
	s := *t.Stored
	if r, err := filepath.Rel(w.dir, s.Folder); err == nil {
		s.Folder = r
	}
	return &keptTable{Stored: &s}
}

// replace puts a file's new content in place at once, and waits until both are on disk.
func (w *Warehouse) replace(path string, content []byte) error {
	f, err := os.CreateTemp(w.dir, "."+stateFile+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(w.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// folders are the folders of tables and parts that a state needs.
func folders(schemas map[string]*schema) map[string]bool {
	used := map[string]bool{}
	add := func(s *Stored) {
		used[s.Folder] = true
		for _, p := range s.Parts {
			used[filepath.Join(s.Folder, p)] = true
		}
	}
	for _, s := range schemas {
		for _, t := range s.tables {
			if st := StoredOf(t); st != nil {
				add(st)
			}
		}
		for _, b := range s.broken {
			if b.kept.Stored != nil {
				add(b.kept.Stored)
			}
		}
	}
	return used
}

// Table folders and parts are named so that nothing else is taken for one.
var (
	tableFolder = regexp.MustCompile(`-[0-9a-f]{8}$`)
	partFolder  = regexp.MustCompile(`^part-[0-9a-f]{8}$`)
)

// sweep removes the folders of dropped tables and replaced parts, and what a crash has left. It runs when no statement does.
func (w *Warehouse) sweep() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all error
	remove := func(pattern string, named *regexp.Regexp) {
		list, err := filepath.Glob(pattern)
		all = errors.Join(all, err)
		for _, f := range list {
			if named.MatchString(filepath.Base(f)) && !w.used[f] {
				all = errors.Join(all, os.RemoveAll(f))
			}
		}
	}
	dir := globEscape(w.dir)
	remove(filepath.Join(dir, "*", "*"), tableFolder)
	remove(filepath.Join(dir, "*", "*", "*"), partFolder)
	if all != nil {
		return fault.Wrap(fault.IOError, all, "remove files of the warehouse %q that nothing needs", w.dir)
	}
	return nil
}

var globSpecial = regexp.MustCompile(`[*?\[\\]`)

func globEscape(s string) string { return globSpecial.ReplaceAllString(s, `\$0`) }

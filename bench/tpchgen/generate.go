package tpchgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Generate writes the tables and the manifest into o.Dir and returns the manifest. The data depends on the scale factor
// alone. Existing files of the tables are replaced. When ctx ends or a write fails, the files of this run are removed and
// no manifest is left; wrong options give a *fault.Error.
func Generate(ctx context.Context, o Options) (*Manifest, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	if err := os.Remove(filepath.Join(o.Dir, ManifestName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the old manifest: %w", err)
	}
	text, release, err := acquirePool(ctx)
	if err != nil {
		return nil, err
	}
	defer release()

	r, err := newRun(o, newGenerator(o.ScaleFactor, text))
	if err != nil {
		return nil, err
	}
	err = r.work(ctx)
	var m *Manifest
	if err == nil {
		m, err = r.manifest()
	}
	if err == nil {
		err = r.removeStale()
	}
	if err == nil {
		err = m.write(o.Dir)
	}
	if err != nil {
		r.abandon()
		return nil, err
	}
	return m, nil
}

// run is one call of Generate.
type run struct {
	options Options
	tables  []*tableRun // the one with most rows first, so that the last row groups are small
	free    chan *rowGroup

	cursor struct {
		sync.Mutex
		table, file, group int
	}
	progress struct {
		sync.Mutex
		done, total int64
	}
}

// tableRun is a table with the files it goes to. File i holds keys bounds[i] to bounds[i+1]-1, so many a row group.
type tableRun struct {
	*table
	files     []*tableFile
	bounds    []int64
	groupKeys int64
}

func newRun(o Options, g *generator) (*run, error) {
	r := &run{options: o, free: make(chan *rowGroup, 2*o.Workers)}
	for range cap(r.free) {
		r.free <- new(rowGroup)
	}
	for _, t := range g.tables() {
		name := t.schema.Name
		if o.Tables != nil && !slices.Contains(o.Tables, name) {
			continue
		}
		f, err := newFormat(t, codecs[o.Codec])
		if err != nil {
			return nil, err
		}
		tr := &tableRun{table: t, groupKeys: max(1, int64(o.RowGroupRows)/t.fanout)}
		count := min(int64(o.FilesPerTable), t.keys)
		for i := range count + 1 {
			tr.bounds = append(tr.bounds, i*t.keys/count)
		}
		for i := range int(count) {
			path := filepath.Join(o.Dir, name+".parquet")
			if o.FilesPerTable > 1 {
				path = filepath.Join(o.Dir, name, pieceName(name, i))
			}
			keys := tr.bounds[i+1] - tr.bounds[i]
			groups := int((keys + tr.groupKeys - 1) / tr.groupKeys)
			tr.files = append(tr.files, &tableFile{table: t, format: f, path: path, groups: groups})
		}
		r.tables = append(r.tables, tr)
		r.progress.total += t.keys * t.fanout
	}
	slices.SortStableFunc(r.tables, func(a, b *tableRun) int { return cmp.Compare(b.keys*b.fanout, a.keys*a.fanout) })
	return r, nil
}

func pieceName(table string, i int) string { return fmt.Sprintf("%s-%05d.parquet", table, i) }

// work generates everything, on as many goroutines as the options say, and returns when all have ended.
func (r *run) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range r.options.Workers {
		workers.Go(func() {
			if err := r.worker(ctx); err != nil {
				cancel(err)
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// worker generates row groups until none is left. It takes the room for an encoded row group before it takes a task, so
// the earliest unfinished row group always has room: no worker waits for one that waits.
func (r *run) worker(ctx context.Context) error {
	c := new(chunk)
	for ctx.Err() == nil {
		var group *rowGroup
		select {
		case <-ctx.Done():
			continue
		case group = <-r.free:
		}
		t, file, n := r.nextTask()
		if t == nil {
			r.free <- group
			return nil
		}
		first := t.bounds[file] + int64(n)*t.groupKeys
		keys := min(t.groupKeys, t.bounds[file+1]-first)
		c.table = t.table
		t.fill(c, first, int(keys))
		if err := group.encode(c, t.files[file].format); err != nil {
			return err
		}
		if err := t.files[file].add(n, group, func(written *rowGroup) { r.free <- written }); err != nil {
			return err
		}
		r.advance(int64(c.rows), keys*t.fanout)
	}
	return nil // work returns the cause
}

// nextTask returns the next row group in table, file and row order, or no table at the end.
func (r *run) nextTask() (t *tableRun, file, group int) {
	r.cursor.Lock()
	defer r.cursor.Unlock()
	at := &r.cursor
	for at.table < len(r.tables) {
		t := r.tables[at.table]
		if at.file == len(t.files) {
			at.table, at.file = at.table+1, 0
			continue
		}
		if at.group == t.files[at.file].groups {
			at.file, at.group = at.file+1, 0
			continue
		}
		at.group++
		return t, at.file, at.group - 1
	}
	return nil, 0, 0
}

// advance reports rows generated where so many were expected: lines are known only when their order is drawn.
func (r *run) advance(rows, expected int64) {
	if r.options.Progress == nil {
		return
	}
	r.progress.Lock()
	defer r.progress.Unlock()
	r.progress.done += rows
	r.progress.total += rows - expected
	r.options.Progress(r.progress.done, r.progress.total)
}

// manifest describes the finished run, tables in the order of Tables.
func (r *run) manifest() (*Manifest, error) {
	o := r.options
	m := &Manifest{ScaleFactor: o.ScaleFactor, Codec: o.Codec, RowGroupRows: o.RowGroupRows}
	for _, s := range schemas {
		at := slices.IndexFunc(r.tables, func(t *tableRun) bool { return t.schema.Name == s.Name })
		if at < 0 {
			continue
		}
		tm, err := r.tables[at].manifest(o.Dir)
		if err != nil {
			return nil, err
		}
		m.Tables = append(m.Tables, tm)
	}
	return m, nil
}

func (t *tableRun) manifest(dir string) (TableManifest, error) {
	tm := TableManifest{Name: t.schema.Name}
	sums := make([]Checksum, len(t.schema.Columns))
	for _, f := range t.files {
		info, err := os.Stat(f.path)
		if err != nil {
			return tm, fmt.Errorf("describing the data: %w", err)
		}
		path, err := filepath.Rel(dir, f.path)
		if err != nil {
			return tm, fmt.Errorf("describing the data: %w", err)
		}
		tm.Files = append(tm.Files, FileManifest{Path: filepath.ToSlash(path), Rows: f.rows, Bytes: info.Size()})
		tm.Rows += f.rows
		tm.Bytes += info.Size()
		for i := range sums {
			sums[i] = sums[i].join(f.checksums[i], f.rows)
		}
	}
	for i, c := range t.schema.Columns {
		tm.Columns = append(tm.Columns, ColumnManifest{Name: c.Name, Checksum: sums[i]})
	}
	tm.Checksum = tableChecksum(sums, tm.Rows)
	return tm, nil
}

// removeStale removes files that an earlier run with another number of files left: a reader of the directory would see
// rows twice.
func (r *run) removeStale() error {
	for _, t := range r.tables {
		name := t.schema.Name
		if r.options.FilesPerTable > 1 {
			if err := removeFile(filepath.Join(r.options.Dir, name+".parquet")); err != nil {
				return err
			}
		}
		pieces, err := filepath.Glob(filepath.Join(r.options.Dir, name, name+"-[0-9][0-9][0-9][0-9][0-9].parquet"))
		if err != nil {
			return fmt.Errorf("looking for old files of table %s: %w", name, err)
		}
		for _, piece := range pieces {
			if !slices.ContainsFunc(t.files, func(f *tableFile) bool { return f.path == piece }) {
				if err := removeFile(piece); err != nil {
					return err
				}
			}
		}
		_ = os.Remove(filepath.Join(r.options.Dir, name)) // fails, as it should, unless nothing is left in it
	}
	return nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing an old file: %w", err)
	}
	return nil
}

// abandon removes all files of a run that failed.
func (r *run) abandon() {
	for _, t := range r.tables {
		for _, f := range t.files {
			f.abandon()
		}
		_ = os.Remove(filepath.Join(r.options.Dir, t.schema.Name)) // a table's own directory, when it is empty
	}
}

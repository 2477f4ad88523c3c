package session

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format"
)

// IfExists says what an ingestion does with a table that is there.
type IfExists uint8

// What an ingestion does with a table that is there.
const (
	FailIfExists IfExists = iota
	AppendIfExists
	ReplaceIfExists
)

// Ingestion is rows that a client sends into a table.
type Ingestion struct {
	Schema, Table string         // an empty schema is found, or chosen, as for an unqualified name
	Temporary     bool           // a table that is made is the session's own
	Fields        []column.Field // of the rows; those of a table that is made
	IfExists      IfExists
	MustExist     bool                                             // fail when the table is not there, instead of making it
	Next          func(ctx context.Context) (*column.Batch, error) // the next rows, nil after the last; a batch is read until the next call

	rows int64
}

// Ingest writes rows into a table, all or none, and returns how many there were. Appended columns find their place by name; columns of the table
// that do not come have their defaults.
func (s *Session) Ingest(ctx context.Context, in Ingestion) (int64, error) {
	if err := checkNames(in.Fields); err != nil {
		return 0, err
	}
	name := parse.Name{Parts: []string{in.Table}}
	if in.Schema != "" {
		name.Parts = []string{in.Schema, in.Table}
	}
	_, _, _, err := s.find(ctx, name)
	switch exists := err == nil; {
	case exists && in.IfExists == FailIfExists:
		return 0, fault.New(fault.DuplicateTable, "table or view %q already exists", in.Table)
	case !exists && (in.MustExist || fault.CodeOf(err) != fault.UndefinedTable):
		return 0, err
	case exists && in.IfExists == AppendIfExists:
		return s.ingestInto(ctx, &in, name)
	}
	o, err := s.place(name, in.Temporary)
	if err != nil {
		return 0, err
	}
	st, err := newStored(o, stored(in.Fields))
	if err != nil {
		return 0, err
	}
	part, path, err := newPart(st)
	if err == nil {
		err = in.write(ctx, filepath.Join(path, partFile))
	}
	if err == nil {
		st.Parts = []string{part}
		err = s.create(ctx, o, st, in.IfExists == ReplaceIfExists, false)
	}
	if err != nil {
		return 0, errors.Join(err, os.RemoveAll(st.Folder))
	}
	return in.rows, nil
}

// partFile is the name of the file of ingested rows.
const partFile = "part-00000-000.parquet"

// write puts the rows into a Parquet file.
func (in *Ingestion) write(ctx context.Context, path string) (err error) {
	f, err := format.Lookup("parquet")
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return fault.Wrap(fault.IOError, err, "ingest into table %q", in.Table)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<20)
	w, err := f.NewWriter(out, in.Fields, map[string]string{})
	if err != nil {
		return err
	}
	err = in.copy(ctx, w)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fault.Wrap(fault.IOError, err, "ingest into table %q", in.Table)
	}
	return nil
}

func (in *Ingestion) copy(ctx context.Context, w storage.Writer) error {
	for {
		b, err := in.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		if err := w.Write(b); err != nil {
			return err
		}
		in.rows += int64(b.Rows())
	}
}

// ingestInto appends the rows to a table, through a file and an INSERT that reads it.
func (s *Session) ingestInto(ctx context.Context, in *Ingestion, name parse.Name) (count int64, err error) {
	folder, err := uniqueFolder(s.config.Folder, "ingest")
	if err != nil {
		return 0, fault.Wrap(fault.IOError, err, "make a folder for rows of table %q", in.Table)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, partFile)
	if err := in.write(ctx, path); err != nil {
		return 0, err
	}
	parsed, err := sql.Parse("select * from '" + strings.ReplaceAll(path, "'", "''") + "'")
	if err != nil {
		return 0, err
	}
	q, ok := parsed[0].Body.(*parse.Query)
	if !ok {
		return 0, fault.New(fault.Internal, "ingestion into table %q made no query", in.Table)
	}
	i := &parse.Insert{Table: name, Query: q}
	for _, f := range in.Fields {
		i.Columns = append(i.Columns, f.Name)
		i.Positions = append(i.Positions, 0)
	}
	if _, err := s.insert(ctx, i, sql.Options{}); err != nil {
		return 0, withoutPosition(err)
	}
	return in.rows, nil
}

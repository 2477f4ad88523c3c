package executor

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/storage/format"
)

// folderSink writes each row into the folder that its partition columns name. A worker has a file of its own in every folder, which is open until the end:
// rows may come in any order, and files that were ended between would be many and small.
type folderSink struct {
	*write
	w    *Worker
	open map[string]*folder
	rows int64
	key  []byte
	own  column.Batch
}

// folder is a folder that a worker writes into.
type folder struct {
	file  *outputFile // nil: none is begun
	rows  []uint32    // of the batch
	known bool        // counted among the folders of the Write
}

func (s *folderSink) Push(b *column.Batch) error {
	if err := checkNotNull(s.node, b); err != nil {
		return err
	}
	var touched []string
	for k := range b.Rows() {
		row := b.Row(k)
		s.key = s.key[:0]
		for _, c := range s.layout.keys {
			v := b.Cols[c].ValueAt(row)
			s.key = append(s.key, '/')
			s.key = append(s.key, format.EscapePartition(s.node.Schema[c].Name, false)...)
			s.key = append(s.key, '=')
			s.key = append(s.key, format.EscapePartition(v.String(), v.Null)...)
		}
		f := s.open[string(s.key)]
		if f == nil {
			f = &folder{}
			s.open[string(s.key)] = f
		}
		if len(f.rows) == 0 {
			touched = append(touched, string(s.key))
		}
		f.rows = append(f.rows, uint32(row))
	}
	s.own.Cols = s.own.Cols[:0]
	for _, c := range s.layout.rest {
		s.own.Cols = append(s.own.Cols, b.Cols[c])
	}
	for _, name := range touched {
		if err := s.push(name, b.Len); err != nil {
			return err
		}
	}
	s.rows += int64(b.Rows())
	return nil
}

// push writes the rows that a folder has of the batch.
func (s *folderSink) push(name string, n int) error {
	f := s.open[name]
	if f.file == nil {
		if err := s.begin(name, f); err != nil {
			return err
		}
	}
	s.own.Len, s.own.Sel = n, f.rows
	err := f.file.writer.Write(&s.own)
	f.rows = f.rows[:0]
	if err != nil {
		return err
	}
	if s.layout.bytes > 0 && f.file.size() >= s.layout.bytes {
		return f.end()
	}
	return nil
}

// begin makes a folder's next file.
func (s *folderSink) begin(name string, f *folder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !f.known {
		if err := s.countFolder(name); err != nil {
			return err
		}
		f.known = true
	}
	var err error
	f.file, err = s.create(s.w.Ctx, strings.TrimRight(s.node.URL, "/")+name, s.w.ID)
	return err
}

// end writes the end of the folder's file.
func (f *folder) end() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.finish()
}

func (s *folderSink) Finish() error {
	for _, f := range s.open {
		if err := f.end(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write.rows += s.rows
	return nil
}

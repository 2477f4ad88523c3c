package output

import (
	"io"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/storage"
	files "github.com/polybolos-db/polybolos/storage/format"
)

// parquet writes a Parquet file, row group by row group.
type parquet struct {
	w    io.Writer
	file storage.Writer
}

func (p *parquet) Begin(fields []column.Field) error {
	f, err := files.Lookup("parquet")
	if err != nil {
		return err
	}
	p.file, err = f.NewWriter(p.w, fields, nil)
	return err
}

func (p *parquet) Write(b *column.Batch) error { return p.file.Write(b) }

func (p *parquet) End() error {
	file := p.file
	p.file = nil
	return file.Close()
}

// Close drops a file that was not ended: finishing it would make a file that looks whole. Its memory is the collector's.
func (p *parquet) Close() error {
	p.file = nil
	return nil
}

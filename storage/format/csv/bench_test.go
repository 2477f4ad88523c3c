package csv

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/storage"
)

// BenchmarkReading reads rows of five columns like those of TPC-H's lineitem.
func BenchmarkReading(b *testing.B) {
	var text strings.Builder
	for i := range 200000 {
		fmt.Fprintf(&text, "%d,carefully final deposits %d,1996-03-%02d,%d.%02d,MAIL\n", i*4, i, 1+i%28, 900+i, i%100)
	}
	file := write(b, "f.csv", text.String())
	fields := fieldsOf("key:bigint comment:text day:date price:wide mode:text")
	scan := &storage.Scan{Schema: fields, Columns: []int{0, 1, 2, 3, 4}}
	splits, err := Format{}.Splits(context.Background(), store, file, nil)
	if err != nil {
		b.Fatal(err)
	}
	r, err := Format{}.NewReader(store, scan, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	}()
	b.SetBytes(file.Size)
	b.ReportAllocs()
	for b.Loop() {
		var batch column.Batch
		for _, s := range splits {
			if err := r.Start(context.Background(), s); err != nil {
				b.Fatal(err)
			}
			for {
				more, err := r.Next(context.Background(), &batch)
				if err != nil {
					b.Fatal(err)
				}
				if !more {
					break
				}
			}
		}
	}
}

package parquet

import (
	"errors"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
)

var errPageSize = errors.New("a page does not have the size that its header says")

// checkLength refuses compressed data that says itself that it unfolds to another size than the page's header does, before anything is
// allocated for it.
func checkLength(codec compress.Compression, src []byte, want int) error {
	if codec != compress.Codecs.Snappy {
		return nil
	}
	n, err := snappy.DecodedLen(src)
	if err == nil && n != want {
		err = errPageSize
	}
	return err
}

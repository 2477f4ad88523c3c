package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/polybolos-db/polybolos/session"
)

// spillFlags say where queries put what has no room in memory, and how much.
type spillFlags struct {
	dir   string
	limit string
}

func (f *spillFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.dir, "spill-dir", "", "folder for what queries have no memory for (default the system's for temporary files)")
	flags.StringVar(&f.limit, "spill-limit", "", "disk space that it may take, such as 50GB (default no limit)")
}

// bytes is the limit, 0 when there is none.
func (f spillFlags) bytes() (int64, error) {
	if f.limit == "" {
		return 0, nil
	}
	n, err := session.ParseBytes(f.limit)
	if err != nil {
		return 0, fmt.Errorf("--spill-limit %w, not %q", err, f.limit)
	}
	return n, nil
}

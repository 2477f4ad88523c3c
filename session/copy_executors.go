package session

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// onExecutors reports whether COPY writes into the folders of executors.
func onExecutors(url string) bool { return strings.HasPrefix(url, plan.LocalScheme) }

// toExecutors makes a target of local:///folder: each task writes a file on the executor that runs it. The names of the files are new, so that the statement's own are known.
func (t *copyTarget) toExecutors(url string) error {
	if !strings.HasPrefix(url, plan.LocalScheme+"/") {
		return fault.New(fault.FeatureNotSupported, "COPY cannot write to %q: which executor writes is not chosen", url).
			WithHint("local:///folder writes on every executor what its tasks make")
	}
	t.perThread = true
	if _, given := t.options[plan.WritePrefix]; given {
		return nil
	}
	prefix, err := newPrefix()
	t.options[plan.WritePrefix] = prefix
	return err
}

// spread puts a Write below the exchange that gathers its input's rows, so that each task writes what it has.
func spread(w *plan.Write) plan.Node {
	e, ok := w.Input.(*plan.Exchange)
	if !ok || e.Output.Kind != plan.Gather {
		return w
	}
	w.Input, e.Input = e.Input, w
	e.Rows = w.Rows
	return e
}

// maxWritten bounds how many files a statement's notices name.
const maxWritten = 100

// afterExecutors says which files a statement has written, or removes them when it failed.
func (s *Session) afterExecutors(ctx context.Context, url string, t copyTarget, failed error) error {
	store, err := objectstore.For(url)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	files, err := store.List(ctx, strings.TrimRight(url, "/")+"/**/"+t.options[plan.WritePrefix]+"-*")
	if err != nil && failed == nil {
		return err
	}
	n := 0
	for _, f := range files {
		if !strings.HasPrefix(path.Base(f.URL), t.options[plan.WritePrefix]) {
			continue
		}
		if failed != nil {
			failed = errors.Join(failed, store.Remove(ctx, f.URL))
			continue
		}
		if n++; n <= maxWritten {
			s.note("wrote %s, %d bytes", f.URL, f.Size)
		}
	}
	if n > maxWritten {
		s.note("wrote %d files more", n-maxWritten)
	}
	return failed
}

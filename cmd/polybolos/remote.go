package main

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/shell"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// remote is a session on a server as the shell's connection.
type remote struct{ *client.Client }

// remoteStatement is a statement that the server parses.
type remoteStatement struct {
	text   string
	offset int // of the text in the script that errors count in
}

func (s remoteStatement) Text() string { return s.text }

// Parse splits a script.
func (r remote) Parse(script string) ([]shell.Statement, error) {
	pieces, err := parse.Split(script)
	if err != nil {
		return nil, err
	}
	out := make([]shell.Statement, len(pieces))
	for i, p := range pieces {
		out[i] = remoteStatement{p.Text, p.Offset}
	}
	return out, nil
}

// Run starts a statement that Parse returned.
func (r remote) Run(ctx context.Context, s shell.Statement) (shell.Result, error) {
	st, ok := s.(remoteStatement)
	if !ok {
		return nil, fault.New(fault.Internal, "a statement of another connection: %T", s)
	}
	rows, err := r.Client.Run(ctx, st.text)
	if err != nil {
		return nil, st.moved(ctx, err)
	}
	return remoteResult{rows, st}, nil
}

// moved is an error with its place in the script. A call that the user's cancellation ended fails with that.
func (s remoteStatement) moved(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if e, ok := fault.As(err); ok && e.Position > 0 {
		e.Position += s.offset
	}
	return err
}

// listing bounds how long completion and lists, which cannot be canceled, wait for a server.
const listing = 5 * time.Second

// Tables are the names of the tables in order, those of other schemas than main with their schema.
func (r remote) Tables() []string { return r.names(false) }

// Views are the names of the views in order.
func (r remote) Views() []string { return r.names(true) }

func (r remote) names(views bool) []string {
	ctx, cancel := context.WithTimeout(context.Background(), listing)
	defer cancel()
	// A server that does not answer says so when the next statement runs.
	list, _ := r.Client.Tables(ctx, "", "", false)
	var out []string
	for _, t := range list {
		if t.View != views {
			continue
		}
		name := t.Name
		if t.Schema != "main" && t.Schema != "pg_temp" {
			name = t.Schema + "." + name
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Columns are the columns of a table or view, whose name may begin with a schema's.
func (r remote) Columns(ctx context.Context, name string) ([]column.Field, error) {
	schema, table, qualified := strings.Cut(name, ".")
	tries := [][2]string{{"pg_temp", name}, {"main", name}}
	if qualified {
		tries = append(tries, [2]string{schema, table})
	}
	for _, try := range tries {
		list, err := r.Client.Tables(ctx, literally(try[0]), literally(try[1]), true)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			return list[0].Fields, nil
		}
	}
	return nil, fault.New(fault.UndefinedTable, "table %q does not exist", name)
}

// literally is the pattern of LIKE that matches a name alone.
func literally(name string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(name)
}

// remoteResult is a client's rows with the shell's type of progress.
type remoteResult struct {
	*client.Rows
	statement remoteStatement
}

// Next returns the next rows.
func (r remoteResult) Next(ctx context.Context) (*column.Batch, error) {
	b, err := r.Rows.Next(ctx)
	if err != nil {
		return nil, r.statement.moved(ctx, err)
	}
	return b, nil
}

// Progress is how far the statement is.
func (r remoteResult) Progress() shell.Progress { return shell.Progress(r.Rows.Progress()) }

// openRemote connects the shell to a server.
func openRemote(ctx context.Context, url string, config *tls.Config) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connecting)
	defer cancel()
	c, err := client.OpenTLS(ctx, url, config)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "connect to %s", url)
	}
	return c, err
}

// connecting bounds how long a server may take to answer the first call.
const connecting = 10 * time.Second

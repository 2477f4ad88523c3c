package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/output"
	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/shell"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/session"
)

// script is a -c or -f of the command line.
type script struct {
	text string
	file string // "-": standard input
}

// scripts is the value of -c and of -f, which share a list to keep their order.
type scripts struct {
	list *[]script
	file bool
}

func (s scripts) String() string { return "" }

func (s scripts) Type() string {
	if s.file {
		return "file"
	}
	return "SQL"
}

func (s scripts) Set(value string) error {
	if s.file {
		*s.list = append(*s.list, script{file: value})
	} else {
		*s.list = append(*s.list, script{text: value})
	}
	return nil
}

// sqlFlags are the flags of polybolos sql.
type sqlFlags struct {
	scripts  []script
	format   string
	threads  int
	memory   string
	spill    spillFlags
	keep     string
	connect  string
	settings []string
	s3       s3Flags
	tls      service.TLS
}

// defaultMaxRows is how many rows of a result the interactive shell shows: what a screen holds.
const defaultMaxRows = 40

func newSQLCommand() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   "sql",
		Short: "Run SQL, or start the interactive shell",
		Long: `Run the statements of -c and -f in their order, up to the first that fails. With neither, a terminal gets the interactive shell, and otherwise
standard input is the script.`,
		Example: `  polybolos sql
  polybolos sql -c "select count(*) from 'orders.parquet'"
  polybolos sql --format csv -f report.sql > report.csv`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.VarP(scripts{&f.scripts, false}, "command", "c", "statements to run; may be repeated")
	flags.VarP(scripts{&f.scripts, true}, "file", "f", "file of statements to run, - for standard input; may be repeated")
	flags.StringVar(&f.format, "format", "table", "format of results: "+strings.Join(output.Names(), ", "))
	flags.IntVar(&f.threads, "threads", 0, "workers (default one for each core)")
	flags.StringVar(&f.memory, "memory-limit", "", "memory that queries may hold, such as 2GB (default 80 % of the machine's)")
	f.spill.add(flags)
	flags.StringVar(&f.keep, "warehouse", "", "folder that keeps tables, views and schemas; made when missing (default they go with the session)")
	flags.StringVar(&f.connect, "connect", "", "server to run the statements, such as grpc://127.0.0.1:32010 (default this process)")
	f.s3.add(flags)
	f.tls.AddClient(flags)
	flags.StringArrayVar(&f.settings, "set", nil, "setting=value for the session; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error { return runSQL(c, f) }
	return c
}

// runSQL opens an engine or a connection, runs what the flags ask for, and closes it.
func runSQL(c *cobra.Command, f sqlFlags) (err error) {
	if err := output.Check(f.format); err != nil {
		return usagef(c, "--format: there is no format %q; there are %s", f.format, strings.Join(output.Names(), ", "))
	}
	if f.threads < 0 {
		return usagef(c, "--threads must not be negative, and is %d", f.threads)
	}
	conn, set, cleanup, err := f.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanup()) }()
	for _, setting := range f.settings {
		name, value, ok := strings.Cut(setting, "=")
		if !ok {
			return usagef(c, "--set takes setting=value, not %q", setting)
		}
		if err := set(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return usagef(c, "--set %s: %s", name, err)
		}
	}
	sh := newShell(c, conn, f.format)
	defer func() { err = errors.Join(err, sh.Close()) }()
	if len(f.scripts) == 0 && isTerminal(c.InOrStdin()) && sh.Terminal.Out {
		return interactive(c, sh, cleanup)
	}
	return runScripts(c, sh, f.scripts)
}

// open opens what runs the statements: a server, or an engine in this process. set changes a setting; cleanup, which may be called twice, closes.
func (f sqlFlags) open(c *cobra.Command) (conn shell.Conn, set func(name, value string) error, cleanup func() error, err error) {
	if f.connect != "" {
		for _, name := range []string{"threads", "memory-limit", "spill-dir", "spill-limit", "warehouse"} {
			if c.Flags().Changed(name) {
				return nil, nil, nil, usagef(c, "--%s is for an engine in this process, and --connect asks for a server", name)
			}
		}
		if err := f.tls.Check(); err != nil {
			return nil, nil, nil, err
		}
		config, err := f.tls.ClientConfig()
		if err != nil {
			return nil, nil, nil, err
		}
		r, err := openRemote(c.Context(), f.connect, config)
		if err != nil {
			return nil, nil, nil, err
		}
		return remote{r}, func(name, value string) error { return r.Set(c.Context(), name, value) }, r.Close, nil
	}
	f.s3.use()
	config := engine.Config{Threads: f.threads, Warehouse: f.keep}
	if f.memory != "" {
		if config.MemoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return nil, nil, nil, usagef(c, "--memory-limit %s, not %q", err, f.memory)
		}
		engine.BoundHeap()
	}
	config.SpillDir = f.spill.dir
	if config.SpillLimit, err = f.spill.bytes(); err != nil {
		return nil, nil, nil, usagef(c, "%s", err)
	}
	e, err := engine.Open(config)
	if err != nil {
		return nil, nil, nil, err
	}
	s := e.Session()
	return embedded{s}, s.Set, sync.OnceValue(func() error { return errors.Join(s.Close(), e.Close()) }), nil
}

func newShell(c *cobra.Command, conn shell.Conn, format string) *shell.Shell {
	out, errors := c.OutOrStdout(), c.ErrOrStderr()
	return &shell.Shell{
		Conn: conn, Out: out, Err: errors,
		Terminal: shell.Terminal{
			Out: isTerminal(out), Err: isTerminal(errors), Color: wantsColor(),
			Width:  func() int { width, _ := terminalSize(out); return width },
			Height: func() int { _, height := terminalSize(out); return height },
		},
		Options: shell.Options{Format: format, MaxRows: defaultMaxRows},
	}
}

// grace is how long a signal's context may take to end the shell before the prompt, which cannot be told, is left where it is.
const grace = time.Second

// interactive runs the prompt. cleanup closes what must be closed before the process ends.
func interactive(c *cobra.Command, sh *shell.Shell, cleanup func() error) error {
	ctx := c.Context()
	sh.Interrupts = takeInterrupts(ctx)
	done := make(chan struct{})
	defer close(done)
	restore := terminalState(c.InOrStdin())
	go leaveOnSignal(ctx, done, restore, cleanup)
	fmt.Fprintf(sh.Out, "Polybolos %s. \\? lists commands, Ctrl-D quits.\n", currentVersion())
	return sh.Interactive(ctx, functionNames())
}

// leaveOnSignal ends the process when a signal came and the prompt goes on waiting for keys: the editor's read cannot be interrupted.
func leaveOnSignal(ctx context.Context, done <-chan struct{}, restore func(), cleanup func() error) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	select {
	case <-done:
		return
	case <-time.After(grace):
	}
	var end signaled
	if !errors.As(context.Cause(ctx), &end) {
		return
	}
	restore()
	// What cannot be removed now is left to the system's temporary folder.
	_ = cleanup()
	os.Exit(statusSignal + int(end.number))
}

// runScripts runs scripts in order, or standard input when there are none.
func runScripts(c *cobra.Command, sh *shell.Shell, list []script) error {
	if len(list) == 0 {
		list = []script{{file: "-"}}
	}
	for _, s := range list {
		if err := runScript(c.Context(), c.InOrStdin(), sh, s); err != nil {
			return err
		}
	}
	return nil
}

func runScript(ctx context.Context, stdin io.Reader, sh *shell.Shell, s script) error {
	switch s.file {
	case "":
		return sh.RunScript(ctx, strings.NewReader(s.text), "")
	case "-":
		return sh.RunScript(ctx, stdin, "")
	}
	f, err := os.Open(s.file)
	if err != nil {
		return shell.OpenError(err, s.file)
	}
	// Nothing is written to it.
	defer func() { _ = f.Close() }()
	return sh.RunScript(ctx, f, s.file)
}

package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/output"
	"github.com/polybolos-db/polybolos/fault"
)

// Terminal says what is known about where a shell's text goes.
type Terminal struct {
	Out    bool       // Out is a terminal
	Err    bool       // Err is one
	Color  bool       // escape sequences for colors are wanted
	Width  func() int // of Out in characters
	Height func() int // of Out in rows
}

// Options are what a user can change while the shell runs.
type Options struct {
	Format   string
	Timing   bool
	Expanded bool
	MaxRows  int // in the interactive shell, 0: all
}

// Shell runs steps on a connection.
type Shell struct {
	Conn     Conn
	Out, Err io.Writer
	Terminal Terminal
	Options  Options
	// Interrupts, when set, cancel the running statement and not the shell.
	Interrupts <-chan os.Signal

	interactive bool
	file        *os.File // of \o
	depth       int      // of \i
	binary      int      // results written in a format that holds one
}

// ErrReported stands for an error that was printed already.
var ErrReported = errors.New("reported")

// errQuit ends the shell.
var errQuit = errors.New("quit")

// chunkBytes is how much of a script is read at once.
const chunkBytes = 64 << 10

// maxStatement bounds what is kept of a script whose statement does not end, such as a binary file given by mistake. The parser takes less.
const maxStatement = 100_000_000

// RunScript runs the steps of a text as it arrives, up to the first that fails. name (empty: none) goes before messages. Errors of steps are
// printed and come back as ErrReported.
func (s *Shell) RunScript(ctx context.Context, r io.Reader, name string) error {
	err := s.script(ctx, r, name)
	if errors.Is(err, errQuit) {
		return nil
	}
	return err
}

func (s *Shell) script(ctx context.Context, r io.Reader, name string) error {
	var split Splitter
	var pending []byte // an unfinished line
	buf := make([]byte, chunkBytes)
	for {
		n, rerr := r.Read(buf)
		pending = append(pending, buf[:n]...)
		if end := bytes.LastIndexByte(buf[:n], '\n'); end >= 0 {
			end += len(pending) - n + 1
			split.Feed(string(pending[:end]))
			pending = append(pending[:0], pending[end:]...)
		}
		if rerr != nil {
			split.Feed(string(pending))
			pending = nil
		}
		for {
			step, ok := split.Next()
			if !ok {
				break
			}
			if err := s.step(ctx, step, name); err != nil {
				return err
			}
		}
		if len(pending)+split.Len() > maxStatement {
			return s.report(fault.New(fault.StatementTooComplex, "a statement is longer than %d MB", maxStatement/1_000_000), Step{}, name)
		}
		if rerr == nil {
			continue
		}
		if !errors.Is(rerr, io.EOF) {
			return s.report(fault.Wrap(fault.IOError, rerr, "read the script"), Step{}, name)
		}
		if step, ok := split.Rest(); ok {
			return s.step(ctx, step, name)
		}
		return nil
	}
}

// step runs a step and prints its error.
func (s *Shell) step(ctx context.Context, step Step, name string) error {
	err := context.Cause(ctx)
	switch {
	case err != nil:
	case step.Meta:
		err = s.meta(ctx, step, name)
	default:
		err = s.statement(ctx, step.Text, s.Options)
	}
	if err == nil || errors.Is(err, errQuit) || errors.Is(err, ErrReported) {
		return err
	}
	return s.report(err, step, name)
}

// report prints an error with its place, counted in the whole script.
func (s *Shell) report(err error, step Step, name string) error {
	if isPipe(err) {
		return err
	}
	text := step.Text
	if step.Pending != "" {
		text = step.Pending
	}
	line := step.Line
	if e, ok := fault.As(err); ok && e.Position > 0 && step.Line > 0 {
		// A copy, since the error may be kept by who made it.
		moved := *e
		shift := step.Line - 1 + len(step.Lead)
		moved.Position += shift
		text = strings.Repeat("\n", step.Line-1) + step.Lead + text
		line, _ = fault.LineColumn(text, moved.Position)
		err = &moved
	}
	message := fault.Render(err, text)
	if name != "" && line > 0 {
		message = fmt.Sprintf("%s:%d: %s", name, line, message)
	}
	if s.Terminal.Err && s.Terminal.Color {
		head, rest, _ := strings.Cut(message, ":")
		message = "\x1b[31m" + head + "\x1b[0m:" + rest
	}
	fmt.Fprintln(s.Err, message)
	return ErrReported
}

// statement parses and runs one statement.
func (s *Shell) statement(ctx context.Context, text string, o Options) error {
	list, err := s.Conn.Parse(text)
	if err != nil {
		return err
	}
	for _, st := range list {
		if err := s.run(ctx, st, o); err != nil {
			return err
		}
	}
	return nil
}

// run runs a statement and prints its rows, its tag or its error's cause.
func (s *Shell) run(ctx context.Context, st Statement, o Options) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.watch(cancel)()
	start := time.Now()
	bar := s.startProgress()
	defer bar.stop()
	result, err := s.Conn.Run(ctx, st)
	if err != nil {
		return canceled(ctx, err)
	}
	defer func() {
		// A closed result has no progress.
		bar.stop()
		if cerr := result.Close(); err == nil {
			err = cerr
		}
	}()
	bar.follow(result.Progress)
	if err := s.print(ctx, st, result, bar, o); err != nil {
		return canceled(ctx, err)
	}
	bar.stop()
	if o.Timing {
		fmt.Fprintf(s.Out, "Time: %s\n", formatElapsed(time.Since(start)))
	}
	return nil
}

// print writes the rows of a result.
func (s *Shell) print(ctx context.Context, st Statement, result Result, bar *progress, o Options) (err error) {
	out := s.writer(bar)
	fields := result.Fields()
	var w output.Writer
	if len(fields) > 0 {
		if w, err = s.resultWriter(out, st, o, zoneOf(result)); err != nil {
			return err
		}
		defer func() {
			if cerr := w.Close(); err == nil {
				err = cerr
			}
		}()
		if err := w.Begin(fields); err != nil {
			return err
		}
	}
	for {
		b, err := result.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if w == nil {
			continue
		}
		if err := w.Write(b); err != nil {
			return err
		}
	}
	if w != nil {
		err = w.End()
	} else if o.Format == "table" {
		_, err = fmt.Fprintln(out, result.Tag())
	}
	return errors.Join(err, s.notices(result))
}

// notices prints what there is to say beside the result.
func (s *Shell) notices(result Result) error {
	n, ok := result.(Noticer)
	if !ok {
		return nil
	}
	for _, text := range n.Notices() {
		if _, err := fmt.Fprintln(s.Err, "NOTICE: "+text); err != nil {
			return err
		}
	}
	return nil
}

// zoneOf is the zone in which a result shows timestamps; nil is UTC.
func zoneOf(result Result) *time.Location {
	if z, ok := result.(Zoner); ok {
		return z.Zone()
	}
	return nil
}

// resultWriter makes the writer of a result in the chosen format.
func (s *Shell) resultWriter(out io.Writer, st Statement, o Options, zone *time.Location) (output.Writer, error) {
	if output.IsBinary(o.Format) {
		if s.file == nil && s.Terminal.Out {
			return nil, fault.New(fault.ObjectNotInState, "%s is binary and is not written to a terminal", o.Format).
				WithHint("redirect the output to a file or another program, or choose another format")
		}
		if s.binary++; o.Format == "parquet" && s.binary > 1 {
			return nil, fault.New(fault.ObjectNotInState, "a Parquet file holds one result, and this would be result %d", s.binary).
				WithHint("COPY (SELECT …) TO 'file.parquet' writes a file for each query")
		}
	}
	look := output.Options{Expanded: o.Expanded, Zone: zone}
	if s.file == nil && s.Terminal.Out {
		look.Width, look.Color = s.Terminal.Width(), s.Terminal.Color
		look.Wrap = isDescription(st.Text())
		if s.interactive && !look.Wrap {
			look.MaxRows = o.MaxRows
		}
	}
	return output.New(o.Format, out, look)
}

// isDescription reports whether a statement's rows are a text or list to be read whole.
func isDescription(text string) bool {
	text = text[skipBlank(text, 0):]
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	switch strings.ToLower(text[:n]) {
	case "explain", "show", "describe":
		return true
	}
	return false
}

// writer is where rows go. On a terminal the progress bar gives way to them.
func (s *Shell) writer(bar *progress) io.Writer {
	if s.file != nil {
		return s.file
	}
	if s.Terminal.Out {
		return &afterBar{bar, s.Out}
	}
	return s.Out
}

type afterBar struct {
	bar *progress
	w   io.Writer
}

func (a *afterBar) Write(p []byte) (int, error) {
	a.bar.stop()
	return a.w.Write(p)
}

// errInterrupted is why a statement was canceled by Ctrl-C.
var errInterrupted = fault.New(fault.QueryCanceled, "canceled by the user")

// watch cancels the statement when an interrupt comes. The function that it returns ends the watching.
func (s *Shell) watch(cancel context.CancelCauseFunc) func() {
	if s.Interrupts == nil {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-s.Interrupts:
			cancel(errInterrupted)
		case <-stop:
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// canceled is err, or why ctx was canceled when that is what err is about.
func canceled(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || fault.CodeOf(err) != fault.QueryCanceled && !errors.Is(err, cause) {
		return err
	}
	if e, ok := fault.As(cause); ok {
		return e
	}
	return fault.New(fault.QueryCanceled, "canceled: %s", cause)
}

// formatElapsed prints a duration as people compare them: milliseconds, and minutes when there are any.
func formatElapsed(d time.Duration) string {
	ms := fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1e3)
	switch {
	case d < time.Second:
		return ms
	case d < time.Minute:
		return fmt.Sprintf("%s (%.3f s)", ms, d.Seconds())
	}
	return fmt.Sprintf("%s (%s)", ms, d.Round(time.Millisecond))
}

// Close closes the file of \o.
func (s *Shell) Close() error {
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	if err := file.Close(); err != nil {
		return fault.Wrap(fault.IOError, err, "close %s", file.Name())
	}
	return nil
}

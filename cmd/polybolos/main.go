package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/shell"
	"github.com/polybolos-db/polybolos/fault"
)

func main() { os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// The exit statuses.
const (
	statusFailure = 1
	statusUsage   = 2
	statusSignal  = 128 // plus the signal's number
)

// signaled is why the context ended when a signal came.
type signaled struct{ number syscall.Signal }

func (s signaled) Error() string { return "ended by signal " + s.number.String() }

// execute runs a command line and returns the exit status. Whatever ends it, what was opened is closed before.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var end signaled
	var usage *usageError
	switch {
	case errors.Is(err, errServed):
		return 0
	case errors.As(context.Cause(ctx), &end):
		return statusSignal + int(end.number)
	case err == nil:
		return 0
	case errors.Is(err, shell.ErrReported):
		return statusFailure
	case errors.Is(err, syscall.EPIPE):
		// The reader, such as head, has seen enough; who is killed by the signal ends like this.
		return statusSignal + int(syscall.SIGPIPE)
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "polybolos: %s\n", usage.message)
		if usage.command != "" {
			fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", usage.command)
		}
		return statusUsage
	}
	fmt.Fprintln(stderr, fault.Render(err, ""))
	return statusFailure
}

// withSignals is a context that ends when the process is asked to end. Ctrl-C is among the signals until the interactive shell takes it.
// A broken pipe becomes an error of the write that met it.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case s := <-signals:
			if n, ok := s.(syscall.Signal); ok {
				cancel(signaled{n})
			}
		case <-ctx.Done():
		}
	}()
	return context.WithValue(ctx, signalsKey{}, signals), func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		cancel(nil)
		<-ended
	}
}

// signalsKey finds the channel of withSignals in its context.
type signalsKey struct{}

// takeInterrupts gives Ctrl-C to the caller: it no longer ends ctx.
func takeInterrupts(ctx context.Context) <-chan os.Signal {
	interrupts := make(chan os.Signal, 1)
	if signals, ok := ctx.Value(signalsKey{}).(chan os.Signal); ok {
		signal.Stop(signals)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	}
	signal.Notify(interrupts, syscall.SIGINT)
	return interrupts
}

package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalState remembers how a terminal is set, and returns a function that sets it so again.
func terminalState(stream any) (restore func()) {
	f, ok := stream.(*os.File)
	if !ok {
		return func() {}
	}
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	// A terminal that is gone cannot be set.
	return func() { _ = term.Restore(int(f.Fd()), state) }
}

// What is taken for terminals that do not tell their size.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// terminalSize is how many characters a line of the terminal has, and how many lines there are.
func terminalSize(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return defaultWidth, defaultHeight
}

// wantsColor follows the convention of NO_COLOR, and leaves terminals without escape sequences alone.
func wantsColor() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

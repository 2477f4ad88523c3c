package shell

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

const (
	// historyEntries is how many statements are remembered.
	historyEntries = 5000
	// historyEntryBytes is the longest text that is remembered: pasted data is not worth it.
	historyEntryBytes = 64 << 10
)

// history remembers what was typed, in memory and in a file of one JSON string a line, so that an entry may have many lines. The file is
// readable by its owner only, since statements may hold secrets. Several shells may append to one file; it is shortened when a shell
// begins and it holds twice as many entries as are kept.
type history struct {
	path    string
	entries []string
}

// HistoryPath is where the history is kept: in the folder for state that the XDG base directory specification names.
func HistoryPath() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fault.Wrap(fault.IOError, err, "find the folder for the history")
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "polybolos", "history"), nil
}

// openHistory reads the history at path. Lines that are no entries are skipped. On an error the history works in memory.
func openHistory(path string) (*history, error) {
	h := &history{}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return h, fault.Wrap(fault.IOError, err, "make the folder of the history")
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return h, fault.Wrap(fault.IOError, err, "read the history")
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 8*historyEntryBytes)
	for lines.Scan() {
		var text string
		if json.Unmarshal(lines.Bytes(), &text) == nil && text != "" {
			h.entries = append(h.entries, text)
		}
	}
	h.path = path
	if len(h.entries) <= 2*historyEntries {
		return h, nil
	}
	h.entries = h.entries[len(h.entries)-historyEntries:]
	return h, h.rewrite()
}

// rewrite replaces the file by the entries in memory.
func (h *history) rewrite() error {
	var b bytes.Buffer
	for _, e := range h.entries {
		if err := encodeEntry(&b, e); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(h.path), "history-")
	if err != nil {
		return fault.Wrap(fault.IOError, err, "shorten the history")
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return fault.Wrap(fault.IOError, errors.Join(err, os.Remove(f.Name())), "shorten the history")
	}
	return nil
}

func encodeEntry(b *bytes.Buffer, entry string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e.Encode(entry)
}

// Write adds an entry, unless it repeats the last one, and returns the number of entries.
func (h *history) Write(text string) (int, error) {
	text = strings.TrimSpace(text)
	n := len(h.entries)
	if text == "" || len(text) > historyEntryBytes || n > 0 && h.entries[n-1] == text {
		return n, nil
	}
	h.entries = append(h.entries, text)
	if h.path == "" {
		return n + 1, nil
	}
	var b bytes.Buffer
	if err := encodeEntry(&b, text); err != nil {
		return n + 1, err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return n + 1, err
	}
	_, err = f.Write(b.Bytes())
	return n + 1, errors.Join(err, f.Close())
}

// GetLine is entry i, the oldest being 0.
func (h *history) GetLine(i int) (string, error) {
	if i < 0 || i >= len(h.entries) {
		return "", errors.New("there is no such entry in the history")
	}
	return h.entries[i], nil
}

// Len is the number of entries.
func (h *history) Len() int { return len(h.entries) }

// Dump is the entries.
func (h *history) Dump() any { return h.entries }

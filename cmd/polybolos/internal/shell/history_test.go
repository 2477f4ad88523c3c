package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHistory keeps entries of several lines from one shell to the next, for its owner only.
func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history")
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"select 1;", "select\n  '<é>';", "select\n  '<é>';", " ", strings.Repeat("x", historyEntryBytes+1)} {
		if _, err := h.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
	again, err := openHistory(path)
	if err != nil || again.Len() != 2 {
		t.Fatalf("%v, %q", err, again.entries)
	}
	if text, err := again.GetLine(1); err != nil || text != "select\n  '<é>';" {
		t.Errorf("%v, %q", err, text)
	}
	if _, err := again.GetLine(2); err == nil {
		t.Error("there is an entry beyond the last")
	}
}

// TestHistoryIsBounded shortens a long history when a shell begins.
func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var b strings.Builder
	b.WriteString("not an entry\n")
	for i := range 2*historyEntries + 1 {
		fmt.Fprintf(&b, "\"select %d;\"\n", i)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := openHistory(path)
	if err != nil || h.Len() != historyEntries || h.entries[0] != fmt.Sprintf("select %d;", historyEntries+1) {
		t.Fatalf("%v, %d entries", err, h.Len())
	}
	again, err := openHistory(path)
	if err != nil || again.Len() != historyEntries {
		t.Errorf("%v, %d entries in the file", err, again.Len())
	}
}

func TestHistoryPath(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/state")
	if path, err := HistoryPath(); err != nil || path != "/state/polybolos/history" {
		t.Errorf("%q, %v", path, err)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", "/home/x")
	if path, err := HistoryPath(); err != nil || path != "/home/x/.local/state/polybolos/history" {
		t.Errorf("%q, %v", path, err)
	}
}

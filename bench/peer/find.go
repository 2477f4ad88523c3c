package peer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// known are the peers by name: how their command is found under the folder that make bench-peers fills, and what makes it.
var known = map[string]struct {
	command []string // relative to the folder
	build   string
}{
	"duckdb":     {[]string{"duckdb"}, "make bench-peers"},
	"datafusion": {[]string{"venv/bin/python", "python/datafusion_peer.py"}, "make bench-peers-python"},
	"polars":     {[]string{"venv/bin/python", "python/polars_peer.py"}, "make bench-peers-python"},
	"spark":      {[]string{"venv/bin/python", "python/spark_peer.py"}, "make bench-peers-python"},
}

// Names are the known peers.
func Names() []string {
	var out []string
	for n := range known {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// DefaultDir is where make bench-peers puts the peers, seen from the repository's root.
const DefaultDir = "build/peers"

// Find returns the command of a peer under dir. A name that is not known is that of an executable file in dir, so that others can be measured.
func Find(dir, name string) ([]string, error) {
	k, isKnown := known[name]
	if !isKnown {
		if strings.ContainsRune(name, filepath.Separator) || name == "" {
			return nil, fmt.Errorf("there is no peer %q: it is one of %s, or a program in %s", name, strings.Join(Names(), ", "), dir)
		}
		k.command = []string{name}
	}
	var out []string
	for _, part := range k.command {
		path, err := filepath.Abs(filepath.Join(dir, part))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if !isKnown {
				return nil, fmt.Errorf("there is no peer %q: it is one of %s, or a program in %s", name, strings.Join(Names(), ", "), dir)
			}
			return nil, fmt.Errorf("the peer %s is not built (%s is missing): run %s in the repository, or give its folder with --peer-dir", name, path, k.build)
		} else if err != nil {
			return nil, err
		}
		out = append(out, path)
	}
	return out, nil
}

package service

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/polybolos-db/polybolos/fault"
)

// Prefix begins the names of environment variables that stand for flags: --listen is POLYBOLOS_LISTEN, --shuffle-url is POLYBOLOS_SHUFFLE_URL.
const Prefix = "POLYBOLOS_"

// ConfigFlag is the name of the flag that names the YAML file.
const ConfigFlag = "config"

// Roles are the names of sections that hold for one command alone, so that one file serves all.
var Roles = []string{"standalone", "scheduler", "executor"}

// Variable is the environment variable of a flag.
func Variable(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Configure sets the flags of a command that were not given from the environment, and those that are still not set from the YAML file that --config or POLYBOLOS_CONFIG
// names. A key of the file is a flag's name; a key with a mapping is the begin of names (shuffle: {url: …} is shuffle-url), and the name of a role is a
// section for that command alone, which wins over what stands outside. A list sets a flag that takes several values.
func Configure(flags *pflag.FlagSet, role string) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		value, ok := os.LookupEnv(Variable(f.Name))
		if !ok || f.Changed || f.Name == "help" || failed != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = fault.New(fault.InvalidParameterValue, "%s: %s", Variable(f.Name), err)
		}
	})
	if failed != nil {
		return failed
	}
	f := flags.Lookup(ConfigFlag)
	if f == nil || f.Value.String() == "" {
		return nil
	}
	return fromFile(flags, role, f.Value.String())
}

// setting is a value of the file with its place.
type setting struct {
	name   string
	values []string
	line   int
}

func fromFile(flags *pflag.FlagSet, role, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fault.Wrap(fault.UndefinedFile, errors.Unwrap(err), "cannot read the configuration %q", path)
	}
	var root yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(content))
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return fault.New(fault.InvalidParameterValue, "the configuration %q is no YAML: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	common, own, err := collect(root.Content[0], role)
	if err != nil {
		if e, ok := fault.As(err); ok {
			return e.In("%s", path)
		}
		return err
	}
	// The section of the role comes first: a flag that it has set is not set again.
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, list := range [][]setting{own, common} {
		for _, s := range list {
			f := flags.Lookup(s.name)
			if f == nil || s.name == "help" || s.name == ConfigFlag {
				return fault.New(fault.InvalidParameterValue, "there is no setting %q of %s", s.name, role).In("%s:%d", path, s.line).
					WithHint("polybolos %s --help lists the flags, whose names are the settings'; what another command alone has belongs into a section of its name", role)
			}
			if given[s.name] {
				continue
			}
			for _, v := range s.values {
				if err := flags.Set(s.name, v); err != nil {
					return fault.New(fault.InvalidParameterValue, "setting %q: %s", s.name, err).In("%s:%d", path, s.line)
				}
			}
		}
		for _, s := range list {
			given[s.name] = true
		}
	}
	return nil
}

// collect takes the settings out of a file: those for all, and those of a role.
func collect(n *yaml.Node, role string) (common, own []setting, err error) {
	if n.Kind != yaml.MappingNode {
		return nil, nil, fault.New(fault.InvalidParameterValue, "line %d: the file must be a mapping of settings to values", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		into, name := &common, key.Value
		if slices.Contains(Roles, name) && value.Kind == yaml.MappingNode {
			if name != role {
				continue
			}
			into, name = &own, ""
		}
		list, err := flatten(name, value)
		if err != nil {
			return nil, nil, err
		}
		*into = append(*into, list...)
	}
	return common, own, nil
}

// flatten makes settings of a value, whose name begins so.
func flatten(name string, n *yaml.Node) ([]setting, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return flatten(name, n.Alias)
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		return []setting{{name: name, values: []string{n.Value}, line: n.Line}}, nil
	case yaml.SequenceNode:
		s := setting{name: name, line: n.Line}
		for _, v := range n.Content {
			if v.Kind != yaml.ScalarNode {
				return nil, fault.New(fault.InvalidParameterValue, "line %d: a list must have plain values", v.Line)
			}
			s.values = append(s.values, v.Value)
		}
		return []setting{s}, nil
	case yaml.MappingNode:
		var out []setting
		for i := 0; i+1 < len(n.Content); i += 2 {
			full := n.Content[i].Value
			if name != "" {
				full = name + "-" + full
			}
			if name == "label" {
				// Labels are names with values, which a mapping says best.
				out = append(out, setting{name: name, values: []string{fmt.Sprintf("%s=%s", n.Content[i].Value, n.Content[i+1].Value)}, line: n.Line})
				continue
			}
			list, err := flatten(full, n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
		return out, nil
	}
	return nil, fault.New(fault.InvalidParameterValue, "line %d: neither a value nor a list nor a mapping", n.Line)
}

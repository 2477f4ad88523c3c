package session

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/planner/optimize"
)

// allRules stands for every optimizer rule that can be left out.
const allRules = "all"

// disabledRules takes names of optimizer rules, separated by commas, or all, or nothing.
func disabledRules(v string) (string, error) {
	if strings.EqualFold(strings.TrimSpace(v), allRules) {
		return allRules, nil
	}
	known := optimize.Rules()
	var names []string
	for name := range strings.SplitSeq(v, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "" || slices.Contains(names, name):
		case !slices.Contains(known, name):
			return "", fmt.Errorf("must be all or some of %s", strings.Join(known, ", "))
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, ", "), nil
}

// optimizerOptions are what the session's settings say about optimization.
func (s *Session) optimizerOptions() optimize.Options {
	switch v := s.mustSetting("optimizer_disabled_rules"); v {
	case "":
		return optimize.Options{}
	case allRules:
		return optimize.Options{Disabled: optimize.Rules()}
	default:
		return optimize.Options{Disabled: strings.Split(v, ", ")}
	}
}

package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/plan"
)

// maxPriority bounds the setting; each step doubles a query's share.
const maxPriority = 10

func init() {
	settings["priority"] = setting{
		"how much of the cluster a query of the session gets beside others: each step doubles its share, and higher ones leave the queue first",
		constant("0"), integer(-maxPriority, maxPriority),
	}
	settings["resource_group"] = setting{"the group of executors that runs the session's queries; empty means all of them", constant(""), anything}
	settings["required_labels"] = setting{
		"labels that an executor must have to run the session's queries, as name=value separated by commas", constant(""), labels,
	}
	settings["max_concurrent_jobs"] = setting{
		"how many queries of the session run at once, the others wait; 0 means no limit", constant("0"), integer(0, 1<<20),
	}
	settings["scheduling_policy"] = setting{
		"when a stage may start: stage, when all that it reads is there; early, when that has at least begun; all, with the query when all of it has room",
		constant("stage"), oneOf("stage", "early", "all"),
	}
	settings["adaptive"] = setting{"plan what has not begun anew when a stage is complete, with the numbers that were found", constant("on"), onOff}
	settings["speculation"] = setting{"give tasks that take much longer than others of their stage a second attempt elsewhere", constant("on"), onOff}
}

// onOff takes a boolean as PostgreSQL does.
func onOff(v string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "on", "true", "yes", "1":
		return "on", nil
	case "off", "false", "no", "0":
		return "off", nil
	}
	return "", fmt.Errorf("must be on or off")
}

// labels takes name=value pairs and keeps them sorted.
func labels(v string) (string, error) {
	var out []string
	for pair := range strings.SplitSeq(v, ",") {
		pair = strings.TrimSpace(pair)
		if pair == "" {
			continue
		}
		if name, _, ok := strings.Cut(pair, "="); !ok || name == "" {
			return "", fmt.Errorf("must be name=value pairs separated by commas")
		}
		out = append(out, pair)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ","), nil
}

// scheduling is what the session wishes of the scheduler.
func (s *Session) scheduling() plan.Scheduling {
	number := func(name string) int {
		n, _ := strconv.Atoi(s.mustSetting(name)) // the setting's check has parsed it
		return n
	}
	return plan.Scheduling{
		Session: s.config.Name, Jobs: number("max_concurrent_jobs"), Priority: number("priority"), Group: s.mustSetting("resource_group"),
		Labels: s.mustSetting("required_labels"), Policy: s.mustSetting("scheduling_policy"), Adaptive: s.mustSetting("adaptive") == "on",
		Speculate: s.mustSetting("speculation") == "on",
	}
}

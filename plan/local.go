package plan

import (
	"cmp"
	"slices"
	"strings"
)

// LocalScheme begins the URLs of files that lie on an executor: local://NAME/path.
const LocalScheme = "local://"

// Host is the name of the executor on which a file lies, and empty where it is read anywhere.
func (f File) Host() string {
	rest, ok := strings.CutPrefix(f.URL, LocalScheme)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// Splits are those of a scan of the stage that a task reads: every Tasks-th, from its own index on. Splits of files that lie on executors are dealt so that a task reads, as
// far as there are enough tasks, those of one executor.
func (s *Stage) Splits(n *Scan, task int) []Split {
	if s.Tasks <= 1 {
		return n.Splits
	}
	if n.Range != nil {
		return n.Range.splits(n.Splits, task, s.Tasks)
	}
	var out []Split
	if !slices.ContainsFunc(n.Splits, hosted) {
		for i := task; i < len(n.Splits); i += s.Tasks {
			out = append(out, n.Splits[i])
		}
		return out
	}
	deal := s.deal()
	next := map[string]int{}
	for _, p := range n.Splits {
		host := p.File.Host()
		of := hand{count: s.Tasks}
		if host != "" {
			of = deal[host]
		}
		if of.first+next[host]%of.count == task {
			out = append(out, p)
		}
		next[host]++
	}
	return out
}

// Owners are the executors on which most of what each task scans lies, by task; nil when nothing lies on executors.
func (s *Stage) Owners() []string {
	deal := s.deal()
	if deal == nil {
		return nil
	}
	out, most := make([]string, s.Tasks), make([]int64, s.Tasks)
	for _, host := range sortedHosts(deal) {
		h := deal[host]
		for t := h.first; t < h.first+h.count; t++ {
			if out[t] == "" || h.bytes/int64(h.count) > most[t] {
				out[t], most[t] = host, h.bytes/int64(h.count)
			}
		}
	}
	return out
}

// Hosts is on how many executors the files of a tree's scans lie.
func Hosts(root Node) int {
	seen := map[string]bool{}
	Walk(root, func(n Node) {
		if c, ok := n.(*Scan); ok {
			for _, p := range c.Splits {
				if host := p.File.Host(); host != "" {
					seen[host] = true
				}
			}
		}
	})
	return len(seen)
}

func hosted(p Split) bool { return strings.HasPrefix(p.File.URL, LocalScheme) }

// hand is which tasks read the splits of an executor.
type hand struct {
	bytes        int64
	first, count int
}

func sortedHosts(deal map[string]hand) []string {
	hosts := make([]string, 0, len(deal))
	for h := range deal {
		hosts = append(hosts, h)
	}
	slices.Sort(hosts)
	return hosts
}

// deal gives each executor tasks of its own, in proportion to the bytes that lie on it; where there are more executors than tasks, it gives each task some of them, of
// about as many bytes. It follows from the stage alone, so whoever has the plan knows it.
func (s *Stage) deal() map[string]hand {
	deal := map[string]hand{}
	count := func(n Node) {
		c, ok := n.(*Scan)
		if !ok {
			return
		}
		for _, p := range c.Splits {
			if hosted(p) {
				h := deal[p.File.Host()]
				h.bytes += max(p.Bytes, 1)
				deal[p.File.Host()] = h
			}
		}
	}
	Walk(s.Root, count)
	for _, n := range s.Shared {
		Walk(n, count)
	}
	if len(deal) == 0 {
		return nil
	}
	hosts := sortedHosts(deal)
	if len(hosts) > s.Tasks {
		load := make([]int64, s.Tasks)
		slices.SortStableFunc(hosts, func(a, b string) int { return cmp.Compare(deal[b].bytes, deal[a].bytes) })
		for _, name := range hosts {
			h := deal[name]
			h.count = 1
			for t := range load {
				if load[t] < load[h.first] {
					h.first = t
				}
			}
			load[h.first] += h.bytes
			deal[name] = h
		}
		return deal
	}
	counts := make([]int, len(hosts))
	for t := range s.Tasks {
		if t < len(hosts) {
			counts[t] = 1
			continue
		}
		most := 0
		for i, name := range hosts {
			if deal[name].bytes/int64(counts[i]) > deal[hosts[most]].bytes/int64(counts[most]) {
				most = i
			}
		}
		counts[most]++
	}
	first := 0
	for i, name := range hosts {
		h := deal[name]
		h.first, h.count = first, counts[i]
		first += counts[i]
		deal[name] = h
	}
	return deal
}

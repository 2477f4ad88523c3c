package session

import (
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// setting is a session's parameter: what it means, what it is at first, and what a value must be.
type setting struct {
	doc   string
	first func(s *Session) string
	// check turns a value as SET gives it into the form that is kept, or says what is wrong.
	check func(value string) (string, error)
}

var settings = map[string]setting{
	"exchange": {
		"auto runs a query in one stage where one process can; force plans exchanges between stages, as a cluster does",
		constant("auto"), oneOf("auto", "force"),
	},
	"device": {
		"where pipelines run that could run on a device: auto chooses by cost, cuda prefers a CUDA device, cpu uses none",
		constant("auto"), oneOf("auto", "cpu", "cuda"),
	},
	"threads": {
		"how many workers a query may use; 0 means all cores",
		func(s *Session) string { return strconv.Itoa(s.config.Threads) }, integer(0, 4096),
	},
	"partitions": {
		"how many tasks a stage between exchanges has",
		func(s *Session) string {
			if s.config.Partitions != nil {
				return strconv.Itoa(min(max(1, s.config.Partitions()), maxPartitions))
			}
			return strconv.Itoa(max(2, runtime.GOMAXPROCS(0)))
		}, integer(1, maxPartitions),
	},
	"memory_limit": {
		"how much memory a query may hold, such as 512MB; 0 means the engine's limit",
		func(s *Session) string { return formatBytes(s.config.MemoryLimit) }, memorySize,
	},
	"statement_timeout": {
		"how long a statement may run, in milliseconds or with a unit such as 5s; 0 means without limit", constant("0"), duration,
	},
	"optimizer_disabled_rules": {
		"optimizer rules to leave out, separated by commas, or all: a debugging aid, to find out which rule changes an answer",
		constant(""), disabledRules,
	},
	"timezone": {"the zone that timestamps with time zone are shown in", constant("UTC"), timeZone},
	seedSetting: {
		"what random() follows from, a number from -1 to 1, as setseed() sets it; without one each query has other numbers", constant(""), seedValue,
	},
	"client_min_messages":           {"accepted and without effect", constant("notice"), anything},
	"extra_float_digits":            {"accepted and without effect: floats are always printed in full", constant("1"), anything},
	"standard_conforming_strings":   {"always on", constant("on"), oneOf("on", "true")},
	"default_transaction_read_only": {"accepted and without effect", constant("off"), anything},
	"transaction_isolation":         {"each statement stands for itself", constant("read committed"), anything},
	"server_version":                {"the version of PostgreSQL whose behaviour clients may expect", constant(pgVersion), oneOf(pgVersion)},
	"client_encoding":               {"always UTF8", constant("UTF8"), oneOf("utf8", "utf-8", "'utf8'")},
	"application_name":              {"a name for the client, kept as it is", constant(""), anything},
	"search_path":                   {"the schemas in which names are looked up", constant("main"), anything},
	"datestyle":                     {"dates are always shown as ISO", constant("ISO, MDY"), anything},
}

// maxPartitions bounds the setting partitions.
const maxPartitions = 4096

func constant(v string) func(*Session) string { return func(*Session) string { return v } }

func anything(v string) (string, error) { return v, nil }

func oneOf(allowed ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		for _, a := range allowed {
			if strings.EqualFold(v, a) {
				return a, nil
			}
		}
		return "", fmt.Errorf("must be one of %s", strings.Join(allowed, ", "))
	}
}

func integer(low, high int) func(string) (string, error) {
	return func(v string) (string, error) {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high {
			return "", fmt.Errorf("must be an integer from %d to %d", low, high)
		}
		return strconv.Itoa(n), nil
	}
}

// duration takes milliseconds, or a number with a unit, and keeps milliseconds.
func duration(v string) (string, error) {
	text := strings.TrimSpace(v)
	d, err := time.ParseDuration(strings.NewReplacer(" ", "", "min", "m").Replace(text))
	if n, nerr := strconv.ParseInt(text, 10, 64); nerr == nil {
		d, err = time.Duration(n)*time.Millisecond, nil
	}
	if err != nil || d < 0 || d > maxTimeout {
		return "", fmt.Errorf("must be milliseconds, or a time such as 500ms, 5s or 2min, of at most %s", maxTimeout)
	}
	return strconv.FormatInt(d.Milliseconds(), 10), nil
}

// maxTimeout is the longest statement_timeout.
const maxTimeout = 24 * 24 * time.Hour

func timeZone(v string) (string, error) {
	if strings.EqualFold(v, "utc") || v == "" {
		return "UTC", nil
	}
	if _, err := time.LoadLocation(v); err != nil {
		return "", fmt.Errorf("is no time zone known here")
	}
	return v, nil
}

var byteUnits = []struct {
	suffix string
	bytes  int64
}{{"tib", 1 << 40}, {"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10}, {"tb", 1e12}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3}, {"b", 1}}

// ParseBytes reads a number of bytes with an optional unit: 1000, 512MB, 2GiB.
func ParseBytes(v string) (int64, error) {
	text, unit := strings.ToLower(strings.TrimSpace(v)), int64(1)
	for _, u := range byteUnits {
		if strings.HasSuffix(text, u.suffix) {
			text, unit = strings.TrimSpace(strings.TrimSuffix(text, u.suffix)), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n*float64(unit) > 1<<62 {
		return 0, fmt.Errorf("must be a number of bytes such as 512MB or 2GiB")
	}
	return int64(n * float64(unit)), nil
}

func memorySize(v string) (string, error) {
	n, err := ParseBytes(v)
	if err != nil {
		return "", err
	}
	return formatBytes(n), nil
}

// formatBytes prints n exactly, in the largest binary unit that divides it.
func formatBytes(n int64) string {
	for _, u := range byteUnits[:4] {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + map[int64]string{1 << 40: "TiB", 1 << 30: "GiB", 1 << 20: "MiB", 1 << 10: "KiB"}[u.bytes]
		}
	}
	return strconv.FormatInt(n, 10)
}

// canonicalSetting is the name under which a setting is kept.
func canonicalSetting(name string) string {
	name = strings.ToLower(name)
	if name == "time zone" || name == "time_zone" {
		return "timezone"
	}
	return name
}

func lookupSetting(name string, position int) (string, setting, error) {
	name = canonicalSetting(name)
	st, ok := settings[name]
	if !ok {
		return "", setting{}, fault.New(fault.UndefinedObject, "there is no setting %q", name).At(position).
			WithHint("SHOW ALL lists the settings")
	}
	return name, st, nil
}

// Setting is the current value of a setting.
func (s *Session) Setting(name string) (string, error) {
	name, st, err := lookupSetting(name, 0)
	if err != nil {
		return "", err
	}
	if v, ok := s.values[name]; ok {
		return v, nil
	}
	return st.first(s), nil
}

// Zone is the time zone in which the session shows timestamps with time zone.
func (s *Session) Zone() *time.Location {
	zone, err := time.LoadLocation(s.mustSetting("timezone"))
	if err != nil {
		return time.UTC
	}
	return zone
}

// mustSetting is Setting for names of this package.
func (s *Session) mustSetting(name string) string {
	v, err := s.Setting(name)
	if err != nil {
		return ""
	}
	return v
}

// Set changes a setting for the rest of the session.
func (s *Session) Set(name, value string) error { return s.set(name, value, 0) }

func (s *Session) set(name, value string, position int) error {
	name, st, err := lookupSetting(name, position)
	if err != nil {
		return err
	}
	v, err := st.check(value)
	if err != nil {
		return fault.New(fault.InvalidParameterValue, "setting %s %s, not %q", name, err, value).At(position)
	}
	s.values[name] = v
	if name == seedSetting {
		s.draws = draws{}
	}
	return nil
}

// settingNames are all names in order.
func settingNames() []string {
	out := make([]string, 0, len(settings))
	for n := range settings {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// SettingNames are the names of all settings in order.
func (s *Session) SettingNames() []string { return settingNames() }

// Reset gives a setting its first value again.
func (s *Session) Reset(name string) error {
	name, _, err := lookupSetting(name, 0)
	if err == nil {
		delete(s.values, name)
	}
	return err
}

package service_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/service"
)

type values struct {
	flags   *pflag.FlagSet
	listen  string
	url     string
	threads int
	drain   time.Duration
	labels  []string
}

func newValues(t *testing.T, args ...string) *values {
	t.Helper()
	v := &values{flags: pflag.NewFlagSet("scheduler", pflag.ContinueOnError)}
	v.flags.StringVar(&v.listen, "listen", "default", "")
	v.flags.StringVar(&v.url, "shuffle-url", "", "")
	v.flags.IntVar(&v.threads, "threads", 1, "")
	v.flags.DurationVar(&v.drain, "drain", time.Second, "")
	v.flags.StringArrayVar(&v.labels, "label", nil, "")
	v.flags.String(service.ConfigFlag, "", "")
	if err := v.flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return v
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "polybolos.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const configuration = `
listen: from the file
threads: 3
shuffle:
  url: s3://common/x
scheduler:
  shuffle: {url: s3://own/x}
  drain: 1m30s
  label: {rack: 7, zone: a}
executor:
  what-nobody-knows: 1
`

func TestFlagsBeatTheEnvironmentAndThatTheFile(t *testing.T) {
	path := file(t, configuration)
	v := newValues(t, "--config", path)
	if err := service.Configure(v.flags, "scheduler"); err != nil {
		t.Fatal(err)
	}
	if v.listen != "from the file" || v.threads != 3 || v.url != "s3://own/x" || v.drain != 90*time.Second || strings.Join(v.labels, " ") != "rack=7 zone=a" {
		t.Errorf("of the file: %+v", v)
	}
	t.Setenv("POLYBOLOS_LISTEN", "from the environment")
	t.Setenv("POLYBOLOS_THREADS", "4")
	t.Setenv("POLYBOLOS_CONFIG", path)
	v = newValues(t, "--threads", "5")
	if err := service.Configure(v.flags, "scheduler"); err != nil {
		t.Fatal(err)
	}
	if v.listen != "from the environment" || v.threads != 5 || v.url != "s3://own/x" {
		t.Errorf("of all three: %+v", v)
	}
	v = newValues(t)
	if err := service.Configure(v.flags, "executor"); err == nil || !strings.Contains(err.Error(), `"what-nobody-knows"`) {
		t.Errorf("another role: %v", err)
	}
}

func TestWrongConfigurationsNameTheirPlace(t *testing.T) {
	for content, says := range map[string]string{
		"listen: x\nport: 7\n":       `there is no setting "port" of scheduler: `,
		"threads: many\n":            `"threads"`,
		"- a\n- b\n":                 "must be a mapping",
		"listen: [a, {b: c}]\n":      "line 1",
		"listen: \"unclosed\nx: y\n": "is no YAML: line",
		"config: other.yaml\n":       `there is no setting "config"`,
	} {
		path := file(t, content)
		err := service.Configure(newValues(t, "--config", path).flags, "scheduler")
		if fault.CodeOf(err) != fault.InvalidParameterValue || !strings.Contains(strings.ReplaceAll(err.Error(), path+":2", ""), strings.TrimSuffix(says, ": ")) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if err := service.Configure(newValues(t, "--config", "/no/such/file").flags, "scheduler"); fault.CodeOf(err) != fault.UndefinedFile {
		t.Errorf("a missing file: %v", err)
	}
	if err := service.Configure(newValues(t, "--config", file(t, "")).flags, "scheduler"); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	t.Setenv("POLYBOLOS_THREADS", "x")
	if err := service.Configure(newValues(t).flags, "scheduler"); err == nil || !strings.Contains(err.Error(), "POLYBOLOS_THREADS") {
		t.Errorf("a wrong variable: %v", err)
	}
}

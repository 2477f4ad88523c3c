package readme

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
	program "github.com/polybolos-db/polybolos/test/servers"
)

var block = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")

// blocks are the README's code blocks of a language.
func blocks(t *testing.T, language string) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	if len(out) == 0 {
		t.Fatalf("the README has no %s block", language)
	}
	return out
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestCommandsWork(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "../..", "go", "build", "-o", filepath.Join(dir, "bin", "polybolos"), "./cmd/polybolos")
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: 0.01, Dir: filepath.Join(dir, "data", "sf1")}); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, b := range blocks(t, "sh") {
		for _, line := range strings.Split(b, "\n") {
			if strings.HasPrefix(line, "bin/polybolos sql") && strings.Contains(line, " -c ") && !strings.Contains(line, "--connect") {
				if out := run(t, dir, "bash", "-c", line); out == "" {
					t.Errorf("%s: no output", line)
				}
				ran++
			}
		}
	}
	if ran < 2 {
		t.Errorf("only %d commands were found", ran)
	}
	served := 0
	for _, b := range blocks(t, "sh") {
		served += serve(t, dir, b)
	}
	if served < 4 {
		t.Errorf("only %d servers were found", served)
	}
	for _, b := range blocks(t, "sql") {
		run(t, dir, "bin/polybolos", "sql", "-c", b)
	}
	if _, err := os.Stat(filepath.Join(dir, "large.csv")); err != nil {
		t.Error("the SQL block's COPY wrote nothing")
	}
}

var local = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// serve starts the servers of a block in dir, which the test's end ends, on ports that are free now, and runs the block's statements there. It returns how many
// servers there were.
func serve(t *testing.T, dir, commands string) (servers int) {
	t.Helper()
	ports := map[string]string{}
	commands = local.ReplaceAllStringFunc(commands, func(address string) string {
		if ports[address] == "" {
			ports[address] = free(t)
		}
		return ports[address]
	})
	for line := range strings.Lines(commands) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		server, ok := strings.CutSuffix(strings.TrimSpace(line), " &")
		switch {
		case ok:
			program.Start(t, 1, nil, "bash", "-c", "cd "+dir+" && exec "+server)
			servers++
		case strings.Contains(line, "--connect"):
			if out := run(t, dir, "bash", "-c", line); out == "" {
				t.Errorf("%s: no output", line)
			}
		}
	}
	return servers
}

// free is an address that nothing listens on.
func free(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// The Go block must compile against today's API.
func TestGoExampleCompiles(t *testing.T) {
	dir, err := os.MkdirTemp(".", "_example-") // an underscore keeps it out of ./...
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	for _, b := range blocks(t, "go") {
		program := "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/polybolos-db/polybolos/column\"\n\t\"github.com/polybolos-db/polybolos/engine\"\n)\n\n" +
			"func example(ctx context.Context) error {\n" + b + "\treturn err\n}\n\nfunc main() { _ = example(context.Background()) }\n"
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "go", "vet", ".")
	}
}

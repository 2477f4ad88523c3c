package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documented is the address that the pages use; the tests put their server's in its place.
const documented = "127.0.0.1:32010"

// block is a fenced block of a page.
type block struct {
	language, text string
	line           int
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "clients", page))
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, m := range fence.FindAllStringSubmatchIndex(string(text), -1) {
		out = append(out, block{string(text[m[2]:m[3]]), string(text[m[4]:m[5]]), 1 + strings.Count(string(text[:m[0]]), "\n")})
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPages runs the programs of each page, in order, against one server a page, and compares what each prints with the block of text after it.
func TestPages(t *testing.T) {
	for _, page := range []string{"shell.md", "go.md", "database-sql.md", "dataframe.md", "python.md", "substrait.md", "jdbc.md"} {
		t.Run(page, func(t *testing.T) {
			var s *server
			list := blocks(t, page)
			ran := 0
			for i, b := range list {
				if b.language == "text" || strings.HasPrefix(b.text, "polybolos standalone") {
					continue
				}
				if s == nil {
					if b.language == "python" {
						python(t)
					}
					if b.language == "java" {
						driver(t)
					}
					s = start(t)
				}
				got, runs := execute(t, b, s)
				if !runs {
					continue
				}
				ran++
				if i+1 < len(list) && list[i+1].language == "text" && got != list[i+1].text {
					t.Errorf("%s:%d printed\n%s\nand the page says\n%s", page, b.line, got, list[i+1].text)
				}
			}
			if ran == 0 {
				t.Error("the page has nothing to run")
			}
		})
	}
}

// execute runs a block; false for what sets up a machine, such as pip install.
func execute(t *testing.T, b block, s *server) (out string, runs bool) {
	t.Helper()
	text := strings.ReplaceAll(b.text, documented, s.address)
	folder := t.TempDir()
	switch b.language {
	case "sh":
		if !strings.HasPrefix(text, "polybolos sql") {
			return "", false
		}
		c := exec.CommandContext(t.Context(), "bash", "-e", "-c", text)
		c.Env = append(os.Environ(), fmt.Sprintf("PATH=%s%c%s", filepath.Dir(binary(t)), filepath.ListSeparator, os.Getenv("PATH")))
		return run(t, c), true
	case "go":
		write(t, folder+"/main.go", text)
		c := exec.CommandContext(t.Context(), "go", "run", folder+"/main.go")
		c.Dir = root
		return run(t, c), true
	case "python":
		write(t, folder+"/page.py", text)
		return run(t, exec.CommandContext(t.Context(), python(t), folder+"/page.py")), true
	case "java":
		write(t, folder+"/Page.java", text)
		return java(t, folder+"/Page.java", "Page"), true
	}
	return "", false
}

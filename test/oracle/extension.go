package oracle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const bindingsModule = "github.com/duckdb/duckdb-go-bindings/lib/"

// BuildTPCH links DuckDB's TPC-H extension, which the bindings ship only as a
// static library, into a file that LOAD accepts, and returns its path,
// out/tpch.duckdb_extension. An existing file is kept. It needs g++ and the Go
// tool, and must run inside this module. The result works only with this
// program, which exports DuckDB's symbols to what it loads.
func BuildTPCH(ctx context.Context, d *DuckDB, out string) (string, error) {
	path, err := filepath.Abs(filepath.Join(out, "tpch.duckdb_extension"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	platform := runtime.GOOS + "-" + runtime.GOARCH
	dir, err := command(ctx, "go", "list", "-m", "-f", "{{.Dir}}", bindingsModule+platform)
	if err != nil {
		return "", err
	}
	about, err := d.Query(ctx, "SELECT library_version, (SELECT platform FROM pragma_platform()) FROM pragma_version()")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	linked := path + ".partial"
	library := filepath.Join(strings.TrimSpace(dir), "libtpch_extension.a")
	if _, err := command(ctx, "g++", "-shared", "-o", linked,
		"-Wl,--whole-archive", library, "-Wl,--no-whole-archive"); err != nil {
		return "", err
	}
	f, err := os.OpenFile(linked, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	version, duckPlatform := *about.Rows[0][0], *about.Rows[0][1]
	if _, err := f.Write(footer(version, duckPlatform)); err != nil {
		_ = f.Close()
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(linked, path)
}

// footer is the 512-byte trailer that DuckDB reads before it loads an extension:
// eight fields of 32 bytes, last field first, then 256 bytes of signature, here
// zero, because the extension is unsigned.
func footer(version, platform string) []byte {
	const fieldSize, fields, signature = 32, 8, 256
	block := make([]byte, fieldSize*fields+signature)
	for field, value := range map[int]string{
		1: "4", // the metadata format
		2: platform,
		3: version, // of DuckDB
		4: version, // of the extension
		5: "CPP",   // bound to exactly this DuckDB
	} {
		copy(block[(fields-field)*fieldSize:], value)
	}
	return block
}

func command(ctx context.Context, name string, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output), nil
}

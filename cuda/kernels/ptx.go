package kernels

import (
	"embed"
	"strings"
)

//go:embed *.ptx
var ptx embed.FS

// Sources are the .cu and .cuh files.
//
//go:embed *.cu *.cuh
var Sources embed.FS

// Families are the names of the modules: the .cu files without their ending.
func Families() []string {
	files, err := ptx.ReadDir(".")
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(f.Name(), ".ptx"))
	}
	return out
}

// PTX is the module of a family.
func PTX(family string) ([]byte, error) { return ptx.ReadFile(family + ".ptx") }

// Entries are the names of the kernels of a module, in its order.
func Entries(module []byte) []string {
	var out []string
	for _, line := range strings.Split(string(module), "\n") {
		if _, name, ok := strings.Cut(line, ".entry "); ok {
			out = append(out, strings.TrimRight(name, "("))
		}
	}
	return out
}

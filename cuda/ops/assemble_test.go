package ops

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda/codegen"
)

// assembler is NVIDIA's ptxas: that of POLYBOLOS_PTXAS, of the path, or where make gpu-registers puts it; "" where there is none.
func assembler() string {
	for _, name := range []string{os.Getenv("POLYBOLOS_PTXAS"), "ptxas", filepath.Join("..", "..", "build", "cuda", "nvcc", "ptxas")} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// generated are the compiled kernels of a random pipeline: for direct and hashed groups, with and without NULLs.
func generated(t *testing.T, seed int) (out [][]byte) {
	t.Helper()
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(uint64(seed), 7)), a: a, wild: seed%5 == 0}
	p := g.pipeline()
	prepared, err := prepare(p)
	if err != nil {
		return nil
	}
	layouts := []layout{{}}
	if len(p.Keys) == 0 {
		layouts[0].dense = true
	} else if prepared.small {
		lay := layout{dense: true}
		for range p.Keys {
			lay.strides = append(lay.strides, 1)
			lay.nulls = append(lay.nulls, 5)
		}
		layouts = append(layouts, lay)
	}
	for _, lay := range layouts {
		clean := seed%2 == 0
		c, err := prepared.generate(lay, clean)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		first, stride, slots := 0, prepared.states.words, uint64(1)
		if !lay.dense {
			first = 1 + prepared.words
			stride += first
		} else if len(p.Keys) > 0 {
			slots = uint64([]int{6, 60, 600, 6000}[seed/2%4])
		}
		k, err := codegen.Compile(&codegen.Program{Code: c.code, Consts: c.consts, Nulls: !clean, Kinds: prepared.states.kinds(), Dense: lay.dense, Slots: slots,
			Stride: stride, First: first, Keys: prepared.words, Cache: seed%4 < 2, Shared: []int{96 << 10, 163 << 10, 227 << 10}[seed%3]})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, print(p))
		}
		out = append(out, k.Text)
	}
	return out
}

// NVIDIA's assembler takes every generated kernel, for old cards and new ones.
func TestGeneratedKernelsAssemble(t *testing.T) {
	ptxas := assembler()
	if ptxas == "" {
		t.Skip("no ptxas: make gpu-registers gets it")
	}
	rounds, first := 50, 0
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_ROUNDS")); err == nil {
		rounds = n
	}
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_SEED")); err == nil {
		first = n
	}
	folder := t.TempDir()
	made := 0
	// Many kernels go into one file: most of the time is the assembler's start.
	const batch = 50
	for from := first; from < first+rounds; from += batch {
		var text bytes.Buffer
		for seed := from; seed < min(from+batch, first+rounds); seed++ {
			for i, one := range generated(t, seed) {
				made++
				head, rest, ok := strings.Cut(string(one), ".visible")
				if !ok {
					t.Fatalf("seed %d: no kernel in\n%s", seed, one)
				}
				if text.Len() == 0 {
					text.WriteString(strings.SplitAfter(head, ".address_size 64\n")[0] + ".extern .shared .align 16 .b8 pb_shared[];\n")
				}
				text.WriteString(".visible" + strings.Replace(rest, codegen.Entry+"(", fmt.Sprintf("%s_%d_%d(", codegen.Entry, seed, i), 1))
			}
		}
		if text.Len() == 0 {
			continue
		}
		name := filepath.Join(folder, "kernels.ptx")
		if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, arch := range []string{"sm_70", "sm_80", "sm_90"} {
			level := "-O0" // what is wrong is found before anything is optimized
			if from == first && arch == "sm_90" {
				level = "-O3"
			}
			if out, err := exec.CommandContext(t.Context(), ptxas, level, "-arch="+arch, name, "-o", filepath.Join(folder, "kernels.cubin")).CombinedOutput(); err != nil {
				t.Fatalf("%s, seeds %d to %d: %v\n%.2000s", arch, from, from+batch-1, err, out)
			}
		}
	}
	if made < rounds/2 {
		t.Errorf("only %d kernels of %d pipelines", made, rounds)
	}
}

package libcuda

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program asks the stand-in what a program with CUDA inside asks first, and one call more.
const program = `
#include <stdio.h>
int cuInit(unsigned);
int cuDriverGetVersion(int *);
int cuDeviceGetCount(int *);
int cuMemAlloc_v2(unsigned long long *, unsigned long);
int cuStreamQuery(void *);
const char *polybolos_cuda_absence(void);
int main(void) {
	int version = -1, count = -1;
	unsigned long long p = 0;
	int before = cuMemAlloc_v2(&p, 8);
	int init = cuInit(0), v = cuDriverGetVersion(&version), c = cuDeviceGetCount(&count), m = cuMemAlloc_v2(&p, 40);
	printf("%d %d %d/%d %d/%d %d/%llu %d [%s]\n", before, init, v, version, c, count, m, p, cuStreamQuery(0), polybolos_cuda_absence());
	return 0;
}
`

// build compiles C sources.
func build(t *testing.T, out string, args ...string) {
	t.Helper()
	if text, err := exec.CommandContext(t.Context(), "gcc", append([]string{"-o", out}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The stand-in lets a program start whatever driver there is, and leads to the driver's functions when they are there.
func TestStandInForTheDriversLibrary(t *testing.T) {
	dir := t.TempDir()
	symbols, err := os.Open("shim/symbols.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer symbols.Close()
	generate := exec.CommandContext(t.Context(), "shim/generate.sh")
	generate.Stdin = symbols
	source, err := generate.Output()
	if err != nil {
		t.Fatal(err)
	}
	shim := write(t, filepath.Join(dir, "libcuda.c"), string(source))
	asking := filepath.Join(dir, "asking")
	build(t, asking, "-O1", write(t, filepath.Join(dir, "asking.c"), program), shim, "-ldl", "-lpthread")
	for _, test := range []struct{ name, driver, want string }{
		// Before the library was asked for, and without one: no device.
		{"no driver", "", "100 0 100/-1 100/0 100/0 100 [libcuda.so.1: cannot open"},
		{"a driver that fails", "int cuInit(unsigned f) { return 803; }", "100 0 803/-1 803/0 803/0 803 [cuInit failed with error 803]"},
		{"no driver's library", "int nothing;", "100 0 100/-1 100/0 100/0 100 [libcuda.so.1 has no cuInit]"},
		{"a driver that lacks a call", `int cuInit(unsigned f) { return 0; }
			int cuDriverGetVersion(int *v) { *v = 13000; return 0; }
			int cuDeviceGetCount(int *n) { *n = 2; return 0; }
			int cuMemAlloc_v2(unsigned long long *p, unsigned long n) { *p = n + 2; return 0; }`, "100 0 0/13000 0/2 0/42 500 []"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			if test.driver != "" {
				build(t, filepath.Join(folder, "libcuda.so.1"), "-shared", "-fPIC", write(t, filepath.Join(folder, "driver.c"), test.driver))
			}
			c := exec.CommandContext(t.Context(), asking)
			c.Env = []string{"LD_LIBRARY_PATH=" + folder}
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if _, err := os.Stat("/usr/lib/x86_64-linux-gnu/libcuda.so.1"); err == nil && test.driver == "" {
				t.Skip("this machine has a driver")
			}
			if !strings.HasPrefix(string(out), test.want) {
				t.Errorf("%s, want %s", out, test.want)
			}
		})
	}
}

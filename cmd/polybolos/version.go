package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/simd"
)

// version is set by the linker.
var version string

// currentVersion is the version that was built: the linker's, the module's, or the commit's.
func currentVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development version"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	commit, dirty := buildSetting(info, "vcs.revision"), ""
	if buildSetting(info, "vcs.modified") == "true" {
		dirty = "-dirty"
	}
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit == "" {
		return "development version"
	}
	return commit + dirty
}

func buildSetting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func newVersionCommand() *cobra.Command {
	var verbose bool
	c := &cobra.Command{Use: "version", Short: "Print the version", Args: noArguments}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "also print how it was built and what machine it runs on")
	c.RunE = func(c *cobra.Command, _ []string) error {
		text := "polybolos " + currentVersion() + "\n"
		if verbose {
			text += machine()
		}
		_, err := fmt.Fprint(c.OutOrStdout(), text)
		return err
	}
	return c
}

// machine describes the build and the machine, a line each.
func machine() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("go", "%s", runtime.Version())
	line("platform", "%s/%s", runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		if level := buildSetting(info, "GOAMD64"); level != "" {
			line("GOAMD64", "%s", level)
		}
	}
	line("CPU", "%s", strings.TrimSpace(cpuid.CPU.BrandName))
	line("SIMD", "%s; %s is used", simdLevel(), simd.Current())
	line("cores", "%d physical, %d logical, %d used", cpuid.CPU.PhysicalCores, cpuid.CPU.LogicalCores, runtime.GOMAXPROCS(0))
	line("memory", "%s", memory())
	for _, text := range devices() {
		line("device", "%s", text)
	}
	return b.String()
}

// simdLevel names the vector instructions that the processor and the operating system offer.
func simdLevel() string {
	subsets := []struct {
		name string
		id   cpuid.FeatureID
	}{
		{"F", cpuid.AVX512F}, {"CD", cpuid.AVX512CD}, {"BW", cpuid.AVX512BW}, {"DQ", cpuid.AVX512DQ}, {"VL", cpuid.AVX512VL},
		{"VBMI", cpuid.AVX512VBMI}, {"VBMI2", cpuid.AVX512VBMI2}, {"VPOPCNTDQ", cpuid.AVX512VPOPCNTDQ}, {"BITALG", cpuid.AVX512BITALG},
		{"IFMA", cpuid.AVX512IFMA}, {"VNNI", cpuid.AVX512VNNI}, {"BF16", cpuid.AVX512BF16}, {"FP16", cpuid.AVX512FP16},
	}
	var found []string
	for _, s := range subsets {
		if cpuid.CPU.Has(s.id) {
			found = append(found, s.name)
		}
	}
	switch {
	case len(found) > 0:
		return "AVX-512 (" + strings.Join(found, " ") + ")"
	case cpuid.CPU.Has(cpuid.AVX2):
		return "AVX2"
	case cpuid.CPU.Has(cpuid.SSE42):
		return "SSE4.2"
	}
	return "none that is used"
}

// memory is the machine's memory, and the control group's limit where there is a lower one.
func memory() string {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return "unknown"
	}
	total := info.Totalram * uint64(info.Unit)
	text := formatBytes(int64(total))
	if limit, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(limit)), 10, 63); err == nil && n < total {
			text += ", limited to " + formatBytes(int64(n))
		}
	}
	return text
}

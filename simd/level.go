package simd

import (
	"fmt"
	"os"
	"strings"
)

// Level is a set of instructions that routines are written for. Higher levels include the lower ones.
type Level uint8

// The levels.
const (
	None   Level = iota // Go alone
	AVX2                // AVX2 with BMI1, BMI2, LZCNT and POPCNT: x86-64-v3
	AVX512              // AVX-512 F, BW, CD, DQ and VL: x86-64-v4
)

var names = [...]string{None: "none", AVX2: "avx2", AVX512: "avx512"}

// String is the level's name, as Variable takes it.
func (l Level) String() string { return names[l] }

// Variable is the environment variable that forces a level.
const Variable = "POLYBOLOS_SIMD"

var (
	available = detect()
	level     = available
	vbmi      = available == AVX512 && hasVBMI() // permutations of bytes, which AVX512 alone does not include
)

func init() {
	l, err := parse(os.Getenv(Variable), available)
	if err != nil {
		fmt.Fprintf(os.Stderr, "polybolos: %v; using %s\n", err, l)
	}
	Use(l)
}

// parse is the level that text asks for; the available one, and an error, where that cannot be had.
func parse(text string, available Level) (Level, error) {
	if text == "" {
		return available, nil
	}
	for i, name := range names {
		if strings.EqualFold(text, name) {
			if Level(i) > available {
				return available, fmt.Errorf("%s=%s, and the processor has not all of %s", Variable, text, name)
			}
			return Level(i), nil
		}
	}
	return available, fmt.Errorf("%s=%s is none of %s", Variable, text, strings.Join(names[:], ", "))
}

// Available is the highest level of this machine.
func Available() Level { return available }

// Current is the level in use.
func Current() Level { return level }

// Use makes all routines work at level l, or the highest below it that the machine has, and returns the level used before. It is for tests and
// benchmarks: nothing else may be running a routine.
func Use(l Level) (before Level) {
	before = level
	level = min(l, available)
	vbmi = level == AVX512 && hasVBMI()
	return before
}

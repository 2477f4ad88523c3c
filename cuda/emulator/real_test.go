//go:build cuda && !cpuonly

package emulator

import (
	"fmt"
	"os"

	"github.com/polybolos-db/polybolos/cuda/driver/libcuda"
)

// With a card the tests ask it, too; POLYBOLOS_GPU=required makes its absence a failure.
func init() {
	_, err := libcuda.Driver{}.Devices()
	if err == nil {
		real = libcuda.Driver{}
	} else if os.Getenv("POLYBOLOS_GPU") == "required" {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

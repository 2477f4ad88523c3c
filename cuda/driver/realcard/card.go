//go:build cuda && !cpuonly

package realcard

import (
	"fmt"
	"os"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/driver/libcuda"
)

// ForTests is the driver of a machine with a card; nil where there is none, or where the tests were built without the tag cuda. With POLYBOLOS_GPU=required the absence of a card
// ends the process, so that no test passes without one.
func ForTests() driver.Driver {
	_, err := libcuda.Driver{}.Devices()
	if err == nil {
		return libcuda.Driver{}
	}
	if os.Getenv("POLYBOLOS_GPU") == "required" {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return nil
}

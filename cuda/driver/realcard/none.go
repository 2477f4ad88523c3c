//go:build !cuda || cpuonly

package realcard

import "github.com/polybolos-db/polybolos/cuda/driver"

// ForTests is described with the build for CUDA.
func ForTests() driver.Driver { return nil }

//go:build cuda && !cpuonly

package main

import (
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/driver/libcuda"
)

func init() { card = func() driver.Driver { return libcuda.Driver{} } }

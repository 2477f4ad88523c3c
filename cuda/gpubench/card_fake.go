//go:build !cuda || cpuonly

package main

import (
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/fake"
)

func init() { card = func() driver.Driver { return fake.New(fake.Config{Memory: 256 << 20}) } }

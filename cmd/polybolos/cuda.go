//go:build cuda && !cpuonly

package main

import _ "github.com/polybolos-db/polybolos/cuda/register" // makes CUDA devices known

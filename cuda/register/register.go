//go:build cuda && !cpuonly

package register

import (
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver/libcuda"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/kernels"
)

func init() {
	kernels.RegisterDevices(kernels.Finder{Kind: "cuda", Find: func() ([]kernels.Device, error) {
		found, err := cuda.Detect(libcuda.Driver{}, cuda.Options{})
		if err != nil {
			return nil, err
		}
		var out []kernels.Device
		for _, d := range found {
			out = append(out, ops.NewDevice(d, ops.Options{}))
		}
		return out, nil
	}})
}

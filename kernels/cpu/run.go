package cpu

import "github.com/polybolos-db/polybolos/column"
import "github.com/polybolos-db/polybolos/fault"

func (e *Evaluator) run(b *column.Batch, out []*column.Vector) error {
	return fault.New(fault.FeatureNotSupported, "not yet")
}
func (e *Evaluator) sel(b *column.Batch) ([]uint32, error) {
	return nil, fault.New(fault.FeatureNotSupported, "not yet")
}

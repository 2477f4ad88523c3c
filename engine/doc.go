// Package engine is Polybolos within a Go program: SQL on files with all cores, no server and no set-up.
//
//	e, err := engine.Open(engine.Config{})
//	defer e.Close()
//	s := e.Session()
//	defer s.Close()
//	err = s.Query(ctx, "select count(*) from 'lineitem.parquet'", func(b *column.Batch) error { … })
//
// An Engine is a catalog, a memory budget and the scheduler's jobs over one executor in this process; Sessions on it share the tables of
// the catalog. It is the same planner, core and executor that a cluster runs. It may be used by many goroutines, each session by one.
package engine

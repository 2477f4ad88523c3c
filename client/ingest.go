package client

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// IfExists says what Ingest does with a table that is there.
type IfExists string

// What Ingest does with a table that is there. It makes one that is not.
const (
	Fail    IfExists = "fail"
	Append  IfExists = "append"
	Replace IfExists = "replace"
)

// Ingest writes the records of a reader into a table, all or none, and returns the number of rows.
func (c *Client) Ingest(ctx context.Context, table string, records array.RecordReader, exists IfExists) (int64, error) {
	o := flightsql.TableDefinitionOptions{IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate}
	switch exists {
	case Fail:
		o.IfExists = flightsql.TableDefinitionOptionsTableExistsOptionFail
	case Append:
		o.IfExists = flightsql.TableDefinitionOptionsTableExistsOptionAppend
	case Replace:
		o.IfExists = flightsql.TableDefinitionOptionsTableExistsOptionReplace
	default:
		return 0, fault.New(fault.InvalidParameterValue, "%q is none of fail, append and replace", exists)
	}
	n, err := c.flight.ExecuteIngest(ctx, &atLeastOne{RecordReader: records}, &flightsql.ExecuteIngestOpts{TableDefinitionOptions: &o, Table: table})
	return n, wire.Fault(err)
}

// atLeastOne is a reader that gives an empty record where there is none: the schema travels with the first.
type atLeastOne struct {
	array.RecordReader
	began bool
	empty arrow.RecordBatch // the record that Next gave instead
}

// Next moves to the next record.
func (r *atLeastOne) Next() bool {
	if r.empty != nil {
		r.empty.Release()
		r.empty = nil
		return false
	}
	began := r.began
	r.began = true
	if r.RecordReader.Next() {
		return true
	}
	if began || r.Err() != nil {
		return false
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Schema())
	defer b.Release()
	r.empty = b.NewRecordBatch()
	return true
}

// RecordBatch is the record that Next moved to.
func (r *atLeastOne) RecordBatch() arrow.RecordBatch {
	if r.empty != nil {
		return r.empty
	}
	return r.RecordReader.RecordBatch()
}

// Record is RecordBatch, for readers that use the older name.
func (r *atLeastOne) Record() arrow.RecordBatch { return r.RecordBatch() }

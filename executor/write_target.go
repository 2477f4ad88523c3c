package executor

import (
	"encoding/json"
	"strconv"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

const (
	// maxFolders and maxFiles bound what one Write makes: no file is visible until all are complete.
	maxFolders = 1000
	maxFiles   = 8192
	// maxOpen files are written at once by all workers of a task, and leastOpen by each.
	maxOpen   = 512
	leastOpen = 16
)

// layout is what a Write's options say of its files.
type layout struct {
	options map[string]string // of the format
	keys    []int             // partition columns, by position among the input's
	rest    []int             // columns of the files
	schema  []column.Field    // of the files
	bytes   int64             // of a file, 0: no limit
	prefix  string
}

// layoutOf takes the options apart.
func layoutOf(n *plan.Write) (*layout, error) {
	l := &layout{options: map[string]string{}, prefix: "part"}
	var names []string
	for k, v := range n.Options {
		switch k {
		case plan.WritePartitions:
			if err := json.Unmarshal([]byte(v), &names); err != nil {
				return nil, fault.Wrap(fault.InvalidParameterValue, err, "read the partition columns of a plan")
			}
		case plan.WriteKeep:
		case plan.WriteFileBytes:
			var err error
			if l.bytes, err = strconv.ParseInt(v, 10, 64); err != nil || l.bytes < 1 {
				return nil, fault.New(fault.InvalidParameterValue, "a file cannot have %q bytes at most", v)
			}
		case plan.WritePrefix:
			l.prefix = v
		default:
			l.options[k] = v
		}
	}
	isKey := make([]bool, len(n.Schema))
	for _, name := range names {
		at := -1
		for i, f := range n.Schema {
			if f.Name == name {
				at = i
			}
		}
		if at < 0 {
			return nil, fault.New(fault.UndefinedColumn, "partition column %q does not exist", name)
		}
		l.keys = append(l.keys, at)
		isKey[at] = true
	}
	for i, f := range n.Schema {
		if !isKey[i] || n.Options[plan.WriteKeep] == "true" {
			l.rest = append(l.rest, i)
			l.schema = append(l.schema, f)
		}
	}
	if len(l.rest) == 0 {
		return nil, fault.New(fault.InvalidTableDefinition, "no columns are left beside those of PARTITION_BY")
	}
	return l, nil
}

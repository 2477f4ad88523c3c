package kernels

import "github.com/polybolos-db/polybolos/column"

// Replace puts the values of v, flat or constant and of the result's type, in place of the result's buffers. v lives in c.Arena or
// is made of the arguments; rows that are NULL in v become NULL.
func (c *Call) Replace(v *column.Vector) error {
	v, err := column.Flatten(c.Arena, v)
	if err != nil {
		return err
	}
	c.Out.Data, c.Out.Children = v.Data, v.Children
	if v.Valid == nil {
		return nil
	}
	for i := range column.BitmapWords(c.Len) {
		c.Out.Valid[i] &= v.Valid[i]
	}
	return nil
}

// Values computes the rows one by one on the Go heap: for nested results that are rare or small.
func (c *Call) Values(f func(i int) (column.Value, error)) error {
	vals := make([]column.Value, c.Len)
	for i := range vals {
		vals[i].Null = true
	}
	err := c.Rows(func(i int) (err error) {
		vals[i], err = f(i)
		return err
	})
	if err != nil {
		return err
	}
	v, err := column.FromValues(c.Arena, c.Out.Type, c.Len, func(i int) *column.Value { return &vals[i] })
	if err != nil {
		return err
	}
	return c.Replace(v)
}

// Pick makes the result of rows of v: row i is v's row at(i), NULL where that is column.NoRow.
func (c *Call) Pick(v *column.Vector, at func(i int) uint32) error {
	idx := make([]uint32, c.Len)
	for i := range idx {
		idx[i] = column.NoRow
	}
	// The function cannot fail.
	_ = c.Rows(func(i int) error {
		idx[i] = at(i)
		return nil
	})
	if v.Len == 0 {
		return c.Replace(column.NewNull(c.Out.Type, c.Len))
	}
	out, err := column.Gather(c.Arena, v, idx)
	if err != nil {
		return err
	}
	return c.Replace(out)
}

// SpanOf is where the elements of row i, which is not NULL, lie in the children of the list or map v.
func SpanOf(v *column.Vector, i int) column.Span {
	return column.Values[column.Span](v.Target())[v.Index(i)]
}

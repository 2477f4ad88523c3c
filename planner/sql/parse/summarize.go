package parse

// Summarize is SUMMARIZE name or SUMMARIZE query: a line on each column. One of the two is set.
type Summarize struct {
	Table Name
	Query *Query
}

// ShowCreate is SHOW CREATE TABLE or VIEW name: the statement that would make it.
type ShowCreate struct{ Name Name }

func (*Summarize) body()  {}
func (*ShowCreate) body() {}

func (r *reader) summarize() (Body, error) {
	b, err := r.describe()
	if err != nil {
		return nil, err
	}
	d, ok := b.(*Describe)
	if !ok {
		return nil, unexpected(r.script, r.tokens[0])
	}
	return &Summarize{Table: d.Table, Query: d.Query}, nil
}

func (r *reader) showCreate() (Body, error) {
	if !r.take("table") && !r.take("view") {
		return nil, unexpected(r.script, r.peek()).WithHint("TABLE or VIEW is expected here.")
	}
	n, err := r.name()
	return &ShowCreate{Name: n}, err
}

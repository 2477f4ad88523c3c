package catalog

import (
	"encoding/json"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/format"
)

// reading is what the options say of a table of files, beside what its format makes of them.
type reading struct {
	columns  []column.Field         // the schema, nil: inferred
	types    map[string]column.Type // of columns by name, in lower case
	listed   []column.Type          // of the first columns
	names    []string               // of the first columns
	union    bool                   // files need not have all columns
	filename string                 // the name of the column that holds each row's file; empty: none
	hive     string                 // whether folders hold columns: "", "true" or "false"
	hiveText bool                   // these columns are text
	hiveType map[string]column.Type // of these columns by name
}

// readingOptions takes the options that are not the format's own out of the source's.
func readingOptions(source *plan.Source) (*reading, error) {
	r := &reading{}
	options := maps.Clone(source.Options)
	take := func(names ...string) (string, string, bool) {
		for _, n := range names {
			if v, ok := options[n]; ok {
				delete(options, n)
				return n, v, true
			}
		}
		return "", "", false
	}
	// What an earlier opening noted is found anew.
	delete(options, format.PartitionOption)
	delete(options, format.FilenameOption)
	var err error
	truth := func(name string, set *bool) {
		if _, v, ok := take(name); ok && err == nil {
			*set, err = boolean(name, v)
		}
	}
	truth(format.UnionOption, &r.union)
	autocast := true
	truth("hive_types_autocast", &autocast)
	r.hiveText = !autocast
	if err != nil {
		return nil, err
	}
	if _, v, ok := take("hive_partitioning"); ok && !strings.EqualFold(v, "auto") {
		on, err := boolean("hive_partitioning", v)
		if err != nil {
			return nil, err
		}
		r.hive = map[bool]string{true: "true", false: "false"}[on]
	}
	if _, v, ok := take("filename"); ok {
		switch on, err := boolean("filename", v); {
		case err != nil && v != "":
			r.filename = v
		case on:
			r.filename = "filename"
		}
	}
	if _, v, ok := take("hive_types"); ok {
		if r.hiveType, _, err = namedTypes("hive_types", v); err != nil {
			return nil, err
		}
	}
	if !inferred(source.Format) {
		source.Options = options
		return r, nil
	}
	if name, v, ok := take("columns"); ok {
		types, order, err := namedTypes(name, v)
		if err != nil {
			return nil, err
		}
		for _, n := range order {
			r.columns = append(r.columns, column.Field{Name: n, Type: types[strings.ToLower(n)]})
		}
	}
	if name, v, ok := take("types", "dtypes", "column_types"); ok {
		if strings.HasPrefix(strings.TrimSpace(v), "[") {
			r.listed, err = listedTypes(name, v)
		} else {
			r.types, _, err = namedTypes(name, v)
		}
		if err != nil {
			return nil, err
		}
	}
	if name, v, ok := take("names", "column_names"); ok && source.Format == "csv" {
		if r.names, err = texts(name, v); err != nil {
			return nil, err
		}
	}
	source.Options = options
	return r, nil
}

func boolean(name, v string) (bool, error) {
	switch strings.ToLower(v) {
	case "true", "on", "1", "yes", "":
		return true, nil
	case "false", "off", "0", "no":
		return false, nil
	}
	return false, fault.New(fault.InvalidParameterValue, "option %s is true or false, not %q", name, v)
}

// texts reads an option that is a list of texts, which comes as JSON, or as names with commas between.
func texts(name, v string) ([]string, error) {
	if strings.HasPrefix(strings.TrimSpace(v), "[") {
		var out []string
		if err := json.Unmarshal([]byte(v), &out); err != nil {
			return nil, fault.New(fault.InvalidParameterValue, "option %s is a list of texts, not %s", name, v)
		}
		return out, nil
	}
	var out []string
	for _, part := range strings.Split(strings.Trim(v, "()"), ",") {
		out = append(out, strings.TrimSpace(part))
	}
	return out, nil
}

func listedTypes(name, v string) ([]column.Type, error) {
	list, err := texts(name, v)
	if err != nil {
		return nil, err
	}
	out := make([]column.Type, len(list))
	for i, text := range list {
		if out[i], err = optionType(name, text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// optionType is a type that files of text can be read as.
func optionType(option, text string) (column.Type, error) {
	t, err := convert.TypeName(text)
	if e, ok := fault.As(err); ok {
		return t, fault.Wrap(e.Code, err, "option %s", option)
	}
	return t, nil
}

// namedTypes reads types by name: {"a": "integer"} as JSON, or a integer, b text as in CREATE TABLE. The keys are in lower case; order has the names as
// written.
func namedTypes(option, v string) (types map[string]column.Type, order []string, err error) {
	bad := fault.New(fault.InvalidParameterValue, "option %s names columns and their types, as in {'a': 'integer', 'b': 'text'}; it is %s", option, v)
	pairs := [][2]string{}
	if text := strings.TrimSpace(v); strings.HasPrefix(text, "{") {
		d := json.NewDecoder(strings.NewReader(text))
		if _, err := d.Token(); err != nil {
			return nil, nil, bad
		}
		for d.More() {
			key, kerr := d.Token()
			value, verr := d.Token()
			name, ok := key.(string)
			typ, isText := value.(string)
			if kerr != nil || verr != nil || !ok || !isText {
				return nil, nil, bad
			}
			pairs = append(pairs, [2]string{name, typ})
		}
	} else {
		for _, part := range splitTypes(text) {
			name, typ, ok := strings.Cut(strings.TrimSpace(part), " ")
			if !ok {
				return nil, nil, bad
			}
			pairs = append(pairs, [2]string{strings.Trim(name, `"`), typ})
		}
	}
	types = map[string]column.Type{}
	for _, p := range pairs {
		key := strings.ToLower(p[0])
		if _, twice := types[key]; twice {
			return nil, nil, fault.New(fault.DuplicateColumn, "option %s names column %q twice", option, p[0])
		}
		if types[key], err = optionType(option, p[1]); err != nil {
			return nil, nil, err
		}
		order = append(order, p[0])
	}
	if len(order) == 0 {
		return nil, nil, bad
	}
	return types, order, nil
}

// splitTypes cuts at the commas that are outside of parentheses.
func splitTypes(s string) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, s[from:i]), i+1
			}
		}
	}
	return append(out, s[from:])
}

// apply gives inferred columns the names and types that the options say.
func (r *reading) apply(fields []column.Field, option string) ([]column.Field, error) {
	out := slices.Clone(fields)
	if len(r.names) > len(out) || len(r.listed) > len(out) {
		return nil, fault.New(fault.InvalidParameterValue, "the options name %d columns, the files have %d", max(len(r.names), len(r.listed)), len(out))
	}
	for i, n := range r.names {
		out[i].Name = n
	}
	for i, t := range r.listed {
		out[i].Type = t
	}
	known := map[string]bool{}
	for i, f := range out {
		key := strings.ToLower(f.Name)
		known[key] = true
		if t, ok := r.types[key]; ok {
			out[i].Type = t
		}
	}
	var missing []string
	for n := range r.types {
		if !known[n] {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		sort.Strings(missing)
		return nil, fault.New(fault.UndefinedColumn, "option %s names a column %q, which the files have not", option, missing[0])
	}
	return out, nil
}

// hiveColumns gives the columns of folders the types that the options say.
func (r *reading) hiveColumns(fields []column.Field) ([]column.Field, error) {
	for i, f := range fields {
		if r.hiveText {
			fields[i].Type = column.T(column.Text)
		}
		if t, ok := r.hiveType[strings.ToLower(f.Name)]; ok {
			fields[i].Type = t
		}
	}
	for name := range r.hiveType {
		if !slices.ContainsFunc(fields, func(f column.Field) bool { return strings.ToLower(f.Name) == name }) {
			return nil, fault.New(fault.UndefinedColumn, "option hive_types names a column %q, which the folders do not hold", name)
		}
	}
	return fields, nil
}

package shell

// keywords are the words that completion proposes; words that begin statements and clauses, not every word that the grammar knows.
var keywords = []string{
	"all", "analyze", "and", "any", "as", "asc", "between", "bigint", "boolean", "by", "case", "cast", "copy", "create", "cross",
	"current_date", "current_timestamp", "date", "deallocate", "decimal", "delete", "desc", "describe", "distinct", "double precision", "drop",
	"else", "end", "escape", "except", "execute", "exists", "explain", "external", "extract", "false", "fetch", "filter", "first", "following",
	"from", "full", "group", "grouping sets", "having", "if", "ilike", "in", "inner", "insert", "integer", "intersect", "interval", "into", "is",
	"join", "last", "lateral", "left", "like", "limit", "location", "natural", "not", "null", "nulls", "offset", "on", "or", "order", "outer",
	"over", "parquet", "partition", "preceding", "prepare", "qualify", "range", "recursive", "replace", "reset", "right", "rollup", "rows",
	"select", "set", "show", "smallint", "some", "stored", "table", "tables", "text", "then", "timestamp", "to", "true", "try_cast", "unbounded",
	"union", "using", "values", "varchar", "view", "views", "when", "where", "window", "with",
}

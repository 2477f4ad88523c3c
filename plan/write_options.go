package plan

// Options of a Write that say which files there are; the format does not see them.
const (
	// WritePartitions is a list of columns as JSON: their values become folders.
	WritePartitions = "partition_columns"
	// WriteKeep says that the partition columns are written into the files too.
	WriteKeep = "keep_partition_columns"
	// WriteFileBytes is about how many bytes a file has at most.
	WriteFileBytes = "file_bytes"
	// WritePrefix is how the names of the files in a folder begin.
	WritePrefix = "file_prefix"
)

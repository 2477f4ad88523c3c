// Package clients runs real clients against a real `polybolos standalone` process on the loopback interface: the shell, Go's client and database/sql,
// Python's ADBC with pyarrow, pandas and polars, and JDBC.
//
// The pages of docs/clients are the first tests: docs_test.go runs the code blocks of each page in their order, and compares what a block prints with
// the block of text that follows it. The scripts in testdata then go where a page would bore: every type, errors, ingestion, metadata.
//
// What a language needs is put into build/clients once, in pinned versions: a virtual environment for Python (testdata/requirements.txt), the JDBC
// driver by Maven. A test is skipped, with the reason, only where Python, Java or Maven is missing. Each process is ended by its identity.
package clients

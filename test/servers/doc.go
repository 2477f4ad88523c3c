// Package servers starts, for tests, the servers that Polybolos talks to: MinIO and versitygw as S3, and etcd.
//
// `make tools` builds them into bin/tools, under names with their versions. Each listens on a free port of the loopback device, keeps its data in the
// test's temporary folder, and is ended by its process id when the test ends. A test is skipped where a program is missing, but for POLYBOLOS_TEST_SERVERS=required,
// which `make test` sets.
//
// It also starts polybolos itself: the binary as processes (Polybolos), and a Flight SQL server in the test's process (SQL, FlightSQL).
package servers

// Package state keeps what must outlive a scheduler: running jobs and what their stages have finished, the catalog, sessions, polled queries.
//
// A Store holds small records by key, and commits several changes at once under conditions, all or nothing. Memory is one for tests and for schedulers whose state may
// go with them; subpackage etcd is the other, in this process with a data folder or a cluster elsewhere. Package statetest is the one set of tests that both pass.
// A record has at most MaxValue bytes: what is larger or never changes (plans) is a blob, named by its hash, in a folder or below an S3 prefix.
//
// A Claim is the right of one scheduler to change something, for as long as it lives: it is a record with a lease, and its revision is the fence. A commit that names a
// claim changes nothing once the claim is lost, whoever believes to hold it.
//
//	store.go    the contract; memory.go in memory; blobs.go large immutable contents
//	journal.go  jobs, as scheduler/jobs tells of them, and what Load gives back to it
//	tables.go   the catalog; sessions.go sessions and queries of clients
package state

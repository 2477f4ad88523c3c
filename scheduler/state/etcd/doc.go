// Package etcd keeps the scheduler's state in etcd: in a cluster that runs elsewhere (Open), or in a member of its own inside this process, whose data is in a
// folder (Embed). Both speak to it through etcd's client; the embedded one opens no port.
package etcd

// Package peerfiles carries the files in the folders of executors over gRPC, as polybolos.control.v1.Files.
//
// A Server gives what lies in one objectstore.Folder. A Client is the objectstore.Places of a process: where executors are it asks whoever knows, which is the scheduler, and their
// files it reads from them.
package peerfiles

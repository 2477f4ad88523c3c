// Package objectstore says where bytes are: it finds the storage.Store of a path or URL.
//
// Local is the file system, reached by plain paths and file:// URLs. A folder means all files below it, a glob the files that match it
// (** stands for any number of folders); names that begin with a dot or an underscore are left out, as they are of other programs' making (temporary
// files, markers). Files are listed with their size and time of change, and reading one that no longer has them fails: what a plan was made for
// is what is read. A file being written stands under a hidden name in its folder until Commit renames it.
//
// S3 is Amazon's service and those that speak like it, reached by s3://bucket/name. Folders and globs mean the same. Each ReadAt is one ranged request; what is
// written goes out in parts and appears at Commit. One configuration, of ConfigureS3 or the environment, holds for a process. Beside the
// storage.Store, S3 has what package shuffle needs: conditional writes, uploads in parts, the tail of an object, removal of everything below a prefix.
//
// Executors is the folders that the executors of a cluster share, reached by local://NAME/path; without a name all of them. A Folder is one: nothing leads out of it. The executor itself
// reads its disk, others read through it with package peerfiles, and wait a while for one that is gone. UseExecutors says what local:// means in a process.
package objectstore

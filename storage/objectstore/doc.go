// Package objectstore says where bytes are: it finds the storage.Store of a path or URL.
//
// Today that is the local file system, reached by plain paths and file:// URLs. A folder means all files below it, a glob the files that match it
// (** stands for any number of folders); names that begin with a dot or an underscore are left out, as they are of other programs' making (temporary
// files, markers). Files are listed with their size and time of change, and opening one that no longer has them fails: what a plan was made for
// is what is read. A file being written stands under a hidden name in its folder until Commit renames it.
package objectstore

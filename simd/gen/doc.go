// Package gen holds the programs that write the assembly of package simd, one for each family of routines; `go generate` in this folder runs them. It
// is a module of its own, so that nothing but this folder depends on avo.
package gen

//go:generate go run ./snappy -out ../snappy_amd64.s -stubs ../snappy_amd64.go -pkg simd
//go:generate go run ./unpack -out ../unpack_amd64.s -stubs ../unpack_amd64.go -pkg simd
//go:generate go run ./choose -out ../choose_amd64.s -stubs ../choose_amd64.go -pkg simd
//go:generate go run ./hash -out ../hash_amd64.s -stubs ../hash_amd64.go -pkg simd
//go:generate go run ./sum -out ../sum_amd64.s -stubs ../sum_amd64.go -pkg simd
//go:generate go run ./gather -out ../gather_amd64.s -stubs ../gather_amd64.go -pkg simd
//go:generate go run ./arith -out ../arith_amd64.s -stubs ../arith_amd64.go -pkg simd
//go:generate go run ./runs -out ../runs_amd64.s -stubs ../runs_amd64.go -pkg simd
//go:generate go run ./delta -out ../delta_amd64.s -stubs ../delta_amd64.go -pkg simd
//go:generate go run ./split -out ../split_amd64.s -stubs ../split_amd64.go -pkg simd
//go:generate go run ./text -out ../text_amd64.s -stubs ../text_amd64.go -pkg simd
//go:generate go run ./keys -out ../keys_amd64.s -stubs ../keys_amd64.go -pkg simd
//go:generate go run ./views -out ../views_amd64.s -stubs ../views_amd64.go -pkg simd
//go:generate go run ./strings -out ../strings_amd64.s -stubs ../strings_amd64.go -pkg simd
//go:generate go run ./compact -out ../compact_amd64.s -stubs ../compact_amd64.go -pkg simd
//go:generate go run ./probe -out ../probe_amd64.s -stubs ../probe_amd64.go -pkg simd
//go:generate go run ./group -out ../group_amd64.s -stubs ../group_amd64.go -pkg simd
//go:generate go run ./partition -out ../partition_amd64.s -stubs ../partition_amd64.go -pkg simd
//go:generate go run ./bitmap -out ../bitmap_amd64.s -stubs ../bitmap_amd64.go -pkg simd
//go:generate go run ./compare -out ../compare_amd64.s -stubs ../compare_amd64.go -pkg simd
//go:generate go run ./cast -out ../cast_amd64.s -stubs ../cast_amd64.go -pkg simd
//go:generate go run ./date -out ../date_amd64.s -stubs ../date_amd64.go -pkg simd
//go:generate go run ./fold -out ../fold_amd64.s -stubs ../fold_amd64.go -pkg simd

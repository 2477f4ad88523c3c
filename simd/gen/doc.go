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

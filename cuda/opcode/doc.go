// Package opcode numbers the instructions of programs for the device, where their operands lie, the words of a kernel's job, and how groups' states are merged:
// what the pipelines' compiler (package ops), the interpreting kernels (kernels/program.cuh) and the compiler to PTX (package codegen) have in common.
package opcode

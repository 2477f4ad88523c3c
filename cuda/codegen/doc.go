// Package codegen compiles programs for the device to PTX: one module with one kernel for one program, in place of the kernel that interprets all of them.
//
// # What it takes
//
// A Program has the instructions that package ops makes (opcode, kernels/program.cuh), their constants, and what is fixed for a table's layout: how groups are
// found, how many words of state they have and how each is merged. The kernel reads what changes from the same job: where columns, table, flags and constants
// lie. So both kernels can work on the chunks of one run in turn, and leave the same states.
//
// # How it computes
//
// A thread computes the rows tid, tid + threads, ... of a tile, all of them in straight-line code. The accumulator, operands and temporaries are names of registers: moves cost nothing.
// A value knows how many bits it can take, so that narrow ones are computed in 32 bits and what cannot overflow is not checked. Filters narrow
// a predicate of each row; columns that are needed behind a filter are read for the rows that are left, and a warp without any goes on to its next tile.
//
// # Groups
//
// States of an ungrouped aggregate stay in registers until the last tile. Few directly addressed groups have states in the block's shared memory, a copy
// for each lane where there is room, so that lanes do not wait for one another. Hash tables are looked up for all of a thread's rows at once; where groups may be few,
// those that come first have states in shared memory too. All of them are merged into the table at the end.
package codegen

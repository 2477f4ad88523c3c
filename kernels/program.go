package kernels

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Reg names a register of a Program: a vector of the batch's physical length, defined at the rows selected where it was computed.
type Reg int32

// Program computes Outputs from the columns of a batch. Registers 0 to len(Inputs)-1 are those columns, the others are written once each
// before they are read. A Program is immutable and shared by all workers; an evaluator holds a worker's registers.
type Program struct {
	Inputs  []column.Type // types of the batch's columns; a column that the program does not read may be left nil in the batch
	Regs    []column.Type // type of every register, inputs first
	Consts  []Const       // registers with a constant value, set before the first instruction
	Body    Block
	Outputs []Reg
}

// Const is a register that holds one value for all rows.
type Const struct {
	Reg   Reg
	Value column.Value
}

// Block is instructions in order, computed under one selection.
type Block struct{ Instrs []Instr }

// Instr writes register Dst from registers Args. The operands' types are those of the registers.
type Instr struct {
	Op    Op
	Dst   Reg
	Args  []Reg
	Call  *Function // OpCall: what to call
	Arms  []Arm     // OpAnd, OpOr, OpCase, OpCoalesce: what is computed under a narrowed selection
	Set   *ValueSet // OpInSet: the values
	Lossy bool      // OpCast: conversion errors give NULL (TRY_CAST)
	Pos   int32     // 1-based byte position in the statement of what fails when the instruction does; 0 unknown
}

// Arm is a region computed only where it is needed, its value in Result. Case: arms in turn are a condition and the result where it is
// true; a last arm without a partner is ELSE. And, Or: an arm a term, computed where the earlier ones left the answer open. Coalesce: an arm
// a term, computed where all earlier ones are NULL.
type Arm struct {
	Body   Block
	Result Reg
}

// Op is what an instruction does. The numbers may change: programs are compiled where they run and are never sent.
type Op uint16

// The opcodes. "Strict" ones give NULL where an operand is NULL. Arithmetic has operands and result of one type (decimals as said)
// and fails with SQLSTATE 22003 on overflow and 22012 on division by zero, at selected rows without NULL only.
const (
	OpNone Op = iota

	// Strict arithmetic. Decimal operands of OpAdd, OpSub have the result's scale; OpMul's scales add up to the result's or more (then it
	// rounds half away from zero); OpDiv rescales as its result type says.
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpNeg
	OpAbs

	// Strict comparisons of two operands of one type (decimals of one scale): boolean.
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe

	// Never NULL.
	OpIsNull
	OpIsNotNull
	OpIsDistinct
	OpIsNotDistinct
	OpIsTrue
	OpIsFalse

	// Three-valued logic and conditionals, with arms.
	OpNot
	OpAnd
	OpOr
	OpCase
	OpCoalesce

	// OpCast converts to the register's type; fails with 22P02, 22003, 22007 or gives NULL when Lossy.
	OpCast

	// OpInSet is strict membership in Set; NULL in the set makes a miss NULL.
	OpInSet

	// OpLike matches text against a constant pattern (Args[1] is a Const register); OpILike without regard to case.
	OpLike
	OpILike

	// OpExtract* take a field of a date or timestamp as int64.
	OpExtractYear
	OpExtractMonth
	OpExtractDay
	OpExtractQuarter

	// OpCall calls a Go function.
	OpCall
)

// ValueSet is the right side of an IN list: distinct non-NULL values of one type.
type ValueSet struct {
	Type    column.Type
	Values  []column.Value
	HasNull bool
}

// Function is a scalar function implemented in Go. It must be safe for concurrent use.
type Function struct {
	Name string
	// Strict functions are not called for rows where an argument is NULL: the evaluator clears their validity and leaves them out of the
	// selection. Others see the arguments' validity and write the result's.
	Strict bool
	// Eval computes c.Out at the selected rows.
	Eval func(c *Call) error
}

// Call is one evaluation of a Function over a batch.
type Call struct {
	Args []*column.Vector // any form; for a dictionary-encoded single argument the evaluator may call on the dictionary's entries instead
	Out  *column.Vector   // flat, Len physical rows, validity never nil and preset by Strict; the function writes Data at selected rows
	Sel  []uint32         // rows to compute; nil: all of Len
	Len  int
	Heap Heap // for the bytes of long strings in Out
	// Arena is for the children of a nested Out, or for all of an Out that the function replaces; nil where neither argument nor result is nested.
	Arena *mem.Arena
}

// Heap allocates memory that lives as long as the result batch. column/mem.Arena is one.
type Heap interface {
	Alloc(n int) ([]byte, error)
}

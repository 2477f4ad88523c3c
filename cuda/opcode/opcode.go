package opcode

// The numbers of kernels/program.cuh, in its order; a test compares them.

// Op is an instruction of the program kernel.
type Op uint8

// The opcodes.
const (
	Nop Op = iota
	Mov
	Add
	Sub
	Rsub
	Mul
	Div
	Rdiv
	Mod
	Rmod
	Neg
	Abs
	Range
	Widen
	Wadd
	Wsub
	Wrsub
	Product
	Wmul
	Wneg
	Wabs
	Wrange
	Narrow
	Fadd
	Fsub
	Frsub
	Fmul
	Fdiv
	Frdiv
	Fneg
	Fabs
	Fround
	Tofloat
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	Feq
	Fne
	Flt
	Fle
	Fgt
	Fge
	Weq
	Wne
	Wlt
	Wle
	Wgt
	Wge
	Same
	Fsame
	Wsame
	Not
	And
	Or
	Isnull
	Isnotnull
	Istrue
	Isfalse
	Year
	Month
	Day
	Tsday
	Inset
	Lookup8
	Store
	Storew
	Storem
	Storemw
	Filter
	Push
	Then
	Else
	Pop
	OpenAnd
	OpenOr
	OpenNull
	Dense
	Hashkey
	Find
	Count
	Sum2
	Sum3
	Fsum
	Max
	Order
	Forder
	Invert
	High
	Out1
	Out2
	Out4
	Out8
	Out16
	Outmask
	Keep
	Sumprod
	Outprod
)

// Fetch says where an operand lies.
type Fetch uint8

// The kinds of operands.
const (
	FromNone Fetch = iota
	FromConst
	FromConstw
	FromNull
	FromI8
	FromI16
	FromI32
	FromWord
	FromU8
	FromU16
	FromU32
	FromF32
	FromWide
	FromTemp
	FromTempw
)

// The job's words.
const (
	JobCode = iota
	JobCodes
	JobCols
	JobConsts
	JobTrouble
	JobValid
	JobCells
	JobCellMode
	JobCellCount
	JobCopies
	JobWords
	JobKinds
	JobTable
	JobStride
	JobStates
	JobShift
	JobMask
	JobKeys
	JobKeytemp
	JobOwners
	JobGroups
	JobSize
)

// How groups have states in shared memory.
const (
	CellsNone = iota
	CellsOwn
	CellsCopies
	CellsCache
)

// How states are merged.
const (
	MergeNext uint8 = iota
	MergeCount
	MergeSum2
	MergeSum3
	MergeFsum
	MergeMax
)

// What the kernels report.
const (
	TroubleValue = 1
	TroubleFull  = 2
)

package ops

// The numbers of kernels/program.cuh, in its order; a test compares them.

// opcode is an instruction of the program kernel.
type opcode uint8

// The opcodes.
const (
	opNop opcode = iota
	opMov
	opAdd
	opSub
	opRsub
	opMul
	opDiv
	opRdiv
	opMod
	opRmod
	opNeg
	opAbs
	opRange
	opWiden
	opWadd
	opWsub
	opWrsub
	opProduct
	opWmul
	opWneg
	opWabs
	opWrange
	opNarrow
	opFadd
	opFsub
	opFrsub
	opFmul
	opFdiv
	opFrdiv
	opFneg
	opFabs
	opFround
	opTofloat
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opFeq
	opFne
	opFlt
	opFle
	opFgt
	opFge
	opWeq
	opWne
	opWlt
	opWle
	opWgt
	opWge
	opSame
	opFsame
	opWsame
	opNot
	opAnd
	opOr
	opIsnull
	opIsnotnull
	opIstrue
	opIsfalse
	opYear
	opMonth
	opDay
	opTsday
	opInset
	opLookup8
	opStore
	opStorew
	opStorem
	opStoremw
	opFilter
	opPush
	opThen
	opElse
	opPop
	opOpenAnd
	opOpenOr
	opOpenNull
	opDense
	opHashkey
	opFind
	opCount
	opSum2
	opSum3
	opFsum
	opMax
	opOrder
	opForder
	opInvert
	opHigh
	opOut1
	opOut2
	opOut4
	opOut8
	opOut16
	opOutmask
	opKeep
	opSumprod
	opOutprod
)

// fetch says where an operand lies.
type fetch uint8

// The kinds of operands.
const (
	fromNone fetch = iota
	fromConst
	fromConstw
	fromNull
	fromI8
	fromI16
	fromI32
	fromWord
	fromU8
	fromU16
	fromU32
	fromF32
	fromWide
	fromTemp
	fromTempw
)

// The job's words.
const (
	jobCode = iota
	jobCodes
	jobCols
	jobConsts
	jobTrouble
	jobValid
	jobCells
	jobCellMode
	jobCellCount
	jobCopies
	jobWords
	jobKinds
	jobTable
	jobStride
	jobStates
	jobShift
	jobMask
	jobKeys
	jobKeytemp
	jobOwners
	jobGroups
	jobSize
)

// How groups have states in shared memory.
const (
	cellsNone = iota
	cellsOwn
	cellsCopies
	cellsCache
)

// How states are merged.
const (
	mergeNext uint8 = iota
	mergeCount
	mergeSum2
	mergeSum3
	mergeFsum
	mergeMax
)

// The tile of a block.
const (
	tileThreads = 128
	tileRows    = 4
	tile        = tileThreads * tileRows
	maxCode     = 256

	// residentBlocks is how many blocks of pb_program a multiprocessor runs at once, by its bounds, and leanBlocks those of pb_program_lean.
	residentBlocks = 5
	leanBlocks     = 7
)

// What the kernels report.
const (
	troubleValue = 1
	troubleFull  = 2
)

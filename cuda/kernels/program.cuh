// program.cuh: the instructions of the fused expression program and the words of its job, as package ops writes them. Keep both the same.
#pragma once
#include "device.cuh"

enum {
	PB_ROWS = 4,      // rows a thread computes at once: enough loads in flight, few enough registers
	PB_THREADS = 128, // threads of a block
	PB_TILE = PB_ROWS * PB_THREADS,
	PB_MAX_CODE = 256,
};

// An instruction is two words: op (8 bits), operand kind (8), a (16), b (32); then an immediate word. The accumulator holds a value of PB_ROWS rows;
// "b" below is the operand.
enum pb_op {
	PB_NOP,
	PB_MOV, // acc = b
	// Words, signed; overflow at an active row with a value is trouble.
	PB_ADD, PB_SUB, PB_RSUB, PB_MUL, PB_DIV, PB_RDIV, PB_MOD, PB_RMOD, PB_NEG, PB_ABS,
	PB_RANGE, // trouble unless consts[imm] <= acc <= consts[imm + 1]
	// 128 bits.
	PB_WIDEN, PB_WADD, PB_WSUB, PB_WRSUB, PB_PRODUCT, PB_WMUL, PB_WNEG, PB_WABS, PB_WRANGE, PB_NARROW,
	// Doubles; an infinite result of finite operands is trouble.
	PB_FADD, PB_FSUB, PB_FRSUB, PB_FMUL, PB_FDIV, PB_FRDIV, PB_FNEG, PB_FABS, PB_FROUND, PB_TOFLOAT,
	// Comparisons: booleans.
	PB_EQ, PB_NE, PB_LT, PB_LE, PB_GT, PB_GE,
	PB_FEQ, PB_FNE, PB_FLT, PB_FLE, PB_FGT, PB_FGE,
	PB_WEQ, PB_WNE, PB_WLT, PB_WLE, PB_WGT, PB_WGE,
	PB_SAME, PB_FSAME, PB_WSAME, // not distinct
	PB_NOT, PB_AND, PB_OR, PB_ISNULL, PB_ISNOTNULL, PB_ISTRUE, PB_ISFALSE,
	PB_YEAR, PB_MONTH, PB_DAY, PB_TSDAY,
	PB_INSET,  // acc is among the ascending consts[imm] to consts[imm + a - 1]
	PB_LOOKUP8, // acc = byte acc of column a, for dictionary codes
	// Temporaries: word b of the dynamic shared memory on, validity a.
	PB_STORE, PB_STOREW, PB_STOREM, PB_STOREMW,
	// Which rows are active.
	PB_FILTER, PB_PUSH, PB_THEN, PB_ELSE, PB_POP, PB_OPEN_AND, PB_OPEN_OR, PB_OPEN_NULL,
	// Groups and aggregates: a is the state's first word.
	PB_DENSE,   // the group is the sum of codes times imm; NULL is code b
	PB_HASHKEY, // key a
	PB_FIND,    // the group of the keys
	PB_COUNT, PB_SUM2, PB_SUM3, PB_FSUM, PB_MAX,
	PB_ORDER, PB_FORDER, PB_INVERT, PB_HIGH, // to words whose unsigned order is the value's; the opposite order; the high word
	// Columns out: a.
	PB_OUT1, PB_OUT2, PB_OUT4, PB_OUT8, PB_OUT16, PB_OUTMASK,
	// Several instructions in one, whose operand is a column or a short constant.
	PB_KEEP,    // a filter: consts[imm] <= the operand <= consts[imm + 1]; acc stays. b: rows may end here
	PB_SUMPROD, // the exact product of acc and the operand to the PB_SUM3 state b; acc stays
	PB_OUTPROD, // the product to column b, of 128 bits; acc stays
};

enum pb_kind {
	PB_K_NONE,
	PB_K_CONST,  // imm
	PB_K_CONSTW, // consts[imm], consts[imm + 1]
	PB_K_NULL,
	PB_K_I8, PB_K_I16, PB_K_I32, PB_K_WORD, PB_K_U8, PB_K_U16, PB_K_U32, PB_K_F32, PB_K_WIDE, // column a
	PB_K_TEMP, PB_K_TEMPW, // as PB_STORE
};

// The job: words that say where everything is.
enum pb_job {
	PB_J_CODE, PB_J_CODES, // the instructions and how many
	PB_J_COLS,             // two words a column: values, validity (0: no NULL)
	PB_J_CONSTS,           // words
	PB_J_TROUBLE,          // u32 flags
	PB_J_VALID,            // word of the dynamic shared memory where the validity of temporaries begins, a byte a thread and temporary
	PB_J_CELLS,            // word where the block's own states begin
	PB_J_CELL_MODE,        // pb_cells
	PB_J_CELL_COUNT,       // cells
	PB_J_COPIES,           // PB_CELLS_COPIES: copies of each group's states
	PB_J_WORDS,            // words of a group's states
	PB_J_KINDS,            // a byte a state word: how it is merged (pb_merge)
	PB_J_TABLE, PB_J_STRIDE, PB_J_STATES, // the groups' slots, words of a slot, first state word of a slot
	PB_J_SHIFT, PB_J_MASK,                // hash tables: the slot of a hash is its bits above shift; slots - 1
	PB_J_KEYS,                            // key words of a slot, which follow its tag
	PB_J_KEYTEMP,                         // word of the dynamic shared memory where key words lie, each of PB_TILE words
	PB_J_OWNERS,                          // PB_CELLS_CACHE: word where the cells' owners begin
	PB_J_GROUPS,                          // u64: slots taken, counted up
	PB_J_SIZE,
};

enum pb_cells {
	PB_CELLS_NONE,   // groups' states are in the table only
	PB_CELLS_OWN,    // every thread has its own states of every group
	PB_CELLS_COPIES, // groups have states in shared memory, lanes use several copies
	PB_CELLS_CACHE,  // cells belong to the groups that come first
};

enum pb_merge {
	PB_MERGE_NEXT, // belongs to the word before
	PB_MERGE_COUNT,
	PB_MERGE_SUM2,
	PB_MERGE_SUM3,
	PB_MERGE_FSUM,
	PB_MERGE_MAX,
};

enum { PB_TROUBLE_VALUE = 1, PB_TROUBLE_FULL = 2 };

// The states of a slot's tag.
enum { PB_TAG_EMPTY = 0, PB_TAG_BUSY = 2, PB_TAG_READY = 3 };

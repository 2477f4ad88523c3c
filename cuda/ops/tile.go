package ops

// The tile of a block of the interpreting kernels, as kernels/program.cuh has it.
const (
	tileThreads = 128
	tileRows    = 4
	tile        = tileThreads * tileRows
	maxCode     = 256

	// residentBlocks is how many blocks of pb_program a multiprocessor runs at once, by its bounds, and leanBlocks those of pb_program_lean.
	residentBlocks = 5
	leanBlocks     = 7
)

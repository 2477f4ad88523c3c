package fault

// Code is a five-character SQLSTATE as PostgreSQL assigns them.
type Code string

// The codes that this engine raises. Class names are those of the SQL standard and of PostgreSQL's appendix A.
const (
	// Class 08, 0A: connection, feature.
	ConnectionFailure   Code = "08006"
	FeatureNotSupported Code = "0A000"

	// Class 21, 22: cardinality and data.
	CardinalityViolation      Code = "21000"
	DataException             Code = "22000"
	StringTooLong             Code = "22001"
	NumericOutOfRange         Code = "22003"
	InvalidDatetimeFormat     Code = "22007"
	DatetimeOverflow          Code = "22008"
	DivisionByZero            Code = "22012"
	InvalidEscape             Code = "22025"
	InvalidRegularExpression  Code = "2201B"
	InvalidLimit              Code = "2201W"
	InvalidOffset             Code = "2201X"
	InvalidArgumentForLog     Code = "2201E"
	InvalidArgumentForPower   Code = "2201F"
	CharacterNotInRepertoire  Code = "22021"
	InvalidParameterValue     Code = "22023"
	InvalidTextRepresentation Code = "22P02"
	BadCopyFileFormat         Code = "22P04"
	NotNullViolation          Code = "23502"
	ActiveTransaction         Code = "25001"
	InvalidStatementName      Code = "26000"
	InvalidAuthorization      Code = "28000"
	DependentObjects          Code = "2BP01"
	DuplicateStatement        Code = "42P05"

	// Class 34, 42: names, syntax, types.
	SyntaxErrorOrAccessRule Code = "42000"
	SyntaxError             Code = "42601"
	InvalidName             Code = "42602"
	AmbiguousColumn         Code = "42702"
	UndefinedColumn         Code = "42703"
	UndefinedObject         Code = "42704"
	DuplicateAlias          Code = "42712"
	AmbiguousFunction       Code = "42725"
	DuplicateColumn         Code = "42701"
	GroupingError           Code = "42803"
	DatatypeMismatch        Code = "42804"
	WrongObjectType         Code = "42809"
	InvalidColumnReference  Code = "42P10"
	InvalidRecursion        Code = "42P19"
	WindowingError          Code = "42P20"
	CannotCoerce            Code = "42846"
	UndefinedFunction       Code = "42883"
	UndefinedTable          Code = "42P01"
	UndefinedParameter      Code = "42P02"
	DuplicateTable          Code = "42P07"
	DuplicateSchema         Code = "42P06"
	InvalidTableDefinition  Code = "42P16"
	IndeterminateDatatype   Code = "42P18"
	InvalidSchemaName       Code = "3F000"
	InsufficientPrivilege   Code = "42501"

	// Class 53, 54, 55, 57, 58: resources, limits, state, intervention, system.
	InsufficientResources  Code = "53000"
	DiskFull               Code = "53100"
	OutOfMemory            Code = "53200"
	ConfigurationLimit     Code = "53400"
	StatementTooComplex    Code = "54001"
	TooManyColumns         Code = "54011"
	ObjectNotInState       Code = "55000"
	CantChangeRuntimeParam Code = "55P02"
	QueryCanceled          Code = "57014"
	AdminShutdown          Code = "57P01"
	IOError                Code = "58030"
	UndefinedFile          Code = "58P01"
	DuplicateFile          Code = "58P02"

	// Class XX: what only a defect of ours can raise.
	Internal      Code = "XX000"
	DataCorrupted Code = "XX001"
)

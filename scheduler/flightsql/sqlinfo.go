package flightsql

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// Values of SqlInfo answers whose names the library keeps to itself: bit masks of the protocol's enumerations.
const (
	groupByUnrelatedAndBeyond = 1<<0 | 1<<1 // SQL_GROUP_BY_UNRELATED, SQL_GROUP_BY_BEYOND_SELECT
	grammarCore               = 1<<0 | 1<<1 // SQL_MINIMUM_GRAMMAR, SQL_CORE_GRAMMAR
	fullOuterJoins            = 1 << 2      // SQL_FULL_OUTER_JOINS
	allSubqueries             = 1<<0 | 1<<1 | 1<<2 | 1<<3
	unionAndUnionAll          = 1<<0 | 1<<1
	caseLower                 = int64(3) // unquoted names fold to lower case
	caseSensitive             = int64(1)
	nullsHigh                 = int64(0)
)

// registerInfo says what the engine is and does.
func (s *service) registerInfo(version string) error {
	info := map[flightsql.SqlInfo]any{
		flightsql.SqlInfoFlightSqlServerName:                        "Polybolos",
		flightsql.SqlInfoFlightSqlServerVersion:                     version,
		flightsql.SqlInfoFlightSqlServerArrowVersion:                arrow.PkgVersion,
		flightsql.SqlInfoFlightSqlServerReadOnly:                    false,
		flightsql.SqlInfoFlightSqlServerSql:                         true,
		flightsql.SqlInfoFlightSqlServerSubstrait:                   true,
		flightsql.SqlInfoFlightSqlServerTransaction:                 int32(flightsql.SqlTransactionNone),
		flightsql.SqlInfoFlightSqlServerCancel:                      true,
		flightsql.SqlInfoFlightSqlServerStatementTimeout:            int32(0),
		flightsql.SqlInfoFlightSqlServerTransactionTimeout:          int32(0),
		flightsql.SqlInfoFlightSqlServerBulkIngestion:               true,
		flightsql.SqlInfoFlightSqlServerIngestTransactionsSupported: false,
		flightsql.SqlInfoDDLCatalog:                                 false,
		flightsql.SqlInfoDDLSchema:                                  false,
		flightsql.SqlInfoDDLTable:                                   true,
		flightsql.SqlInfoIdentifierCase:                             caseLower,
		flightsql.SqlInfoIdentifierQuoteChar:                        `"`,
		flightsql.SqlInfoQuotedIdentifierCase:                       caseSensitive,
		flightsql.SqlInfoAllTablesAreASelectable:                    true,
		flightsql.SqlInfoNullOrdering:                               nullsHigh,
		flightsql.SqlInfoKeywords:                                   []string{},
		flightsql.SqlInfoNumericFunctions:                           []string{"abs", "ceil", "exp", "floor", "ln", "log", "mod", "power", "round", "sign", "sqrt", "trunc"},
		flightsql.SqlInfoStringFunctions:                            []string{"btrim", "concat", "length", "lower", "lpad", "ltrim", "position", "repeat", "replace", "reverse", "rpad", "rtrim", "substring", "upper"},
		flightsql.SqlInfoSystemFunctions:                            []string{},
		flightsql.SqlInfoDateTimeFunctions:                          []string{"age", "date_part", "date_trunc", "extract", "now"},
		flightsql.SqlInfoSearchStringEscape:                         `\`,
		flightsql.SqlInfoExtraNameChars:                             "",
		flightsql.SqlInfoSupportsColumnAliasing:                     true,
		flightsql.SqlInfoNullPlusNullIsNull:                         true,
		flightsql.SqlInfoSupportsTableCorrelationNames:              true,
		flightsql.SqlInfoSupportsDifferentTableCorrelationNames:     false,
		flightsql.SqlInfoSupportsExpressionsInOrderBy:               true,
		flightsql.SqlInfoSupportsOrderByUnrelated:                   true,
		flightsql.SqlInfoSupportedGroupBy:                           int32(groupByUnrelatedAndBeyond),
		flightsql.SqlInfoSupportsLikeEscapeClause:                   true,
		flightsql.SqlInfoSupportsNonNullableColumns:                 true,
		flightsql.SqlInfoSupportedGrammar:                           int32(grammarCore),
		flightsql.SqlInfoSupportsIntegrityEnhancementFacility:       false,
		flightsql.SqlInfoOuterJoinsSupportLevel:                     int32(fullOuterJoins),
		flightsql.SqlInfoSchemaTerm:                                 "schema",
		flightsql.SqlInfoProcedureTerm:                              "",
		flightsql.SqlInfoCatalogTerm:                                "catalog",
		flightsql.SqlInfoCatalogAtStart:                             true,
		flightsql.SqlInfoSchemasSupportedActions:                    int32(0),
		flightsql.SqlInfoCatalogsSupportedActions:                   int32(0),
		flightsql.SqlInfoSupportedPositionedCommands:                int32(0),
		flightsql.SqlInfoSelectForUpdateSupported:                   false,
		flightsql.SqlInfoStoredProceduresSupported:                  false,
		flightsql.SqlInfoSupportedSubqueries:                        int32(allSubqueries),
		flightsql.SqlInfoCorrelatedSubqueriesSupported:              true,
		flightsql.SqlInfoSupportedUnions:                            int32(unionAndUnionAll),
		flightsql.SqlInfoMaxColumnNameLen:                           int64(0),
		flightsql.SqlInfoDefaultTransactionIsolation:                int64(0),
		flightsql.SqlInfoTransactionsSupported:                      false,
		flightsql.SqlInfoSupportedTransactionsIsolationlevels:       int32(0),
		flightsql.SqlInfoDataDefinitionCausesTransactionCommit:      false,
		flightsql.SqlInfoDataDefinitionsInTransactionsIgnored:       true,
		flightsql.SqlInfoSupportedResultSetTypes:                    int32(1 << 1), // forward only
		flightsql.SqlInfoBatchUpdatesSupported:                      true,
		flightsql.SqlInfoSavePointsSupported:                        false,
		flightsql.SqlInfoNamedParametersSupported:                   false,
		flightsql.SqlInfoLocatorsUpdateCopy:                         false,
		flightsql.SqlInfoStoredFunctionsUsingCallSyntaxSupported:    false,
	}
	for id, value := range info {
		if err := s.RegisterSqlInfo(id, value); err != nil {
			return fmt.Errorf("flightsql: %w", err)
		}
	}
	return nil
}

"""Drives a server through ADBC, pyarrow, pandas and polars. Prints ok when every assertion holds."""

import datetime
import decimal
import sys

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pandas
import polars
import pyarrow

connection = flightsql.connect(sys.argv[1], autocommit=True)
cursor = connection.cursor()


def rows(text, parameters=None):
    cursor.execute(text, parameters)
    return cursor.fetchall()


def fails(kind, sqlstate, call):
    try:
        call()
    except kind as error:
        assert f"ERROR {sqlstate}" in str(error), error
        return error
    raise AssertionError(f"no error {sqlstate}")


# Every type arrives as every reader of Arrow knows it.
cursor.execute(
    """select 1::smallint as i2, 2 as i4, 3::bigint as i8, 1.5::real as f4, 2.5::double precision as f8, true as b,
       12.34::numeric(10,2) as d, 123456789012345678901234567890.5::numeric(38,1) as wide, 'text' as s, '\\x0102'::bytea as bin,
       date '2024-02-29' as day, time '01:02:03.5' as t, timestamp '2024-02-29 01:02:03.123456' as ts,
       timestamptz '2024-02-29 01:02:03+01' as tz, interval '1 month 2 days 3 seconds' as iv, null::int as n"""
)
table = cursor.fetch_arrow_table()
types = [str(t) for t in table.schema.types]
assert types == [
    "int16", "int32", "int64", "float", "double", "bool", "decimal128(10, 2)", "decimal128(38, 1)", "string", "binary",
    "date32[day]", "time64[us]", "timestamp[us]", "timestamp[us, tz=UTC]", "month_day_nano_interval", "int32",
], types
row = table.to_pylist()[0]
assert row["d"] == decimal.Decimal("12.34") and row["wide"] == decimal.Decimal("123456789012345678901234567890.5"), row
assert row["bin"] == b"\x01\x02" and row["day"] == datetime.date(2024, 2, 29) and row["t"] == datetime.time(1, 2, 3, 500000), row
assert row["ts"] == datetime.datetime(2024, 2, 29, 1, 2, 3, 123456) and row["n"] is None, row
assert row["tz"] == datetime.datetime(2024, 2, 29, 0, 2, 3, tzinfo=datetime.timezone.utc), row
assert (row["iv"].months, row["iv"].days, row["iv"].nanoseconds) == (1, 2, 3_000_000_000), row

# Parameters, as ? and as $1; NULL; text where another type is asked for.
assert rows("select ? + 1, ? || 'b'", (41, "a")) == [(42, "ab")]
assert rows("select $2, $1", (1, "x")) == [("x", 1)]
assert rows("select ?::int", (None,)) == [(None,)]
assert rows("select '?', i from generate_series(1, 9) g(i) where i between ? and ? -- ?", (3, 4)) == [("?", 3), ("?", 4)]
assert rows("select 1 where date '2024-01-02' > ?", ("2024-01-01",)) == [(1,)]
assert rows("select i from generate_series(1, 9) g(i) order by i limit ?", (2,)) == [(1,), (2,)]
fails(adbc_driver_manager.ProgrammingError, "42601", lambda: rows("select ?, ?", (1,)))
fails(adbc_driver_manager.Error, "22007", lambda: rows("select 1 where date '2024-01-02' > ?", ("no date",)))

# Statements without rows, and one for each row of parameters.
cursor.execute("create table people (id int, name text, born date)")
cursor.executemany("insert into people values (?, ?, ?)", [(1, "Ada", datetime.date(1815, 12, 10)), (2, None, None)])
assert cursor.rowcount == 2, cursor.rowcount
assert rows("select * from people order by id") == [(1, "Ada", datetime.date(1815, 12, 10)), (2, None, None)]

# Ingestion of what other libraries make: dictionaries, views, large strings, nanoseconds, zones.
made = pyarrow.table(
    {
        "x": pyarrow.array([1, 2, None], pyarrow.int64()),
        "word": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
        "view": pyarrow.array(["short", "a string of more than twelve bytes", None], pyarrow.string_view()),
        "large": pyarrow.array(["p", None, "q"], pyarrow.large_string()),
        "ns": pyarrow.array([1_000, 2_999, None], pyarrow.timestamp("ns")),
        "zoned": pyarrow.array([1, 2, 3], pyarrow.timestamp("ms", "Europe/Berlin")),
        "money": pyarrow.array([decimal.Decimal("1.10"), None, decimal.Decimal("-2.20")], pyarrow.decimal128(9, 2)),
    }
)
assert cursor.adbc_ingest("made", made, mode="create") == 3
fails(adbc_driver_manager.ProgrammingError, "42P07", lambda: cursor.adbc_ingest("made", made, mode="create"))
assert cursor.adbc_ingest("made", made, mode="append") == 3
assert rows("select count(*), sum(x), sum(money) from made") == [(6, 6, decimal.Decimal("-2.20"))]
assert rows("select word, view, large, ns from made where x = 2 limit 1") == [
    ("b", "a string of more than twelve bytes", None, datetime.datetime(1970, 1, 1, 0, 0, 0, 2))
]
# Columns find their place by name, and their types are converted.
assert cursor.adbc_ingest("made", pyarrow.table({"word": ["new"], "x": pyarrow.array([7], pyarrow.int32())}), mode="append") == 1
assert rows("select x, view from made where word = 'new'") == [(7, None)]
fails(adbc_driver_manager.ProgrammingError, "42703", lambda: cursor.adbc_ingest("made", pyarrow.table({"other": [1]}), mode="append"))
assert cursor.adbc_ingest("made", pyarrow.table({"x": [1]}), mode="replace") == 1
assert rows("select * from made") == [(1,)]
fails(adbc_driver_manager.ProgrammingError, "42P01", lambda: cursor.adbc_ingest("absent", pyarrow.table({"x": [1]}), mode="append"))
assert cursor.adbc_ingest("made_or_not", pyarrow.table({"x": [1]}), mode="create_append") == 1
# Many batches in one go.
big = pyarrow.table({"i": range(200_000)})
assert cursor.adbc_ingest("big", pyarrow.RecordBatchReader.from_batches(big.schema, big.to_batches(max_chunksize=1000)), mode="create") == 200_000
assert rows("select count(*), sum(i) from big") == [(200_000, 19_999_900_000)]

# Data frames.
frame = pandas.read_sql("select id, name from people order by id", connection)
assert frame["name"].tolist()[0] == "Ada" and len(frame) == 2, frame
frame = polars.read_database("select i, i * 2 as twice from big where i < 3 order by i", connection)
assert frame.rows() == [(0, 0), (1, 2), (2, 4)], frame
assert polars.DataFrame({"s": ["é", None]}).write_database("polars_made", connection, engine="adbc") == 2
assert rows("select s from polars_made where s is not null") == [("é",)]

# A large result streams; a part of it is read and the rest is dropped.
with connection.cursor() as streaming:
    streaming.execute("select i, repeat('x', 100) as s from generate_series(1, 300000) g(i)")
    reader = streaming.fetch_record_batch()
    assert reader.read_next_batch().num_rows > 0
cursor.execute("select repeat('x', 1000) as s from generate_series(1, 30000) g(i)")
assert cursor.fetch_arrow_table().num_rows == 30_000

# Errors have the SQLSTATE and the place.
error = fails(adbc_driver_manager.ProgrammingError, "42703", lambda: rows("select\n  nope from people"))
assert "LINE 2, COLUMN 3" in str(error), error
assert any(key == b"grpc-status-details-bin" for key, _ in error.details), error.details
fails(adbc_driver_manager.Error, "42P01", lambda: rows("select * from absent"))
fails(adbc_driver_manager.Error, "22012", lambda: rows("select 1 / (i - 5) from generate_series(1, 9) g(i)"))
fails(adbc_driver_manager.ProgrammingError, "42601", lambda: rows("select 1; select 2"))
assert rows("select 'still here'") == [("still here",)]

# Metadata.
cursor.execute("create view elders as select id from people where born < date '1900-01-01'")
objects = connection.adbc_get_objects(depth="all", table_name_filter="people").read_all().to_pylist()
assert [o["catalog_name"] for o in objects] == ["polybolos"], objects
schemas = {s["db_schema_name"]: s["db_schema_tables"] for s in objects[0]["catalog_db_schemas"]}
assert [c["column_name"] for c in schemas["main"][0]["table_columns"]] == ["id", "name", "born"], schemas
names = connection.adbc_get_objects(depth="tables", table_types_filter=["VIEW"]).read_all().to_pylist()
tables = [t["table_name"] for o in names for s in o["catalog_db_schemas"] for t in s["db_schema_tables"]]
assert tables == ["elders"], tables
assert connection.adbc_get_table_schema("people").names == ["id", "name", "born"]
assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
assert connection.adbc_get_info()["vendor_name"] == "Polybolos"

cursor.close()
connection.close()

# Another connection sees the tables, which belong to the server.
with flightsql.connect(sys.argv[1], autocommit=True) as second, second.cursor() as c:
    c.execute("insert into people values (3, 'Grace', null)")
    c.execute("select count(*) from people")
    assert c.fetchall() == [(3,)]

print("ok")

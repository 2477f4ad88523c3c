"""Makes Parquet files with the programs that people write them with, and what they hold as text.

Run with pyarrow, polars, duckdb and pyspark (which needs Java 17) installed: python make.py [pyarrow] [polars] [duckdb] [spark]. All programs are given
the same rows; a file has those of the columns that its program can write, under the same names. values.txt has the names in its first line and then a
line a row, tabs between columns and \\N for NULL; floats are in Python's notation and are compared as numbers.
"""
import datetime as dt
import decimal
import glob
import itertools
import os
import random
import shutil
import sys
import tempfile
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
N = 260
D = decimal.Decimal
UTC = dt.timezone.utc
random.seed(7)


def text(v):
    if v is None:
        return "\\N"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, bytes):
        return "\\x" + v.hex()
    if isinstance(v, dt.datetime):
        s = v.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
        if v.microsecond:
            s += (".%06d" % v.microsecond).rstrip("0")
        return s + ("+00" if v.tzinfo else "")
    if isinstance(v, dt.time):
        return v.strftime("%H:%M:%S") + ((".%06d" % v.microsecond).rstrip("0") if v.microsecond else "")
    if isinstance(v, list) and v and isinstance(v[0], tuple):
        return "{" + ", ".join(text(k) + "=" + inner(x) for k, x in v) + "}"
    if isinstance(v, list):
        return "[" + ", ".join(inner(x) for x in v) + "]"
    if isinstance(v, dict):
        return "{" + ", ".join(k + ": " + inner(x) for k, x in v.items()) + "}"
    return str(v)


def inner(v):
    return "NULL" if v is None else text(v)


def sparse(values, every):
    """Has None in place of one value in every, and a run of them."""
    return [None if i % every == every - 1 or 100 <= i < 140 else v for i, v in enumerate(values)]


def pick(extremes, more):
    return list(itertools.islice(itertools.chain(extremes, (more(i) for i in itertools.count())), N))


def moment(i):
    return dt.datetime(2000, 1, 1) + dt.timedelta(hours=37 * i, microseconds=i * 1001)


# name, type, values. A column whose name ends in _r has no NULL and is declared so.
COLUMNS = [
    ("id_r", pa.int64(), list(range(N))),
    ("bool", pa.bool_(), sparse([i % 3 == 0 for i in range(N)], 5)),
    ("i8", pa.int8(), sparse(pick([-128, 127], lambda i: i % 100 - 50), 7)),
    ("i16", pa.int16(), sparse(pick([-2**15, 2**15 - 1], lambda i: i * 91 - 12000), 7)),
    ("i32", pa.int32(), sparse(pick([-2**31, 2**31 - 1], lambda i: i * i), 7)),
    ("i64", pa.int64(), sparse(pick([-2**63, 2**63 - 1], lambda i: i * 10**12), 7)),
    ("u8", pa.uint8(), sparse(pick([0, 255], lambda i: i % 256), 6)),
    ("u16", pa.uint16(), sparse(pick([0, 2**16 - 1], lambda i: i * 200), 6)),
    ("u32", pa.uint32(), sparse(pick([0, 2**32 - 1], lambda i: i * 10**7), 6)),
    ("u64", pa.uint64(), sparse(pick([0, 2**64 - 1], lambda i: i * 10**16), 6)),
    ("f32", pa.float32(), sparse(pick([1.5, float("inf"), float("nan")], lambda i: i * 0.25), 9)),
    ("f64_r", pa.float64(), pick([-0.0, float("nan"), -1.7976931348623157e308], lambda i: i / 7)),
    ("d9", pa.decimal128(9, 2), sparse(pick([D("-9999999.99"), D("9999999.99")], lambda i: D(i * 317 - 9000) / 100), 8)),
    ("d18", pa.decimal128(18, 4), sparse(pick([D("-99999999999999.9999"), D("99999999999999.9999")], lambda i: D(i * 10**9) / 10000), 8)),
    ("d38", pa.decimal128(38, 6), sparse(pick([D("-" + "9" * 32 + ".999999"), D("9" * 32 + ".999999")], lambda i: D(i * 10**20 - 1) / 10**6), 8)),
    ("date", pa.date32(), sparse(pick([dt.date(1, 1, 1), dt.date(9999, 12, 31)], lambda i: dt.date(1990, 1, 1) + dt.timedelta(31 * i)), 11)),
    ("time", pa.time64("us"), sparse(pick([dt.time(0, 0), dt.time(23, 59, 59, 999999)], lambda i: dt.time(i % 24, i % 60, 1, i * 7)), 11)),
    ("ts", pa.timestamp("us"), sparse(pick([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)], moment), 11)),
    ("tz", pa.timestamp("us", "UTC"), sparse(pick([dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)], lambda i: moment(i).replace(tzinfo=UTC)), 11)),
    ("text", pa.string(), sparse(pick(["", "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich"],
                                      lambda i: "a text that is not short, and number %d" % i if i % 2 else "s%d" % i), 10)),
    ("few_r", pa.string(), [["red", "green", "a colour with a long name"][i % 3] for i in range(N)]),
    ("blob", pa.binary(), sparse(pick([b"", bytes(range(200))], lambda i: bytes([i % 256]) * (i % 20)), 10)),
    ("none", pa.int32(), [None] * N),
    ("list", pa.list_(pa.int64()), sparse(pick([[], [None], [1, None, 3]], lambda i: [i * 10 + k for k in range(i % 5)]), 6)),
    ("lists", pa.list_(pa.list_(pa.string())), sparse(pick([[[]], [None, ["x"]], []], lambda i: [["t%d" % (i + k)] * (k % 3) for k in range(i % 4)]), 6)),
    ("record", pa.struct([("a", pa.int32()), ("b", pa.string())]),
     sparse(pick([{"a": None, "b": None}], lambda i: {"a": i if i % 4 else None, "b": "text of the record %d" % i if i % 3 else None}), 6)),
    ("records", pa.list_(pa.struct([("a", pa.int32()), ("b", pa.list_(pa.int32()))])),
     sparse(pick([[None], [{"a": None, "b": None}], [{"a": 1, "b": []}]], lambda i: [{"a": i + k, "b": [k] * (i % 3)} for k in range(i % 3)]), 6)),
    ("pairs", pa.map_(pa.string(), pa.int64()), sparse(pick([[], [("only", None)]], lambda i: [("k%d" % k, i + k) for k in range(i % 4)]), 6)),
    ("deep", pa.struct([("x", pa.struct([("l", pa.list_(pa.string())), ("y", pa.int64())]))]),
     sparse(pick([{"x": None}, {"x": {"l": None, "y": 1}}], lambda i: {"x": {"l": ["v%d" % i] * (i % 3), "y": i}}), 6)),
]
NESTED = ["list", "lists", "record", "records", "pairs", "deep"]
TABLE = pa.table([pa.array(v, t) for _, t, v in COLUMNS],
                 schema=pa.schema([pa.field(n, t, nullable=not n.endswith("_r")) for n, t, _ in COLUMNS]))
FLAT = TABLE.drop_columns(NESTED)


def shown(name, v):
    if name == "pairs" and v == []:
        return "{}"
    return text(v)


def values():
    with open("values.txt", "w") as f:
        f.write("\t".join(n for n, _, _ in COLUMNS) + "\n")
        for row in zip(*[[shown(n, x) for x in v] for n, _, v in COLUMNS]):
            f.write("\t".join(row) + "\n")


def pyarrow():
    delta = {"i8": "DELTA_BINARY_PACKED", "i16": "DELTA_BINARY_PACKED", "i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "id_r": "DELTA_BINARY_PACKED",
             "u32": "DELTA_BINARY_PACKED", "u64": "DELTA_BINARY_PACKED", "ts": "DELTA_BINARY_PACKED", "date": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY",
             "blob": "DELTA_LENGTH_BYTE_ARRAY", "few_r": "DELTA_LENGTH_BYTE_ARRAY", "d38": "DELTA_BYTE_ARRAY", "bool": "RLE", "list.list.element": "DELTA_BINARY_PACKED",
             "lists.list.element.list.element": "DELTA_BYTE_ARRAY", "pairs.key_value.key": "DELTA_LENGTH_BYTE_ARRAY"}
    split = {n: "BYTE_STREAM_SPLIT" for n in ("f32", "f64_r", "i32", "i64", "d9", "d38", "date", "u16", "list.list.element")}
    small = {"write_batch_size": 32, "data_page_size": 300}
    for version in ("1.0", "2.0"):
        v = version[0]
        pq.write_table(TABLE, "pyarrow_plain_v%s.parquet" % v, compression="none", use_dictionary=False, data_page_version=version, write_page_index=True, **small)
        pq.write_table(TABLE, "pyarrow_dictionary_v%s.parquet" % v, compression="snappy", data_page_version=version, write_page_index=v == "1",
                       row_group_size=130, dictionary_pagesize_limit=600, **small)
        pq.write_table(TABLE, "pyarrow_delta_v%s.parquet" % v, compression="zstd", data_page_version=version, use_dictionary=False, column_encoding=delta, **small)
        pq.write_table(TABLE, "pyarrow_split_v%s.parquet" % v, compression="gzip", data_page_version=version, use_dictionary=False, column_encoding=split, **small)
    for codec in ("brotli", "lz4", "gzip", "zstd", "snappy"):
        pq.write_table(FLAT, "pyarrow_%s.parquet" % codec, compression=codec, data_page_version="2.0" if codec == "lz4" else "1.0", write_page_checksum=True)
    pq.write_table(FLAT.drop_columns(["ts"]), "pyarrow_old.parquet", version="1.0", use_deprecated_int96_timestamps=True, store_decimal_as_integer=True, compression="none")
    pq.write_table(TABLE.slice(0, 0), "pyarrow_empty.parquet")
    pq.write_table(pa.table({"id_r": pa.array(range(N), pa.int64())}).select([]), "pyarrow_no_columns.parquet")
    encrypted()
    # More rows than a batch has, of pages of all sizes, nested columns among them.
    many = 9000
    pq.write_table(pa.table({
        "n": pa.array(range(many), pa.int64()), "t": pa.array(["text %d" % (i // 10) if i % 11 else None for i in range(many)]),
        "l": pa.array([[i] * (i % 4) if i % 13 else None for i in range(many)], pa.list_(pa.int32())),
    }), "pyarrow_many.parquet", compression="zstd", write_page_index=True, data_page_size=3000, write_batch_size=500, dictionary_pagesize_limit=3000,
        column_encoding=None)


def encrypted():
    import base64
    import pyarrow.parquet.encryption as pe

    class Keys(pe.KmsClient):
        def __init__(self, config):
            pe.KmsClient.__init__(self)

        def wrap_key(self, key, name):
            return base64.b64encode(key)

        def unwrap_key(self, key, name):
            return base64.b64decode(key)

    t = pa.table({"open": [1, 2, 3], "secret": ["a", "b", "c"]})
    factory = pe.CryptoFactory(Keys)
    for plain in (True, False):
        config = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["secret"]}, plaintext_footer=plain, internal_key_material=True)
        with pq.ParquetWriter("encrypted_%s.parquet" % ("column" if plain else "footer"), t.schema,
                              encryption_properties=factory.file_encryption_properties(pe.KmsConnectionConfig(), config)) as w:
            w.write_table(t)


def duckdb():
    import duckdb as db
    c = db.connect()
    c.execute("SET threads=1; SET TimeZone='UTC'")
    c.register("t", TABLE)
    for version, codec in (("V1", "uncompressed"), ("V2", "uncompressed"), ("V1", "snappy"), ("V2", "zstd"), ("V2", "gzip"), ("V1", "brotli"), ("V2", "lz4_raw")):
        columns = "*" if codec in ("uncompressed", "zstd") else "* exclude (%s)" % ", ".join(NESTED)
        c.execute("COPY (SELECT %s FROM t) TO 'duckdb_%s_%s.parquet' (FORMAT parquet, PARQUET_VERSION %s, COMPRESSION %s, ROW_GROUP_SIZE 2048)" %
                  (columns, codec, version.lower(), version, codec))
    c.execute("""COPY (SELECT 'a'::ENUM('a', 'b') AS e, '{"k": 1}'::JSON AS j, '00112233-4455-6677-8899-aabbccddeeff'::UUID AS u,
        INTERVAL '1 month 2 days 3.004 seconds' AS iv, TIMESTAMP_NS '2024-02-29 01:02:03.123456789' AS ns, TIMESTAMP_MS '2024-02-29 01:02:03.123' AS ms,
        TIMESTAMP_S '2024-02-29 01:02:03' AS s, 'x'::BLOB AS x, 1::UTINYINT AS u1, '101'::BIT::VARCHAR AS bits)
        TO 'duckdb_types.parquet' (FORMAT parquet)""")


def polars():
    import polars as pl
    t = pl.from_arrow(TABLE.drop_columns(["pairs"]))
    for codec, stat in (("uncompressed", "full"), ("snappy", True), ("gzip", True), ("zstd", "full"), ("brotli", False), ("lz4", True)):
        u = t if codec in ("uncompressed", "zstd") else t.drop([n for n in NESTED if n != "pairs"])
        u.write_parquet("polars_%s.parquet" % codec, compression=codec, statistics=stat, row_group_size=100, data_page_size=500)
    pl.DataFrame({
        "cat": pl.Series(["a", "b", None, "a"], dtype=pl.Categorical), "enum": pl.Series(["x", "y", "x", None], dtype=pl.Enum(["x", "y"])),
        "t_ns": pl.Series([dt.time(1, 2, 3, 4), None, dt.time(0), dt.time(23, 59, 59, 999999)]),
        "ms": pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3, 4000), None, dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)], dtype=pl.Datetime("ms")),
        "ns": pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3, 4), None, dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)], dtype=pl.Datetime("ns")),
        "array": pl.Series([[1, 2], [3, 4], None, [5, None]], dtype=pl.Array(pl.Int32, 2)),
    }).write_parquet("polars_types.parquet")


def spark():
    from pyspark.sql import SparkSession, types as T
    s = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
         .config("spark.driver.memory", "1g").config("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED")
         .config("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED").config("spark.sql.caseSensitive", "true").getOrCreate())
    s.sparkContext.setLogLevel("ERROR")
    os.environ["TZ"] = "UTC"
    kinds = {
        "id_r": T.LongType(), "bool": T.BooleanType(), "i8": T.ByteType(), "i16": T.ShortType(), "i32": T.IntegerType(), "i64": T.LongType(), "f32": T.FloatType(),
        "f64_r": T.DoubleType(), "d9": T.DecimalType(9, 2), "d18": T.DecimalType(18, 4), "d38": T.DecimalType(38, 6), "date": T.DateType(), "ts": T.TimestampNTZType(),
        "tz": T.TimestampType(), "text": T.StringType(), "few_r": T.StringType(), "blob": T.BinaryType(), "none": T.IntegerType(),
        "list": T.ArrayType(T.LongType()), "lists": T.ArrayType(T.ArrayType(T.StringType())),
        "record": T.StructType([T.StructField("a", T.IntegerType()), T.StructField("b", T.StringType())]),
        "records": T.ArrayType(T.StructType([T.StructField("a", T.IntegerType()), T.StructField("b", T.ArrayType(T.IntegerType()))])),
        "pairs": T.MapType(T.StringType(), T.LongType()),
        "deep": T.StructType([T.StructField("x", T.StructType([T.StructField("l", T.ArrayType(T.StringType())), T.StructField("y", T.LongType())]))]),
    }

    def frame(names):
        cols = {n: v for n, _, v in COLUMNS}
        rows = [tuple(dict(x) if n == "pairs" and x is not None else x for n, x in zip(names, row)) for row in zip(*[cols[n] for n in names])]
        return s.createDataFrame(rows, T.StructType([T.StructField(n, kinds[n], not n.endswith("_r")) for n in names])).coalesce(1)

    def write(name, names, codec, **options):
        folder = tempfile.mkdtemp()
        for k in ("spark.sql.parquet.writeLegacyFormat", "spark.sql.parquet.outputTimestampType"):
            s.conf.unset(k)
        for k, v in list(options.items()):
            if k.startswith("spark."):
                s.conf.set(k, v)
                del options[k]
        w = frame(names).write.mode("overwrite").option("compression", codec)
        for k, v in options.items():
            w = w.option(k, v)
        w.parquet(folder)
        shutil.copyfile(glob.glob(folder + "/part-*.parquet")[0], name)
        shutil.rmtree(folder)

    everything = list(kinds)
    flat = [n for n in everything if n not in NESTED]
    small = {"parquet.page.size": "400", "parquet.page.row.count.limit": "60"}
    write("spark_v1.parquet", everything, "none", **small)
    write("spark_v2.parquet", everything, "zstd", **{"parquet.writer.version": "v2", **small})
    write("spark_plain_v2.parquet", everything, "snappy", **{"parquet.writer.version": "v2", "parquet.enable.dictionary": "false", **small})
    write("spark_plain_v1.parquet", flat, "snappy", **{"parquet.enable.dictionary": "false", "parquet.enable.bytestreamsplit": "true", **small})
    write("spark_legacy.parquet", [n for n in everything if n != "ts"], "gzip",
          **{"spark.sql.parquet.writeLegacyFormat": "true", "spark.sql.parquet.outputTimestampType": "INT96"})
    write("spark_millis.parquet", ["id_r", "date"], "lz4_raw", **{"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MILLIS"})
    write("spark_lz4.parquet", [n for n in flat if n != "ts"], "lz4")
    write("spark_bloom.parquet", ["id_r", "i32", "text", "d18", "d38", "date", "f64_r"], "none", **{
        "parquet.bloom.filter.enabled": "true", "parquet.bloom.filter.expected.ndv": "300", "parquet.bloom.filter.max.bytes": "1024"})
    s.stop()


wanted = sys.argv[1:] or ["pyarrow", "duckdb", "polars", "spark"]
values()
for w in wanted:
    globals()[w]()

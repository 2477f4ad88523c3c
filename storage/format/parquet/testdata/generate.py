"""Makes the Parquet files that the reader is tested on, and what they hold as text.

Run with pyarrow installed: python generate.py. The expected text has a line a row, tabs between columns and \\N for NULL; floats are in
Python's notation and are compared as numbers.
"""
import datetime as dt
import decimal
import os
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
N = 700


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
    return str(v)


def expect(name, columns):
    with open(name + ".txt", "w") as f:
        for row in zip(*columns):
            f.write("\t".join(text(v) for v in row) + "\n")


def nulls(values, every):
    return [None if every and i % every == every - 1 else v for i, v in enumerate(values)]


# The same table in every encoding, codec and page version.
i32 = nulls([(i * 7919) % 1000 - 500 for i in range(N)], 5)
i64 = nulls([(i * 104729) ** 3 % (1 << 60) - (1 << 59) for i in range(N)], 0)
f32 = nulls([i * 0.25 - 50 for i in range(N)], 7)
f64 = nulls([i * i * 0.125 for i in range(N)], 0)
b = nulls([i % 3 == 0 for i in range(N)], 4)
s = nulls(["item %d" % (i // 3) if i % 2 else "a longer text with the common prefix %d" % (i // 2) for i in range(N)], 6)
fx = nulls([b"%05d" % (i * 37 % 1000) for i in range(N)], 9)
same = nulls(["x" for i in range(N)], 0)
none = [None] * N
table = pa.table({
    "i32": pa.array(i32, pa.int32()), "i64": pa.array(i64, pa.int64()), "f32": pa.array(f32, pa.float32()),
    "f64": pa.array(f64, pa.float64()), "b": pa.array(b, pa.bool_()), "s": pa.array(s, pa.string()),
    "fx": pa.array(fx, pa.binary(5)), "same": pa.array(same, pa.string()), "none": pa.array(none, pa.int32()),
}, schema=pa.schema([
    pa.field("i32", pa.int32()), pa.field("i64", pa.int64(), nullable=False), pa.field("f32", pa.float32()),
    pa.field("f64", pa.float64(), nullable=False), pa.field("b", pa.bool_()), pa.field("s", pa.string()),
    pa.field("fx", pa.binary(5)), pa.field("same", pa.string()), pa.field("none", pa.int32())]))
expect("table", [i32, i64, f32, f64, b, s, fx, same, none])

ENCODINGS = {
    "plain": {},
    "dictionary": None,
    "delta": {"i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "s": "DELTA_LENGTH_BYTE_ARRAY", "fx": "DELTA_BYTE_ARRAY", "b": "RLE"},
    "delta2": {"s": "DELTA_BYTE_ARRAY", "same": "DELTA_BYTE_ARRAY", "none": "DELTA_BINARY_PACKED"},
    "split": {"i32": "BYTE_STREAM_SPLIT", "i64": "BYTE_STREAM_SPLIT", "f32": "BYTE_STREAM_SPLIT", "f64": "BYTE_STREAM_SPLIT", "fx": "BYTE_STREAM_SPLIT"},
}
for enc, columns in ENCODINGS.items():
    for version in ("1.0", "2.0"):
        kw = {"use_dictionary": True} if columns is None else {"use_dictionary": False, "column_encoding": columns or None}
        pq.write_table(table, "table_%s_v%s.parquet" % (enc, version[0]), data_page_version=version, data_page_size=512, write_batch_size=64,
                       row_group_size=400, compression="snappy" if version == "2.0" else "none", write_page_checksum=version == "1.0", **kw)
for codec in ("snappy", "gzip", "brotli", "zstd", "lz4"):
    pq.write_table(table, "table_%s.parquet" % codec, compression=codec, use_dictionary=["s"], row_group_size=N)
# The dictionary overflows, so that pages of codes are followed by plain ones.
pq.write_table(table, "table_fallback.parquet", dictionary_pagesize_limit=400, data_page_size=256, write_batch_size=32)

# Every type, with extremes.
D = decimal.Decimal
utc = dt.timezone.utc
types = [
    ("i8", pa.int8(), [-128, 127, None]), ("i16", pa.int16(), [-32768, 32767, None]),
    ("i32", pa.int32(), [-2**31, 2**31 - 1, None]), ("i64", pa.int64(), [-2**63, 2**63 - 1, None]),
    ("u8", pa.uint8(), [0, 255, None]), ("u16", pa.uint16(), [0, 65535, None]),
    ("u32", pa.uint32(), [0, 2**32 - 1, None]), ("u64", pa.uint64(), [0, 2**64 - 1, None]),
    ("f16", pa.float16(), [1.5, -65504.0, None]), ("f32", pa.float32(), [1.5, float("inf"), None]), ("f64", pa.float64(), [-0.0, float("nan"), None]),
    ("d5", pa.decimal128(5, 2), [D("-999.99"), D("999.99"), None]), ("d15", pa.decimal128(15, 2), [D("-9999999999999.99"), D("0.01"), None]),
    ("d38", pa.decimal128(38, 10), [D("-" + "9" * 28 + "." + "9" * 10), D("9" * 28 + "." + "9" * 10), None]),
    ("date", pa.date32(), [dt.date(1, 1, 1), dt.date(9999, 12, 31), None]),
    ("t_ms", pa.time32("ms"), [dt.time(0, 0), dt.time(23, 59, 59, 999000), None]),
    ("t_us", pa.time64("us"), [dt.time(0, 0), dt.time(23, 59, 59, 999999), None]),
    ("t_ns", pa.time64("ns"), [dt.time(0, 0), dt.time(23, 59, 59, 999999), None]),
    ("ts_ms", pa.timestamp("ms"), [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999000), None]),
    ("ts_us", pa.timestamp("us"), [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999), None]),
    ("ts_ns", pa.timestamp("ns"), [dt.datetime(1700, 1, 1, 0, 0, 0, 1), dt.datetime(2262, 1, 1, 23, 59, 59, 999999), None]),
    ("tz_us", pa.timestamp("us", "UTC"), [dt.datetime(1969, 12, 31, 23, 59, 59, 999999, utc), dt.datetime(2024, 2, 29, tzinfo=utc), None]),
    ("text", pa.string(), ["", "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich", None]),
    ("bin", pa.binary(), [b"", bytes(range(256)), None]), ("fixed", pa.binary(3), [b"\0\0\0", b"\xff\xfe\xfd", None]),
    ("uuid", pa.uuid(), [uuid.UUID(int=0).bytes, uuid.UUID("ffeeddcc-bbaa-9988-7766-554433221100").bytes, None]),
]
all_types = pa.table({n: pa.array(v, t) for n, t, v in types})
shown = [[uuid.UUID(bytes=x) if n == "uuid" and x is not None else x for x in v] for n, t, v in types]
expect("types", shown)
pq.write_table(all_types, "types.parquet", compression="none", use_dictionary=False)
pq.write_table(all_types, "types_dictionary.parquet", compression="none", use_dictionary=True)
pq.write_table(all_types.select(["d5", "d15"]), "decimal_int.parquet", store_decimal_as_integer=True)
pq.write_table(pa.table({"ts": pa.array([dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None, dt.datetime(2024, 2, 29, 12)], pa.timestamp("us"))}),
               "int96.parquet", use_deprecated_int96_timestamps=True)

pq.write_table(pa.table({
    "id": pa.array([1, 2, 3]), "list": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())), "after": pa.array(["p", "q", "r"]),
}), "nested.parquet")
pq.write_table(table.slice(0, 0), "no_rows.parquet")

# Row groups with known statistics, for pruning.
pq.write_table(pa.table({
    "n": pa.array(list(range(0, 100)) + list(range(100, 200)) + [None] * 100 + list(range(300, 400)), pa.int64()),
    "t": pa.array(["apple"] * 100 + ["banana"] * 50 + ["cherry"] * 50 + ["date"] * 100 + [None] * 50 + ["fig"] * 50),
    "d": pa.array([D("%d.50" % i) for i in range(400)], pa.decimal128(20, 2)),
    "f": pa.array([float(i) if i % 100 else float("nan") for i in range(400)]),
    "flag": pa.array([True] * 100 + [False] * 100 + [True, False] * 100),
}), "groups.parquet", row_group_size=100)

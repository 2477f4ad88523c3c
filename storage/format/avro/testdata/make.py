"""Makes the Avro files that the tests read, with fastavro (pip install fastavro cramjam backports.zstd): one per codec, and one of every type.

Run it in its own folder: python3 make.py
"""

import datetime
import decimal
import io
import uuid

import fastavro

decimal.getcontext().prec = 60

UTC = datetime.timezone.utc


def write(name, schema, rows, codec="null", interval=16000):
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(schema), rows, codec=codec, sync_interval=interval, sync_marker=b"0123456789abcdef")
    with open(name, "wb") as f:
        f.write(out.getvalue())


people = {
    "type": "record", "name": "person", "namespace": "test",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "born", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "balance", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    ],
}
rows = [
    {
        "id": i,
        "name": None if i % 5 == 0 else "person number %d" % i,
        "born": None if i % 7 == 0 else datetime.date(2000, 1, 1) + datetime.timedelta(days=i * 37),
        "balance": decimal.Decimal(i * 1001 - 50000) / 100,
    }
    for i in range(200)
]
for codec in ["null", "deflate", "snappy", "zstandard"]:
    write("people_%s.avro" % codec, people, rows, codec, 2000)

types = {
    "type": "record", "name": "all",
    "fields": [
        {"name": "bo", "type": "boolean"},
        {"name": "i", "type": "int"},
        {"name": "l", "type": ["long", "null"]},
        {"name": "f", "type": "float"},
        {"name": "d", "type": "double"},
        {"name": "by", "type": "bytes"},
        {"name": "s", "type": "string"},
        {"name": "e", "type": {"type": "enum", "name": "suit", "symbols": ["spades", "hearts"]}},
        {"name": "fx", "type": {"type": "fixed", "name": "four", "size": 4}},
        {"name": "a", "type": {"type": "array", "items": ["null", "int"]}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "r", "type": ["null", {"type": "record", "name": "point", "fields": [
            {"name": "x", "type": "int"}, {"name": "y", "type": ["null", "suit"]}]}]},
        {"name": "u", "type": ["null", "int", "string"]},
        {"name": "n", "type": ["null", "int", "double"]},
        {"name": "dec", "type": {"type": "fixed", "name": "dec16", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 4}},
        {"name": "long_dec", "type": {"type": "bytes", "logicalType": "decimal", "precision": 50, "scale": 3}},
        {"name": "date", "type": {"type": "int", "logicalType": "date"}},
        {"name": "tms", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "tus", "type": {"type": "long", "logicalType": "time-micros"}},
        {"name": "tsms", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tsus", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "lts", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "uu", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "nothing", "type": "null"},
    ],
}


def row(k):
    return {
        "bo": k % 2 == 0, "i": -k, "l": None if k == 1 else 1 << 40, "f": k / 4, "d": k * 1e100, "by": bytes([0, 255, k]), "s": "ä€𝄞" * k,
        "e": ["spades", "hearts"][k % 2], "fx": b"abc" + bytes([65 + k]), "a": [None, k] * k, "m": {"k%d" % j: j for j in range(k)},
        "r": None if k == 2 else {"x": k, "y": None if k else "hearts"}, "u": [None, 7, "seven"][k % 3], "n": [None, 1, 2.5][k % 3],
        "dec": decimal.Decimal("-1234567890123456789012345678901234.5678") if k else decimal.Decimal("0.0001"),
        "long_dec": decimal.Decimal("12345678901234567890123456789012345678901234567.891") * (-1) ** k,
        "date": datetime.date(1969, 12, 31) + datetime.timedelta(days=k), "tms": datetime.time(23, 59, 59, 999000), "tus": datetime.time(1, 2, 3, 4),
        "tsms": datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), "tsus": datetime.datetime(2024, 2, 29, 12, 0, 0, k, tzinfo=UTC),
        "lts": datetime.datetime(2024, 2, 29, 12, 0, 0, k), "uu": uuid.UUID(int=k), "nothing": None,
    }


write("types.avro", types, [row(k) for k in range(4)])

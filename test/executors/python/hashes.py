"""Which partition of an exchange a row belongs to. Producers in all languages agree on it: rows with equal keys must meet."""

import struct

import pyarrow as pa

HASH = 1  # the kind of exchange

MASK = (1 << 64) - 1
MIX0, MIX1 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
K1, K2, K3 = 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB
NULL = 0x6E756C6C6E756C6C


def fold(a, b):
    """The halves of the 128-bit product, one over the other."""
    product = (a & MASK) * (b & MASK)
    return (product >> 64) ^ (product & MASK)


def rotate(x, n):
    return (x << n | x >> (64 - n)) & MASK


def mix(x):
    return fold(x ^ MIX0, MIX1)


def combine(h, x):
    return fold(rotate(h, 23) ^ x ^ MIX0, MIX1)


def text(p):
    """The word of a text or binary."""
    if len(p) <= 12:
        prefix, tail = struct.unpack("<IQ", p.ljust(12, b"\0"))
        return fold((prefix | len(p) << 32) ^ K3, tail ^ K1)
    h = len(p) * K2 & MASK
    if len(p) > 16:
        last = p[-16:]
        while len(p) > 16:
            a, b = struct.unpack_from("<QQ", p)
            h = fold(a ^ K3 ^ h, b ^ K1)
            p = p[16:]
        a, b = struct.unpack("<QQ", last)
    else:
        a, b = struct.unpack_from("<Q", p)[0], struct.unpack_from("<Q", p, len(p) - 8)[0]
    return fold(a ^ K3 ^ h, b ^ K1)


def word(value):
    """The word of a key: integers are themselves, sign-extended; decimals their unscaled integers of up to 64 bits; floats the bits of a double."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value & MASK
    if isinstance(value, float):
        if value != value:
            return 0x7FF8000000000000
        return struct.unpack("<Q", struct.pack("<d", value or 0.0))[0]
    return text(value.encode() if isinstance(value, str) else value)


def row(words):
    h = mix(words[0] if words else 0)
    for w in words[1:]:
        h = combine(h, w)
    return h


def partition(h, count):
    """Which of count partitions hash h belongs to."""
    return (rotate(h, 29) * K2 & MASK) * count >> 64


def partitions(columns, rows, count):
    """The partition of every row of a table with these key columns."""
    known = {}
    for c in columns:
        if not (pa.types.is_integer(c.type) or pa.types.is_string(c.type) or pa.types.is_boolean(c.type) or pa.types.is_floating(c.type)):
            raise TypeError(f"a key of type {c.type}")
    out = []
    for key in zip(*(c.to_pylist() for c in columns)) if columns else ((),) * rows:
        if key not in known:
            known[key] = partition(row([word(v) for v in key]), count)
        out.append(known[key])
    return out

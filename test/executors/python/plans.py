"""Runs the plans of a polybolos executor's tasks with pyarrow: scans of Parquet, filters, projections and partial aggregates.

A stage is a polybolos.plan.v1.Stage. Unsupported is raised for everything else, and another executor takes the task.
"""

import decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import hashes


class Unsupported(Exception):
    """The plan has something that this executor does not know."""


# The kinds of types, in the order of the engine's numbers.
(
    NULL, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT32, FLOAT64, DECIMAL, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL,
    TEXT, BINARY, UUID, LIST, STRUCT, MAP,
) = range(24)

ARROW = {
    BOOL: pa.bool_(), INT8: pa.int8(), INT16: pa.int16(), INT32: pa.int32(), INT64: pa.int64(), UINT8: pa.uint8(), UINT16: pa.uint16(), UINT32: pa.uint32(),
    UINT64: pa.uint64(), FLOAT32: pa.float32(), FLOAT64: pa.float64(), DATE: pa.date32(), TIME: pa.time64("us"), TIMESTAMP: pa.timestamp("us"),
    TIMESTAMPTZ: pa.timestamp("us", "UTC"), TEXT: pa.string(), BINARY: pa.binary(),
}


def arrow_type(t):
    if t.kind == DECIMAL:
        return pa.decimal128(t.precision, t.scale)
    if t.kind not in ARROW:
        raise Unsupported(f"type {t.kind}")
    return ARROW[t.kind]


def scalar(v):
    """A polybolos.plan.v1.Value as a scalar. Decimals are unscaled 128-bit integers, dates count days, times microseconds."""
    t = arrow_type(v.type)
    if v.null:
        return pa.scalar(None, t)
    number = v.high << 64 | v.low
    if v.type.kind == DECIMAL:
        return pa.scalar(decimal.Decimal(number).scaleb(-v.type.scale), t)
    if v.type.kind in (FLOAT32, FLOAT64):
        return pa.scalar(v.float, t)
    if v.type.kind == TEXT:
        return pa.scalar(v.bytes.decode(), t)
    if v.type.kind == BINARY:
        return pa.scalar(v.bytes, t)
    if v.type.kind == BOOL:
        return pa.scalar(number != 0, t)
    if v.type.kind in (DATE, TIME, TIMESTAMP, TIMESTAMPTZ):
        return pa.scalar(number, pa.int32() if v.type.kind == DATE else pa.int64()).cast(t)
    return pa.scalar(number, t)


COMPARISONS = [pc.equal, pc.not_equal, pc.less, pc.less_equal, pc.greater, pc.greater_equal]
ARITHMETIC = {"+": pc.add_checked, "-": pc.subtract_checked, "*": pc.multiply_checked}


class Expressions:
    """The expressions of a stage: an array in which children come before their parents."""

    def __init__(self, stage):
        self.exprs = stage.exprs

    def value(self, index, table):
        e = self.exprs[index]
        children = [self.value(c, table) for c in e.children]
        if e.kind == e.REF:
            return table.column(e.index)
        if e.kind == e.LITERAL:
            return scalar(e.values[0])
        if e.kind == e.CALL and e.name in ARITHMETIC and len(children) == 2:
            return self.arithmetic(e, children)
        if e.kind == e.CAST and not e.flag:
            return children[0].cast(arrow_type(e.type))
        if e.kind == e.COMPARISON and e.index < len(COMPARISONS):
            return COMPARISONS[e.index](*children)
        if e.kind == e.AND:
            return fold(pc.and_kleene, children)
        if e.kind == e.OR:
            return fold(pc.or_kleene, children)
        if e.kind == e.NOT:
            return pc.invert(children[0])
        if e.kind == e.IS_NULL:
            return pc.is_valid(children[0]) if e.flag else pc.is_null(children[0])
        raise Unsupported(f"expression {e.kind} {e.name}")

    @staticmethod
    def arithmetic(e, children):
        if e.type.kind != DECIMAL:
            return ARITHMETIC[e.name](*children)
        # The product of two decimals may need more digits on the way than its type has: 37 + 37 + 1 fit 256 bits.
        wide = [c.cast(pa.decimal256(37, c.type.scale)) for c in children]
        return ARITHMETIC[e.name](*wide).cast(arrow_type(e.type))

    def filter(self, index, table):
        return table.filter(self.value(index, table))


def fold(function, values):
    out = values[0]
    for v in values[1:]:
        out = function(out, v)
    return out


def full(value, rows):
    """A column of a scalar, or the column itself."""
    if isinstance(value, pa.Scalar):
        return pa.chunked_array([pa.array([value.as_py()] * rows, value.type)])
    return value


AGG_COUNT_STAR, AGG_COUNT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX = range(1, 7)
PARTIAL = 1


class Task:
    """One task of a stage: rows() is the root's rows, cut() deals them to the partitions of the stage's output."""

    def __init__(self, stage, index):
        self.stage, self.index = stage, index
        self.exprs = Expressions(stage)

    def rows(self):
        return self.node(self.stage.root)

    def node(self, index):
        node = self.stage.nodes[index]
        kind = node.WhichOneof("op")
        if kind == "scan":
            return self.scan(node.scan)
        if kind == "filter":
            return self.exprs.filter(node.filter.cond, self.node(node.inputs[0]))
        if kind == "project":
            table = self.node(node.inputs[0])
            columns = [full(self.exprs.value(e, table), len(table)) for e in node.project.exprs]
            return pa.table(columns, names=[str(i) for i in range(len(columns))])
        if kind == "group" and node.group.mode == PARTIAL and not node.group.has_sets:
            return group(node.group, self.node(node.inputs[0]))
        raise Unsupported(f"node {kind}")

    def scan(self, scan):
        if scan.format != "parquet" or scan.options:
            raise Unsupported(f"format {scan.format} with options {dict(scan.options)}")
        if any("://" in f.url for f in scan.files):
            raise Unsupported("files that are not on this machine")
        names = [scan.schema[c].name for c in scan.columns]
        types = [arrow_type(scan.schema[c].type) for c in scan.columns]
        parts = []
        # A task takes every n-th split.
        for split in scan.splits[self.index :: self.stage.tasks]:
            with pq.ParquetFile(scan.files[split.file].url) as file:
                part = file.read_row_groups(range(split.start, split.end), columns=names).select(names)
            if split.to:
                part = part.slice(getattr(split, "from"), split.to - getattr(split, "from"))
            parts.append(pa.table([c.cast(t) for c, t in zip(part.columns, types)], names=names))
        table = pa.concat_tables(parts) if parts else pa.table([pa.array([], t) for t in types], names=names)
        for f in scan.filters:
            table = self.exprs.filter(f, table)
        if not scan.all_output:
            table = table.select(list(scan.output))
        return table

    def cut(self, table):
        """The rows of each partition."""
        output = self.stage.output
        count = max(output.partitions, 1)
        if count == 1:
            return [table]
        if output.kind != hashes.HASH:
            raise Unsupported(f"exchange {output.kind}")
        where = hashes.partitions([table.column(k) for k in output.keys], len(table), count)
        return [table.take(pa.array([i for i, p in enumerate(where) if p == part], pa.int64())) for part in range(count)]


def group(g, table):
    """The keys, then the partial states: of a sum the sum in 38 digits, of an average sum and count."""
    keys = [f"k{i}" for i in range(len(g.keys))]
    columns = {name: table.column(k) for name, k in zip(keys, g.keys)}
    wanted, casts = [], []
    for i, a in enumerate(g.aggs):
        if a.distinct or a.filter >= 0:
            raise Unsupported("an aggregate with DISTINCT or FILTER")
        name = f"a{i}"
        if a.op == AGG_COUNT_STAR:
            wanted.append(([], "count_all"))
            casts.append(pa.int64())
            continue
        columns[name] = table.column(a.args[0])
        kind = a.arg_types[0]
        if a.op == AGG_COUNT:
            wanted.append((name, "count"))
            casts.append(pa.int64())
        elif a.op in (AGG_SUM, AGG_AVG) and kind.kind == DECIMAL:
            columns[name] = columns[name].cast(pa.decimal128(38, kind.scale))
            wanted.append((name, "sum"))
            casts.append(pa.decimal128(38, kind.scale))
            if a.op == AGG_AVG:
                wanted.append((name, "count"))
                casts.append(pa.int64())
        elif a.op in (AGG_MIN, AGG_MAX):
            wanted.append((name, "min" if a.op == AGG_MIN else "max"))
            casts.append(arrow_type(a.result))
        else:
            raise Unsupported(f"aggregate {a.op} of type {kind.kind}")
    grouped = pa.table(columns).group_by(keys, use_threads=False).aggregate(wanted)
    # pyarrow puts the keys first or last, by its version: they are found by name, the aggregates by their place among the others.
    states = [c for name, c in zip(grouped.column_names, grouped.columns) if name not in keys]
    out = [grouped.column(k) for k in keys] + [c.cast(t) for c, t in zip(states, casts)]
    return pa.table(out, names=[str(i) for i in range(len(out))])

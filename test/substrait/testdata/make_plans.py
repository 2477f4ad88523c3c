"""Writes the Substrait plans of the 22 queries as DataFusion makes them: make_plans.py DATA QUERIES OUT.

DATA holds the tables as Parquet, of any size: plans hold no row. Needs the package datafusion; the committed plans are of 55.0.0.
"""

import pathlib
import sys

import datafusion
from datafusion import substrait

data, queries, out = map(pathlib.Path, sys.argv[1:])
context = datafusion.SessionContext()
for table in sorted(data.glob("*.parquet")) + sorted(p for p in data.iterdir() if p.is_dir()):
    context.register_parquet(table.stem, str(table))
out.mkdir(parents=True, exist_ok=True)
for query in sorted(queries.glob("q*.sql")):
    text = query.read_text().rstrip().rstrip(";")
    try:
        plan = bytes(substrait.Serde.serialize_bytes(text, context))
    except Exception as e:  # what DataFusion cannot express is said, not committed
        print(f"{query.stem}: {e}")
        continue
    (out / f"{query.stem}.substrait").write_bytes(plan)
    print(f"{query.stem}: {len(plan)} bytes")

"""Polars as a peer of the benchmarks, through its SQL; queries that it does not understand are errors."""

import os
import re

import peer

flags = peer.flags()
if flags.threads > 0:
    os.environ["POLARS_MAX_THREADS"] = str(flags.threads)  # read when the library is loaded

import polars  # noqa: E402


def dialect(sql):
    """Polars writes intervals with the unit in the text, and substrings with commas."""
    sql = re.sub(r"interval\s+'(\d+)'\s+(day|month|year)", r"interval '\1 \2'", sql, flags=re.IGNORECASE)
    return re.sub(r"substring\((\w+) from (\d+) for (\d+)\)", r"substring(\1, \2, \3)", sql, flags=re.IGNORECASE)


def query(sql):
    # The frames are lazy: every query opens the files anew.
    frames = {t: polars.scan_parquet(peer.pattern(flags.data, t)) for t in peer.TABLES}
    with polars.SQLContext(frames) as context:
        return context.execute(dialect(sql)).collect(engine="streaming").to_arrow()


peer.serve("Polars", polars.__version__, query)

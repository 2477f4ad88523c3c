"""What the peers written in Python share: flags, the conversation, results as text. Package bench/peer (Go) explains the conversation."""

import argparse
import datetime
import json
import os
import sys
import time

TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]


def flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder of the tables")
    parser.add_argument("--threads", type=int, default=0, help="workers, 0: the engine's choice")
    parser.add_argument("--memory-limit", type=int, default=0, help="bytes, 0: the engine's choice")
    return parser.parse_args()


def files(data, table):
    """The file, or the folder of files, that holds a table."""
    path = os.path.join(data, table + ".parquet")
    return path if os.path.exists(path) else os.path.join(data, table)


def pattern(data, table):
    """The same as a file or a pattern of files."""
    path = files(data, table)
    return os.path.join(path, "*.parquet") if os.path.isdir(path) else path


def peak_bytes(pids):
    """The most memory that the processes held resident, summed."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1]) << 10
    return total


def cell(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return repr(value)
    return format(value, "f") if type(value).__name__ == "Decimal" else str(value)


def say(message):
    conversation.write(json.dumps(message) + "\n")
    conversation.flush()


def serve(name, version, query, processes=lambda: ["self"]):
    """Answers requests until the input ends. query turns a text into an Arrow table, processes are those whose memory counts."""
    say({"name": name, "version": version})
    for line in sys.stdin:
        sql = json.loads(line)["sql"].strip().rstrip(";")
        try:
            start = time.perf_counter()
            table = query(sql)
            seconds = time.perf_counter() - start
            columns = [
                {"name": f.name, "type": str(f.type)} for f in table.schema
            ]
            rows = [[cell(v) for v in row] for row in zip(*(c.to_pylist() for c in table.columns))]
            say({"seconds": seconds, "columns": columns, "rows": rows})
        except Exception as error:  # whatever an engine raises is the answer to this query
            say({"error": str(error) or type(error).__name__})
    say({"peak_bytes": peak_bytes(processes())})


# The conversation keeps the standard output to itself: what libraries print goes to the standard error.
conversation = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

"""Spark as a peer of the benchmarks: one JVM on this machine. It needs Java 17 or later."""

import os
import signal

import pyspark
from pyspark.sql import SparkSession

import peer

flags = peer.flags()
threads = flags.threads or os.cpu_count()
memory = flags.memory_limit or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
spark = (
    SparkSession.builder.master(f"local[{threads}]")
    .config("spark.driver.memory", f"{memory >> 20}m")
    .config("spark.driver.maxResultSize", "0")
    .config("spark.sql.shuffle.partitions", str(max(threads, 4)))
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)
for table in peer.TABLES:
    spark.read.parquet(peer.files(flags.data, table)).createOrReplaceTempView(table)


def processes():
    """This process and the JVM that it started."""
    return ["self", spark.sparkContext._gateway.proc.pid]


# Ctrl-C of the terminal reaches the JVM as well; the harness decides when to end.
signal.signal(signal.SIGINT, signal.SIG_IGN)
peer.serve("Spark", pyspark.__version__, lambda sql: spark.sql(sql).toArrow(), processes)
spark.stop()

"""DataFusion as a peer of the benchmarks."""

import datafusion
import pyarrow

import peer

flags = peer.flags()
config = datafusion.SessionConfig()
if flags.threads > 0:
    config = config.with_target_partitions(flags.threads)
runtime = datafusion.RuntimeEnvBuilder()
if flags.memory_limit > 0:
    runtime = runtime.with_fair_spill_pool(flags.memory_limit)
context = datafusion.SessionContext(config, runtime)
for table in peer.TABLES:
    context.register_parquet(table, peer.files(flags.data, table))


def query(sql):
    frame = context.sql(sql)
    return pyarrow.Table.from_batches(frame.collect(), schema=frame.schema())


peer.serve("DataFusion", datafusion.__version__, query)

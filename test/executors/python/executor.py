"""An executor for polybolos in Python: executor.py SCHEDULER [SLOTS].

It polls the scheduler for tasks, runs scans, filters, projections and partial aggregates with pyarrow, and serves the outputs over Arrow Flight. It is
small on purpose: docs/executors.md says what an executor has to do, and this one shows it. Tasks with anything else in them go back with an error that another executor
can mend. The modules polybolos.plan.v1 and polybolos.control.v1 are generated from api/ by grpcio-tools.
"""

import concurrent.futures
import os
import queue
import secrets
import sys
import threading
import time

import grpc
import pyarrow as pa
from control.v1 import control_pb2 as control
from control.v1 import control_pb2_grpc as control_grpc
from plan.v1 import plan_pb2 as plans_pb

import plans

PROTOCOL = 1


# The checksum of what is read from executors.

TABLE = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    TABLE.append(i)


def crc32c(*parts):
    crc = 0xFFFFFFFF
    for part in parts:
        for byte in part:
            crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "little")


# Arrow Flight's DoGet, as messages: pyarrow's own server does not show the bytes that the checksum is of.


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def flight_data(table):
    """The messages of a table's Arrow stream: data_header = 2, app_metadata = 3, data_body = 1000."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    for message in pa.ipc.MessageReader.open_stream(sink.getvalue()):
        header, body = message.metadata.to_pybytes(), message.body.to_pybytes() if message.body else b""
        yield field(2, header) + field(3, crc32c(header, body)) + field(1000, body)


def ticket_of(message):
    """The bytes of a Ticket, whose only field is 1."""
    at, length, shift = 1, 0, 0
    while True:
        byte = message[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return message[at : at + length]


class Executor:
    def __init__(self, scheduler, slots):
        self.slots = slots
        self.name = f"python-{os.getpid()}-{secrets.token_hex(4)}"
        self.pool = concurrent.futures.ThreadPoolExecutor(slots)
        self.events = queue.SimpleQueue()  # task statuses to be sent, and replies
        self.lock = threading.Lock()
        self.outputs = {}  # (job, stage, task, attempt): the tables of its partitions; guarded by lock
        self.plans = {}  # hash: (job, Stage)
        self.stub = control_grpc.ControlStub(grpc.insecure_channel(scheduler))
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        handler = grpc.unary_stream_rpc_method_handler(self.do_get, request_deserializer=None, response_serializer=None)
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("arrow.flight.protocol.FlightService", {"DoGet": handler})])
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        self.server = server

    def do_get(self, message, context):
        output = control.Output.FromString(ticket_of(message))
        with self.lock:
            parts = self.outputs.get((output.job, output.stage, output.task, output.attempt))
        if parts is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no output {output}")
        table = parts[output.partition]
        if len(table):
            yield from flight_data(table)

    def capabilities(self):
        return control.Capabilities(address=self.address, slots=self.slots, threads=self.slots, memory_limit=1 << 30, simd="none", build="python",
                                    labels={"language": "python"})

    def run(self):
        """Polls until the process ends. One call waits at the scheduler; the end of a task starts the next one at once."""
        acknowledged, registered, scheduler_run = 0, False, ""
        while True:
            statuses = self.take_statuses()
            request = control.PollRequest(version=PROTOCOL, executor=self.name, acknowledged=acknowledged, statuses=statuses)
            if not registered:
                request.capabilities.CopyFrom(self.capabilities())
            call = self.stub.Poll.future(request, timeout=30)
            call.add_done_callback(lambda done: self.events.put(done))
            try:
                reply = self.wait(call)
            except grpc.RpcError as e:
                if e.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT):
                    raise  # no repetition mends it
                for s in statuses:
                    self.events.put(s)
                time.sleep(0.2)
                continue
            if reply is None:
                # The end of a task goes out with a call of its own, which ends this one.
                call.cancel()
                for s in statuses:
                    self.events.put(s)
                continue
            registered = True
            if reply.unknown:
                with self.lock:
                    self.outputs.clear()
                self.plans.clear()
                self.name, acknowledged, registered = f"python-{os.getpid()}-{secrets.token_hex(4)}", 0, False
                continue
            if reply.run != scheduler_run:
                if scheduler_run:
                    acknowledged, registered = 0, False
                scheduler_run = reply.run
            for command in reply.commands:
                if command.number > acknowledged:
                    acknowledged = command.number
                    self.obey(command)

    def take_statuses(self):
        out = []
        while True:
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                return out
            if isinstance(event, control.TaskStatus):
                out.append(event)

    def wait(self, call):
        """The reply of a call, or None when a task has ended before it came."""
        while True:
            event = self.events.get()
            if isinstance(event, control.TaskStatus):
                self.events.put(event)
                return None
            if event is call:
                return call.result()

    def obey(self, command):
        kind = command.WhichOneof("command")
        if kind == "stage":
            encoded = command.stage.encoded
            if not encoded:
                encoded = self.stub.GetPlan(control.GetPlanRequest(version=PROTOCOL, plan=command.stage.hash)).encoded
            self.plans[command.stage.hash] = (command.stage.job, plans_pb.Plan.FromString(encoded).stages[0])
        elif kind == "launch":
            self.pool.submit(self.attempt, command.launch, self.plans[command.launch.plan][1])
        elif kind == "drop":
            with self.lock:
                for key in [k for k in self.outputs if k[0] == command.drop]:
                    del self.outputs[key]
            self.plans = {h: p for h, p in self.plans.items() if p[0] != command.drop}
        # An aborted attempt runs to its end; nobody asks for what it puts out. Filters and locations are for nodes that this executor does not know.

    def attempt(self, launch, stage):
        task = launch.task
        status = control.TaskStatus(task=task)
        try:
            work = plans.Task(stage, task.index)
            parts = work.cut(work.rows())
            with self.lock:
                self.outputs[(task.job, stage.id, task.index, task.attempt)] = parts
            status.partition_bytes.extend(p.nbytes for p in parts)
            print(f"stage {stage.id} task {task.index}: {sum(len(p) for p in parts)} rows", flush=True)
        except (plans.Unsupported, TypeError) as e:
            status.fault.code, status.fault.message, status.retryable = "0A000", f"the Python executor cannot run this: {e}", True
        except Exception as e:  # whatever it was, the scheduler is told
            status.fault.code, status.fault.message, status.retryable = "58000", f"{type(e).__name__}: {e}", True
        self.events.put(status)


if __name__ == "__main__":
    executor = Executor(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(f"listening on {executor.address}", flush=True)
    executor.run()

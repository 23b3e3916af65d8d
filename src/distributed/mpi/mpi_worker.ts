/** The worker that is the MPI thread: it loops, and looks for messages by itself. */
import { DistributedError } from "../../base/errors.ts";
import type { ToMpi } from "./mpi_messages.ts";
import { MpiThread } from "./mpi_thread.ts";

const { parentPort, receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
if (parentPort === null) throw new DistributedError("this module runs as a worker only");
const port = parentPort;
new MpiThread({
  take: () => receiveMessageOnPort(port)?.message as ToMpi | undefined,
  post: (message) => port.postMessage(message),
}).run();
port.close();

/** What a worker of a CPU engine does: the same on every thread. */

import { listen } from "#workers";
import { recordError } from "../../../workers/errors_across.ts";
import type { WorkerPort } from "../../../workers/worker_port.ts";
import type { Program } from "../../contract/engine.ts";
import { FailedWrites } from "../../contract/failed_writes.ts";
import type { OpenKernels } from "../cpu_kernels.ts";
import type { CpuMessage, RunMessage, StartMessage } from "../cpu_messages.ts";
import type { KernelExports } from "../kernel.ts";
import { MemoryViews } from "../memory/memory_views.ts";
import type { WorkerContext } from "../prepared_program.ts";
import { PreparedProgram } from "../prepared_program.ts";
import { shareControl, ThreadBarrier } from "./thread_barrier.ts";
import { WorkShares } from "./work_shares.ts";

let context: WorkerContext | undefined;
const programs = new Map<number, PreparedProgram | { readonly failure: unknown; readonly source: Program }>();
/** Kept by the first thread, which decides for all. */
const failedWrites = new FailedWrites();

/** Answers the engine's messages from here on. */
export function serve(open: OpenKernels): void {
  listen((message, port) => {
    const request = message as CpuMessage;
    try {
      receive(request, port, open);
    } catch (error) {
      if (!("request" in request)) throw error;
      port.post({ request: request.request, error: recordError(error) });
    }
  });
}

function receive(request: CpuMessage, port: WorkerPort, open: OpenKernels): void {
  if (request.type === "start") {
    context = start(request, open, (message) => port.post({ message }));
    port.post({ request: request.request, value: context.kernels.description });
    return;
  }
  if (context === undefined) throw new Error("the worker was not started");
  const { views } = context;
  switch (request.type) {
    case "grow":
      views.grow(request.pages);
      break;
    case "clear":
      views.bytes(request.address, request.bytes).fill(0);
      break;
    case "write":
      views.bytes(request.address, request.data.byteLength).set(request.data);
      break;
    case "move":
      views.bytes(request.to, request.bytes).set(views.bytes(request.from, request.bytes));
      port.post({ request: request.request, value: null });
      break;
    case "read": {
      const failedRun = failedWrites.cause([request.buffer], request.knownFailure);
      if (failedRun !== undefined) {
        port.post({ request: request.request, failedRun });
        break;
      }
      const copy = new Uint8Array(request.bytes);
      copy.set(views.bytes(request.address, request.bytes));
      port.post({ request: request.request, value: copy.buffer }, [copy.buffer]);
      break;
    }
    case "compile":
      // A program that cannot be made ready fails at its runs, on every thread alike.
      try {
        programs.set(request.program, new PreparedProgram(context, request));
      } catch (failure) {
        programs.set(request.program, { failure, source: request.source });
      }
      break;
    case "release": {
      const program = programs.get(request.program);
      if (program instanceof PreparedProgram) program.release();
      programs.delete(request.program);
      break;
    }
    case "kernels":
      context.kernels.receive?.(request.message);
      break;
    case "run":
      run(context, request, port);
      break;
  }
}

function start(message: StartMessage, open: OpenKernels, post: (message: unknown) => void): WorkerContext {
  const memory = message.memory ?? new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const instance = new WebAssembly.Instance(message.binary, { env: { memory, abort: kernelAbort } });
  return {
    views: new MemoryViews(memory),
    exports: instance.exports as unknown as KernelExports,
    barrier: new ThreadBarrier(message.control, message.threads),
    shares: new WorkShares(shareControl(message.control), message.thread, message.threads),
    thread: message.thread,
    threads: message.threads,
    kernels: open({ memory, thread: message.thread, settings: message.settings, post }),
  };
}

function kernelAbort(): never {
  throw new Error("a kernel stopped");
}

function run({ thread }: WorkerContext, message: RunMessage, port: WorkerPort): void {
  const program = programs.get(message.program);
  if (thread !== 0) {
    try {
      if (program instanceof PreparedProgram) program.run(message, false);
    } catch (error) {
      port.post({ request: message.request, helperError: recordError(error) });
    }
    return;
  }
  const failedRun = failedWrites.cause(message.buffers, message.knownFailure);
  const source = program instanceof PreparedProgram ? program.source : program?.source;
  try {
    if (!(program instanceof PreparedProgram))
      throw program?.failure ?? new Error("this program was released");
    const answer = program.run(message, failedRun !== undefined);
    if (answer !== undefined) {
      const transfer = answer.outputs.map((output) => output.buffer as ArrayBuffer);
      port.post({ request: message.request, value: answer }, transfer);
      return;
    }
  } catch (error) {
    if (source !== undefined) failedWrites.add(message, source, failedRun);
    throw error;
  }
  // An earlier run, or this one on another thread, which says why.
  failedWrites.add(message, source as Program, failedRun);
  port.post({ request: message.request, failedRun: failedRun ?? message.request });
}

/** What a worker of the wasm engine, or of an engine that extends it, does: the same on every thread. */

import { listen } from "#workers";
import { recordError } from "../../../workers/errors_across.ts";
import { StopGate } from "../../../workers/stop_gate.ts";
import type { WorkerPort } from "../../../workers/worker_port.ts";
import type { Program } from "../../contract/engine.ts";
import { FailedWrites } from "../../contract/failed_writes.ts";
import type { WorkerExtension } from "../engine_extension.ts";
import type { KernelExports } from "../kernel.ts";
import { MemoryViews } from "../memory/memory_views.ts";
import type { WorkerContext } from "../prepared_program.ts";
import { PreparedProgram } from "../prepared_program.ts";
import type { RunMessage, StartMessage, WasmMessage } from "../wasm_messages.ts";
import { shareControl, ThreadBarrier } from "./thread_barrier.ts";
import { WorkShares } from "./work_shares.ts";

let context: WorkerContext | undefined;
let gate: StopGate | undefined;
const programs = new Map<number, PreparedProgram | { readonly failure: unknown; readonly source: Program }>();
/** Kept by the first thread, which decides for all. */
const failedWrites = new FailedWrites();

/** Opens what an engine adds, once the memory is known. */
export type OpenExtension = (
  memory: WebAssembly.Memory,
  settings: unknown,
  thread: number,
  say: (note: unknown) => void,
) => WorkerExtension;

/** Answers the engine's messages from here on. */
export function serve(open?: OpenExtension): void {
  listen((message, port) => {
    const request = message as WasmMessage;
    try {
      guarded(request, () => receive(request, port, open));
    } catch (error) {
      if (!("request" in request)) throw error;
      port.post({ request: request.request, error: recordError(error) });
    }
  });
}

/** Native code is loaded, and its kernels are made and freed, where this worker is not ended in the midst of it. */
function guarded(request: WasmMessage, body: () => void): void {
  if (request.type === "start" && request.gate !== undefined) gate = new StopGate(request.gate);
  const native = request.type === "start" || request.type === "compile" || request.type === "release";
  if (!native || gate === undefined) body();
  else gate.pass(request.type === "start" ? request.thread : (context?.thread ?? 0), body);
}

function receive(request: WasmMessage, port: WorkerPort, open: OpenExtension | undefined): void {
  if (request.type === "start") {
    context = start(request, open, (note) => port.post({ note }));
    port.post({ request: request.request, value: context.extension?.description ?? null });
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
    case "order":
      context.extension?.receive?.(request.order);
      break;
    case "run":
      run(context, request, port);
      break;
  }
}

function start(
  message: StartMessage,
  open: OpenExtension | undefined,
  say: (note: unknown) => void,
): WorkerContext {
  const memory = message.memory ?? new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const instance = new WebAssembly.Instance(message.kernels, { env: { memory, abort: kernelAbort } });
  return {
    views: new MemoryViews(memory),
    kernels: instance.exports as unknown as KernelExports,
    barrier: new ThreadBarrier(message.control, message.threads),
    shares: new WorkShares(shareControl(message.control), message.thread, message.threads),
    thread: message.thread,
    threads: message.threads,
    extension: open?.(memory, message.settings, message.thread, say),
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

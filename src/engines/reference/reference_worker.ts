/** The worker of the reference engine: keeps the buffers and walks the steps of a program one by one. */

import { listen } from "#workers";
import { isError } from "../../base/builtin_kinds.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { allocateArray, viewArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import { recordError } from "../../workers/errors_across.ts";
import type { Program, RunResult, StepTiming } from "../contract/engine.ts";
import { FailedWrites, PARTLY_WRITTEN, wroteBefore } from "../contract/failed_writes.ts";
import type { CommitPlan } from "../contract/run_program.ts";
import { aliasRoots, boundValues, planCommits } from "../contract/run_program.ts";
import { REFERENCE_KERNELS } from "./kernels.ts";
import type { ReferenceRequest } from "./reference_messages.ts";
import { callReference } from "./reference_step.ts";

interface Prepared {
  readonly program: Program;
  readonly roots: readonly number[];
  readonly inputs: readonly number[];
  readonly states: readonly number[];
  readonly commits: readonly CommitPlan[];
  /** Values whose storage can be dropped after step i. */
  readonly dead: readonly (readonly number[])[];
}

const buffers = new Map<number, ArrayBuffer>();
const programs = new Map<number, Prepared>();
let failedWrites = new FailedWrites();

const port = listen((message) => {
  const request = message as ReferenceRequest;
  if (!("request" in request)) {
    accept(request);
    return;
  }
  try {
    answer(request);
  } catch (error) {
    port.post({ request: request.request, error: recordError(error) });
  }
});

/** Without workers this module serves one engine after the other. */
function forgetAll(): void {
  buffers.clear();
  programs.clear();
  failedWrites = new FailedWrites();
}

function accept(request: Exclude<ReferenceRequest, { request: number }>): void {
  switch (request.type) {
    case "allocate":
      try {
        buffers.set(request.buffer, new ArrayBuffer(request.bytes));
      } catch {
        buffers.delete(request.buffer); // its first use says that the memory is missing
      }
      break;
    case "write": {
      const buffer = buffers.get(request.buffer);
      if (buffer !== undefined) new Uint8Array(buffer).set(request.data);
      break;
    }
    case "free":
      buffers.delete(request.buffer);
      break;
    case "compile":
      programs.set(request.program, prepare(request.source));
      break;
    case "release":
      programs.delete(request.program);
      break;
  }
}

function answer(request: Extract<ReferenceRequest, { request: number }>): void {
  if (request.type === "start") {
    forgetAll();
    port.post({ request: request.request, value: null });
    return;
  }
  const buffers = request.type === "read" ? [request.buffer] : request.buffers;
  const failedRun = failedWrites.cause(buffers, request.knownFailure);
  if (request.type === "read") {
    if (failedRun !== undefined) {
      port.post({ request: request.request, failedRun });
      return;
    }
    const copy = bufferOf(request.buffer).slice(0);
    port.post({ request: request.request, value: copy }, [copy]);
  } else {
    const prepared = programs.get(request.program);
    if (prepared === undefined) throw new EngineError("reference: this program was released");
    if (failedRun !== undefined) {
      failedWrites.add(request, prepared.program, failedRun);
      port.post({ request: request.request, failedRun });
      return;
    }
    const result = runOrNote(prepared, request);
    const transfer = new Set(result.outputs.map((output) => output.buffer as ArrayBuffer));
    port.post({ request: request.request, value: result }, [...transfer]);
  }
}

/** Runs; if that fails, notes what it was to write. */
function runOrNote(prepared: Prepared, request: Extract<ReferenceRequest, { type: "run" }>): RunResult {
  try {
    return run(prepared, request);
  } catch (error) {
    failedWrites.add(request, prepared.program);
    throw error;
  }
}

function bufferOf(id: number): ArrayBuffer {
  const buffer = buffers.get(id);
  if (buffer === undefined) {
    throw new EngineError(
      `reference: out of memory: buffer ${id} could not be allocated; use a smaller batch`,
    );
  }
  return buffer;
}

function prepare(program: Program): Prepared {
  const roots = aliasRoots(program);
  const kept = new Set(
    [...program.outputs, ...program.commits.map((commit) => commit.from)].map((id) => roots[id]),
  );
  const lastUse = new Map<number, number>();
  program.steps.forEach((step, i) => {
    for (const id of [...step.inputs, ...step.outputs]) lastUse.set(roots[id], i);
  });
  const dead: number[][] = program.steps.map(() => []);
  for (const [id, step] of lastUse) {
    if (program.values[id].kind === "temporary" && !kept.has(id)) dead[step].push(id);
  }
  return {
    program,
    roots,
    inputs: boundValues(program, "input"),
    states: boundValues(program, "state"),
    commits: planCommits(program, roots),
    dead,
  };
}

function run(
  prepared: Prepared,
  { inputs, buffers: states, keep, profile }: Extract<ReferenceRequest, { type: "run" }>,
): RunResult {
  const { program, roots } = prepared;
  const storage: (ArrayBuffer | undefined)[] = program.values.map(() => undefined);
  prepared.inputs.forEach((id, i) => {
    storage[id] = inputs[i].buffer;
  });
  prepared.states.forEach((id, i) => {
    storage[id] = bufferOf(states[i]);
  });
  const array = (id: number): TypedArray => {
    const { dtype, shape } = program.values[id];
    const root = roots[id];
    storage[root] ??= allocateArray(program.values[root].dtype, numel(program.values[root].shape))
      .buffer as ArrayBuffer;
    return viewArray(dtype, storage[root], 0, numel(shape));
  };
  const timings: StepTiming[] = [];
  program.steps.forEach((step, i) => {
    const started = performance.now();
    const tensor = (id: number) => ({
      data: array(id),
      shape: program.values[id].shape,
      dtype: program.values[id].dtype,
    });
    try {
      callReference(REFERENCE_KERNELS, step, step.inputs.map(tensor), step.outputs.map(tensor));
    } catch (error) {
      if (isError(error) && wroteBefore(program, i)) error.message += PARTLY_WRITTEN;
      throw error;
    }
    for (const id of prepared.dead[i]) storage[id] = undefined;
    timings.push({ step: i, milliseconds: performance.now() - started });
  });
  const outputs: TypedArray[] = [];
  program.outputs.forEach((id, i) => {
    const buffer = keep[i];
    const { buffer: bytes, byteOffset, byteLength } = array(id);
    if (buffer === null) outputs.push(array(id).slice());
    else new Uint8Array(bufferOf(buffer)).set(new Uint8Array(bytes, byteOffset, byteLength));
  });
  commit(prepared.commits, array);
  return profile ? { outputs, timings } : { outputs };
}

function commit(commits: readonly CommitPlan[], array: (id: number) => TypedArray): void {
  const early = commits.map(({ from, early }) => (early ? array(from).slice() : undefined));
  commits.forEach(({ from, to }, i) => array(to).set(early[i] ?? array(from)));
}

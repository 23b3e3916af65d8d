/** Runs a planned program in this process, in one real arena, so that a plan that overlaps values is found out. */
import { bytesOf, type TypedArray, viewArray } from "../../src/base/dtype.ts";
import { numel } from "../../src/base/shape.ts";
import type { Program } from "../../src/engines/contract/engine.ts";
import type { FusedLoop } from "../../src/engines/contract/fused_loop.ts";
import { REFERENCE_KERNELS } from "../../src/engines/reference/kernels.ts";
import { interpret } from "../engines/cpu/loops/loop_oracle.ts";

export function runInProcess(
  program: Program,
  inputs: readonly TypedArray[],
  states: readonly TypedArray[],
): TypedArray[] {
  const arena = new ArrayBuffer(program.arenaBytes);
  new Uint8Array(arena).fill(0xa5);
  const view = (id: number): TypedArray => {
    const value = program.values[id];
    if (value.kind === "state") return states[value.index];
    if (value.kind === "alias") {
      const root = view(value.index);
      return viewArray(value.dtype, root.buffer, root.byteOffset, numel(value.shape));
    }
    return viewArray(value.dtype, arena, value.offset, numel(value.shape));
  };
  program.values.forEach((value, id) => {
    if (value.kind === "input") view(id).set(inputs[value.index]);
  });
  for (const step of program.steps) {
    const argument = (id: number) => ({
      data: view(id),
      shape: program.values[id].shape,
      dtype: program.values[id].dtype,
    });
    if (step.op === "fused") {
      const made = interpret(
        step.attributes.loop as FusedLoop,
        step.inputs.map((id) => view(id).slice()),
      );
      step.outputs.forEach((id, i) => view(id).set(made.outputs[i]));
    } else {
      REFERENCE_KERNELS[step.op]({
        inputs: step.inputs.map(argument),
        outputs: step.outputs.map(argument),
        attributes: step.attributes,
      });
    }
  }
  const results = program.outputs.map((id) => view(id).slice());
  const committed = program.commits.map(({ from }) => view(from).slice());
  program.commits.forEach(({ to }, i) => view(to).set(committed[i]));
  return results;
}

/** Bytes that the program would need if no two values shared any. */
export function unsharedBytes(program: Program): number {
  return program.values.reduce(
    (sum, v) =>
      v.kind === "temporary" || v.kind === "input" ? sum + numel(v.shape) * bytesOf(v.dtype) : sum,
    0,
  );
}

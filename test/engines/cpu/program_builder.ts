/** Programs built by hand, one step after another, each value at a place of its own. */
import assert from "node:assert/strict";
import type { DType } from "../../../src/base/dtype.ts";
import { bytesOf } from "../../../src/base/dtype.ts";
import { contiguousStrides, numel } from "../../../src/base/shape.ts";
import {
  type Attributes,
  type Engine,
  type EngineCapabilities,
  ON_HOST,
  type Program,
  type ProgramStep,
  type ProgramValue,
} from "../../../src/engines/contract/engine.ts";
import type { FusedBinary, FusedLoop, FusedUnary } from "../../../src/engines/contract/fused_loop.ts";
import { specOf } from "../../../src/engines/contract/run_program.ts";

const known = new WeakMap<Engine, EngineCapabilities>();

/** Starts an engine for which programs are to be built. */
export async function startEngine(engine: Engine): Promise<EngineCapabilities> {
  const capabilities = await engine.start();
  known.set(engine, capabilities);
  return capabilities;
}

/** What an engine has said when `startEngine` started it. */
export function capabilitiesOf(engine: Engine): EngineCapabilities {
  return known.get(engine) ?? assert.fail("startEngine was not called");
}

/** Whether the engine computes element-wise ops in generated loops. */
export function fusesLoops(engine: Engine): boolean {
  const x = { shape: [4], dtype: "float32" } as const;
  return capabilitiesOf(engine).fuses({ op: "neg", attributes: {}, inputs: [x], outputs: [x] });
}

export class ProgramBuilder {
  readonly #engine: Engine;
  readonly #values: ProgramValue[] = [];
  readonly #steps: ProgramStep[] = [];
  readonly #commits: { from: number; to: number }[] = [];
  #inputs = 0;
  #states = 0;
  #top = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  input(shape: number[], dtype: DType = "float32"): number {
    return this.#value({
      kind: "input",
      shape,
      dtype,
      index: this.#inputs++,
      offset: this.#place(shape, dtype),
    });
  }

  state(shape: number[], dtype: DType = "float32"): number {
    return this.#value({ kind: "state", shape, dtype, index: this.#states++, offset: -1 });
  }

  alias(of: number, shape: number[]): number {
    return this.#value({ kind: "alias", shape, dtype: this.#values[of].dtype, index: of, offset: -1 });
  }

  step(
    op: string,
    attributes: Attributes,
    inputs: number[],
    shape: number[],
    dtype: DType = "float32",
  ): number {
    const output = this.#value({
      kind: "temporary",
      shape,
      dtype,
      index: -1,
      offset: this.#place(shape, dtype),
    });
    this.stepInto(op, attributes, inputs, [output]);
    return output;
  }

  stepInto(op: string, attributes: Attributes, inputs: number[], outputs: number[]): void {
    const spec = specOf(this.#values, op, { attributes, inputs, outputs });
    const plan = capabilitiesOf(this.#engine).plan(spec) ?? ON_HOST;
    const bytes = plan.scratchBytes;
    const offset = this.#top;
    this.#top += Math.ceil(bytes / 64) * 64;
    this.#steps.push({ op, attributes, inputs, outputs, label: "", plan, scratch: { offset, bytes } });
  }

  unary(op: FusedUnary, a: number): number {
    const { shape, dtype } = this.#values[a];
    const loop: FusedLoop = {
      shape,
      inputs: [{ dtype, strides: contiguousStrides(shape) }],
      body: [
        { kind: "load", input: 0, dtype },
        { kind: "unary", op, a: 0, dtype },
      ],
      outputs: [{ kind: "store", value: 1, dtype }],
    };
    return this.step("fused", { loop }, [a], [...shape], dtype);
  }

  binary(op: FusedBinary, a: number, b: number): number {
    const { shape, dtype } = this.#values[a];
    const strides = contiguousStrides(shape);
    const loop: FusedLoop = {
      shape,
      inputs: [
        { dtype, strides },
        { dtype, strides },
      ],
      body: [
        { kind: "load", input: 0, dtype },
        { kind: "load", input: 1, dtype },
        { kind: "binary", op, a: 0, b: 1, dtype },
      ],
      outputs: [{ kind: "store", value: 2, dtype }],
    };
    return this.step("fused", { loop }, [a, b], [...shape], dtype);
  }

  sum(a: number): number {
    const { shape, dtype } = this.#values[a];
    const loop: FusedLoop = {
      shape,
      inputs: [{ dtype, strides: contiguousStrides(shape) }],
      body: [{ kind: "load", input: 0, dtype }],
      outputs: [{ kind: "reduce", op: "sum", value: 0, axes: shape.map((_, d) => d), dtype }],
    };
    return this.step("fused", { loop }, [a], [], dtype);
  }

  commit(from: number, to: number): void {
    this.#commits.push({ from, to });
  }

  finish(outputs: number[]): Program {
    return {
      values: this.#values,
      steps: this.#steps,
      outputs,
      commits: this.#commits,
      inputCount: this.#inputs,
      stateCount: this.#states,
      arenaBytes: this.#top,
    };
  }

  #value(value: ProgramValue): number {
    return this.#values.push(value) - 1;
  }

  #place(shape: number[], dtype: DType): number {
    const offset = this.#top;
    this.#top += Math.ceil((numel(shape) * bytesOf(dtype)) / 64) * 64;
    return offset;
  }
}

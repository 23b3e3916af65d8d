/** One WebAssembly module with the functions of all fused loops of a program, and how to run each loop. */
import { numel } from "../../../base/shape.ts";
import type { Program, ProgramStep, StepPlan } from "../../contract/engine.ts";
import type { FusedLoop } from "../../contract/fused_loop.ts";
import { type KernelExports, type KernelPlan, stepPlanOf } from "../kernel.ts";
import { ModuleBuilder } from "./emitter.ts";
import { planNest, reductionsOf } from "./fused_plan.ts";
import { COMBINE_UNIT, parameterCount, writeCombine, writeIdentity, writeNest } from "./fused_writer.ts";
import { MATH_IMPORTS, UNARY_IMPORTS } from "./math_imports.ts";

/** How to run one fused loop: plain data, so that it crosses to workers. */
export interface FusedPlan {
  /** Exported functions, one per stage, with the number of units of each. */
  readonly stages: readonly { readonly name: string; readonly units: number }[];
  readonly scratchBytes: number;
}

export interface GeneratedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** One per loop. */
  readonly plans: readonly FusedPlan[];
}

export function isFused(step: { readonly op: string }): boolean {
  return step.op === "fused";
}

function loopOf(step: Pick<ProgramStep, "attributes">): FusedLoop {
  return step.attributes.loop as FusedLoop;
}

/** What the compiler is told of a fused step. */
export function planLoop(step: Pick<ProgramStep, "attributes">): StepPlan {
  const { scratchBytes } = stagesOf(loopOf(step), "f");
  return stepPlanOf({ scratchBytes, threadScratchBytes: 0 });
}

/** The generated loops of a program: one module, and how to run each fused step. Plain data. */
export interface GeneratedLoops {
  /** Undefined if no step is fused. */
  readonly generated: Uint8Array<ArrayBuffer> | undefined;
  readonly fused: readonly (FusedPlan | undefined)[];
}

export function generateLoops(
  { steps }: Program,
  options: { readonly shared: boolean; readonly relaxed: boolean },
): GeneratedLoops {
  const fusedSteps = steps.filter(isFused);
  if (fusedSteps.length === 0) return { generated: undefined, fused: steps.map(() => undefined) };
  const { bytes, plans } = generateModule(fusedSteps.map(loopOf), options);
  const ofStep = new Map(fusedSteps.map((step, i) => [step, plans[i]]));
  return { generated: bytes, fused: steps.map((step) => ofStep.get(step)) };
}

/**
 * The module of these loops. It imports `env.memory` (shared or not) and the functions of `MATH_IMPORTS` as
 * `math`. `relaxed` allows fused multiply-add in the polynomials.
 *
 * @example
 * const { bytes, plans } = generateModule([loop], { shared: false, relaxed: false });
 * const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), fusedImports(memory));
 */
export function generateModule(
  loops: readonly FusedLoop[],
  options: { readonly shared: boolean; readonly relaxed: boolean },
): GeneratedModule {
  const module = new ModuleBuilder(options);
  const math = Object.fromEntries(
    UNARY_IMPORTS.map((name) => [name, module.importFunction("math", name, ["f64"], ["f64"])]),
  ) as Record<(typeof UNARY_IMPORTS)[number] | "pow", number>;
  math.pow = module.importFunction("math", "pow", ["f64", "f64"], ["f64"]);
  const plans = loops.map((loop, i) => defineLoop(module, loop, `f${i}`, { relaxed: options.relaxed, math }));
  return { bytes: module.finish(), plans };
}

function defineLoop(
  module: ModuleBuilder,
  loop: FusedLoop,
  name: string,
  options: Parameters<typeof writeNest>[3],
): FusedPlan {
  const params = new Array<"i32">(parameterCount(loop)).fill("i32");
  const plan = stagesOf(loop, name);
  if (plan.stages.length === 0) return plan;
  if (numel(loop.shape) === 0) {
    module.defineFunction(params, [], (f) => writeIdentity(f, loop, keptElements(loop)), name);
    return plan;
  }
  const nest = planNest(loop);
  module.defineFunction(params, [], (f) => writeNest(f, loop, nest, options), name);
  if (nest.splits > 1) module.defineFunction(params, [], (f) => writeCombine(f, loop, nest), `${name}s`);
  return plan;
}

function stagesOf(loop: FusedLoop, name: string): FusedPlan {
  if (numel(loop.shape) === 0) {
    const writes = reductionsOf(loop).length > 0 && keptElements(loop) > 0;
    return { stages: writes ? [{ name, units: 1 }] : [], scratchBytes: 0 };
  }
  const nest = planNest(loop);
  const stages = [{ name, units: nest.units }];
  if (nest.splits === 1) return { stages, scratchBytes: 0 };
  stages.push({ name: `${name}s`, units: Math.ceil(nest.keptCount / COMBINE_UNIT) });
  return { stages, scratchBytes: reductionsOf(loop).length * nest.splits * nest.keptCount * 8 };
}

function keptElements(loop: FusedLoop): number {
  const axes = reductionsOf(loop)[0]?.axes ?? [];
  return numel(loop.shape.filter((_, d) => !axes.includes(d)));
}

/** What a generated module imports. */
export function fusedImports(memory: WebAssembly.Memory): WebAssembly.Imports {
  return { env: { memory }, math: { ...MATH_IMPORTS } };
}

/** A fused loop as a kernel plan over the generated module's exports. */
export function fusedKernel(plan: FusedPlan, exports: KernelExports): KernelPlan {
  return {
    stages: plan.stages.map(({ name, units }) => {
      const run = exports[name];
      let args: number[] = [];
      return {
        units,
        run(_, addresses, begin, end) {
          const { inputs, outputs, scratch } = addresses;
          if (args.length === 0) args = new Array(inputs.length + outputs.length + 3).fill(0);
          let a = 0;
          for (const input of inputs) args[a++] = input;
          for (const output of outputs) args[a++] = output;
          args[a++] = scratch;
          args[a++] = begin;
          args[a++] = end;
          run(...args);
        },
      };
    }),
    scratchBytes: plan.scratchBytes,
    threadScratchBytes: 0,
  };
}

/** Asks an engine how it would compute each step of a graph: once, however many passes want to know. */
import type {
  Attributes,
  EngineLimits,
  ProgramTarget,
  StepPlan,
  StepSpec,
  TensorSpec,
} from "../engines/contract/engine.ts";
import { specOf } from "../engines/contract/run_program.ts";
import type { GraphNode } from "../graph/graph.ts";

export class StepPlanner {
  readonly #target: ProgramTarget;
  /** By the attributes, which passes hand on as they are, and then by op, shapes and dtypes. */
  readonly #known = new WeakMap<Attributes, Map<string, StepPlan | null>>();

  constructor(target: ProgramTarget) {
    this.#target = target;
  }

  get limits(): EngineLimits {
    return this.#target.limits;
  }

  /** Whether a node may become part of another step (see `ProgramTarget.fuses`). */
  fuses(values: readonly TensorSpec[], node: GraphNode): boolean {
    return this.#target.fuses(specOf(values, node.op.name, node));
  }

  /** The engine's plan of a node among these values; null if it has none. */
  planOf(values: readonly TensorSpec[], node: GraphNode): StepPlan | null {
    return this.#plan(specOf(values, node.op.name, node));
  }

  /** Whether the engine would rather compute a node on images with their channels last. */
  prefersChannelsLast(values: readonly TensorSpec[], node: GraphNode): boolean {
    return node.op.images !== undefined && this.planOf(values, node)?.layout === "channelsLast";
  }

  /** Whether the engine has a kernel for the node, its operands as they are or as `changed` would make them. */
  hasKernel(
    values: readonly TensorSpec[],
    node: GraphNode,
    changed?: (operand: TensorSpec) => TensorSpec,
  ): boolean {
    const step = specOf(values, node.op.name, node);
    const asked =
      changed === undefined
        ? step
        : { ...step, inputs: step.inputs.map(changed), outputs: step.outputs.map(changed) };
    return this.#plan(asked)?.place === "device";
  }

  #plan(step: StepSpec): StepPlan | null {
    let plans = this.#known.get(step.attributes);
    if (plans === undefined) {
      plans = new Map();
      this.#known.set(step.attributes, plans);
    }
    const key = `${step.op}(${step.inputs.map(textOf).join()})${step.outputs.map(textOf).join()}`;
    let plan = plans.get(key);
    if (plan === undefined) {
      plan = this.#target.plan(step);
      plans.set(key, plan);
    }
    return plan;
  }
}

function textOf({ shape, dtype }: TensorSpec): string {
  return `${dtype}[${shape.join()}]`;
}

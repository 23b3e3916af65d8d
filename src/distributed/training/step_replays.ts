/**
 * Steps that are sent again without being recorded: a network made of this package's layers and blocks alone records the same passes
 * in every step, as long as its settings are the same, and so the program of an earlier step serves with other examples.
 * Networks with a `forward`, a loss or a metric of the user's are called in every step.
 */
import type { StateBuffer, Value } from "../../graph/node.ts";
import * as nn from "../../nn/index.ts";
import type { ReplayedProgram } from "../../runtime/replayed_program.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CapturedShard } from "./captured_shard.ts";

/** The prototypes of layers whose passes depend on nothing but their inputs, tensors and settings; blocks of networks say so. */
const OWN_LAYERS = new Set<unknown>(
  Object.values(nn)
    .map((made) => (typeof made === "function" ? made.prototype : undefined))
    .filter((prototype) => prototype !== undefined && prototype !== nn.Module.prototype),
);

/** What is kept of a step. */
export interface KeptStep {
  readonly captured: CapturedShard;
  /** The passes of the rank's last shard, and the sums over shards and ranks. */
  readonly last: ReplayedProgram;
  /** The passes of each other shard; null if the rank has one alone. */
  readonly other: ReplayedProgram | null;
  /** What the step has made of counters of batches: before, after; by their places among the buffers. */
  readonly counted: ReadonlyMap<number, readonly [before: Value, after: Value]>;
}

/** A step with what its passes depended on. */
interface Seen {
  readonly step: KeptStep;
  readonly settings: string;
  readonly states: readonly (StateBuffer | null)[];
  /** Whether a second recording was the same. */
  readonly confirmed: boolean;
}

export class StepReplays {
  readonly #net: nn.Module;
  readonly #seen = new Map<string, Seen>();
  /** Steps that were sent again. */
  replayed = 0;

  constructor(net: nn.Module) {
    this.#net = net;
  }

  /** What this step's passes depend on besides tensors' contents; null if that cannot be told, and each is recorded. */
  settings(parameters: readonly Tensor[]): string | null {
    return settingsOf(this.#net, parameters);
  }

  /**
   * @param work - what the step does, in words: two steps of the same words differ in the network alone.
   * @param settings - the network's, in this step.
   * @param tensors - its parameters, and the buffers that are to lie in the engine.
   */
  find(work: string, settings: string, tensors: readonly Tensor[]): KeptStep | null {
    const seen = this.#seen.get(work);
    if (seen?.confirmed !== true || seen.settings !== settings) return null;
    if (!sameStates(seen.states, statesOf(tensors))) return null;
    this.replayed++;
    return seen.step;
  }

  keep(work: string, settings: string, tensors: readonly Tensor[], step: KeptStep): void {
    const states = statesOf(tensors);
    if (states.includes(null)) return;
    const before = this.#seen.get(work);
    const confirmed =
      before !== undefined &&
      before.settings === settings &&
      sameStates(before.states, states) &&
      before.step.last.isSameAs(step.last);
    this.#seen.set(work, { step, settings, states, confirmed });
  }
}

/** Where tensors lie in the engine; null for one that does not. */
function statesOf(tensors: readonly Tensor[]): (StateBuffer | null)[] {
  return tensors.map(({ cell }) => cell.value.state);
}

/** What the passes of a network depend on besides its tensors' contents; null if that cannot be told. */
function settingsOf(net: nn.Module, parameters: readonly Tensor[]): string | null {
  const texts: string[] = [];
  for (const module of net.modules()) {
    const prototype = Object.getPrototypeOf(module);
    // A class of the user's that extends one of them does not have it as its own.
    if (!OWN_LAYERS.has(prototype) && !Object.hasOwn(prototype.constructor, "recordsAlike")) return null;
    const { beforeForward, afterForward, backward } = module.hooks;
    if (!beforeForward.isEmpty || !afterForward.isEmpty || !backward.isEmpty) return null;
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === "object" && value !== null && !Array.isArray(value)) continue;
      if (typeof value !== "function") texts.push(`${name}=${value}`);
      else if (name === "forward") return null;
    }
  }
  for (const { requiresGrad } of parameters) texts.push(requiresGrad ? "+" : "-");
  return texts.join(" ");
}

function sameStates(left: readonly (StateBuffer | null)[], right: readonly (StateBuffer | null)[]): boolean {
  return left.length === right.length && left.every((state, i) => state === right[i]);
}

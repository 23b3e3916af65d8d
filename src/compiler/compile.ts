/**
 * From a captured graph to a program, for one engine. In this order: the passes; how the engine would compute each step,
 * asked once, however many passes want to know; the memory plan.
 */
import { bytesOf, isHalf } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import {
  type Attributes,
  type EngineLimits,
  ON_HOST,
  type Program,
  type ProgramStep,
  type ProgramTarget,
  type ProgramValue,
  type StepPlan,
  type StepSpec,
  type TensorSpec,
} from "../engines/contract/engine.ts";
import { specOf } from "../engines/contract/run_program.ts";
import type { Graph, GraphNode } from "../graph/graph.ts";
import type { OpDefinition } from "../graph/node.ts";
import { startAllReduceOp } from "../ops/collective.ts";
import { fullOp } from "../ops/creation.ts";
import { mulOp } from "../ops/elementwise/elementwise.ts";
import { shardSumOp } from "../ops/nn/synchronized_norm.ts";
import { channelsLast } from "./passes/channels_last.ts";
import { decompose } from "./passes/decompose.ts";
import { foldChannelScales } from "./passes/fold_channel_scales.ts";
import { foldScalars } from "./passes/fold_scalars.ts";
import { fuseActivation } from "./passes/fuse_activation.ts";
import { fuseLoops, fusesAny } from "./passes/fuse_loops.ts";
import { fusedOp } from "./passes/fused_op.ts";
import { joinShards } from "./passes/join_shards.ts";
import { overlapReductions } from "./passes/overlap_reductions.ts";
import { commonSubexpressions, deadCode } from "./passes/redundant_nodes.ts";
import { unusedOutputs } from "./passes/unused_outputs.ts";
import { widenHalf, widenRest } from "./passes/widen_half.ts";

/** The passes that only make programs faster or smaller: without one they compute the same, within rounding. */
export const OPTIONAL_PASSES = [
  "common-subexpressions",
  "fold-channel-scales",
  "fuse-activation",
  "channels-last",
  "unused-outputs",
  "fold-scalars",
  "fuse-loops",
  "side-by-side",
] as const;

export type PassName = (typeof OPTIONAL_PASSES)[number];

/** Passes that are left out. */
export type WithoutPasses = ReadonlySet<PassName>;

const ALL_PASSES: WithoutPasses = new Set();

/**
 * What only programs of frozen networks go through (`FROZEN_PASSES`), given by those who make them: pages that only train
 * carry none of it.
 */
export interface FrozenPasses {
  /**
   * Of programs whose weights stay as they are for some runs alone: gradients are among what they compute, to the same
   * bits as without. Absent if not.
   */
  readonly trains?: true;
  /** The nodes in an order in which neighbours may run side by side. */
  arranged(graph: Graph): Graph;
  /** Whether each node may run at the same time as the next one that is a step. */
  joinedNodes(graph: Graph, roots: readonly number[], divides: (node: GraphNode) => boolean): boolean[];
}

/**
 * @param frozen - of a program with a buffer in which weights that are states stay packed from run to run; else null.
 * @param without - passes that are left out.
 * @throws DTypeError if the engine does not know the dtype of a value.
 */
export function compileGraph(
  graph: Graph,
  target: ProgramTarget,
  frozen: FrozenPasses | null = null,
  without: WithoutPasses = ALL_PASSES,
): Program {
  requireDtypes(graph, target);
  // A program whose weights stay as they are asks for no gradients.
  const planner = new StepPlanner(target, frozen !== null && frozen.trains !== true);
  const steps = passes(graph, planner, without);
  const arranges = frozen !== null && !without.has("side-by-side");
  return planMemory(arranges ? frozen.arranged(steps) : steps, planner, frozen);
}

/** The passes alone, for printing and tests; `seen` is called after each, with its name and the graph that it made. */
export function optimise(
  graph: Graph,
  target: ProgramTarget,
  seen?: (pass: string, graph: Graph) => void,
): Graph {
  return passes(graph, new StepPlanner(target), ALL_PASSES, seen);
}

function passes(
  graph: Graph,
  planner: StepPlanner,
  without: WithoutPasses,
  seen: (pass: string, graph: Graph) => void = () => {},
): Graph {
  const wants = (name: PassName) => !without.has(name);
  let now = graph;
  const apply = (pass: (graph: Graph, planner: StepPlanner) => Graph, hasWork = true): void => {
    if (hasWork) now = pass(now, planner);
    seen(pass.name, now);
  };
  // A pass is entered only if the graph holds what it is about.
  const has = (fact: keyof OpDefinition) => now.nodes.some(({ op }) => op[fact] !== undefined);
  const half = graph.values.some(({ dtype }) => isHalf(dtype));
  apply(deadCode);
  if (typeof ONE_RANK === "undefined") {
    apply(
      joinShards,
      now.nodes.some(({ op }) => op === shardSumOp),
    );
  }
  apply(widenHalf, half);
  apply(decompose, has("decompose"));
  apply(commonSubexpressions, wants("common-subexpressions"));
  apply(deadCode);
  const scaled = wants("fold-channel-scales") && now.nodes.some(({ op }) => op === mulOp);
  apply(foldChannelScales, scaled && has("takesActivation"));
  apply(fuseActivation, wants("fuse-activation") && has("activation"));
  const last =
    wants("channels-last") && now.nodes.some((node) => planner.prefersChannelsLast(now.values, node));
  apply(channelsLast, last);
  if (last) {
    apply(commonSubexpressions, wants("common-subexpressions"));
    apply(deadCode);
  }
  apply(unusedOutputs, wants("unused-outputs") && has("sparesOutputs"));
  apply(widenRest, half);
  const fuses = wants("fuse-loops") && fusesAny(now, planner);
  apply(foldScalars, fuses && wants("fold-scalars") && now.nodes.some(({ op }) => op === fullOp));
  apply(fuseLoops, fuses);
  if (typeof ONE_RANK === "undefined") {
    apply(
      overlapReductions,
      now.nodes.some(({ op }) => op === startAllReduceOp),
    );
  }
  return now;
}

function requireDtypes(graph: Graph, { limits }: ProgramTarget): void {
  for (const { dtype } of graph.values) {
    if (!limits.dtypes.includes(dtype)) {
      throw new DTypeError(
        `the engine in use cannot hold ${dtype} values, only ${limits.dtypes.join(", ")}; convert them with \`to\`, ` +
          "or use another engine",
      );
    }
  }
}

// How the engine would compute each step.

export class StepPlanner {
  readonly #target: ProgramTarget;
  readonly #forwardOnly: boolean;
  /** By the attributes, which passes hand on as they are, and then by op, shapes and dtypes. */
  readonly #known = new WeakMap<Attributes, Map<string, StepPlan | null>>();

  /** @param forwardOnly - see `StepSpec`. */
  constructor(target: ProgramTarget, forwardOnly = false) {
    this.#target = target;
    this.#forwardOnly = forwardOnly;
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
      plan = this.#target.plan(this.#forwardOnly ? { ...step, forwardOnly: true } : step);
      plans.set(key, plan);
    }
    return plan;
  }
}

function textOf({ shape, dtype }: TensorSpec): string {
  return `${dtype}[${shape.join()}]`;
}

// The memory plan gives every temporary a place in one arena by its lifetime, so that values that are never alive
// together share bytes, and places results that go to state straight into the state buffer when no later step reads the
// old contents.

/** Turns a graph into a program: numbers stay, every value gets its kind and place. */
export function planMemory(graph: Graph, planner: StepPlanner, frozen: FrozenPasses | null = null): Program {
  const roots = aliasRoots(graph);
  const inPlace = commitsInPlace(graph, roots);
  const lastUse = lastUses(graph, roots);
  const arena = new Arena(planner.limits.alignment);
  const values: ProgramValue[] = graph.values.map((v) => ({
    shape: v.shape,
    dtype: v.dtype,
    kind: v.source.kind === "node" ? "temporary" : v.source.kind,
    index: v.source.kind === "node" ? -1 : v.source.index,
    offset: -1,
  }));
  graph.values.forEach((v, id) => {
    if (v.source.kind === "input") place(values, id, arena);
  });
  const divides = (node: GraphNode) =>
    node.op.checksData !== true && planner.planOf(graph.values, node)?.place === "device";
  const joins = graph.commits.length === 0 ? (frozen?.joinedNodes(graph, roots, divides) ?? []) : [];
  // Of joined steps none overwrites what another reads.
  let over: (() => void)[] = [];
  const steps: ProgramStep[] = [];
  let packedBytes = 0;
  let work = 0;
  for (let position = 0; position < graph.nodes.length; position++) {
    const node = graph.nodes[position];
    if (node.op.alias) {
      values[node.outputs[0]] = { ...values[node.outputs[0]], kind: "alias", index: roots[node.inputs[0]] };
      continue;
    }
    for (const output of node.outputs) {
      const target = inPlace.get(output);
      if (target !== undefined) values[output] = { ...values[output], kind: "alias", index: target };
      else place(values, output, arena);
    }
    const plan = planner.planOf(graph.values, node) ?? ON_HOST;
    const packed =
      frozen !== null &&
      plan.packsWeights === true &&
      node.inputs.slice(1).every((id) => graph.values[roots[id]].source.kind === "state");
    const scratch = arena.aligned((packed ? plan.keptBytes : undefined) ?? plan.scratchBytes);
    const offset = packed ? packedBytes : scratch === 0 ? 0 : arena.allocate(scratch);
    if (packed) packedBytes += scratch;
    const ownWork = workOf(graph, node);
    const isJoined = joins[position] || over.length > 0;
    work += ownWork;
    steps.push({
      op: node.op.name,
      attributes: node.attributes,
      inputs: node.inputs,
      outputs: node.outputs,
      label: node.label,
      plan,
      scratch: {
        offset,
        bytes: scratch,
        ...(packed && { packed, ...(frozen.trains && { asUnpacked: true }) }),
      },
      ...(joins[position] && { joinsNext: true }),
      ...(isJoined && { work: ownWork }),
    });
    over.push(() => {
      if (scratch !== 0 && !packed) arena.free(offset, scratch);
      freeDead(graph, node, position, lastUse, roots, values, arena);
    });
    if (joins[position]) continue;
    for (const free of over) free();
    over = [];
  }
  return {
    values,
    steps,
    outputs: graph.outputs,
    commits: graph.commits.filter((c) => inPlace.get(roots[c.from]) !== c.to),
    inputCount: graph.inputCount,
    stateCount: graph.stateCount,
    arenaBytes: arena.size,
    ...(packedBytes > 0 && { packedBytes }),
    ...(work < Math.max(SMALL_WORK, SMALL_STEP * steps.length) && { isSmall: true }),
  };
}

/** Below it a thread is done before another has begun: a tenth of a millisecond or two. */
const SMALL_WORK = 4e6;
/** With less in a step on average, threads wait for each other longer than they compute: LeNet with 16 images in training. */
const SMALL_STEP = 1e6;

/** Multiplications that are added up; an element that is read or written counts for several. */
function workOf({ values }: Graph, { op, attributes, inputs, outputs }: GraphNode): number {
  const [read, written] = [inputs, outputs].map((ids) => ids.map((id) => values[id]));
  const elements = [...read, ...written].reduce((sum, { shape }) => sum + numel(shape), 0);
  return 8 * elements + (op.multiplyAdds?.(read, written, attributes) ?? 0);
}

/** For each value the one whose bytes it shares: itself unless it comes from an aliasing op. */
function aliasRoots(graph: Graph): number[] {
  const roots = graph.values.map((_, id) => id);
  for (const node of graph.nodes) {
    if (node.op.alias) roots[node.outputs[0]] = roots[node.inputs[0]];
  }
  return roots;
}

/**
 * Results that can be written straight over the state they replace: made by a step after which nothing reads
 * the old contents, and which itself reads them, if at all, only at the element that it writes. No such step comes
 * before one that may refuse its data: a run that fails leaves all state as it was.
 */
function commitsInPlace(graph: Graph, roots: readonly number[]): Map<number, number> {
  const producer = new Map<number, number>();
  graph.nodes.forEach((node, position) => {
    for (const output of node.outputs) producer.set(output, position);
  });
  const lastRead = new Map<number, number>();
  graph.nodes.forEach((node, position) => {
    for (const input of node.inputs) lastRead.set(roots[input], position);
  });
  for (const output of graph.outputs) lastRead.set(roots[output], Number.POSITIVE_INFINITY);
  for (const commit of graph.commits) {
    // State that moves into another state buffer is read at the end of the run.
    if (producer.get(roots[commit.from]) === undefined)
      lastRead.set(roots[commit.from], Number.POSITIVE_INFINITY);
  }
  const lastCheck = graph.nodes.findLastIndex((node) => node.op.checksData);
  const chosen = new Map<number, number>();
  for (const { from, to } of graph.commits) {
    const root = roots[from];
    const position = producer.get(root);
    if (position === undefined || position <= lastCheck || chosen.has(root)) continue;
    const reads = lastRead.get(to) ?? -1;
    const node = graph.nodes[position];
    if (reads < position || (reads === position && writesWhatItReads(node, graph, to, roots, root)))
      chosen.set(root, to);
  }
  return chosen;
}

function writesWhatItReads(
  node: GraphNode,
  graph: Graph,
  state: number,
  roots: readonly number[],
  output: number,
): boolean {
  const elementwise = node.op.elementwise !== undefined || node.op === fusedOp;
  if (!elementwise) return false;
  const size = numel(graph.values[output].shape);
  if (numel(graph.values[state].shape) !== size) return false;
  if (node.op !== fusedOp) return true;
  const loop = node.attributes.loop as { shape: readonly number[]; outputs: readonly { kind: string }[] };
  return (
    loop.outputs.every((o) => o.kind === "store") &&
    numel(loop.shape) === size &&
    node.inputs.every((id) => roots[id] !== state || numel(graph.values[id].shape) === size)
  );
}

/** The last step that reads each root; results and commits live to the end. */
function lastUses(graph: Graph, roots: readonly number[]): Map<number, number> {
  const last = new Map<number, number>();
  graph.nodes.forEach((node, position) => {
    for (const id of node.inputs) last.set(roots[id], position);
  });
  for (const id of graph.outputs) last.set(roots[id], Number.POSITIVE_INFINITY);
  for (const commit of graph.commits) last.set(roots[commit.from], Number.POSITIVE_INFINITY);
  return last;
}

function freeDead(
  graph: Graph,
  node: GraphNode,
  position: number,
  lastUse: ReadonlyMap<number, number>,
  roots: readonly number[],
  values: readonly ProgramValue[],
  arena: Arena,
): void {
  const candidates = new Set([...node.inputs, ...node.outputs].map((id) => roots[id]));
  for (const id of candidates) {
    const value = values[id];
    if (value.kind !== "temporary" || value.offset < 0) continue;
    const last = lastUse.get(id);
    if (last === position || (last === undefined && node.outputs.includes(id))) {
      arena.free(value.offset, bytesFor(graph.values[id], arena));
    }
  }
}

function place(values: ProgramValue[], id: number, arena: Arena): void {
  values[id] = { ...values[id], offset: arena.allocate(bytesFor(values[id], arena)) };
}

function bytesFor({ shape, dtype }: TensorSpec, arena: Arena): number {
  return arena.aligned(Math.max(1, numel(shape) * bytesOf(dtype)));
}

/** Best-fit allocation over an address range that grows at its end. */
class Arena {
  size = 0;
  private holes: { offset: number; bytes: number }[] = [];
  private readonly alignment: number;

  constructor(alignment: number) {
    this.alignment = alignment;
  }

  /** `bytes` rounded up to the next multiple of the alignment. */
  aligned(bytes: number): number {
    return Math.ceil(bytes / this.alignment) * this.alignment;
  }

  allocate(bytes: number): number {
    let best: { offset: number; bytes: number } | undefined;
    for (const hole of this.holes) {
      if (hole.bytes >= bytes && (best === undefined || hole.bytes < best.bytes)) best = hole;
    }
    if (best !== undefined) {
      const offset = best.offset;
      best.offset += bytes;
      best.bytes -= bytes;
      if (best.bytes === 0) this.holes.splice(this.holes.indexOf(best), 1);
      return offset;
    }
    const last = this.holes[this.holes.length - 1];
    if (last !== undefined && last.offset + last.bytes === this.size) {
      this.holes.pop();
      this.size = last.offset + bytes;
      return last.offset;
    }
    const offset = this.size;
    this.size += bytes;
    return offset;
  }

  free(offset: number, bytes: number): void {
    let i = 0;
    while (i < this.holes.length && this.holes[i].offset < offset) i++;
    this.holes.splice(i, 0, { offset, bytes });
    this.mergeAt(i);
    this.mergeAt(i - 1);
  }

  private mergeAt(i: number): void {
    const hole = this.holes[i];
    const next = this.holes[i + 1];
    if (hole === undefined || next === undefined || hole.offset + hole.bytes !== next.offset) return;
    hole.bytes += next.bytes;
    this.holes.splice(i + 1, 1);
  }
}

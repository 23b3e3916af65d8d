/** From a recording to parts: which calls are boxes, which are blocks, and what is left out. */
import type { Value } from "../graph/node.ts";
import { SequentialLayer } from "../nn/module/containers.ts";
import { joinedSteps, type RecordedFunction } from "./joined_steps.ts";
import { className, isLayer, type Label, layerLabel, opLabel } from "./layer_label.ts";
import { isChain, type Level, OUTSIDE, type Part } from "./parts.ts";
import { canonical, type RecordedCall, type RecordedStep, type Recording } from "./recording.ts";

/** How far a drawing goes into detail. */
export interface Detail {
  /** Every op is a box; otherwise activations and normalisation are part of the box before them. */
  readonly ops: boolean;
  /** A short Sequential inside a network is a block with a frame of its own. */
  readonly frames: boolean;
  /** Levels of blocks that are opened; those of Sequential do not count. */
  readonly depth: number;
}

/** A part with the values that it takes and gives. */
interface Placed {
  readonly part: Part;
  readonly uses: readonly Value[];
  readonly makes: readonly Value[];
}

/** The whole network as a level. */
export function buildLevel(recording: Recording, detail: Detail): Level {
  const builder = new Builder(recording, detail);
  const placed = builder.place(recording.steps, recording.outputs, detail.depth);
  return withInputs(builder.level([...inputParts(recording), ...placed], recording.outputs).level);
}

/** Boxes for what the network is called with. */
function inputParts({ inputs }: Recording): Placed[] {
  return inputs.map((value) => {
    const shape = shapeOf(value);
    const name = shape?.length === 3 && (shape[0] === 1 || shape[0] === 3) ? "image" : "input";
    return {
      part: { type: "box", label: { kind: "data", name }, followedBy: [], shape, count: 1 },
      uses: [],
      makes: [value],
    };
  });
}

/** The only input of a network begins its row. */
function withInputs(level: Level): Level {
  const inputs = level.parts.filter((part) => part.type === "box" && part.label.kind === "data").length;
  return inputs === 1 ? { ...level, links: [[OUTSIDE, 0], ...level.links] } : level;
}

class Builder {
  readonly #detail: Detail;
  readonly #live = new Set<Value>();
  /** What takes the place of values whose making is not drawn. */
  readonly #aliases = new Map<Value, Value>();

  /** How many inputs of ops each value is, and outputs of the network. */
  readonly #readers = new Map<Value, number>();

  constructor({ inputs, steps, outputs }: Recording, detail: Detail) {
    this.#detail = detail;
    for (const value of [...usedIn(steps), ...outputs])
      this.#readers.set(value, (this.#readers.get(value) ?? 0) + 1);
    for (const value of inputs) this.#live.add(value);
    for (const value of madeIn(steps)) this.#live.add(value);
  }

  /** The parts of some steps, in order. */
  place(steps: readonly RecordedStep[], results: readonly Value[], depth: number): Placed[] {
    const placed = joinedSteps(steps, this.#readers).flatMap((step) => this.#placeStep(step, depth));
    return this.#detail.ops ? placed : this.#joinFollowers(placed, results);
  }

  /** Places as a level, and the values that come from outside of it. */
  level(placed: readonly Placed[], results: readonly Value[]): { level: Level; uses: Value[] } {
    return linked(
      placed,
      results.map((value) => this.#resolved(value)),
    );
  }

  #placeStep(step: RecordedStep | RecordedFunction, depth: number): Placed[] {
    if (step.kind === "op") return this.#placeOp(step);
    if (step.kind === "function") return this.#box(step.label, [this.#resolved(step.source)], step.outputs);
    const { module } = step;
    if (isLayer(module)) return this.#boxOf(step, layerLabel(module));
    const holdsNone = module.ownModules().length === 0;
    const isOneOp = step.steps.length === 1 && step.steps[0].kind === "op";
    if (holdsNone && (isOneOp || !this.#detail.ops)) return this.#boxOf(step, ownLabel(step));
    if (module instanceof SequentialLayer) return this.#openSequential(step, depth);
    return depth <= 0 ? this.#boxOf(step, ownLabel(step)) : this.#open(step, depth - 1);
  }

  #openSequential(call: RecordedCall, depth: number): Placed[] {
    const placed = this.place(call.steps, call.outputs, depth);
    if (!this.#detail.frames || placed.length < 2 || placed.length > MOST_IN_PLAIN) return placed;
    const { level, uses } = this.level(placed, call.outputs);
    const isPlain = isChain(level) && level.parts.every(({ type }) => type === "box");
    return isPlain ? [this.#blockOf(call, level, uses)] : placed;
  }

  /** A module that holds others, or several ops: a block, if it is more than one layer. */
  #open(call: RecordedCall, depth: number): Placed[] {
    const placed = this.place(call.steps, call.outputs, depth);
    const { level, uses } = this.level(placed, call.outputs);
    return isOneLayer(level) ? placed : [this.#blockOf(call, level, uses)];
  }

  #blockOf(call: RecordedCall, level: Level, uses: readonly Value[]): Placed {
    const outputs = call.outputs.map((value) => this.#resolved(value));
    const shape = shapeOf(outputs[0]);
    const title = titleOf(call);
    const part: Part = { type: "block", title, path: call.path, level, shape, channels: [], count: 1 };
    return { part, uses, makes: unique([...outputs, ...madeIn(call.steps)]) };
  }

  #boxOf(call: RecordedCall, label: Label): Placed[] {
    const made = new Set(madeIn(call.steps));
    const uses = unique(usedIn(call.steps).map((value) => this.#resolved(value))).filter(
      (value) => this.#live.has(value) && !made.has(value),
    );
    return this.#box(label, uses, unique([...call.outputs.map(canonical), ...made]));
  }

  #placeOp({ node }: Extract<RecordedStep, { kind: "op" }>): Placed[] {
    const isLive = (value: Value) => this.#live.has(canonical(value));
    const uses = unique(node.inputs.filter(isLive).map((value) => this.#resolved(canonical(value))));
    return this.#box(opLabel(node, isLive), uses, node.outputs);
  }

  #box(label: Label, uses: readonly Value[], makes: readonly Value[]): Placed[] {
    if (!this.#detail.ops && label.kind === "shape" && uses.length === 1) {
      for (const value of makes) this.#aliases.set(value, uses[0]);
      return [];
    }
    const part: Part = { type: "box", label, followedBy: [], shape: shapeOf(makes[0]), count: 1 };
    return [{ part, uses, makes }];
  }

  /** Puts activations and normalisation into the boxes before them, if nothing else reads those. */
  #joinFollowers(placed: readonly Placed[], results: readonly Value[]): Placed[] {
    const readers = new Map<Value, number>();
    const read = (value: Value) => readers.set(value, (readers.get(value) ?? 0) + 1);
    for (const { uses } of placed) uses.forEach(read);
    for (const value of results) read(this.#resolved(value));
    const joined: Placed[] = [];
    const makers = new Map<Value, number>();
    for (const one of placed) {
      const [source] = one.uses;
      const at = one.uses.length === 1 ? makers.get(source) : undefined;
      const before = at === undefined ? undefined : joined[at];
      const reads = before?.makes.reduce((sum, value) => sum + (readers.get(value) ?? 0), 0);
      const fits = at !== undefined && before?.part.type === "box" && reads === 1;
      if (fits && one.part.type === "box" && follows(one.part.label)) {
        const part: Part = {
          ...before.part,
          followedBy: [...before.part.followedBy, one.part.label],
          shape: one.part.shape,
        } as Part;
        joined[at] = { part, uses: before.uses, makes: one.makes };
        for (const value of one.makes) makers.set(value, at);
        continue;
      }
      for (const value of one.makes) makers.set(value, joined.length);
      joined.push(one);
    }
    return joined;
  }

  #resolved(value: Value): Value {
    let at = canonical(value);
    for (let next = this.#aliases.get(at); next !== undefined; next = this.#aliases.get(at)) at = next;
    return at;
  }
}

/** A Sequential of more layers than this gets no frame of its own. */
const MOST_IN_PLAIN = 6;

/** Whether a box may become a word in the one before it. */
function follows({ kind }: Label): boolean {
  return kind === "norm" || kind === "act";
}

/** Whether a level is at most a layer and the normalisation and activation behind it. */
function isOneLayer(level: Level): boolean {
  const { parts } = level;
  if (parts.length < 2) return true;
  const others = parts.slice(1);
  const follow = others.every((part) => part.type === "box" && follows(part.label));
  return follow && parts[0].type === "box" && isChain(level);
}

/** Links by the values that parts take and give. */
function linked(placed: readonly Placed[], results: readonly Value[]): { level: Level; uses: Value[] } {
  const makers = new Map<Value, number>();
  const links: [number, number][] = [];
  const outside: Value[] = [];
  placed.forEach(({ uses, makes }, to) => {
    const from = new Set<number>();
    for (const value of uses) {
      const maker = makers.get(value);
      if (maker === undefined) outside.push(value);
      from.add(maker ?? OUTSIDE);
    }
    for (const one of from) links.push([one, to]);
    for (const value of makes) makers.set(value, to);
  });
  const ends = unique(results.map((value) => makers.get(value) ?? OUTSIDE)).filter((end) => end !== OUTSIDE);
  const level = { parts: placed.map(({ part }) => part), links, results: ends };
  return { level, uses: unique(outside) };
}

function ownLabel({ module }: RecordedCall): Label {
  return { kind: "other", name: { text: className(module) } };
}

/** The class of a block; of a list of modules the name that it has in the network, if that is a word. */
function titleOf({ module, path }: RecordedCall): string {
  const own = className(module);
  if (own !== "Sequential") return own;
  const name = path.slice(path.lastIndexOf(".") + 1);
  return /^\d*$/.test(name) ? "" : name;
}

function shapeOf(value: Value | undefined): readonly number[] | null {
  if (value === undefined) return null;
  return value.shape[0] === 1 ? value.shape.slice(1) : value.shape;
}

function madeIn(steps: readonly RecordedStep[]): Value[] {
  return steps.flatMap((step) => (step.kind === "op" ? step.node.outputs : madeIn(step.steps)));
}

function usedIn(steps: readonly RecordedStep[]): Value[] {
  return steps.flatMap((step) => (step.kind === "op" ? step.node.inputs.map(canonical) : usedIn(step.steps)));
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}

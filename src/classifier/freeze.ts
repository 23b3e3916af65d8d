/** Networks in use: weights folded once, a program recorded once, and called again with other images. */
import { allocateArray, type TypedArray } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { numel, type Shape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { collectNodes, constantValue, insideCall, type Node, type Value } from "../graph/node.ts";
import { Module } from "../nn/index.ts";
import { keepModes } from "../nn/module/modes.ts";
import { RecordedCall } from "../runtime/recorded_call.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { noGrad } from "../tensor/autograd.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { outputOf } from "../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../train/loop/precision.ts";
import { recordFrozen } from "./frozen_graph.ts";

/** Programs of a network that are kept, one for each shape of its input, and bytes of weights that they keep packed. */
const MOST_SHAPES = 16;
const MOST_PACKED_BYTES = 2 ** 29;

/** A frozen program, and the weights that it was made of. */
interface FrozenProgram {
  readonly call: RecordedCall;
  readonly shape: Shape;
  readonly dtype: Tensor["dtype"];
  readonly weights: readonly Value[];
}

/** See {@link freeze}. */
export class FrozenNetwork {
  /** The network that was frozen. */
  readonly net: Module;
  readonly #after: (output: Tensor) => Tensor;
  readonly #precision: Precision;
  readonly #programs = new Map<string, Promise<FrozenProgram>>();
  /** Those that are made, the oldest first. */
  readonly #kept = new Map<string, FrozenProgram>();
  readonly #state: readonly Tensor[];

  /** @internal */
  constructor(net: Module, after: (output: Tensor) => Tensor, precision: Precision = "f32") {
    this.net = net.eval();
    this.#after = after;
    this.#precision = precision;
    this.#state = [...net.parameters(), ...net.buffers()];
  }

  /**
   * What the network gives for a batch.
   *
   * @param x - of any shape that the network takes; each shape has a program of its own, made at its first call.
   * @throws the errors of calling the network; OutOfMemoryError if it does not fit the engine's memory.
   */
  async run(x: Tensor): Promise<Tensor> {
    if (!(x instanceof Tensor))
      throw new ArgumentError(`FrozenNetwork.run: expected a tensor, got ${shownValue(x)}`);
    const { data, shape, dtype } = await this.call(await x.data(), x.shape, x.dtype);
    return fromTypedArray(data, shape, dtype);
  }

  /** @internal The same for plain data, which must not change until the result is there. */
  async call(
    data: TypedArray,
    shape: Shape,
    dtype: Tensor["dtype"] = "float32",
  ): Promise<{ readonly data: TypedArray; readonly shape: Shape; readonly dtype: Tensor["dtype"] }> {
    const key = `${dtype} ${shape.join(" ")}`;
    const known = this.#programs.get(key);
    let program = known && (await known);
    if (program === undefined || !this.#isSound(program))
      program = await this.#refreeze(key, shape, dtype, known);
    const [result] = await program.call.run([data]);
    return { data: result, shape: program.shape, dtype: program.dtype };
  }

  /** A new program in place of one that is no longer right; calls at the same time make one. */
  async #refreeze(
    key: string,
    shape: Shape,
    dtype: Tensor["dtype"],
    before: Promise<FrozenProgram> | undefined,
  ): Promise<FrozenProgram> {
    const other = this.#programs.get(key);
    if (other !== undefined && other !== before) {
      const program = await other;
      if (this.#isSound(program)) return program;
      return this.#refreeze(key, shape, dtype, other);
    }
    const making = this.#freeze(shape, dtype);
    this.#forget(key);
    this.#programs.set(key, making);
    try {
      const program = await making;
      this.#kept.delete(key);
      this.#kept.set(key, program);
      this.#forgetOldest();
      return program;
    } catch (error) {
      if (this.#programs.get(key) === making) this.#programs.delete(key);
      throw error;
    }
  }

  #forget(key: string): void {
    this.#kept.get(key)?.call.release();
    this.#kept.delete(key);
    this.#programs.delete(key);
  }

  /** Until few programs are left, with few packed weights; the newest stays. */
  #forgetOldest(): void {
    let bytes = [...this.#kept.values()].reduce((sum, { call }) => sum + call.packedBytes, 0);
    for (const [key, { call }] of this.#kept) {
      const few = this.#kept.size <= MOST_SHAPES && bytes <= MOST_PACKED_BYTES;
      if (few || this.#kept.size === 1) break;
      bytes -= call.packedBytes;
      this.#forget(key);
    }
  }

  /** Whether the engine is the same and no weight has changed. */
  #isSound({ call, weights }: FrozenProgram): boolean {
    return call.isCurrent && this.#state.every((tensor, i) => tensor.cell.value === weights[i]);
  }

  /** In evaluation mode, whatever the network has been put into since. */
  #record(x: Tensor): Tensor {
    const restoreModes = keepModes(this.net);
    this.net.eval();
    try {
      const outputs = () => this.#after(inPrecision(this.#precision, () => outputOf(this.net, x)));
      return insideCall(() => noGrad(outputs));
    } finally {
      restoreModes();
    }
  }

  async #freeze(shape: Shape, dtype: Tensor["dtype"]): Promise<FrozenProgram> {
    const example = constantValue(allocateArray(dtype, numel(shape)), shape, dtype);
    await defaultSession().connection.started();
    const output = this.#record(new Tensor(example));
    const weights = this.#state.map((tensor) => tensor.cell.value);
    const nodes: Node[] = collectNodes([output.value], () => {});
    const recorded = await recordFrozen(nodes, output.value, example);
    const call = new RecordedCall(defaultSession(), [recorded.output], [recorded.input]);
    return { call, shape: output.shape, dtype: output.dtype, weights };
  }
}

/**
 * Makes a network that is only used faster: batch normalisation goes into the convolutions before it, on a copy of their
 * weights; what follows from weights alone is computed once; there is no dropout; and what is recorded at the first call
 * for a shape is called again with other data, without recording. The network is put into evaluation mode and stays as it
 * is; should its weights or the engine change, it is frozen again.
 *
 * @throws ArgumentError for what is not a network.
 * @example
 * ```ts
 * import { freeze } from "convoyant/classifier";
 * const frozen = freeze(models.lenet());
 * (await frozen.run(randn(1, 1, 28, 28))).shape; // [1, 10]
 * ```
 */
export function freeze(net: Module): FrozenNetwork {
  if (!(net instanceof Module))
    throw new ArgumentError(`freeze: expected \`net\` to be a network (a Module), got ${shownValue(net)}`);
  return new FrozenNetwork(net, (output) => output);
}

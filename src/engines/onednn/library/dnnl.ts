/**
 * oneDNN, typed: memory descriptors, primitives and their arguments, the same for both generations of the library.
 *
 * Everything is made when a program is compiled; a run only points memories at addresses and executes. What is
 * made is owned by a `DnnlScope`, which frees it when the program is released.
 */
import { EngineError } from "../../../base/errors.ts";
import type { ActivationName, ArgumentName, ElementType, QueryName } from "./dnnl_constants.ts";
import {
  ACTIVATION,
  ACTIVATION_NUMBERS,
  ARGUMENT,
  CONVOLUTION_DIRECT,
  ELEMENT,
  ENGINE_CPU,
  FORMAT_ANY,
  INSTRUCTION_SETS,
  PROPAGATION,
  QUERY,
  STATUS_NAMES,
  SUCCESS,
} from "./dnnl_constants.ts";
import type { DnnlFunctions, FunctionName } from "./dnnl_functions.ts";
import type { ForeignFunctions } from "./foreign_functions.ts";
import { SharedWords } from "./foreign_functions.ts";

/** Address of a memory descriptor. */
export type Descriptor = number & { readonly descriptor?: never };

/** How a window moves: pairs of (height, width), as in the library (dilation 0 is a dense window). */
export interface WindowGeometry {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly paddingBefore: readonly number[];
  readonly paddingAfter: readonly number[];
}

export interface ConvolutionDescriptors {
  readonly source: Descriptor;
  readonly weights: Descriptor;
  readonly bias?: Descriptor;
  readonly destination: Descriptor;
}

/** AVX-512 with bfloat16, in both generations. */
const BFLOAT16_SET = 0xe7;
const V2_DESCRIPTOR_BYTES = 1024;
const V2_OPERATION_BYTES = 16384;

/** The library on one thread. */
export class Dnnl {
  readonly functions: DnnlFunctions;
  readonly foreign: ForeignFunctions;
  readonly engine: number;
  readonly stream: number;
  /** Where the library puts what it returns through pointers. */
  readonly #mailbox: SharedWords;

  constructor(functions: DnnlFunctions, foreign: ForeignFunctions) {
    this.functions = functions;
    this.foreign = foreign;
    this.#mailbox = new SharedWords(foreign, 64);
    this.engine = this.made("dnnl_engine_create", (out) => [out, ENGINE_CPU, 0]);
    this.stream = this.made("dnnl_stream_create", (out) => [out, this.engine, 1]);
  }

  /** "3.2.0 (AVX-512, bfloat16)". */
  get description(): string {
    const { version, instructionSet, generation } = this.functions;
    const set = INSTRUCTION_SETS[generation].find(([mask]) => (instructionSet & mask) === mask);
    return `${version.join(".")}${set === undefined ? "" : ` (${set[1]})`}`;
  }

  /** Whether the processor multiplies bfloat16 numbers by instructions of its own. */
  get fastBfloat16(): boolean {
    return (this.functions.instructionSet & BFLOAT16_SET) === BFLOAT16_SET;
  }

  /** Calls a function that returns a status. @throws EngineError if it is not success. */
  call(name: FunctionName, ...values: number[]): void {
    const status = this.functions.call[name](...values);
    if (status !== SUCCESS) throw new EngineError(`onednn: ${name}: ${STATUS_NAMES[status] ?? status}`);
  }

  /** Calls a function that makes something; 0 if it cannot. */
  tryMake(name: FunctionName, values: (out: number) => number[]): number {
    const status = this.functions.call[name](...values(this.#mailbox.address));
    return status === SUCCESS ? this.#mailbox.pointer(0) : 0;
  }

  made(name: FunctionName, values: (out: number) => number[]): number {
    this.call(name, ...values(this.#mailbox.address));
    return this.#mailbox.pointer(0);
  }
}

/** Makes and owns the library's objects of one program. */
export class DnnlScope {
  readonly dnnl: Dnnl;
  readonly #destroyers: (() => void)[] = [];
  /** Buffers that the library reads through their addresses. */
  readonly #kept: unknown[] = [];

  constructor(dnnl: Dnnl) {
    this.dnnl = dnnl;
  }

  /** Frees everything, the newest first. */
  destroy(): void {
    for (const destroy of this.#destroyers.splice(0).reverse()) destroy();
    this.#kept.length = 0;
  }

  /** A layout by strides in elements; by default row-major. */
  descriptor(dims: readonly number[], type: ElementType, strides = rowMajor(dims)): Descriptor {
    return this.#layout("strides", dims, type, this.#dims(strides));
  }

  /** A layout that the library may choose. */
  anyLayout(dims: readonly number[], type: ElementType): Descriptor {
    return this.#layout("tag", dims, type, FORMAT_ANY);
  }

  #layout(by: "strides" | "tag", dims: readonly number[], type: ElementType, value: number): Descriptor {
    const layout = [dims.length, this.#dims(dims), ELEMENT[type], value];
    if (this.dnnl.functions.generation === 3) {
      return this.#owned(`dnnl_memory_desc_create_with_${by}`, "dnnl_memory_desc_destroy", (out) => [
        out,
        ...layout,
      ]);
    }
    const words = this.#words(V2_DESCRIPTOR_BYTES);
    this.dnnl.call(`dnnl_memory_desc_init_by_${by}`, words.address, ...layout);
    return words.address;
  }

  bytesOf(descriptor: Descriptor): number {
    return this.dnnl.functions.descriptorBytes(descriptor);
  }

  equal(a: Descriptor, b: Descriptor): boolean {
    return this.dnnl.functions.call.dnnl_memory_desc_equal(a, b) !== 0;
  }

  /** y = act(x * w + b); null if the library has no implementation. */
  convolutionForward(
    { source, weights, bias = 0, destination }: ConvolutionDescriptors,
    window: WindowGeometry,
    activation?: ActivationName,
  ): PrimitiveDescription | null {
    const { forwardTraining } = PROPAGATION;
    const operands = [source, weights, bias, destination, ...this.#window(window)];
    const attributes = this.#postOps({ activation });
    if (this.dnnl.functions.generation === 3) {
      return this.#describe("dnnl_convolution_forward_primitive_desc_create", (out) => [
        ...[out, this.dnnl.engine, forwardTraining, CONVOLUTION_DIRECT, ...operands, attributes],
      ]);
    }
    const init = [forwardTraining, CONVOLUTION_DIRECT, ...operands];
    return this.#describeOperation("dnnl_dilated_convolution_forward_desc_init", init, attributes, 0);
  }

  /** The gradient by the source. `forward` is the description of the convolution itself. */
  convolutionBackwardData(
    { source, weights, destination }: ConvolutionDescriptors,
    window: WindowGeometry,
    forward: PrimitiveDescription,
  ): PrimitiveDescription | null {
    return this.#convolutionBackward("data", [source, weights, destination], window, forward);
  }

  /** The gradient by the weights. */
  convolutionBackwardWeights(
    { source, weights, destination }: ConvolutionDescriptors,
    window: WindowGeometry,
    forward: PrimitiveDescription,
  ): PrimitiveDescription | null {
    return this.#convolutionBackward("weights", [source, weights, 0, destination], window, forward);
  }

  #convolutionBackward(
    by: "data" | "weights",
    descriptors: readonly number[],
    window: WindowGeometry,
    forward: PrimitiveDescription,
  ): PrimitiveDescription | null {
    const operands = [CONVOLUTION_DIRECT, ...descriptors, ...this.#window(window)];
    if (this.dnnl.functions.generation === 3) {
      return this.#describe(`dnnl_convolution_backward_${by}_primitive_desc_create`, (out) => [
        ...[out, this.dnnl.engine, ...operands, forward.pointer, 0],
      ]);
    }
    return this.#describeOperation(
      `dnnl_dilated_convolution_backward_${by}_desc_init`,
      operands,
      0,
      forward.pointer,
    );
  }

  /** destination = act(source weights + bias); with `added`, destination += source weights. */
  matmul(
    { source, weights, bias = 0, destination }: ConvolutionDescriptors,
    activation?: ActivationName,
    added = false,
  ): PrimitiveDescription | null {
    const operands = [source, weights, bias, destination];
    const attributes = this.#postOps({ activation, added });
    if (this.dnnl.functions.generation === 3) {
      return this.#describe("dnnl_matmul_primitive_desc_create", (out) => [
        ...[out, this.dnnl.engine, ...operands, attributes],
      ]);
    }
    return this.#describeOperation("dnnl_matmul_desc_init", operands, attributes, 0);
  }

  /** destination = act(source), of one layout, which may lie at one address; null if the library has no implementation. */
  activation(values: Descriptor, activation: ActivationName): PrimitiveDescription | null {
    const { generation } = this.dnnl.functions;
    const code = ACTIVATION[generation][activation];
    const numbers = ACTIVATION_NUMBERS[activation] ?? [0, 0];
    const { forwardInference } = PROPAGATION;
    if (generation === 3) {
      return this.#describe("dnnl_eltwise_forward_primitive_desc_create", (out) => [
        ...[out, this.dnnl.engine, forwardInference, code, values, values, ...numbers, 0],
      ]);
    }
    const init = [forwardInference, code, values, ...numbers];
    return this.#describeOperation("dnnl_eltwise_forward_desc_init", init, 0, 0);
  }

  /** Copies from one layout or element type to another. */
  reorder(source: Descriptor, destination: Descriptor): PrimitiveDescription | null {
    const { engine } = this.dnnl;
    return this.#describe("dnnl_reorder_primitive_desc_create", (out) => [
      ...[out, source, engine, destination, engine, 0],
    ]);
  }

  /** A primitive with one memory for each argument. */
  primitive(
    description: PrimitiveDescription,
    layouts: readonly (readonly [name: ArgumentName, layout: Descriptor])[],
  ): BoundPrimitive {
    const { dnnl } = this;
    const primitive = this.#owned("dnnl_primitive_create", "dnnl_primitive_destroy", (out) => [
      ...[out, description.pointer],
    ]);
    const words = this.#words(16 * layouts.length);
    const memories = layouts.map(([name, layout], i) => {
      const memory = this.#owned("dnnl_memory_create", "dnnl_memory_destroy", (out) => [
        ...[out, layout, dnnl.engine, 0],
      ]);
      words.view.setInt32(16 * i, ARGUMENT[name], true);
      words.setPointer(16 * i + 8, memory);
      return memory;
    });
    return new BoundPrimitive(dnnl, primitive, memories, words.address);
  }

  #describe(name: FunctionName, values: (out: number) => number[]): PrimitiveDescription | null {
    const pointer = this.dnnl.tryMake(name, values);
    if (pointer === 0) return null;
    this.#destroyers.push(() => this.dnnl.call("dnnl_primitive_desc_destroy", pointer));
    return new PrimitiveDescription(this.dnnl, pointer);
  }

  /** Generation 2: an operation descriptor first, from it the primitive's. */
  #describeOperation(
    init: FunctionName,
    values: readonly number[],
    attributes: number,
    forward: number,
  ): PrimitiveDescription | null {
    const operation = this.#words(V2_OPERATION_BYTES);
    if (this.dnnl.functions.call[init](operation.address, ...values) !== SUCCESS) return null;
    return this.#describe("dnnl_primitive_desc_create", (out) => [
      ...[out, operation.address, attributes, this.dnnl.engine, forward],
    ]);
  }

  /** Attributes with what is done after the primitive; for nothing, the null pointer. */
  #postOps({ activation, added = false }: { activation?: ActivationName; added?: boolean }): number {
    if (activation === undefined && !added) return 0;
    const { generation } = this.dnnl.functions;
    const steps = this.#owned("dnnl_post_ops_create", "dnnl_post_ops_destroy", (out) => [out]);
    if (added) this.dnnl.call("dnnl_post_ops_append_sum", steps, 1, ...(generation === 3 ? [0, 0] : []));
    if (activation !== undefined) {
      const code = ACTIVATION[generation][activation];
      const scale = generation === 3 ? [] : [1];
      const numbers = ACTIVATION_NUMBERS[activation] ?? [0, 0];
      this.dnnl.call("dnnl_post_ops_append_eltwise", steps, ...scale, code, ...numbers);
    }
    const attributes = this.#owned("dnnl_primitive_attr_create", "dnnl_primitive_attr_destroy", (out) => [
      out,
    ]);
    this.dnnl.call("dnnl_primitive_attr_set_post_ops", attributes, steps);
    return attributes;
  }

  #window({ strides, dilation, paddingBefore, paddingAfter }: WindowGeometry): number[] {
    return [strides, dilation, paddingBefore, paddingAfter].map((pair) => this.#dims(pair));
  }

  /** A C array of sizes. */
  #dims(sizes: readonly number[]): number {
    const words = this.#words(8 * sizes.length);
    sizes.forEach((size, i) => words.view.setBigInt64(8 * i, BigInt(size), true));
    return words.address;
  }

  #words(bytes: number): SharedWords {
    const words = new SharedWords(this.dnnl.foreign, bytes);
    this.#kept.push(words);
    return words;
  }

  #owned(make: FunctionName, destroy: FunctionName, values: (out: number) => number[]): number {
    const pointer = this.dnnl.made(make, values);
    this.#destroyers.push(() => this.dnnl.call(destroy, pointer));
    return pointer;
  }
}

/** Which implementation a primitive will have, and the layouts it wants. Owned by its scope. */
export class PrimitiveDescription {
  readonly pointer: number;
  readonly #dnnl: Dnnl;

  constructor(dnnl: Dnnl, pointer: number) {
    this.#dnnl = dnnl;
    this.pointer = pointer;
  }

  layout(name: QueryName): Descriptor {
    return this.#dnnl.functions.queryDescriptor(this.pointer, QUERY[name], 0);
  }
}

/** A primitive and its arguments. */
export class BoundPrimitive {
  readonly #memories: readonly number[];
  /** The address that each memory was last pointed at. */
  readonly #addresses: number[];
  readonly #primitive: number;
  readonly #arguments: number;
  readonly #stream: number;
  readonly #execute: DnnlFunctions["call"]["dnnl_primitive_execute"];
  readonly #setHandle: DnnlFunctions["call"]["dnnl_memory_set_data_handle"];

  constructor(dnnl: Dnnl, primitive: number, memories: readonly number[], argumentList: number) {
    this.#memories = memories;
    this.#addresses = memories.map(() => 0);
    this.#primitive = primitive;
    this.#arguments = argumentList;
    this.#stream = dnnl.stream;
    this.#execute = dnnl.functions.call.dnnl_primitive_execute;
    this.#setHandle = dnnl.functions.call.dnnl_memory_set_data_handle;
  }

  /** Runs with one address for each argument, in the order in which they were declared. */
  run(...addresses: number[]): void {
    for (let i = 0; i < addresses.length; i++) {
      if (this.#addresses[i] === addresses[i]) continue;
      this.#setHandle(this.#memories[i], addresses[i]);
      this.#addresses[i] = addresses[i];
    }
    const status = this.#execute(this.#primitive, this.#stream, this.#memories.length, this.#arguments);
    if (status !== SUCCESS)
      throw new EngineError(`onednn: a primitive failed: ${STATUS_NAMES[status] ?? status}`);
  }
}

export function rowMajor(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let d = dims.length - 2; d >= 0; d--) strides[d] = strides[d + 1] * dims[d + 1];
  return strides;
}

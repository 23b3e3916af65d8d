/** What ranks do together with tensors. */
import { type DType, isHalf, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DistributedError, DTypeError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { formatShape, numel } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { constantValue, insideCall } from "../graph/node.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { noGrad } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ElementType, NativeOp } from "./mpi/mpi_abi.ts";
import type { MpiClient } from "./mpi/mpi_client.ts";
import type { Collective } from "./mpi/mpi_messages.ts";
import { type SharedArray, sharedArray } from "./shared_elements.ts";
import { type ConnectedWorld, requireWorld } from "./world.ts";

/** How elements of ranks are combined. */
export type ReduceOp = "sum" | "avg" | "product" | "min" | "max";

const REDUCE_OPS: readonly ReduceOp[] = ["sum", "avg", "product", "min", "max"];

export interface AllReduceParameters {
  /** Of the same shape and dtype on every rank; changed in place. */
  tensor: Tensor;
  /** How elements are combined. @default "sum" */
  op?: ReduceOp;
}

export interface BroadcastParameters {
  /** Of the same shape and dtype on every rank; changed in place, except on `src`. */
  tensor: Tensor;
  /** The rank whose elements all get. @default 0 */
  src?: number;
}

export interface AllGatherParameters {
  /** Of the same shape and dtype on every rank. */
  tensor: Tensor;
}

const ALL_REDUCE = parameterTable<AllReduceParameters>("allReduce")(
  ["tensor", "op?"],
  (tensor, op: ReduceOp = "sum") => ({ tensor: checkTensor("allReduce", tensor), op: checkOp(op) }),
);

const BROADCAST = parameterTable<BroadcastParameters>("broadcast")(["tensor", "src?"], (tensor, src = 0) => ({
  tensor: checkTensor("broadcast", tensor),
  src,
}));

const ALL_GATHER = parameterTable<AllGatherParameters>("allGather")(["tensor"], (tensor) =>
  checkTensor("allGather", tensor),
);

/**
 * Combines a tensor's elements with those of all ranks, in place. Every rank gets the same bits: with a power of two of
 * ranks they are added in one binary tree, neighbours first.
 *
 * @returns the tensor.
 * @throws DistributedError if a rank was lost, or calls with another shape, dtype or operation; DTypeError for the sum
 * of bools.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * import { tensor } from "convoyant";
 * await distributed.init();
 * const loss = await distributed.allReduce(tensor([0.5, 1.5]), "avg");
 * ```
 */
export async function allReduce(...args: ArgumentsOf<typeof ALL_REDUCE>): Promise<Tensor> {
  const { tensor, op } = ALL_REDUCE.bind(args as never);
  if (tensor.dtype === "bool" && op !== "min" && op !== "max")
    throw new DTypeError(`allReduce: expected "min" (and) or "max" (or) for a bool tensor, got "${op}"`);
  const world = requireWorld("allReduce");
  const { client, worldSize } = world;
  const data = await sharedCopy(tensor);
  if (client !== null) {
    await requireSame(world, client, "allReduce", `${describe(tensor)} ${op}`);
    const reduced: NativeOp = op === "avg" ? "sum" : op;
    await client.collective({ kind: "allReduce", elements: data.elements, op: reduced });
  }
  put(tensor, data.array);
  return op === "avg" && worldSize > 1
    ? noGrad(() => tensor.copy_(tensor.div(worldSize).to(tensor.dtype)))
    : tensor;
}

/**
 * Gives all ranks the elements of one, in place.
 *
 * @returns the tensor.
 * @throws ArgumentError for a rank that does not exist; DistributedError if a rank was lost, or calls with another shape
 * or dtype.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * import { tensor } from "convoyant";
 * await distributed.init();
 * const weight = tensor([1, 2]);
 * await distributed.broadcast(weight, 0);
 * ```
 */
export async function broadcast(...args: ArgumentsOf<typeof BROADCAST>): Promise<Tensor> {
  const { tensor, src } = BROADCAST.bind(args as never);
  const world = requireWorld("broadcast");
  const { client, worldSize } = world;
  if (!Number.isInteger(src) || src < 0 || src >= worldSize)
    throw new ArgumentError(
      `broadcast: expected \`src\` to be a rank from 0 to ${worldSize - 1}, got ${shownValue(src)}`,
    );
  if (client === null) return tensor;
  const data = await sharedCopy(tensor);
  await requireSame(world, client, "broadcast", `${describe(tensor)} from rank ${src}`);
  await client.collective({ kind: "broadcast", elements: data.elements, from: src });
  if (world.rank !== src) put(tensor, data.array);
  return tensor;
}

/**
 * The tensors of all ranks, by rank.
 *
 * @returns one tensor of the same shape and dtype for each rank.
 * @throws DistributedError if a rank was lost, or calls with another shape or dtype.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * import { tensor } from "convoyant";
 * await distributed.init();
 * const all = await distributed.allGather(tensor([distributed.rank()]));
 * all.length; // 1
 * ```
 */
export async function allGather(...args: ArgumentsOf<typeof ALL_GATHER>): Promise<Tensor[]> {
  const tensor = ALL_GATHER.bind(args as never);
  const world = requireWorld("allGather");
  const { client, rank, worldSize } = world;
  if (client === null) return [noGrad(() => tensor.clone())];
  const { shape, dtype } = tensor;
  const own = await dataOf(tensor);
  const count = own.length;
  const type = crossesAs(dtype);
  const all = sharedArray(type, count * worldSize);
  all.set(own, rank * count);
  await requireSame(world, client, "allGather", describe(tensor));
  await client.collective({ kind: "allGather", elements: { buffer: all.buffer, count, type } });
  return Array.from({ length: worldSize }, (_, i) =>
    tensorOf(all.subarray(i * count, (i + 1) * count), shape, dtype),
  );
}

/**
 * Waits until every rank has come here. What the engine still computes is waited for first.
 *
 * @throws DistributedError if a rank was lost.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * await distributed.init();
 * await distributed.barrier();
 * ```
 */
export async function barrier(): Promise<void> {
  const { client } = requireWorld("barrier");
  if (client === null) return;
  await defaultSession().finish();
  await client.collective({ kind: "barrier" });
}

// Elements in memory that the MPI thread sees.

/** Half-precision floats cross as 32-bit ones; int64 lies in memory as 64-bit floats. */
function crossesAs(dtype: DType): ElementType {
  if (isHalf(dtype)) return "float32";
  if (dtype === "int64") return "float64";
  return dtype === "bool" || dtype === "uint8" ? "uint8" : (dtype as ElementType);
}

/** A tensor's elements; those of 16 bits as 32-bit floats. */
async function dataOf(tensor: Tensor): Promise<TypedArray> {
  return (await noGrad(() => (isHalf(tensor.dtype) ? tensor.to("float32") : tensor)).data()) as TypedArray;
}

async function sharedCopy(tensor: Tensor): Promise<{
  readonly array: SharedArray;
  readonly elements: Extract<Collective, { kind: "broadcast" }>["elements"];
}> {
  const type = crossesAs(tensor.dtype);
  const array = sharedArray(type, numel(tensor.shape));
  array.set(await dataOf(tensor));
  return { array, elements: { buffer: array.buffer, count: array.length, type } };
}

function tensorOf(data: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  const wide: DType = isHalf(dtype) ? "float32" : dtype;
  const tensor = new Tensor(constantValue(data.slice(), [...shape], wide));
  return wide === dtype ? tensor : noGrad(() => tensor.to(dtype));
}

function put(tensor: Tensor, data: TypedArray): void {
  noGrad(() => insideCall(() => void tensor.assign(tensorOf(data, tensor.shape, tensor.dtype).value)));
}

// Calls that do not fit together would wait for each other without end.

const DESCRIPTION_BYTES = 256;

async function requireSame(
  { rank, worldSize }: ConnectedWorld,
  client: MpiClient,
  of: string,
  what: string,
): Promise<void> {
  const texts = await gatherTexts(client, rank, worldSize, `${of} of ${what}`, DESCRIPTION_BYTES);
  const other = texts.findIndex((text) => text !== texts[0]);
  if (other < 0) return;
  throw new DistributedError(
    `the ranks do not do the same: rank 0 calls ${texts[0]}, rank ${other} calls ${texts[other]}`,
  );
}

/** @internal A text of each rank, cut to some bytes. */
export async function gatherTexts(
  client: MpiClient,
  rank: number,
  worldSize: number,
  text: string,
  bytes: number,
): Promise<string[]> {
  const all = sharedArray("uint8", bytes * worldSize) as Uint8Array & SharedArray;
  all.set(new TextEncoder().encode(text).slice(0, bytes), rank * bytes);
  await client.collective({
    kind: "allGather",
    elements: { buffer: all.buffer, count: bytes, type: "uint8" },
  });
  return Array.from({ length: worldSize }, (_, i) =>
    new TextDecoder().decode(all.slice(i * bytes, (i + 1) * bytes)).replaceAll("\0", ""),
  );
}

function describe({ dtype, shape }: Tensor): string {
  return `${dtype} ${formatShape(shape)}`;
}

function checkTensor(of: string, given: unknown): Tensor {
  if (given instanceof Tensor) return given;
  throw new ArgumentError(`${of}: expected \`tensor\` to be a Tensor, got ${shownValue(given)}`);
}

function checkOp(given: unknown): ReduceOp {
  if (REDUCE_OPS.includes(given as ReduceOp)) return given as ReduceOp;
  throw new ArgumentError(
    `allReduce: expected \`op\` to be ${REDUCE_OPS.map((op) => `"${op}"`).join(", ")}, got ${shownValue(given)}`,
  );
}

/** Elements in memory that the MPI thread sees. */
import { allocateArray } from "../base/dtype.ts";
import type { ElementType } from "./mpi/mpi_abi.ts";

export type SharedArray = (Float32Array | Float64Array | Int32Array | Uint8Array) & {
  readonly buffer: SharedArrayBuffer;
};

/** An array of zeros. */
export function sharedArray(type: ElementType, count: number): SharedArray {
  const { BYTES_PER_ELEMENT } = allocateArray(type, 0);
  const buffer = new SharedArrayBuffer(Math.max(1, count) * BYTES_PER_ELEMENT);
  const views = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };
  return new views[type](buffer as never, 0, count) as unknown as SharedArray;
}

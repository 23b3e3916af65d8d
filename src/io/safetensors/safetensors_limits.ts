/** How large the header of a safetensors file may be. Writing keeps to the same limits as reading. */

/** The format's own limit on the header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The header of any file may have this much: the names of all tensors, and what a training notes in a checkpoint. */
const FREE_HEADER_BYTES = 16 * 2 ** 20;

/** A longer one must be this many times smaller than the data that it describes. */
const DATA_FOR_HEADER = 8;

/** Tensors of a file, and texts of its metadata. */
export const MAX_TENSORS = 65_536;

/** Dimensions of a tensor; most of PyTorch's operations end at 64. */
export const MAX_RANK = 1024;

/**
 * Bytes that a header may have.
 *
 * @param dataBytes - bytes of all tensors.
 */
export function headerLimit(dataBytes: number): number {
  return Math.max(FREE_HEADER_BYTES, Math.min(MAX_HEADER_BYTES, Math.floor(dataBytes / DATA_FOR_HEADER)));
}

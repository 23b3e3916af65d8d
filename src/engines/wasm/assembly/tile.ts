import { tile, TILE_ROWS } from "./register_tile";

/**
 * 4 rows by 8 columns of C for each tile:
 *
 *   C[row, 0..8) (+)= sum over k of A[row, k] * B[k, 0..8)
 *
 * B lies packed, 8 floats for each k, through all segments. Rows that only fill up the last tile must have a readable
 * place in `aRows` and a place of their own to overwrite in `cRows`.
 *
 * @param accumulate 0: C is overwritten; else the address of 8 mask lanes (all ones or zero): what they let
 *   through is added to C. The mask keeps an infinity in A from turning the padding of B into NaN.
 */
export function tiles(
  count: u32, aRows: usize, aBase: usize, segments: usize, segmentCount: u32, b: usize,
  cRows: usize, cBase: usize, accumulate: usize,
): void {
  for (; count != 0; count--) {
    rowsTile(aRows, aBase, segments, segmentCount, b, cRows, cBase, accumulate);
    aRows += 16;
    cRows += 16;
  }
}

// A function of its own, as the other two: what the loop over tiles needs stays out of its registers.
function rowsTile(
  rows: usize, base: usize, segments: usize, segmentCount: u32, b: usize,
  outputs: usize, c: usize, mask: usize,
): void {
  tile(TILE_ROWS, rows, base, segments, segmentCount, b, 0, outputs, c, 0, mask, 0);
}

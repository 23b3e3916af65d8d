/**
 * Runs of any number of bytes, copied or zeroed. Fast paths, by the bytes of a run:
 * - 512 and more: the built-in memory.copy and memory.fill, whose call out of the binary then costs little.
 * - 16 to 511: vectors, the last of which steps back over bytes that are done already, so no tail goes by bytes.
 * - Less: two words that overlap, the widest that fit; no loop within the run.
 */

/** From here on the built-in functions win. */
// @ts-ignore: decorator
@inline
const LONG: usize = 512;

/** Copies `rows` runs of `bytes` between places that many bytes apart; source and target do not overlap. */
export function copyRuns(
  to: usize, toStride: usize, from: usize, fromStride: usize, rows: u32, bytes: usize,
): void {
  if (bytes >= LONG) {
    for (; rows != 0; rows--) {
      memory.copy(to, from, bytes);
      to += toStride;
      from += fromStride;
    }
  } else if (bytes > 32) {
    for (; rows != 0; rows--) {
      vectors(to, from, bytes);
      to += toStride;
      from += fromStride;
    }
  } else if (bytes >= 16) {
    const end = bytes - 16;
    for (; rows != 0; rows--) {
      const last = v128.load(from + end);
      v128.store(to, v128.load(from));
      v128.store(to + end, last);
      to += toStride;
      from += fromStride;
    }
  } else if (bytes >= 8) {
    pairs<u64>(to, toStride, from, fromStride, rows, bytes - 8);
  } else if (bytes >= 4) {
    pairs<u32>(to, toStride, from, fromStride, rows, bytes - 4);
  } else if (bytes >= 2) {
    pairs<u16>(to, toStride, from, fromStride, rows, bytes - 2);
  } else if (bytes != 0) {
    pairs<u8>(to, toStride, from, fromStride, rows, 0);
  }
}

/** More than 16 bytes. */
// @ts-ignore: decorator
@inline
function vectors(to: usize, from: usize, bytes: usize): void {
  const end = bytes - 16;
  let at: usize = 0;
  for (; at + 48 <= end; at += 64) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
    v128.store(to + at, v128.load(from + at, 32), 32);
    v128.store(to + at, v128.load(from + at, 48), 48);
  }
  for (; at < end; at += 16) v128.store(to + at, v128.load(from + at));
  v128.store(to + end, v128.load(from + end));
}

/** Two words a run: its first and, from `end` on, its last. */
// @ts-ignore: decorator
@inline
function pairs<T>(to: usize, toStride: usize, from: usize, fromStride: usize, rows: u32, end: usize): void {
  for (; rows != 0; rows--) {
    const last = load<T>(from + end);
    store<T>(to, load<T>(from));
    store<T>(to + end, last);
    to += toStride;
    from += fromStride;
  }
}

/** Zeroes any number of bytes. */
export function zeroBytes(at: usize, bytes: usize): void {
  if (bytes >= LONG) {
    memory.fill(at, 0, bytes);
    return;
  }
  const nothing = i32x4.splat(0);
  if (bytes >= 16) {
    const last = at + bytes - 16;
    for (; at < last; at += 16) v128.store(at, nothing);
    v128.store(last, nothing);
    return;
  }
  if (bytes >= 8) {
    store<u64>(at, 0);
    store<u64>(at + bytes - 8, 0);
  } else if (bytes >= 4) {
    store<u32>(at, 0);
    store<u32>(at + bytes - 4, 0);
  } else if (bytes >= 2) {
    store<u16>(at, 0);
    store<u16>(at + bytes - 2, 0);
  } else if (bytes != 0) {
    store<u8>(at, 0);
  }
}

/** Rows one behind the other, of `rowBytes` each: zeros, but for a run of `bytes` that begins after `before`. */
export function padRows(
  to: usize, rowBytes: usize, before: usize, from: usize, bytes: usize, rows: u32,
): void {
  const after = before + bytes;
  copyRuns(to + before, rowBytes, from, bytes, rows, bytes);
  // What follows a run and what goes before the next lie side by side.
  zeroBytes(to, before);
  for (let n = rows - 1; n != 0; n--) {
    zeroBytes(to + after, rowBytes - bytes);
    to += rowBytes;
  }
  zeroBytes(to + after, rowBytes - after);
}

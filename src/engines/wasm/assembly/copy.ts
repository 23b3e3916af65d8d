/** Zeroes `bytes` (a multiple of 4) from `at` on. Short runs: the built-in memory.fill costs a call out. */
export function zero(at: usize, bytes: usize): void {
  const end = at + bytes;
  const nothing = i32x4.splat(0);
  while (end - at >= 16) {
    v128.store(at, nothing);
    at += 16;
  }
  while (at != end) {
    store<u32>(at, 0);
    at += 4;
  }
}

/** Copies `bytes` (a multiple of 4) forwards. */
export function copy(to: usize, from: usize, bytes: usize): void {
  const end = to + bytes;
  while (end - to >= 16) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  while (to != end) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
}

/** `count` words of `value`. */
export function fill32(at: usize, value: u32, count: u32): void {
  for (; count != 0; count--) {
    store<u32>(at, value);
    at += 4;
  }
}

/**
 * A table of byte offsets over a grid: base + row * rowStep + column * columnStep, row after row; then
 * `padding` more words of `filler`, to complete a tile.
 */
export function gridTable(
  at: usize,
  rows: u32,
  columns: u32,
  rowStep: u32,
  columnStep: u32,
  base: u32,
  padding: u32,
  filler: u32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    let offset = base + r * rowStep;
    for (let c: u32 = 0; c < columns; c++) {
      store<u32>(at, offset);
      at += 4;
      offset += columnStep;
    }
  }
  fill32(at, filler, padding);
}

/** `count` segments of `length` floats (see `tiles`), `skip` bytes apart from end to start. */
export function segmentTable(at: usize, count: u32, skip: u32, length: u32): void {
  for (let s: u32 = 0; s < count; s++) {
    store<u32>(at, s == 0 ? 0 : skip);
    store<u32>(at, length, 4);
    at += 8;
  }
}

/** Eight mask lanes, the first `lanes` of them all ones. */
export function maskLanes(at: usize, lanes: u32): void {
  for (let i: u32 = 0; i < 8; i++) store<u32>(at + (i << 2), i < lanes ? 0xffffffff : 0);
}

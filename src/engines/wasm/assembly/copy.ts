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
  at: usize, rows: u32, columns: u32, rowStep: u32, columnStep: u32,
  base: u32, padding: u32, filler: u32,
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

/**
 * A table of byte offsets of the vectors of 4 that cover rows of `columns` (at least 4) floats: the last of a
 * row steps back if 4 does not divide the row. `padding` times more the last offset.
 */
export function vectorTable(at: usize, rows: u32, columns: u32, rowStep: u32, padding: u32): void {
  let offset: u32 = 0;
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c += 4) {
      offset = r * rowStep + (min<u32>(c, columns - 4) << 2);
      store<u32>(at, offset);
      at += 4;
    }
  }
  fill32(at, offset, padding);
}

/**
 * Segments (see `tiles`) of `length` floats in rows of `columns`: `columnSkip` bytes from the end of one to
 * the start of the next in its row, `rowSkip` from the last of a row to the first of the next row.
 */
export function segmentTable(
  at: usize, rows: u32, columns: u32, length: u32, columnSkip: u32, rowSkip: u32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c++) {
      store<u32>(at, c != 0 ? columnSkip : r != 0 ? rowSkip : 0);
      store<u32>(at, length, 4);
      at += 8;
    }
  }
}

/** Eight mask lanes, the first `lanes` of them all ones. */
export function maskLanes(at: usize, lanes: u32): void {
  for (let i: u32 = 0; i < 8; i++) store<u32>(at + (i << 2), i < lanes ? 0xffffffff : 0);
}

/**
 * The offsets of a kernel's taps in padded planes whose rows are split by column modulo `stride` (see
 * `padPlanes`), in the weight's order: channel, kernel row, kernel column; then `padding` words more, all 0.
 */
export function tapTable(
  at: usize, channels: u32, rows: u32, columns: u32,
  planeBytes: u32, rowStep: u32, dilation: u32, stride: u32, phaseWidth: u32, padding: u32,
): void {
  for (let c: u32 = 0; c < channels; c++) {
    for (let r: u32 = 0; r < rows; r++) {
      for (let k: u32 = 0; k < columns; k++) {
        const column = k * dilation;
        const place = (column % stride) * phaseWidth + column / stride;
        store<u32>(at, c * planeBytes + r * rowStep + (place << 2));
        at += 4;
      }
    }
  }
  fill32(at, 0, padding);
}

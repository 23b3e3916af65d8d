/** The transforms of lossless WebP, undone. Source: RFC 9649, section 3.5. */

export interface Vp8lTransform {
  readonly kind: "predictor" | "colour" | "green" | "palette";
  /** Of the image that undoing gives. */
  readonly width: number;
  /** Tiles are 2^bits pixels wide and high; of a palette, a byte holds 2^bits indices. */
  readonly bits: number;
  /** A pixel for each tile, or the palette. */
  readonly pixels: Uint8Array;
}

/** How many tiles of 2^bits cover a size. */
export function tiles(size: number, bits: number): number {
  return (size + (1 << bits) - 1) >> bits;
}

/** Undoes a transform, in place if the size stays. */
export function applyInverse(transform: Vp8lTransform, pixels: Uint8Array, height: number): Uint8Array {
  if (transform.kind === "palette") return fromPalette(transform, pixels, height);
  if (transform.kind === "predictor") addPredictions(transform, pixels, height);
  else if (transform.kind === "colour") addColours(transform, pixels, height);
  else {
    for (let at = 0; at < pixels.length; at += 4) {
      pixels[at] += pixels[at + 1];
      pixels[at + 2] += pixels[at + 1];
    }
  }
  return pixels;
}

/** Adds to the bytes from `from` to `end` what a mode predicts; `up` bytes before each lies the one above. */
type Predictor = (pixels: Uint8Array, from: number, end: number, up: number) => void;

/** A predictor from a function of the four neighbours of a byte. */
const each =
  (predict: (left: number, top: number, topLeft: number, topRight: number) => number): Predictor =>
  (pixels, from, end, up) => {
    for (let i = from; i < end; i++) {
      const above = i - up;
      pixels[i] += predict(pixels[i - 4], pixels[above], pixels[above - 4], pixels[above + 4]);
    }
  };

const clamp = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value);

const black: Predictor = (pixels, from, end) => {
  for (let i = from + 3; i < end; i += 4) pixels[i] += 255;
};

/** The left or the upper pixel, whichever is nearer to left + top - topLeft. */
const select: Predictor = (pixels, from, end, up) => {
  for (let i = from; i < end; i += 4) {
    let [toLeft, toTop] = [0, 0];
    for (let c = i; c < i + 4; c++) {
      const corner = pixels[c - up - 4];
      toLeft += Math.abs(corner - pixels[c - up]);
      toTop += Math.abs(corner - pixels[c - 4]);
    }
    const source = toLeft < toTop ? 4 : up;
    for (let c = i; c < i + 4; c++) pixels[c] += pixels[c - source];
  }
};

const left = each((l) => l);
const top = each((_, t) => t);

const PREDICTORS: readonly Predictor[] = [
  black,
  left,
  top,
  each((_l, _t, _tl, tr) => tr),
  each((_l, _t, tl) => tl),
  each((l, t, _, tr) => (((l + tr) >> 1) + t) >> 1),
  each((l, _, tl) => (l + tl) >> 1),
  each((l, t) => (l + t) >> 1),
  each((_, t, tl) => (tl + t) >> 1),
  each((_l, t, _tl, tr) => (t + tr) >> 1),
  each((l, t, tl, tr) => (((l + tl) >> 1) + ((t + tr) >> 1)) >> 1),
  select,
  each((l, t, tl) => clamp(l + t - tl)),
  each((l, t, tl) => {
    const mean = (l + t) >> 1;
    return clamp(mean + Math.trunc((mean - tl) / 2));
  }),
  black,
  black,
];

function addPredictions(
  { width, bits, pixels: modes }: Vp8lTransform,
  pixels: Uint8Array,
  height: number,
): void {
  const row = 4 * width;
  black(pixels, 0, 4, 0);
  left(pixels, 4, row, 0);
  const tilesWide = tiles(width, bits);
  for (let y = 1; y < height; y++) {
    top(pixels, y * row, y * row + 4, row);
    for (let tile = 0; tile < tilesWide; tile++) {
      const from = Math.max(1, tile << bits);
      const end = Math.min(width, (tile + 1) << bits);
      const mode = modes[4 * ((y >> bits) * tilesWide + tile) + 1] & 15;
      PREDICTORS[mode](pixels, y * row + 4 * from, y * row + 4 * end, row);
    }
  }
}

const signed = (byte: number) => (byte << 24) >> 24;

/** Adds to red what green predicts, to blue what green and red do, by factors of the tile. */
function addColours(
  { width, bits, pixels: factors }: Vp8lTransform,
  pixels: Uint8Array,
  height: number,
): void {
  const tilesWide = tiles(width, bits);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const tile = 4 * ((y >> bits) * tilesWide + (x >> bits));
      const green = signed(pixels[at + 1]);
      pixels[at] += (signed(factors[tile + 2]) * green) >> 5;
      pixels[at + 2] += (signed(factors[tile + 1]) * green) >> 5;
      pixels[at + 2] += (signed(factors[tile]) * signed(pixels[at])) >> 5;
    }
  }
}

/** Colours of the indices in the green channel, several in a byte if the palette is small. */
function fromPalette(
  { width, bits, pixels: palette }: Vp8lTransform,
  packed: Uint8Array,
  height: number,
): Uint8Array {
  const pixels = new Uint8Array(4 * width * height);
  const packedRow = 4 * tiles(width, bits);
  const indexBits = 8 >> bits;
  const mask = (1 << indexBits) - 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const byte = packed[y * packedRow + 4 * (x >> bits) + 1];
      const index = (byte >> ((x & ((1 << bits) - 1)) * indexBits)) & mask;
      for (let c = 0; c < 4; c++) pixels[to + c] = palette[4 * index + c];
    }
  }
  return pixels;
}

/** What keeps an image smooth while it is changed: shifts, blur, total variation. Images are planes, [C, H, W]. */
type Shape = readonly [channels: number, height: number, width: number];

/** Shifts all planes; what leaves at one edge comes in at the other. */
export function rolled(
  image: Float32Array,
  [channels, height, width]: Shape,
  down: number,
  across: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(image.length);
  const plane = height * width;
  const wrap = (place: number, side: number) => ((place % side) + side) % side;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        out[c * plane + wrap(y + down, height) * width + wrap(x + across, width)] =
          image[c * plane + y * width + x];
  return out;
}

/** The gradient of half the sum of squared differences between neighbours. */
export function variationGradient(image: Float32Array, [channels, height, width]: Shape): Float32Array {
  const out = new Float32Array(image.length);
  const plane = height * width;
  const differ = (a: number, b: number) => {
    const difference = image[a] - image[b];
    out[a] += difference;
    out[b] -= difference;
  };
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = c * plane + y * width + x;
        if (x + 1 < width) differ(at, at + 1);
        if (y + 1 < height) differ(at, at + width);
      }
  return out;
}

/** A Gaussian blur; beyond the edge the nearest pixel goes on. */
export function blurred(image: Float32Array, shape: Shape, sigma: number): Float32Array<ArrayBuffer> {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-(((i - radius) / sigma) ** 2) / 2),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  const weights = kernel.map((value) => value / sum);
  return alongRows(alongRows(image, shape, weights, 1), shape, weights, shape[2]);
}

/** Convolves along one direction: neighbours are `step` numbers apart. */
function alongRows(
  image: Float32Array,
  [channels, height, width]: Shape,
  weights: readonly number[],
  step: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(image.length);
  const radius = (weights.length - 1) / 2;
  const side = step === 1 ? width : height;
  for (let i = 0; i < channels * height * width; i++) {
    const place = step === 1 ? i % width : Math.floor(i / width) % height;
    let sum = 0;
    for (let k = -radius; k <= radius; k++) {
      const near = Math.min(side - 1, Math.max(0, place + k));
      sum += weights[k + radius] * image[i + (near - place) * step];
    }
    out[i] = sum;
  }
  return out;
}

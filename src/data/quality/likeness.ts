/** Whether small images correlate, for many pairs of them. */

/** Numbers of an image's coarse version: means of 4 by 4 pixels of the 16 by 16, in three colours. */
const COARSE = 48;

/**
 * Small images of 16 by 16 pixels in three colours, prepared for comparing.
 *
 * Correlation is the product of images that are shifted to mean 0 and scaled to length 1, so 1 - |u - v|² / 2. Means over
 * blocks make no distance longer, so two coarse versions that are too far apart decide without the rest.
 */
export class Likenesses {
  private readonly images: readonly Uint8Array[];
  private readonly least: number;
  private readonly means: Float64Array;
  /** 1 / length of each image without its mean; 0 of a flat one. */
  private readonly scales: Float64Array;
  private readonly coarse: Float32Array;

  /** @param least - the correlation from which on two images are alike. */
  constructor(images: readonly Uint8Array[], least: number) {
    this.images = images;
    this.least = least;
    this.means = new Float64Array(images.length);
    this.scales = new Float64Array(images.length);
    this.coarse = new Float32Array(images.length * COARSE);
    images.forEach((image, i) => {
      this.prepare(image, i);
    });
  }

  /** Of flat images, whether they are equally bright to 8 levels; a flat image is like no other. */
  alike(a: number, b: number): boolean {
    if (this.scales[a] === 0 || this.scales[b] === 0)
      return this.scales[a] === this.scales[b] && Math.abs(this.means[a] - this.means[b]) < 8;
    return this.coarseBound(a, b) >= this.least && this.correlation(a, b) >= this.least;
  }

  /** Pearson's correlation of two images that are not flat. */
  correlation(a: number, b: number): number {
    const [x, y] = [this.images[a], this.images[b]];
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
    return (sum - x.length * this.means[a] * this.means[b]) * this.scales[a] * this.scales[b];
  }

  /** The most that the correlation can be, by the coarse versions; the rest is for their rounding. */
  private coarseBound(a: number, b: number): number {
    let squares = 0;
    for (let i = 0; i < COARSE; i++)
      squares += (this.coarse[a * COARSE + i] - this.coarse[b * COARSE + i]) ** 2;
    return 1 - squares / 2 + 1e-4;
  }

  private prepare(image: Uint8Array, at: number): void {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < image.length; i++) {
      sum += image[i];
      squares += image[i] * image[i];
    }
    const mean = sum / image.length;
    const spread = squares - sum * mean;
    this.means[at] = mean;
    // A deviation below one level is flat.
    if (spread < image.length) return;
    const scale = 1 / Math.sqrt(spread);
    this.scales[at] = scale;
    // A mean of 16 values, times 4: the length that it has among them.
    for (let i = 0; i < image.length; i++)
      this.coarse[at * COARSE + blockOf(i)] += ((image[i] - mean) * scale) / 4;
  }
}

/** The block and colour of a value: rows of 16 pixels of three colours. */
function blockOf(i: number): number {
  const [x, y] = [Math.floor(i / 3) % 16, Math.floor(i / 48)];
  return ((y >> 2) * 4 + (x >> 2)) * 3 + (i % 3);
}

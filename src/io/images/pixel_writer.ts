/** Where decoders put their pixels: made opaque and brought to the channels that were asked for, row by row. */
import type { Image } from "../../records/image.ts";
import type { DecodeSettings } from "./image_settings.ts";
import { luma } from "./luma.ts";

/** What a decoder gives: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
export type SourceChannels = 1 | 2 | 3 | 4;

/** An image that is being filled. */
export class PixelWriter {
  readonly image: Image;
  readonly #source: SourceChannels;
  readonly #background: DecodeSettings["background"];
  readonly #greyBackground: number;

  constructor(width: number, height: number, source: SourceChannels, settings: DecodeSettings) {
    const [red, green, blue] = settings.background;
    const greyOnColour = source === 2 && (red !== green || green !== blue);
    const channels = settings.channels ?? (source > 2 || greyOnColour ? 3 : 1);
    this.#source = source;
    this.#background = settings.background;
    this.#greyBackground = luma(red, green, blue);
    this.image = { width, height, channels, data: new Uint8Array(width * height * channels) };
  }

  /** Makes the whole image see-through, for what no row covers. */
  clear(): void {
    const { channels, data, width } = this.image;
    const [red, green, blue] = this.#background;
    // With alpha see-through is zero, as the data are.
    if (channels === 4) return;
    if (channels === 1) data.fill(this.#greyBackground);
    else if (red === green && green === blue) data.fill(red);
    else {
      for (let at = 0; at < 3 * width; at += 3) data.set(this.#background, at);
      for (let at = 3 * width; at < data.length; at += 3 * width) data.copyWithin(at, 0, 3 * width);
    }
  }

  /** Puts `count` pixels of `samples` at pixel `target` and every `step`-th one behind it. */
  write(samples: Uint8Array, count: number, target: number, step = 1): void {
    const { channels, data } = this.image;
    const source = this.#source;
    if (source === channels && step === 1) {
      data.set(samples.subarray(0, count * channels), target * channels);
    } else if (channels === 1) this.#writeGrey(samples, count, target, step);
    else if (channels === 3) this.#writeColour(samples, count, target, step);
    else this.#writeWithAlpha(samples, count, target, step);
  }

  #writeGrey(samples: Uint8Array, count: number, target: number, step: number): void {
    const { data } = this.image;
    const source = this.#source;
    const [red, green, blue] = this.#background;
    for (let i = 0, from = 0, to = target; i < count; i++, from += source, to += step) {
      const first = samples[from];
      if (source === 1) data[to] = first;
      else if (source === 2) data[to] = over(first, samples[from + 1], this.#greyBackground);
      else if (source === 3) data[to] = luma(first, samples[from + 1], samples[from + 2]);
      else {
        const alpha = samples[from + 3];
        const [r, g, b] = [over(first, alpha, red), over(samples[from + 1], alpha, green), samples[from + 2]];
        data[to] = luma(r, g, over(b, alpha, blue));
      }
    }
  }

  #writeColour(samples: Uint8Array, count: number, target: number, step: number): void {
    const { data } = this.image;
    const source = this.#source;
    const [red, green, blue] = this.#background;
    const isColour = source > 2 ? 1 : 0;
    const hasAlpha = source === 2 || source === 4;
    for (let i = 0, from = 0, to = 3 * target; i < count; i++, from += source, to += 3 * step) {
      const r = samples[from];
      const g = samples[from + isColour];
      const b = samples[from + 2 * isColour];
      const alpha = hasAlpha ? samples[from + source - 1] : 255;
      data[to] = alpha === 255 ? r : over(r, alpha, red);
      data[to + 1] = alpha === 255 ? g : over(g, alpha, green);
      data[to + 2] = alpha === 255 ? b : over(b, alpha, blue);
    }
  }

  #writeWithAlpha(samples: Uint8Array, count: number, target: number, step: number): void {
    const { data } = this.image;
    const source = this.#source;
    const isColour = source > 2 ? 1 : 0;
    const hasAlpha = source === 2 || source === 4;
    for (let i = 0, from = 0, to = 4 * target; i < count; i++, from += source, to += 4 * step) {
      data[to] = samples[from];
      data[to + 1] = samples[from + isColour];
      data[to + 2] = samples[from + 2 * isColour];
      data[to + 3] = hasAlpha ? samples[from + source - 1] : 255;
    }
  }
}

/** A sample over a background: (a x + (255 - a) b) / 255, rounded, as Pillow's `paste` with a mask computes it. */
function over(sample: number, alpha: number, background: number): number {
  const sum = sample * alpha + background * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}

/** What a network takes, if that is known. */

/** Channels, height and width of an image. */
export type ImageShape = readonly [channels: number, height: number, width: number];

const kept = new WeakMap<object, ImageShape>();

/** The images that a network was made for; it may take others, too. Undefined if that is not known. */
export function inputShapeOf(net: object): ImageShape | undefined {
  return kept.get(net);
}

/** Gives a network what {@link inputShapeOf} returns. */
export function keepInputShape<T extends object>(net: T, shape: ImageShape): T {
  kept.set(net, shape);
  return net;
}

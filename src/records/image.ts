/** An image as plain data: rows from top to bottom, the channels of a pixel beside each other, 0 to 255. */
export interface Image {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey, 3: red, green, blue, 4: with opacity, only where alpha was asked for. */
  readonly channels: 1 | 3 | 4;
  /** `width * height * channels` bytes. */
  readonly data: Uint8Array;
}

/**
 * Planes, one for each channel, as an image.
 *
 * @param at - place of the first plane.
 * @param level - makes a byte of a value.
 */
export function imageOfPlanes(
  planes: ArrayLike<number | bigint>,
  at: number,
  { width, height, channels }: Omit<Image, "data">,
  level: (value: number) => number = Number,
): Image {
  const plane = width * height;
  const data = new Uint8Array(plane * channels);
  for (let c = 0, from = at; c < channels; c++)
    for (let i = 0; i < plane; i++) data[i * channels + c] = level(Number(planes[from++]));
  return { width, height, channels, data };
}

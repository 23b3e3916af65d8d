/** An image as plain data: rows from the top, the channels of a pixel beside each other, values from 0 to 255. */
export interface Image {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey (default), 3: red, green, blue, 4: with opacity. */
  readonly channels?: 1 | 3 | 4;
  /** `width * height * channels` values. */
  readonly data: ArrayLike<number>;
}

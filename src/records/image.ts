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

import { ArgumentError } from "../../base/errors.ts";

/** A grey picture: `width * height` values from 0 (black) to 255 (white), row by row from the top. */
export interface Picture {
  width: number;
  height: number;
  data: ArrayLike<number>;
}

/** @throws {ArgumentError} where sizes and data do not belong together. */
export function checkPicture(picture: Picture): void {
  const { width, height, data } = picture;
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || data.length !== width * height) {
    throw new ArgumentError(
      `picture of ${width} by ${height} with ${data.length} values: expected whole sizes above 0 and ` +
        "width * height grey values",
    );
  }
}

/** A picture in another size, each new pixel the mean of the area it covers. Not the resize of `data`: for looking. */
export function resample(picture: Picture, width: number, height: number): Picture {
  checkPicture(picture);
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const rows: Span = [(y * picture.height) / height, ((y + 1) * picture.height) / height];
    for (let x = 0; x < width; x++) {
      const columns: Span = [(x * picture.width) / width, ((x + 1) * picture.width) / width];
      data[y * width + x] = Math.round(areaMean(picture, columns, rows));
    }
  }
  return { width, height, data };
}

type Span = readonly [from: number, to: number];

function areaMean(picture: Picture, columns: Span, rows: Span): number {
  let sum = 0;
  let area = 0;
  for (let y = Math.floor(rows[0]); y < Math.min(Math.ceil(rows[1]), picture.height); y++) {
    const tall = Math.min(y + 1, rows[1]) - Math.max(y, rows[0]);
    for (let x = Math.floor(columns[0]); x < Math.min(Math.ceil(columns[1]), picture.width); x++) {
      const share = tall * (Math.min(x + 1, columns[1]) - Math.max(x, columns[0]));
      sum += share * picture.data[y * picture.width + x];
      area += share;
    }
  }
  return area > 0 ? sum / area : 0;
}

/** Pooling: largest and mean element of windows and of the cells of a grid. */
import { IndexError } from "../../../base/errors.ts";
import type { Shape } from "../../../base/shape.ts";
import type { Attributes } from "../../contract/engine.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";

/** Rows and columns of one window, inside the input; `area` counts padding too. */
interface Window {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly area: number;
}

type WindowAt = (i: number, j: number) => Window;

/** Positions inside 0 .. size-1 of a window's taps along one side. */
function taps(start: number, kernel: number, dilation: number, size: number): number[] {
  const at: number[] = [];
  for (let u = 0; u < kernel; u++) {
    const position = start + u * dilation;
    if (position >= 0 && position < size) at.push(position);
  }
  return at;
}

function movingWindow(x: Shape, attributes: Attributes): WindowAt {
  const [kh, kw] = attributes.kernelSize as number[];
  const [sh, sw] = attributes.stride as number[];
  const [ph, pw] = attributes.padding as number[];
  const [dh, dw] = (attributes.dilation as number[] | undefined) ?? [1, 1];
  return (i, j) => {
    const top = i * sh - ph;
    const left = j * sw - pw;
    // A window of the ceil mode counts no further than the padded input reaches.
    const area = (Math.min(top + kh, x[2] + ph) - top) * (Math.min(left + kw, x[3] + pw) - left);
    return { rows: taps(top, kh, dh, x[2]), columns: taps(left, kw, dw, x[3]), area };
  };
}

function cellOfGrid(x: Shape, attributes: Attributes): WindowAt {
  const [h, w] = attributes.outputSize as number[];
  const cell = (i: number, size: number, cells: number) => {
    const start = Math.floor((i * size) / cells);
    return taps(start, Math.ceil(((i + 1) * size) / cells) - start, 1, size);
  };
  return (i, j) => {
    const rows = cell(i, x[2], h);
    const columns = cell(j, x[3], w);
    return { rows, columns, area: rows.length * columns.length };
  };
}

/** Calls `visit` for each element of y with the start of its plane in x and its window. */
function forEachWindow(
  x: ArrayArgument,
  y: ArrayArgument,
  windowAt: WindowAt,
  visit: (out: number, plane: number, window: Window) => void,
): void {
  const [batch, channels, height, width] = x.shape;
  const [, , oh, ow] = y.shape;
  for (let i = 0; i < oh; i++) {
    for (let j = 0; j < ow; j++) {
      const window = windowAt(i, j);
      for (let p = 0; p < batch * channels; p++) visit((p * oh + i) * ow + j, p * height * width, window);
    }
  }
}

const maxOver =
  (windows: (x: Shape, attributes: Attributes) => WindowAt): ReferenceKernel =>
  ({ inputs: [x], outputs: [y, indices], attributes }) => {
    const width = x.shape[3];
    forEachWindow(x, y, windows(x.shape, attributes), (out, plane, { rows, columns }) => {
      let best = Number.NEGATIVE_INFINITY;
      let at = rows.length > 0 && columns.length > 0 ? rows[0] * width + columns[0] : 0;
      for (const row of rows) {
        for (const column of columns) {
          const element = x.data[plane + row * width + column];
          if (element > best || Number.isNaN(element)) {
            best = element;
            at = row * width + column;
          }
        }
      }
      y.data[out] = best;
      if (indices !== undefined) indices.data[out] = at;
    });
  };

function divisorOf(window: Window, attributes: Attributes): number {
  const override = attributes.divisorOverride as number | null | undefined;
  if (override !== null && override !== undefined) return override;
  return attributes.countIncludePad === false ? window.rows.length * window.columns.length : window.area;
}

const meanOver =
  (windows: (x: Shape, attributes: Attributes) => WindowAt): ReferenceKernel =>
  ({ inputs: [x], outputs: [y], attributes }) => {
    const width = x.shape[3];
    forEachWindow(x, y, windows(x.shape, attributes), (out, plane, window) => {
      let total = 0;
      for (const row of window.rows) {
        for (const column of window.columns) total += x.data[plane + row * width + column];
      }
      const empty = window.rows.length === 0 || window.columns.length === 0;
      y.data[out] = empty ? 0 : total / divisorOf(window, attributes);
    });
  };

const meanGradient =
  (windows: (x: Shape, attributes: Attributes) => WindowAt): ReferenceKernel =>
  ({ inputs: [dy], outputs: [dx], attributes }) => {
    const totals = new Float64Array(dx.data.length);
    const width = dx.shape[3];
    forEachWindow(dx, dy, windows(dx.shape, attributes), (out, plane, window) => {
      const share = dy.data[out] / divisorOf(window, attributes);
      for (const row of window.rows) {
        for (const column of window.columns) totals[plane + row * width + column] += share;
      }
    });
    dx.data.set(totals);
  };

const scatterPlane: ReferenceKernel = ({ inputs: [x, indices], outputs: [y] }) => {
  const totals = new Float64Array(y.data.length);
  const from = x.shape[2] * x.shape[3];
  const to = y.shape[2] * y.shape[3];
  for (let i = 0; i < x.data.length; i++) {
    totals[Math.floor(i / from) * to + checkedIndex(indices.data[i], to)] += x.data[i];
  }
  y.data.set(totals);
};

const gatherPlane: ReferenceKernel = ({ inputs: [x, indices], outputs: [y] }) => {
  const from = x.shape[2] * x.shape[3];
  const to = y.shape[2] * y.shape[3];
  for (let i = 0; i < y.data.length; i++) {
    y.data[i] = x.data[Math.floor(i / to) * from + checkedIndex(indices.data[i], from)];
  }
};

function checkedIndex(index: number, size: number): number {
  if (index >= 0 && index < size) return index;
  throw new IndexError(`index ${index} is outside a plane of ${size} elements`);
}

export const POOLING_KERNELS = {
  maxPool2d: maxOver(movingWindow),
  maxPool2dGradient: scatterPlane,
  avgPool2d: meanOver(movingWindow),
  avgPool2dGradient: meanGradient(movingWindow),
  adaptiveAvgPool2d: meanOver(cellOfGrid),
  adaptiveAvgPool2dGradient: meanGradient(cellOfGrid),
  adaptiveMaxPool2d: maxOver(cellOfGrid),
  gatherPlane,
  scatterPlane,
} satisfies Record<string, ReferenceKernel>;

/** How a value shows itself in a notebook. */

/** The method by which Jupyter kernels for JavaScript ask a value how it looks. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** What a notebook shows of a value: images and texts by their media types. */
export type MediaBundle = Record<string, string>;

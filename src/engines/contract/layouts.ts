/** Channels-last layouts of images, as ops and engines speak of them. */

/**
 * The operands of an op that are images: [N, C, H, W], or [N, H, W, C] in a step with `layout: "channelsLast"`, whose
 * attribute `imageOperands` they are.
 */
export interface ImageOperands {
  readonly inputs: readonly number[];
  /** Whether the outputs are images; the gradient of a weight is none. */
  readonly outputs: boolean;
  /** Whether the op gains enough from channels last to have its input rearranged for it. */
  readonly rearranges: boolean;
}

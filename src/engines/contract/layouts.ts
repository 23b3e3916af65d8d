/**
 * The ops that know the attribute `layout: "channelsLast"`, and which of their operands are pictures, [N, H, W, C] in
 * that layout; weights and their gradients are not.
 */
export interface PictureOperands {
  readonly inputs: readonly number[];
  /** Whether the outputs are pictures. */
  readonly outputs: boolean;
}

export const PICTURE_OPERANDS: Readonly<Record<string, PictureOperands>> = {
  conv2d: { inputs: [0], outputs: true },
  conv2dInputGradient: { inputs: [0], outputs: true },
  conv2dWeightGradient: { inputs: [0, 1], outputs: false },
  maxPool2d: { inputs: [0], outputs: true },
  maxPool2dGradient: { inputs: [0, 1], outputs: true },
  avgPool2d: { inputs: [0], outputs: true },
  avgPool2dGradient: { inputs: [0], outputs: true },
  adaptiveAvgPool2d: { inputs: [0], outputs: true },
  adaptiveAvgPool2dGradient: { inputs: [0], outputs: true },
};

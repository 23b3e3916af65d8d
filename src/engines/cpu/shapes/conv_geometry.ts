import type { Attributes, TensorSpec } from "../../contract/engine.ts";

/** The sizes of a convolution's images: how many, their channels, height and width, of the input and of the output. */
export interface ImageSizes {
  readonly n: number;
  /** Channels of the input and of the output, in one group. */
  readonly c: number;
  readonly o: number;
  readonly h: number;
  readonly w: number;
  readonly oh: number;
  readonly ow: number;
}

/** The sizes of a 2-d convolution, whichever of its three products is wanted. */
export interface ConvGeometry extends ImageSizes {
  readonly groups: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
  /** Rows and columns of zeros behind the image; before it are `ph` and `pw`. */
  readonly bottom: number;
  readonly right: number;
  readonly dh: number;
  readonly dw: number;
  /** Size of the padded input as far as windows and input reach. */
  readonly hp: number;
  readonly wp: number;
}

/** Two positive integers (or not negative, for `least` 0) from an attribute; null for anything else. */
export function pair(value: unknown, least = 1): [number, number] | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const whole = value.every((entry) => Number.isInteger(entry) && entry >= least);
  return whole ? [value[0], value[1]] : null;
}

/** From the shapes of input, weight and output; null if they do not belong together. */
export function convGeometry(
  attributes: Attributes,
  x: TensorSpec["shape"],
  weight: TensorSpec["shape"],
  y: TensorSpec["shape"],
): ConvGeometry | null {
  const stride = pair(attributes.stride);
  const padding = pair(attributes.padding, 0);
  const extra = pair(attributes.extra ?? [0, 0], Number.NEGATIVE_INFINITY);
  const dilation = pair(attributes.dilation);
  const groups = attributes.groups;
  if (!stride || !padding || !extra || !dilation || typeof groups !== "number") return null;
  if (x.length !== 4 || weight.length !== 4 || y.length !== 4) return null;
  const [n, channels, h, w] = x;
  const [outputs, c, kh, kw] = weight;
  const [, , oh, ow] = y;
  if (c * groups !== channels || outputs % groups !== 0 || y[0] !== n || y[1] !== outputs) return null;
  const [sh, sw] = stride;
  const [ph, pw] = padding;
  const [dh, dw] = dilation;
  return {
    n,
    groups,
    c,
    o: outputs / groups,
    h,
    w,
    oh,
    ow,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    bottom: ph + extra[0],
    right: pw + extra[1],
    dh,
    dw,
    hp: Math.max((oh - 1) * sh + (kh - 1) * dh + 1, ph + h),
    wp: Math.max((ow - 1) * sw + (kw - 1) * dw + 1, pw + w),
  };
}

/** How a convolution's work items are dealt out: runs of `size` items make a unit. */
export function dealItems(items: number, mostUnits = 64): { units: number; size: number } {
  const size = Math.ceil(items / mostUnits);
  return { units: Math.ceil(items / size), size };
}

/**
 * Whether each group has one input channel, and kernel and stride are those that depthwise kernels cover: 3x3 or 5x5,
 * by 1 or 2, not dilated.
 */
export function isDepthwise({ groups, c, kh, kw, sh, sw, dh, dw }: ConvGeometry): boolean {
  const size = kh === kw && (kh === 3 || kh === 5);
  return groups > 1 && c === 1 && size && sh === sw && sh <= 2 && dh * dw === 1;
}

/** Whether windows reach over the image, so that kernels need zeros around it. */
export function isPadded({ ph, pw, bottom, right }: ConvGeometry): boolean {
  return ph > 0 || pw > 0 || bottom > 0 || right > 0;
}

/** Whether each pixel of the result depends on the one pixel at its place. */
export function isPointwise(g: ConvGeometry): boolean {
  return g.kh * g.kw * g.sh * g.sw === 1 && g.oh === g.h && g.ow === g.w && !isPadded(g);
}

/** Channels below which Winograd's transforms take longer than the products that they save. */
const FEW_CHANNELS = 16;

/** Whether Winograd's algorithm (`winograd_tiles.ts`) computes this convolution and both of its gradients, and may pay. */
export function suitsWinograd(g: ConvGeometry): boolean {
  const { groups, c, o, kh, kw, sh, sw, ph, pw, dh, dw } = g;
  const dense = groups === 1 && sh * sw * dh * dw === 1;
  const window = kh === kw && (kh === 3 || kh === 5) && ph < kh && pw < kw;
  return dense && window && c % 4 === 0 && o % 4 === 0 && Math.min(c, o) >= FEW_CHANNELS;
}

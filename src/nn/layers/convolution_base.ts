/** What convolution layers share: settings, parameters, printed form. */

import type { DType } from "../../base/dtype.ts";
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Size } from "../../tensor/functions/nn/arguments.ts";
import { overwrite, uniformValue } from "../init/initial_values.ts";
import { countArgument, newParameter, sizesArgument } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** How the border outside of the image is filled. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";
const PADDING_MODES: readonly string[] = ["zeros", "reflect", "replicate", "circular"];

/** What the convolution layers take. */
export interface ConvolutionSettings {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Size of the kernel in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the kernel in pixels. @default 1 */
  stride?: Size;
  /** Border around the image in pixels, or `"same"` (keeps its size; stride 1 only) or `"valid"` (none). @default 0 */
  padding?: Size | "same" | "valid";
  /** Distance between the kernel's elements in pixels. @default 1 */
  dilation?: Size;
  /** Groups of channels that do not see each other. @default 1 */
  groups?: number;
  /** Whether each output channel has a number of its own that is added to it. @default true */
  bias?: boolean;
  /** What the border is filled with. @default "zeros" */
  paddingMode?: PaddingMode;
  /** Dtype of weight and bias. @default "float32" */
  dtype?: DType;
}

/** What the transposed convolution layers take. */
export interface TransposedConvolutionSettings extends Omit<ConvolutionSettings, "padding" | "paddingMode"> {
  /** Pixels cut off at each side of the output. @default 0 */
  padding?: Size;
  /** Rows and columns added at one side of the output; smaller than stride or dilation. @default 0 */
  outputPadding?: Size;
  /** Only `"zeros"`. @default "zeros" */
  paddingMode?: "zeros";
}

/** The leading parameters of every convolution layer. */
const SIZES = ["inChannels", "outChannels", "kernelSize", "stride?", "padding?"] as const;

/** The parameters of a convolution layer. */
export const convolutionTable = (name: string) =>
  parameterTable<ConvolutionSettings>(name)(
    [...SIZES, "dilation?", "groups?", "bias?:boolean", "paddingMode?", "dtype?:dtype"],
    (
      inChannels,
      outChannels,
      kernelSize,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      paddingMode = "zeros",
      dtype = "float32",
    ) => {
      const geometry = { kernelSize, stride, padding, dilation };
      return { inChannels, outChannels, ...geometry, groups, bias, paddingMode, dtype };
    },
  );

/** The parameters of a transposed convolution layer. */
export const transposedTable = (name: string) =>
  parameterTable<TransposedConvolutionSettings>(name)(
    [...SIZES, "outputPadding?", "groups?", "bias?:boolean", "dilation?", "paddingMode?", "dtype?:dtype"],
    (
      inChannels,
      outChannels,
      kernelSize,
      stride = 1,
      padding = 0,
      outputPadding = 0,
      groups = 1,
      bias = true,
      dilation = 1,
      paddingMode = "zeros",
      dtype = "float32",
    ) => {
      const geometry = { kernelSize, stride, padding, dilation, outputPadding };
      return { inChannels, outChannels, ...geometry, groups, bias, paddingMode, dtype };
    },
  );

/** The settings of a convolution layer or of a transposed one, complete. */
export type CompleteSettings = Required<ConvolutionSettings> & { outputPadding?: Size };

export abstract class ConvolutionBase extends Module {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Size of the kernel along each dimension. */
  readonly kernelSize: number[];
  /** Step of the kernel along each dimension. */
  readonly stride: number[];
  /** What is added at each border. */
  readonly padding: number[] | "same" | "valid";
  /** Distance between the elements that the kernel reads. */
  readonly dilation: number[];
  /** What is added at one border of the output of a transposed convolution. */
  readonly outputPadding: number[];
  /** Groups of channels that are convolved apart. */
  readonly groups: number;
  /** What stands in the padding. */
  readonly paddingMode: PaddingMode;
  /** What the layer multiplies by. */
  declare weight: ParameterTensor;
  /** What the layer adds; null without. */
  declare bias: ParameterTensor | null;

  /** @param spatial - dimensions that the window moves along. */
  constructor(of: string, spatial: number, settings: CompleteSettings) {
    super();
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = settings;
    const { outputPadding = 0, paddingMode } = settings;
    this.inChannels = countArgument(of, "inChannels", inChannels, 0);
    this.outChannels = countArgument(of, "outChannels", outChannels);
    this.kernelSize = sizesArgument(of, "kernelSize", kernelSize, spatial, 1);
    this.stride = sizesArgument(of, "stride", stride, spatial, 1);
    const named = padding === "same" || padding === "valid";
    this.padding = named ? padding : sizesArgument(of, "padding", padding, spatial, 0);
    this.dilation = sizesArgument(of, "dilation", dilation, spatial, 1);
    this.outputPadding = sizesArgument(of, "outputPadding", outputPadding, spatial, 0);
    this.groups = countArgument(of, "groups", groups);
    this.paddingMode = paddingMode;
    this.check();
  }

  protected check(): void {
    const of = this.constructor.name;
    for (const name of ["inChannels", "outChannels"] as const) {
      if (this[name] % this.groups !== 0) {
        throw new ArgumentError(
          `${of}: expected \`${name}\` to be divisible by \`groups\`, got ${this[name]} and ${this.groups}`,
        );
      }
    }
    if (!PADDING_MODES.includes(this.paddingMode)) {
      throw new ArgumentError(
        `${of}: unknown paddingMode "${this.paddingMode}"${didYouMean(this.paddingMode, PADDING_MODES)}; ` +
          `expected ${PADDING_MODES.join(", ")}`,
      );
    }
    if (this.padding === "same" && this.stride.some((s) => s !== 1)) {
      throw new ArgumentError(`${of}: padding "same" works only with stride 1; give the padding as a number`);
    }
  }

  /** First two dimensions of the weight; the second one is what a filter's fan in counts. */
  protected abstract channelsOfWeight(): [number, number];

  protected makeParameters(bias: boolean, dtype: DType): void {
    this.weight = newParameter([...this.channelsOfWeight(), ...this.kernelSize], dtype);
    this.bias = bias ? newParameter([this.outChannels], dtype) : null;
    this.resetParameters();
  }

  /** @internal Takes the number of the input's channels and makes the parameters. */
  setInputSize(size: number): void {
    this.inChannels = size;
    this.check();
    this.makeParameters(this.bias !== null, this.weight.dtype);
  }

  /** Draws the weights again: U(-b, b) with b = 1 / sqrt(fan in), for weight and bias. */
  resetParameters(): void {
    const fanIn = this.kernelSize.reduce((a, b) => a * b, this.channelsOfWeight()[1]);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    overwrite(this.weight, uniformValue(this.weight.value, -bound, bound));
    if (this.bias !== null) overwrite(this.bias, uniformValue(this.bias.value, -bound, bound));
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernel_size=${py(this.kernelSize)}`,
      `stride=${py(this.stride)}`,
    ];
    const { padding } = this;
    if (typeof padding === "string" || padding.some((p) => p !== 0)) parts.push(`padding=${py(padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${py(this.dilation)}`);
    if (this.outputPadding.some((p) => p !== 0)) parts.push(`output_padding=${py(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

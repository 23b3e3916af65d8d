/**
 * How each op is written in ONNX. An op that is added later does not compile until it has a row: a conversion,
 * `"decompose"`, or a sentence that says why it cannot be written and what to do.
 */
import type { OpName } from "../../engines/reference/kernels.ts";
import type { NoConversion, OnnxRule } from "./conversion.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SHAPES } from "./shapes.ts";
import { WINDOWS } from "./windows.ts";

const GRADIENT: NoConversion = { cannot: "it computes a gradient; files hold the forward pass alone" };
const RANDOM: NoConversion = {
  cannot: "it draws random numbers; leave it out in evaluation mode (`this.training` is false there)",
};
const LOSS: NoConversion = { cannot: "it belongs to a loss; export the network without it" };

const RULES: Readonly<Record<OpName, OnnxRule>> = {
  ...ELEMENTWISE,
  ...SHAPES,
  ...WINDOWS,
  ...REDUCTIONS,
  conv2dWeightGradient: GRADIENT,
  embeddingGradient: GRADIENT,
  resampleGradient: GRADIENT,
  batchNormGradient: GRADIENT,
  maxPool2dGradient: GRADIENT,
  avgPool2dGradient: GRADIENT,
  adaptiveAvgPool2dGradient: GRADIENT,
  borderPadGradient: GRADIENT,
  randomUniform: RANDOM,
  randomNormal: RANDOM,
  multinomial: RANDOM,
  classLabels: LOSS,
  binaryCrossEntropy: LOSS,
  allReduce: { cannot: "it belongs to a training step of several ranks" },
  shardSum: { cannot: "it belongs to a training step of several ranks" },
  startAllReduce: { cannot: "it belongs to a training step of several ranks" },
  awaitAllReduce: { cannot: "it belongs to a training step of several ranks" },
};

/** Ops whose results differ from call to call, so that none may be taken for a constant. */
export const RANDOM_OPS: ReadonlySet<string> = new Set(
  Object.entries(RULES).flatMap(([name, rule]) => (rule === RANDOM ? [name] : [])),
);

/** How the op is written; undefined for one that the library does not define. */
export function onnxRule(op: string): OnnxRule | undefined {
  return Object.hasOwn(RULES, op) ? RULES[op as OpName] : undefined;
}

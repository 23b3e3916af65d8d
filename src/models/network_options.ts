/** What can be chosen about a network by name. */
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { ActivationName } from "./activations.ts";
import type { LayerDescription } from "./sequential.ts";

/** What can be chosen about a network; each takes some of these. */
export interface NetworkOptions {
  /** Size of the output; by default that of the network's own data set. */
  readonly numClasses?: number;
  /** The activation after each layer but the last; by default the network's own. */
  readonly activation?: ActivationName;
  /** Probability with which a hidden dense unit is left out; by default the network's own. */
  readonly dropout?: number;
  /** Channels of NiN's last block before its last layer. By default as many as there are classes. */
  readonly headChannels?: number;
  /** Whether there is batch normalisation before each activation. @default false */
  readonly batchNorm?: boolean;
  /** Channels of ResNet-9's first convolution. @default 64 */
  readonly width?: number;
  /** Divides the channels of a VGG. @default 1 */
  readonly widthDivisor?: number;
  /** Whether torchvision's GoogLeNet has auxiliary heads. @default true */
  readonly auxLogits?: boolean;
  /** Whether torchvision's GoogLeNet takes images as its siblings do and brings them to its own scale. @default false */
  readonly transformInput?: boolean;
  /** Multiplies the channels of MobileNet V2. @default 1 */
  readonly widthMult?: number;
  /** The layers of `models.sequential`, in order. @default none: it needs some */
  readonly layers?: readonly LayerDescription[] | string;
}

/** What an option must be, and how messages say so. */
const flag: Check = [(value) => typeof value === "boolean", "true or false"];
const count: Check = [
  (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  "an integer of at least 1",
];

type Check = readonly [fits: (value: unknown) => boolean, expected: string];

const CHECKS: Record<keyof NetworkOptions, Check | null> = {
  numClasses: count,
  // The networks themselves know their activations and divisors.
  activation: null,
  dropout: [(value) => typeof value === "number" && value >= 0 && value <= 1, "a probability from 0 to 1"],
  headChannels: count,
  width: count,
  batchNorm: flag,
  widthDivisor: null,
  auxLogits: flag,
  transformInput: flag,
  widthMult: [
    (value) => typeof value === "number" && value > 0 && value <= 16,
    "a number from above 0 to 16",
  ],
  // What makes the network checks them.
  layers: null,
};

/** What comes from a command line or a file can be of any kind. */
export function checkOption(of: string, name: keyof NetworkOptions, value: unknown): void {
  const check = CHECKS[name];
  if (check === null || check[0](value)) return;
  throw new ArgumentError(`${of}: expected \`${name}\` to be ${check[1]}, got ${shownValue(value)}`);
}

/** Those options that decide what a network computes, of all that its function takes. */
export function networkOptionsOf(given: Readonly<Record<string, unknown>>): NetworkOptions {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => Object.hasOwn(CHECKS, name) && value !== undefined),
  );
}

/** The calls that put transforms together, convert and scale. */
import { ArgumentError, knownNames } from "../../../base/errors.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { defineTransform, type Transform } from "../transform.ts";
import type { BatchOperation, TransformSpec } from "../transform_spec.ts";
import { numbersOf } from "./checks.ts";

/** What `Compose` takes. */
export interface ComposeSettings {
  /** The transforms in order. */
  transforms: readonly Transform[];
}

/**
 * One transform after the other.
 *
 * @example
 * ```ts
 * const { Compose, Resize, ToTensor } = data.transforms;
 * const bigger = Compose([Resize(64), ToTensor()]);
 * (await bigger(randint(0, 256, [1, 28, 28]).to("uint8"))).shape; // [1, 64, 64]
 * ```
 */
export const Compose = defineTransform<ComposeSettings>("Compose")(["transforms"], (transforms) => ({
  kind: "Compose",
  transforms: specsOf(transforms),
}));

/**
 * uint8 images (0 to 255) to float32 (0 to 1): x / 255. float32 images pass unchanged. (Images already
 * are [C, H, W] here, so nothing is transposed.)
 *
 * @example
 * ```ts
 * (await data.transforms.ToTensor()(tensor([[[0, 255]]], { dtype: "uint8" }))).tolist(); // [[[0, 1]]]
 * ```
 */
export const ToTensor = defineTransform<object>("ToTensor")([], () => ({ kind: "ToTensor" }));

/** Means and standard deviations of data sets that networks were trained on, for values from 0 to 1. */
const NORMALIZATIONS = {
  /** torchvision's networks. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** -1 to 1, as EfficientNet-Lite and Inception have it; one number for every channel. */
  half: { mean: [0.5], std: [0.5] },
  "fashion-mnist": { mean: [0.286], std: [0.353] },
  mnist: { mean: [0.1307], std: [0.3081] },
} as const;

/** A data set whose mean and standard deviation `Normalize` knows. */
export type NormalizationName = keyof typeof NORMALIZATIONS;

/** What `Normalize` takes. */
export interface NormalizeSettings {
  /** Mean of each channel, or of all; or a name that stands for both: `"imagenet"`, `"half"` (0.5 and 0.5), `"fashion-mnist"`, `"mnist"`. */
  mean: readonly number[] | NormalizationName;
  /** Standard deviation of each channel, or of all; none may be 0. Left out with a name. */
  std?: readonly number[];
  /** Taken as in torchvision: changes nothing here. @default false */
  inplace?: boolean;
}

/**
 * (x - mean) / std for each channel of float32 images.
 *
 * @param mean - one for each channel, or one for all; or the name of a data set, which gives both
 * @param std - likewise; none may be 0
 * @throws ArgumentError for an unknown name, and unless there are as many means as standard deviations.
 * @example
 * ```ts
 * (await data.transforms.Normalize([0.5], [0.5])(tensor([[[0.5, 1]]]))).tolist(); // [[[0, 1]]]
 * data.transforms.Normalize("imagenet").spec; // { kind: "Normalize", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
 * ```
 */
export const Normalize = defineTransform<NormalizeSettings>("Normalize")(
  ["mean", "std?", "inplace?:boolean"],
  (mean, std) => {
    const given = typeof mean === "string" ? namedNormalization(mean, std) : { mean, std };
    const spec = {
      mean: numbersOf(given.mean, "Normalize", "mean"),
      std: numbersOf(given.std, "Normalize", "std"),
    };
    if (spec.mean.length !== spec.std.length || spec.mean.length === 0) {
      throw new ArgumentError(
        `Normalize: expected as many means as stds, got ${spec.mean.length} and ${spec.std.length}`,
      );
    }
    if (spec.std.includes(0)) throw new ArgumentError("Normalize: std must not be 0");
    return { kind: "Normalize", ...spec };
  },
);

function namedNormalization(name: string, std: unknown) {
  const names = Object.keys(NORMALIZATIONS);
  if (!Object.hasOwn(NORMALIZATIONS, name)) {
    throw new ArgumentError(
      `Normalize: unknown data set ${shownValue(name)}${knownNames(name, names)}; ` +
        "give mean and std as lists of numbers",
    );
  }
  if (std !== undefined)
    throw new ArgumentError(`Normalize: "${name}" stands for mean and std; leave out \`std\``);
  return NORMALIZATIONS[name as NormalizationName];
}

/** What `Lambda` takes. */
export interface LambdaTransformSettings {
  /** Gets a batch of images { data, shape: [N, C, H, W], dtype } and what random transforms draw from; gives a batch. */
  lambd: BatchOperation;
}

/**
 * A function of your own as a transform. It runs on the main thread, and a record of the transform keeps its name only:
 * it cannot be made again from the record.
 *
 * @throws ArgumentError for what is not a function, and when it runs, if the function does not give a batch at once.
 * @example
 * ```ts
 * const half = data.transforms.Lambda((images) => ({ ...images, data: images.data.map((x) => x / 2) }));
 * (await half(tensor([[[0.5, 1]]]))).tolist(); // [[[0.25, 0.5]]]
 * ```
 */
export const Lambda = defineTransform<LambdaTransformSettings>("Lambda")(["lambd"], (lambd) => {
  if (typeof lambd !== "function")
    throw new ArgumentError(`Lambda: expected a function, got ${shownValue(lambd)}`);
  return { kind: "Lambda", name: lambd.name, apply: lambd };
});

function specsOf(transforms: unknown): TransformSpec[] {
  if (!Array.isArray(transforms)) throw new ArgumentError("Compose: expected an array of transforms");
  return transforms.map((one, i) => {
    const spec = (one as Partial<Transform> | undefined)?.spec;
    if (spec === undefined) throw new ArgumentError(`Compose: transforms[${i}] is not a transform`);
    return spec;
  });
}

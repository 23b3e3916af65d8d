/** A shipment as a package for npm. It uses the installed convoyant, so that a program has one engine, and the fastest. */
import { ArgumentError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";

/** In parts, since tools replace the whole wherever it stands in a source. */
const HERE = ["import", "meta", "url"].join(".");

const INDEX = (weights: string) => `import { Classifier } from "convoyant/classifier";

let loading;

/** The classifier, loaded once. */
export function classifier() {
  loading ??= Classifier.load(new URL("./${weights}", ${HERE})).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export async function predict(image, options) {
  return (await classifier()).predict(image, options);
}
`;

const TYPES = (names: readonly string[]) => `import type { Classifier } from "convoyant/classifier";

/** What the network tells apart, in the order of \`probabilities\`. */
export type ClassLabel = ${names.map((name) => JSON.stringify(name)).join(" | ")};

/** The class of an image. */
export interface LabelledPrediction {
  /** Index of the likeliest class. */
  readonly index: number;
  /** Its name. */
  readonly label: ClassLabel;
  /** Its probability, 0 to 1. */
  readonly probability: number;
  /** Of every class. */
  readonly probabilities: readonly number[];
}

/**
 * The class of an image.
 *
 * @param image - a path (Node.js), encoded bytes, a Blob or File, or decoded pixels.
 * @throws FileError for what is not an image.
 */
export function predict(
  image: Parameters<Classifier["predict"]>[0],
  options?: Parameters<Classifier["predict"]>[1],
): Promise<LabelledPrediction>;

/** The classifier behind it, loaded once. */
export function classifier(): Promise<Classifier>;
`;

/** What a package is made of. */
export interface PackageContent {
  readonly name: string;
  readonly description: string;
  readonly licence: string;
  readonly labels: readonly string[];
  readonly weightsFile: string;
}

/** A title as the name of a package. */
export function packageName(title: string): string {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|[._-]+$/g, "");
  return name === "" ? "classifier" : name.slice(0, 100);
}

/** @throws ArgumentError for a name that npm does not take. */
export function requirePackageName(name: string): string {
  if (/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) && name.length <= 214) return name;
  throw new ArgumentError(
    `${JSON.stringify(name)} is not the name of a package: expected lower-case letters, digits and . _ -, such as my-flowers`,
  );
}

/** The files of the package, but for the weights and the model card. */
export function packageFiles({
  name,
  description,
  licence,
  labels,
  weightsFile,
}: PackageContent): [string, string][] {
  const manifest = {
    name,
    version: "1.0.0",
    description,
    license: licence,
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      [`./${weightsFile}`]: `./${weightsFile}`,
      "./package.json": "./package.json",
    },
    types: "./index.d.ts",
    files: ["index.js", "index.d.ts", weightsFile, "preprocessing.json"],
    engines: { node: ">=20.19" },
    dependencies: { convoyant: `^${VERSION}` },
  };
  return [
    ["package.json", `${JSON.stringify(manifest, null, 2)}\n`],
    ["index.js", INDEX(weightsFile)],
    ["index.d.ts", TYPES(labels)],
  ];
}

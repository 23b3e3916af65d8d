/** Ships a trained classifier: a folder, a page or a package that needs nothing else. */
import { existsSync, statSync } from "node:fs";
import shippedOnnxPage from "#shipped_onnx_page";
import shippedPage from "#shipped_page";
import { ArgumentError, FileError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { Classifier } from "../classifier/index.ts";
import { type RunInfo, readRun } from "../experiments/runs.ts";
import { onnxFile } from "../interop/onnx/export_onnx.ts";
import { entry } from "../models/index.ts";
import { type ClassName, shortClassName } from "../records/class_names.ts";
import { type NetworkArchitecture, ONNX_ARCHITECTURE } from "../records/network_architecture.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { formatBytes } from "../report/number_text.ts";
import { modelCard } from "./model_card.ts";
import { packageFiles, packageName, requirePackageName } from "./npm_package.ts";
import { pageHtml, RUNTIME_FILE } from "./page_html.ts";
import {
  requireFreeFolder,
  requireFreePage,
  type ShippedFile,
  sha256Of,
  writePage,
  writeShipment,
} from "./shipment_folder.ts";
import { readSamples } from "./verify/samples.ts";
import type { Verification } from "./verify/verification.ts";
import { verify } from "./verify/verify.ts";

/** What the weights of a shipment are stored as. */
export const SHIPPED_DTYPES = ["float32", "float16", "bfloat16"] as const;
export type ShippedDType = (typeof SHIPPED_DTYPES)[number];

/** What `ship` takes. */
export interface ShipOptions {
  /** The whole page as one HTML file, which also works when it is opened from the disk. @default false */
  readonly singleFile?: boolean;
  /** A package for npm in place of a page. @default false */
  readonly npm?: boolean;
  /** What the weights are stored as; all parts of the shipment then compute with the rounded weights. @default "float32" */
  readonly dtype?: ShippedDType;
  /** What the model is called; of a package its name. By default the network's name and the number of classes. */
  readonly name?: string;
  /** What it is for, for the model card. */
  readonly description?: string;
  /** What the images were, for the model card. */
  readonly data?: string;
  /** Licence of the weights: an SPDX name, for the model card. */
  readonly licence?: string;
  /**
   * Asks every runtime that is installed for test images, and puts what came out into the model card. A number takes that
   * many of them. @default false
   */
  readonly verify?: boolean | number;
  /** Images to verify with: files and folders. By default those that the run was tested on. */
  readonly images?: readonly string[];
  /** Called with what is being done. */
  readonly onNote?: (text: string) => void;
  /** Called during the verification: who is asked, for how many of the images it has answered, and how many there are. */
  readonly onProgress?: (who: string, done: number, of: number) => void;
}

/** What `ship` wrote. */
export interface Shipment {
  /** The folder, or the file. */
  readonly path: string;
  readonly title: string;
  readonly files: readonly ShippedFile[];
  /** Why there is no ONNX file; null if there is one, or none is wanted. */
  readonly onnxProblem: string | null;
  /** Null if it was not verified. */
  readonly verification: Verification | null;
}

/** The parts that every form of a shipment has. */
interface Parts {
  readonly title: string;
  readonly architecture: NetworkArchitecture;
  readonly classes: readonly ClassName[];
  readonly preprocessing: Preprocessing;
  /** Of an image as the network takes it. */
  readonly inputShape: readonly [number, number, number];
  readonly weights: Uint8Array;
  readonly onnx: Uint8Array | null;
  readonly onnxProblem: string | null;
  readonly run: RunInfo | null;
}

const WEIGHTS_FILE = "model.safetensors";
const ONNX_FILE = "model.onnx";
const CARD_FILE = "README.md";

/** Longer texts of base64 do not fit into a string of JavaScript together with the page. */
const MOST_INLINE_BYTES = 300_000_000;

/**
 * Ships a classifier: what `convoyant ship` does. Writes a page that runs in any browser with nothing else (or one file,
 * or a package), the weights, an ONNX file and a model card.
 *
 * @param source - a run's folder, or a file of a classifier.
 * @param out - the folder that is written, whole or not at all; with `singleFile` also a file that ends in .html. One that
 *   is there is only replaced if it is an earlier shipment.
 * @throws FileError if the source cannot be read or is not a classifier, and if `out` is in use or cannot be written;
 *   ArgumentError for options that do not fit, and a network that is not registered.
 * @example
 * ```ts no-run
 * import { ship } from "convoyant/ship";
 * const { verification } = await ship("runs/flowers", "out", { licence: "CC-BY-4.0", verify: 20 });
 * verification?.holds; // true
 * ```
 */
export async function ship(source: string, out: string, options: ShipOptions = {}): Promise<Shipment> {
  const {
    singleFile = false,
    npm = false,
    verify: wanted = false,
    onNote = () => {},
    onProgress = () => {},
  } = options;
  requireOptions(options);
  const isPage = singleFile && /\.html?$/i.test(out);
  // Before anything is computed.
  if (isPage) requireFreePage(out);
  else requireFreeFolder(out);
  const parts = await partsOf(source, options);
  const page = npm ? null : pageFilesOf(parts, singleFile, isPage);
  const verification =
    wanted === false
      ? null
      : await verify({
          weights: parts.weights,
          page,
          onnx: parts.onnx,
          inputShape: parts.inputShape,
          samples: await readSamples({
            images: options.images ?? [],
            count: wanted === true ? null : wanted,
            run: parts.run,
          }),
          onNote,
          onProgress,
        });
  const result = { path: out, title: parts.title, onnxProblem: parts.onnxProblem, verification };
  if (isPage) {
    const html = page?.get("index.html") as string;
    await writePage(out, html);
    return { ...result, files: [{ name: out, bytes: Buffer.byteLength(html), sha256: sha256Of(html) }] };
  }
  const files = new Map([...(page ?? []), ...otherFilesOf(parts, options, verification)]);
  return { ...result, files: writeShipment(out, files) };
}

function requireOptions({ singleFile, npm, dtype, verify: wanted, name, images = [] }: ShipOptions): void {
  if (singleFile && npm)
    throw new ArgumentError("ship: choose one of singleFile and npm: a page, or a package");
  if (dtype !== undefined && !SHIPPED_DTYPES.includes(dtype))
    throw new ArgumentError(
      `ship: expected dtype to be one of ${SHIPPED_DTYPES.join(", ")}, got ${shownValue(dtype)}`,
    );
  if (typeof wanted === "number" && !(Number.isSafeInteger(wanted) && wanted > 0))
    throw new ArgumentError(
      `ship: expected verify to be true or a number of images above 0, got ${shownValue(wanted)}`,
    );
  if (images.length > 0 && (wanted === undefined || wanted === false))
    throw new ArgumentError("ship: `images` are those to verify with: set `verify`, too");
  if (npm && name !== undefined) requirePackageName(name);
}

async function partsOf(source: string, { name, dtype = "float32", singleFile }: ShipOptions): Promise<Parts> {
  const given = await Classifier.load(source);
  const { architecture, classes, preprocessing } = given;
  if (architecture === null)
    throw new ArgumentError(
      `${source}: the page and the package make the network by its name, and this one is not registered under any ` +
        "(models.names() lists them); train one of those, or add yours with models.register",
    );
  const weights = await given.toBytes({ dtype });
  if (singleFile && weights.length > MOST_INLINE_BYTES)
    throw new FileError(
      `${source}: its weights take ${formatBytes(weights.length)}, and one HTML file can hold ${formatBytes(MOST_INLINE_BYTES)}; ` +
        'ship a folder, or store the weights as "float16"',
    );
  // From here on with what is shipped: rounded weights round in every part alike.
  const { net } = await Classifier.load(weights);
  const inputShape = inputShapeOf(architecture, preprocessing);
  const title = name ?? titleOf(architecture, classes);
  const parts = { title, architecture, classes, preprocessing, inputShape, weights, run: runAt(source) };
  try {
    const input = [1, ...inputShape];
    return {
      ...parts,
      onnx: await onnxFile({ net, input, preprocessing, classNames: classes }),
      onnxProblem: null,
    };
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return { ...parts, onnx: null, onnxProblem: error.message };
  }
}

/** What the preprocessing makes of an image; the network's own size if it leaves that open. */
function inputShapeOf(
  { name }: NetworkArchitecture,
  { crop, resize, mean }: Preprocessing,
): readonly [number, number, number] {
  const sides = crop ?? (typeof resize?.size === "object" ? resize.size : null);
  if (sides !== null) return [mean.length, sides[0], sides[1]];
  const [, height, width] = name === ONNX_ARCHITECTURE ? USUAL_SHAPE : entry(name).inputShape;
  return [mean.length, height, width];
}

/** What a network out of an ONNX file is exported with if its preprocessing leaves the size open. */
const USUAL_SHAPE = [3, 224, 224] as const;

function runAt(source: string): RunInfo | null {
  const isFolder = existsSync(source) && statSync(source).isDirectory();
  return isFolder ? readRun(source) : null;
}

const titleOf = ({ name }: NetworkArchitecture, classes: readonly ClassName[]): string =>
  `${name === ONNX_ARCHITECTURE ? "ONNX network" : name}, ${classes.length} classes`;

/** The page's script: readers of ONNX graphs are only in that of a network which is described by one. */
const scriptFor = ({ name }: NetworkArchitecture): string =>
  name === ONNX_ARCHITECTURE ? shippedOnnxPage : shippedPage;

/**
 * The page of a classifier with the files that it loads, for a server. Without an architecture (that of an ONNX file) there
 * is none: the page makes the network by its name.
 */
export async function classifierPage(
  classifier: Classifier,
): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const { architecture, classes } = classifier;
  if (architecture === null) return new Map();
  const weights = await classifier.toBytes();
  return pageFilesOf(
    { title: titleOf(architecture, classes), architecture, weights, onnx: null },
    false,
    true,
  );
}

/** The page, and the files that it loads. */
function pageFilesOf(
  { title, architecture, weights, onnx }: Pick<Parts, "title" | "architecture" | "weights" | "onnx">,
  singleFile: boolean,
  isAlone: boolean,
): Map<string, string | Uint8Array> {
  const script = scriptFor(architecture);
  const html = pageHtml({
    shipment: {
      title,
      weightsFile: singleFile ? null : WEIGHTS_FILE,
      weightsBytes: weights.length,
      sha256: sha256Of(weights),
    },
    links: { card: isAlone ? null : CARD_FILE, onnx: isAlone || onnx === null ? null : ONNX_FILE },
    inside: singleFile ? { script, weights } : null,
  });
  if (singleFile) return new Map([["index.html", html]]);
  return new Map<string, string | Uint8Array>([
    ["index.html", html],
    [RUNTIME_FILE, script],
    [WEIGHTS_FILE, weights],
  ]);
}

function otherFilesOf(
  parts: Parts,
  options: ShipOptions,
  verification: Verification | null,
): [string, string | Uint8Array][] {
  const { title, architecture, classes, preprocessing, weights, onnx, onnxProblem, run } = parts;
  const { npm = false, singleFile = false, dtype = "float32", description, data, licence } = options;
  const ofPackage = options.name ?? packageName(title);
  const card = modelCard({
    title,
    description: description ?? null,
    licence: licence ?? null,
    classes,
    architecture: architecture.name,
    preprocessing,
    dtype,
    bytes: weights.length,
    run,
    data: data ?? null,
    form: npm ? "npm" : singleFile ? "single file" : "folder",
    packageName: ofPackage,
    onnxProblem,
    verification,
  });
  const files: [string, string | Uint8Array][] = [
    [WEIGHTS_FILE, weights],
    ["preprocessing.json", `${JSON.stringify({ ...preprocessing, classes }, null, 2)}\n`],
    [CARD_FILE, card],
  ];
  if (!npm) return onnx === null ? files : [...files, [ONNX_FILE, onnx]];
  const labels = classes.map((_, i) => shortClassName(classes, i));
  return [
    ...files,
    ...packageFiles({
      name: ofPackage,
      description: description ?? `Classifies images: ${title}`,
      licence: licence ?? "UNLICENSED",
      labels,
      weightsFile: WEIGHTS_FILE,
    }),
  ];
}

/** Classifiers out of runs, files of weights and ONNX files. */
import { machineBytes, openRun } from "#classifier_runs";
import { ArgumentError, ConvoyantError, FileError } from "../base/errors.ts";
import { loadedModule } from "../base/open_files.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { beginsAsOnnx, ONNX_HEAD_BYTES } from "../io/formats/onnx/begins_as_onnx.ts";
import { readArraysFrom } from "../io/formats/read_arrays.ts";
import { type OpenedSource, withSource } from "../io/opened_source.ts";
import { readSafetensorsSizes } from "../io/safetensors/safetensors_source.ts";
import { toTensors } from "../io/state_dict_bytes.ts";
import { create, entry } from "../models/registry.ts";
import { Module } from "../nn/index.ts";
import { classCountsThatDiffer, eachState } from "../nn/module/state_dict.ts";
import type { ClassName } from "../records/class_names.ts";
import { type ClassifierFacts, type FactFailure, factsInTexts } from "../records/classifier_facts.ts";
import { keepMetadata } from "../records/loaded_metadata.ts";
import {
  architectureOf,
  type NetworkArchitecture,
  ONNX_ARCHITECTURE,
} from "../records/network_architecture.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { formatBytes } from "../report/number_text.ts";
import { runningSession } from "../runtime/runtime.ts";
import { defaultGenerator } from "../tensor/random_state.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ClassifierSource, checkedFacts, type GivenFacts } from "./classifier_options.ts";
import { factsOfRun } from "./run_facts.ts";

/** What a classifier is made of. */
export interface ClassifierParts {
  readonly net: Module;
  readonly architecture: NetworkArchitecture | null;
  readonly classes: readonly ClassName[];
  readonly preprocessing: Preprocessing;
  /** How many images its network takes at once; null for any number. */
  readonly batch: number | null;
}

/** Reads a classifier; see `Classifier.load`. */
export async function loadParts(source: ClassifierSource, options: unknown): Promise<ClassifierParts> {
  const given = checkedFacts("Classifier.load", options);
  const run = typeof source === "string" ? openRun(source) : null;
  const fromRun = run === null ? {} : factsOfRun(run.config, failureOf(source as string));
  return withSource(run?.weights ?? source, "Classifier.load", async (opened) => {
    const head = await opened.source.read(0, Math.min(ONNX_HEAD_BYTES, opened.source.size));
    requireRoom(opened.source.size, opened.name);
    if (beginsAsOnnx(head)) {
      const { onnxParts } = await loadedModule(import("./onnx_classifier.ts"));
      return onnxParts(opened, given);
    }
    return weightsParts(opened, given, fromRun);
  });
}

function failureOf(name: string | undefined): FactFailure {
  return (message) => new FileError(`${name ?? "the file"}: ${message}`);
}

/**
 * Before anything is read.
 *
 * @throws FileError for weights that neither the engine nor the machine has room for.
 */
export function requireRoom(bytes: number, name: string | undefined): void {
  const room = Math.min(machineBytes(), runningSession()?.memory().limitBytes ?? MOST_ENGINE_BYTES);
  if (bytes <= room) return;
  throw new FileError(
    `${name ?? "the file"}: its weights take ${formatBytes(bytes)}, and there is memory for ${formatBytes(room)}; use a ` +
      "smaller network",
  );
}

/** What a WebAssembly memory can have. */
const MOST_ENGINE_BYTES = 2 ** 32;

async function weightsParts(
  opened: OpenedSource,
  given: GivenFacts,
  fromRun: ClassifierFacts,
): Promise<ClassifierParts> {
  const { source, name } = opened;
  const fail = failureOf(name);
  const sizes = await readSafetensorsSizes(source, name);
  if (sizes !== null) {
    requireRoom(sizes.bytes, name);
    // What is missing is said before gigabytes are read.
    requireFacts({ ...fromRun, ...known(factsInTexts(sizes.metadata, fail)) }, given, name);
  }
  const { tensors, metadata } = await readArraysFrom(source, name);
  if (metadata.format === "convoyant-checkpoint-1")
    throw fail("it is a checkpoint, to go on training with; load the run's folder, or its weights");
  const facts = requireFacts({ ...fromRun, ...known(factsInTexts(metadata, fail)) }, given, name);
  const net = given.net ?? (await makeNetwork(facts, given, fail));
  const stateDict = toTensors(tensors);
  keepMetadata(stateDict, metadata);
  try {
    net.loadStateDict(stateDict);
  } catch (error) {
    if (!(error instanceof ConvoyantError)) throw error;
    const which = facts.architecture?.name ?? net.constructor.name;
    throw new FileError(
      `${name ?? "the file"}: its weights do not fit ${which}: ${misfits(net, stateDict)}`,
      { cause: error },
    );
  }
  const { classes, preprocessing } = facts;
  return { net, architecture: facts.architecture ?? null, classes, preprocessing, batch: null };
}

/** How keys and shapes differ from those of the network, in a few words. */
function misfits(net: Module, stateDict: Readonly<Record<string, Tensor>>): string {
  const left = new Map(Object.entries(stateDict));
  const targets = new Map<string, Tensor>();
  eachState(net, "", (key, tensor) => targets.set(key, tensor));
  const counts = classCountsThatDiffer(targets, left);
  if (counts !== null)
    return `they are for ${counts.given} classes, and the network has ${counts.expected} (${counts.layers.join(", ")}); give the names of ${counts.given} classes`;
  const [missing, wrong]: string[][] = [[], []];
  targets.forEach(({ shape }, key) => {
    const given = left.get(key);
    left.delete(key);
    if (given === undefined) missing.push(key);
    else if (!sameShape(given.shape, shape))
      wrong.push(`${key} (expected ${formatShape(shape)}, got ${formatShape(given.shape)})`);
  });
  const lists = { missing, unexpected: [...left.keys()], "of another shape": wrong };
  return Object.entries(lists)
    .filter(([, keys]) => keys.length > 0)
    .map(([what, keys]) => `${keys.length} keys are ${what}: ${keys.slice(0, 3).join(", ").slice(0, 200)}`)
    .join("; ");
}

function known(facts: ClassifierFacts): ClassifierFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
}

type CompleteFacts = Required<Pick<ClassifierParts, "classes" | "preprocessing">> & {
  /** Undefined if the network itself was given. */
  readonly architecture: NetworkArchitecture | undefined;
};

/** What the caller says comes before what the file says. @throws FileError that names what neither does. */
function requireFacts(inFile: ClassifierFacts, given: GivenFacts, name: string | undefined): CompleteFacts {
  const { net, ...said } = given;
  const { architecture, classes, preprocessing } = { ...inFile, ...known(said) };
  const missing = [
    ...(architecture === undefined && net === undefined
      ? ['which network it belongs to (`architecture`, such as "resnet18")']
      : []),
    ...(classes === undefined ? ["what its outputs stand for (`classes`, a list of names)"] : []),
    ...(preprocessing === undefined
      ? ["what is done to an image before (`preprocessing`, { resize, crop, mean, std })"]
      : []),
  ];
  if (missing.length > 0 || classes === undefined || preprocessing === undefined)
    throw new FileError(`${name ?? "the file"} does not say ${missing.join(", nor ")}`, {
      cure: "; give it as an option, or save the weights with `Classifier.of(net).toBytes()`",
      reason: "no classifier",
      facts: { path: name ?? "FILE", model: architecture?.name ?? "NETWORK" },
    });
  return { architecture: net === undefined ? architecture : architectureOf(net), classes, preprocessing };
}

async function makeNetwork(
  { architecture, classes }: CompleteFacts,
  given: GivenFacts,
  fail: FactFailure,
): Promise<Module> {
  const { name, options } = architecture as NetworkArchitecture;
  if (given.architecture === undefined || name === ONNX_ARCHITECTURE)
    return networkOfFacts({ name, options }, fail);
  // Of one that the caller names, the classes say how many there are.
  const counts = entry(name).options.includes("numClasses") ? { numClasses: classes.length } : {};
  return keepingRandomState(() => create(name, { ...counts, ...options }));
}

/**
 * The network that a file names, without weights: nothing of it is computed, so it takes no memory yet.
 *
 * @throws what `fail` makes if it cannot be made.
 */
export async function networkOfFacts(
  { name, options }: NetworkArchitecture,
  fail: FactFailure,
): Promise<Module> {
  const isOnnx = name === ONNX_ARCHITECTURE;
  const ofOnnx = isOnnx ? await loadedModule(import("../interop/onnx/onnx_classifier_network.ts")) : null;
  try {
    return keepingRandomState(
      () => ofOnnx?.onnxClassifierOfGraph({ name, options }) ?? create(name, options),
    );
  } catch (error) {
    if (!(error instanceof ConvoyantError)) throw error;
    throw fail(`its network cannot be made: ${error.message}`);
  }
}

/** Initial values that are never computed: the program's own random numbers stay as they would be. */
function keepingRandomState<T>(body: () => T): T {
  const random = defaultGenerator.getState();
  try {
    return body();
  } finally {
    defaultGenerator.setState(random);
  }
}

/** The parts of a network that a program has. @throws ArgumentError that names what is missing. */
export function partsOf(
  net: unknown,
  options: unknown,
  facts: (net: object) => ClassifierFacts,
): ClassifierParts {
  const of = "Classifier.of";
  if (!(net instanceof Module))
    throw new ArgumentError(`${of}: expected \`net\` to be a network (a Module), got ${shownValue(net)}`);
  const given = checkedFacts(of, options);
  const { classes, preprocessing } = { ...facts(net), ...known(given) };
  if (classes === undefined || preprocessing === undefined) {
    const missing = [
      ...(classes === undefined ? ["what its outputs stand for (`classes`)"] : []),
      ...(preprocessing === undefined ? ["what is done to an image before (`preprocessing`)"] : []),
    ];
    throw new ArgumentError(
      `${of}: the network does not say ${missing.join(", nor ")}; give it as an option`,
    );
  }
  const architecture = given.architecture ?? architectureOf(net) ?? null;
  return { net, architecture, classes, preprocessing, batch: null };
}

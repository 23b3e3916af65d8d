/** What callers say of a classifier. */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { WeightsSource } from "../io/state_dict_bytes.ts";
import { Module } from "../nn/index.ts";
import type { ClassName } from "../records/class_names.ts";
import {
  type ClassifierFacts,
  requireArchitecture,
  requireClasses,
  requirePreprocessing,
} from "../records/classifier_facts.ts";
import type { NetworkArchitecture } from "../records/network_architecture.ts";
import type { Preprocessing } from "../records/preprocessing.ts";

/**
 * Where a classifier comes from: in Node.js the path of a run's folder or of a file; in a page an address, seen from the
 * page. On both: a URL, bytes, a Blob or File, or the Response of a `fetch`.
 */
export type ClassifierSource = WeightsSource;

/** What a file does not say of its network, or says otherwise. */
export interface ClassifierOptions {
  /**
   * The network that the weights belong to: a name that `models.create` knows, alone or with options, or a module that
   * they fit. By default what the file says.
   */
  readonly architecture?:
    | string
    | { readonly name: string; readonly options?: NetworkArchitecture["options"] }
    | Module;
  /** What the outputs stand for, in order. By default what the file says. */
  readonly classes?: readonly ClassName[];
  /** What is done to an image before the network sees it. By default what the file says. */
  readonly preprocessing?: Preprocessing;
}

/** The same, checked. */
export interface GivenFacts extends ClassifierFacts {
  /** The network itself. */
  readonly net?: Module;
}

const NAMES = ["architecture", "classes", "preprocessing"];

/** @throws ArgumentError for an option that does not exist or has a wrong value. */
export function checkedFacts(of: string, options: unknown): GivenFacts {
  if (!isPlainObject(options))
    throw new ArgumentError(`${of}: expected an object of options, got ${shownValue(options)}`);
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError(`${of}: unknown option ${shownValue(unknown)}${didYouMean(unknown, NAMES)}`);
  const { architecture, classes, preprocessing } = options;
  const fail = (message: string) => new ArgumentError(`${of}: ${message}`);
  const named = typeof architecture === "string" ? { name: architecture } : architecture;
  return {
    ...(architecture instanceof Module && { net: architecture }),
    ...(architecture !== undefined &&
      !(architecture instanceof Module) && { architecture: requireArchitecture(named, fail) }),
    ...(classes !== undefined && { classes: requireClasses(classes, fail) }),
    ...(preprocessing !== undefined && { preprocessing: requirePreprocessing(preprocessing, fail) }),
  };
}

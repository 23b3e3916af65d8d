/** What a server can be told, with defaults and checks. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { decoderVersion, type ImageDecoder } from "../io/images/decode_image.ts";
import { processors } from "../workers/processors.ts";
import type { ServeEvent } from "./events.ts";
import type { ServedClassifier } from "./served_classifier.ts";

/** Files that are served, by their names. */
export type ServedFiles = ReadonlyMap<string, string | Uint8Array>;

/** How requests are handled. */
export interface ServeHandlerOptions {
  /** What clients send as `Authorization: Bearer <token>`, at least 16 characters. Default: nothing is asked for. */
  readonly token?: string;
  /** Origins (`https://example.org`) of pages that may send requests, or `"*"`. Default: none but this server's own. */
  readonly allowOrigin?: string | readonly string[];
  /**
   * Names that the `Host` header may have, without a port: a page of another name that points to this server is refused.
   * Default of `serveHandler`: any; of `serve` on a loopback address: those of the machine itself.
   */
  readonly allowHosts?: readonly string[];
  /** The most bytes of a request's body. Default 32 MiB. */
  readonly maxBodyBytes?: number;
  /** The most bytes of all bodies that are held at a time. Default 256 MiB. */
  readonly maxHeldBytes?: number;
  /** The most images of a request. Default 32. */
  readonly maxImages?: number;
  /** The most pixels of an image; one that claims more is refused before it is decoded. Default 50 million. */
  readonly maxPixels?: number;
  /** The most images that wait or are computed; above it requests are refused with 503. Default 256. */
  readonly queueCapacity?: number;
  /** The most images that are computed at once: a power of two. Default 16. */
  readonly maxBatch?: number;
  /** Milliseconds that an image waits at most for others that are being decoded. Default 5. */
  readonly maxDelay?: number;
  /** Milliseconds in which a body must have come. Default 30,000. */
  readonly bodyTimeout?: number;
  /** Milliseconds after which the decoding of an image is given up. Default 10,000. */
  readonly decodeTimeout?: number;
  /** Milliseconds after which a request is answered with 503 if its images still wait. Default 30,000. */
  readonly answerTimeout?: number;
  /** Workers that decode images; 0: the main thread does. Default: one for each processor, at most 4. */
  readonly decodeWorkers?: number;
  /** What decodes: `"exact"` (default), the same pixels as everywhere, or `"sharp"`, faster, if it is installed. */
  readonly decoder?: ImageDecoder;
  /** Loads the classifier again when `POST /reload` asks for it, which needs the token. Default: there is no such path. */
  readonly reload?: () => Promise<ServedClassifier>;
  /**
   * Makes the files of a page, by name: `index.html` is what `GET /` answers. Called when the first is asked for, and again
   * after a reload. Default: one page that says what the server offers.
   */
  readonly files?: (classifier: ServedClassifier) => Promise<ServedFiles> | ServedFiles;
  /** Told of each request and of what else happens; for logs. There are no images in it, and no token. */
  readonly onEvent?: (event: ServeEvent) => void;
}

type Complete = Required<Omit<ServeHandlerOptions, "token" | "allowHosts" | "reload" | "files">> &
  Pick<ServeHandlerOptions, "token" | "allowHosts" | "reload" | "files">;

/** All options, with defaults in place of what was left out. */
export interface CompleteServeOptions extends Complete {
  readonly allowOrigin: readonly string[];
}

const MIB = 2 ** 20;

/** Each number, with its default and the least and the most that it may be. */
const NUMBERS = {
  maxBodyBytes: [32 * MIB, 1, 2 ** 30],
  maxHeldBytes: [256 * MIB, 1, 2 ** 40],
  maxImages: [32, 1, 10_000],
  maxPixels: [50_000_000, 1, 2 ** 30],
  queueCapacity: [256, 1, 1_000_000],
  maxBatch: [16, 1, 1024],
  maxDelay: [5, 0, 10_000],
  bodyTimeout: [30_000, 1, 3_600_000],
  decodeTimeout: [10_000, 1, 3_600_000],
  answerTimeout: [30_000, 1, 3_600_000],
} as const;

const OTHERS = [
  "token",
  "allowOrigin",
  "allowHosts",
  "decodeWorkers",
  "decoder",
  "reload",
  "files",
  "onEvent",
] as const;

const MOST_WORKERS = 64;
const DEFAULT_WORKERS = 4;

/** The fewest characters of a token: fewer are soon guessed. */
const TOKEN_LENGTH = 16;

/**
 * @param caller - the function that was called, for messages.
 * @param others - options that the caller has besides.
 * @throws ArgumentError for an unknown option, a wrong value, or sharp if it is not installed.
 */
export function completeOptions(
  caller: string,
  given: ServeHandlerOptions,
  others: readonly string[] = [],
): CompleteServeOptions {
  if (typeof given !== "object" || given === null)
    throw new ArgumentError(`${caller}: expected options as an object, got ${shownValue(given)}`);
  checkNames(caller, given, others);
  const wrong = (name: keyof ServeHandlerOptions, expected: string) =>
    new ArgumentError(`${caller}: expected ${name} to be ${expected}, got ${shownValue(given[name])}`);
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [usual, least, most]]) => {
      const value = given[name as keyof typeof NUMBERS] ?? usual;
      if (typeof value !== "number" || !(value >= least && value <= most) || !Number.isInteger(value))
        throw wrong(name as keyof typeof NUMBERS, `an integer from ${least} to ${most}`);
      return [name, value];
    }),
  ) as Record<keyof typeof NUMBERS, number>;
  const { maxBatch } = numbers;
  if (2 ** Math.round(Math.log2(maxBatch)) !== maxBatch)
    throw wrong("maxBatch", "a power of two (1, 2, 4, ...)");
  const { decodeWorkers = Math.min(processors(), DEFAULT_WORKERS), decoder = "exact", token } = given;
  if (!Number.isInteger(decodeWorkers) || decodeWorkers < 0 || decodeWorkers > MOST_WORKERS)
    throw wrong("decodeWorkers", `an integer from 0 to ${MOST_WORKERS}`);
  if (decoder !== "exact" && decoder !== "sharp") throw wrong("decoder", '"exact" or "sharp"');
  // Throws if sharp is not installed.
  decoderVersion(decoder);
  if (token !== undefined) checkToken(caller, token);
  const { allowHosts, reload, files, onEvent = () => {} } = given;
  const allowOrigin = originsOf(caller, given.allowOrigin ?? []);
  return { ...numbers, decodeWorkers, decoder, token, allowOrigin, allowHosts, reload, files, onEvent };
}

/** @throws ArgumentError for what is not a classifier. */
export function checkClassifier(caller: string, classifier: ServedClassifier): void {
  const { classes, predictBatch } = (classifier ?? {}) as Partial<ServedClassifier>;
  if (Array.isArray(classes) && classes.length > 0 && typeof predictBatch === "function") return;
  throw new ArgumentError(
    `${caller}: expected a classifier, with \`classes\` and \`predictBatch\` (\`await Classifier.load("runs/first")\`), ` +
      `got ${shownValue(classifier)}`,
  );
}

function checkNames(caller: string, given: object, others: readonly string[]): void {
  const names = [...Object.keys(NUMBERS), ...OTHERS, ...others];
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError(`${caller} has no option ${shownValue(unknown)}${didYouMean(unknown, names)}`);
}

/** The token itself is in no message. */
function checkToken(caller: string, token: unknown): void {
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || token.length < TOKEN_LENGTH)
    throw new ArgumentError(
      `${caller}: expected token to be at least ${TOKEN_LENGTH} letters, digits or signs without spaces`,
      { cure: "; `openssl rand -hex 16` prints one", reason: "token short" },
    );
}

function originsOf(caller: string, given: string | readonly string[]): readonly string[] {
  const list = typeof given === "string" ? [given] : given;
  const isOrigin = (text: unknown) =>
    text === "*" || (typeof text === "string" && URL.canParse(text) && new URL(text).origin === text);
  const wrong = Array.isArray(list) ? list.find((one) => !isOrigin(one)) : list;
  if (!Array.isArray(list) || wrong !== undefined)
    throw new ArgumentError(
      `${caller}: expected allowOrigin to be origins such as "https://example.org" (no path), or "*", ` +
        `got ${shownValue(wrong)}`,
    );
  return list;
}

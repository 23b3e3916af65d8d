/** Experiments in the address of the page: behind the #, which is never sent to a server. */
import { LabError } from "../worker/problem.ts";
import { checkExperiment } from "./check_experiment.ts";
import type { Experiment } from "./experiment.ts";

const PREFIX = "e=";

/** Of the text behind the prefix. Browsers take addresses of 2 MB; a text of this length is longer than that of any experiment. */
const MOST_LETTERS = 400_000;
const MOST_BYTES = 2_000_000;

/** What stands behind the # for an experiment. */
export async function toHash(experiment: Experiment): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(experiment));
  const packed = await through(bytes, new CompressionStream("deflate-raw"), Number.POSITIVE_INFINITY);
  return PREFIX + base64url(packed);
}

/**
 * The experiment of an address; null if it holds none.
 *
 * @param hash - with or without the #.
 * @throws LabError "bad experiment" or "newer version".
 */
export async function fromHash(hash: string): Promise<Experiment | null> {
  const text = hash.replace(/^#/, "");
  if (!text.startsWith(PREFIX)) return null;
  return checkExperiment(await parsed(text.slice(PREFIX.length)));
}

async function parsed(text: string): Promise<unknown> {
  if (text.length > MOST_LETTERS || !/^[\w-]+$/.test(text)) throw damaged();
  try {
    const bytes = await through(bytesOf(text), new DecompressionStream("deflate-raw"), MOST_BYTES);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(error);
  }
}

const damaged = (cause?: unknown): LabError =>
  new LabError("bad experiment", "the address holds no experiment: it is damaged, or was cut", {}, { cause });

/** @throws if more than `most` bytes come out. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new RangeError("too long");
    }
    pieces.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

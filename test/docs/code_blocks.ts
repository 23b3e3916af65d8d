/** Code blocks of the documentation: examples in comments and `ts` blocks in Markdown files. */
import { readSource } from "../architecture/sources.ts";
import type { PublicName } from "./public_names.ts";

/** One block of code that a reader may copy. */
export interface CodeBlock {
  readonly file: string;
  readonly line: number;
  /** The name that it is an example of; empty in a Markdown file. */
  readonly of: string;
  readonly code: string;
  /** False if the block is marked `no-run`: it is compiled only. */
  readonly runs: boolean;
}

const fence = /^```ts( no-run)?\n([\s\S]*?)^```$/gm;

/** The examples in the documentation of a public name. */
export function examplesOf({ path, file, line, doc }: PublicName): CodeBlock[] {
  const at = doc.indexOf("@example");
  return at < 0 ? [] : blocksIn(doc.slice(at), file, line + countLines(doc.slice(0, at)), path);
}

/** The `ts` blocks of a Markdown file. */
export function markdownBlocks(file: string): CodeBlock[] {
  return blocksIn(readSource(file), file, 1, "");
}

function blocksIn(text: string, file: string, firstLine: number, of: string): CodeBlock[] {
  return [...text.matchAll(fence)].map(({ 1: mark, 2: code, index }) => ({
    file,
    line: firstLine + countLines(text.slice(0, index)),
    of,
    code,
    runs: mark === undefined,
  }));
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}

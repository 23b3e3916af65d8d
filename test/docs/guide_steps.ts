/** What a guide tells to write and to change: its code blocks behind a line that names a file. */
import assert from "node:assert/strict";
import { readSource } from "../architecture/sources.ts";

/** A file as the guide gives it, lines that it changes in one, or (Python) lines of one that is there. */
export interface GuideStep {
  readonly path: string;
  readonly kind: "file" | "diff" | "quotation";
  readonly text: string;
}

const STEP = /^In `([\w/.-]+)`[^\n]*\n\n```(\w+)\n([\s\S]*?)^```$/gm;
const KINDS: Readonly<Record<string, GuideStep["kind"]>> = { ts: "file", diff: "diff", python: "quotation" };

/** The steps of a page, in order. */
export function stepsOf(page: string): GuideStep[] {
  return [...readSource(page).matchAll(STEP)].map(([, path, language, text]) => ({
    path,
    kind: KINDS[language],
    text,
  }));
}

/**
 * Applies a diff without numbers of lines: added lines go behind the line of context (or the removed line) that
 * precedes them; at the beginning and behind `@@`, before the line that follows them.
 */
export function patched(source: string, diff: string, path: string): string {
  const lines = source.split("\n");
  let at = -1;
  let waiting: string[] | null = [];
  for (const line of diff.trimEnd().split("\n")) {
    const own = line.slice(1);
    if (line === "@@") {
      assert.deepEqual(waiting ?? [], [], `${path}: lines are added that stand nowhere`);
      waiting = [];
    } else if (line.startsWith("+")) {
      if (waiting !== null) waiting.push(own);
      else lines.splice(++at, 0, own);
    } else {
      assert.match(line, /^[ -]/, `${path}: "${line}" is not a line of a diff`);
      at = lines.indexOf(own, at + 1);
      assert.ok(at >= 0, `${path} has no line "${own}" there`);
      lines.splice(at, 0, ...(waiting ?? []));
      at += waiting?.length ?? 0;
      waiting = null;
      if (line.startsWith("-")) lines.splice(at--, 1);
    }
  }
  assert.deepEqual(waiting ?? [], [], `${path}: lines are added that stand nowhere`);
  return lines.join("\n");
}

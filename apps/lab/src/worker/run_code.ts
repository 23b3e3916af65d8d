/** Code of a person's own that makes a network. Only workers that can be stopped run it. */
import * as convoyant from "convoyant";
import type { CodeInput } from "./networks.ts";
import { LabError } from "./problem.ts";

/** TypeScript as JavaScript with the same lines. */
export type StripTypes = (code: string) => string;

/** What comes before the first line of the code in a function that `new Function` makes. */
const LINES_BEFORE = 3;

/** Names that `convoyant` exports and that a parameter may have: not `var`. */
const NAMES = Object.keys(convoyant).filter((name) => {
  try {
    return new Function(name, '"use strict";') !== undefined;
  } catch {
    return false;
  }
});

/**
 * Runs the body of a function that returns a network. It sees all that `convoyant` exports, and `classes`, `channels`, `size`.
 *
 * @throws LabError "bad code", with the line if it is known.
 */
export async function runCode(
  code: string,
  input: CodeInput,
  stripTypes: StripTypes,
): Promise<convoyant.nn.Module> {
  const script = stripped(code, stripTypes);
  const made = await called(compiled(script, input), input);
  if (made instanceof convoyant.nn.Module) return made;
  throw new LabError(
    "bad code",
    `the code returns ${made === undefined ? "nothing" : typeof made}: end it with \`return net;\`, an nn.Module`,
  );
}

function stripped(code: string, stripTypes: StripTypes): string {
  try {
    return stripTypes(code);
  } catch (error) {
    const { loc, message } = error as Error & { loc?: { line: number; column: number } };
    const place = loc ?? placeIn(message);
    throw badCode(
      message.replace(/^Error transforming .*?: /, "").replace(/ \(\d+:\d+\)$/, ""),
      place,
      error,
    );
  }
}

const placeIn = (message: string) => {
  const found = /\((\d+):(\d+)\)/.exec(message);
  return found === null ? null : { line: Number(found[1]), column: Number(found[2]) };
};

type Made = (...values: unknown[]) => unknown;

function compiled(script: string, input: CodeInput): Made {
  const names = [...NAMES.filter((name) => !Object.hasOwn(input, name)), ...Object.keys(input)];
  try {
    return new Function(...names, `"use strict";\n${script}\n`) as Made;
  } catch (error) {
    throw badCode((error as Error).message, null, error);
  }
}

async function called(make: Made, input: CodeInput): Promise<unknown> {
  const values = NAMES.filter((name) => !Object.hasOwn(input, name)).map(
    (name) => (convoyant as Record<string, unknown>)[name],
  );
  try {
    return await make(...values, ...Object.values(input));
  } catch (error) {
    throw badCode(String((error as Error)?.message ?? error), placeInStack(error), error);
  }
}

/** Chromium writes `<anonymous>:4:11`, Firefox `Function:4:11`. */
function placeInStack(error: unknown) {
  const found = /(?:<anonymous>|Function):(\d+):(\d+)/.exec(String((error as Error)?.stack ?? ""));
  if (found === null) return null;
  return { line: Number(found[1]) - LINES_BEFORE, column: Number(found[2]) };
}

function badCode(message: string, place: { line: number; column: number } | null, cause: unknown): LabError {
  const where: Record<string, number> =
    place === null || place.line < 1 ? {} : { line: place.line, column: place.column };
  const at = "line" in where ? `line ${where.line}: ` : "";
  return new LabError("bad code", `${at}${message}`, where, { cause });
}

/** `npm start` installs oneDNN, if it is not installed and is available; one line says what came of it. */
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dnnlFacts, forgetDnnlFacts, libraryFolder, loadDnnl } from "../engines/onednn/library/load_dnnl.ts";
import { InstallationError, type InstalledLibrary, installOnednn } from "./install_onednn.ts";

/** Commands that train, and gain by the library. */
const TRAINING = ["train", "compare", "reproduce"];

/** If nothing could be fetched, the next try is a day later: it may have taken a minute. */
const PAUSE = 24 * 60 * 60 * 1000;

const ADVICE = "`npx convoyant engine install onednn` tries again";

/** What tests replace. */
export interface AtStart {
  readonly write: (text: string) => void;
  readonly install: () => Promise<InstalledLibrary>;
  readonly folder: string;
}

/** @param args - the command line that is about to run. */
export async function onednnAtStart(
  args: readonly string[],
  {
    write = (text) => void process.stderr.write(text),
    install = () => installOnednn(() => {}),
    folder = libraryFolder(),
  }: Partial<AtStart> = {},
): Promise<void> {
  if (!trainsWithFastest(args) || dnnlFacts() !== null) return;
  if (process.env.CONVOYANT_DNNL) {
    write(`${firstLine(whyNot())}: training on wasm\n`);
    return;
  }
  const tried = join(folder, "tried");
  if (triedLately(tried)) {
    write(`oneDNN is not installed: training on wasm; ${ADVICE}\n`);
    return;
  }
  write("oneDNN is not installed, downloading it: ");
  try {
    const { version, source, path } = await install();
    forgetDnnlFacts();
    rmSync(tried, { force: true });
    write(`${version} is installed as ${path} (${source})\n`);
  } catch (error) {
    remember(tried);
    write(`it is unavailable (${inOneLine(error as Error)}); training on wasm; ${ADVICE}\n`);
  }
}

function trainsWithFastest(args: readonly string[]): boolean {
  const [command] = args;
  const asks = args.some((arg) => /^(-h|--help|--engine(=.*)?)$/.test(arg));
  return TRAINING.includes(command) && !asks;
}

function triedLately(file: string): boolean {
  return existsSync(file) && Date.now() - statSync(file).mtimeMs < PAUSE;
}

function remember(file: string): void {
  try {
    writeFileSync(file, "");
  } catch {
    // The cache cannot be written: then every start tries.
  }
}

function whyNot(): Error {
  try {
    loadDnnl();
    return new Error("");
  } catch (error) {
    return error as Error;
  }
}

const firstLine = (error: Error) => error.message.split("\n")[0];

/** What was tried, without the advice that follows. */
function inOneLine(error: Error): string {
  return error instanceof InstallationError
    ? error.reasons.map((reason) => reason.split("\n")[0]).join("; ")
    : firstLine(error);
}

/** The person's own classes: what is kept in the browser, and how it is changed. */
import { batch, signal } from "@preact/signals";
import type { Problem } from "../../worker/problem.ts";
import type { OwnClass } from "../../worker/protocol.ts";
import type { GivenFile } from "../parts/given_files.ts";
import { experiment, prepare, progress, trainer } from "./lab.ts";
import { t } from "./language.ts";
import { say, tellProblem, told } from "./notices.ts";

export const ownClasses = signal<readonly OwnClass[]>([]);

/** Files that were not images: the first of them, and how many there were. */
export const refusals = signal<{ readonly files: readonly Problem[]; readonly count: number }>({
  files: [],
  count: 0,
});
/** Files that are being read. */
export const reading = signal<{ readonly done: number; readonly of: number } | null>(null);

export async function loadClasses(): Promise<void> {
  const list = await told(() => trainer().call("ownClasses"));
  if (list !== null) ownClasses.value = list;
}

export async function addClass(name: string): Promise<void> {
  if (ownClasses.peek().some((one) => one.name === name)) return;
  await changed(() => trainer().call("addClass", { name }));
}

export async function renameClass(from: string, to: string): Promise<void> {
  await changed(() => trainer().call("renameClass", { from, to }));
}

export async function removeClass(name: string): Promise<void> {
  await changed(() => trainer().call("removeClass", { name }));
}

/** @param index - among the class's thumbnails. */
export async function removeImage(name: string, index: number): Promise<void> {
  await changed(() => trainer().call("removeImage", { name, index }));
}

let cancelled = false;

export function cancelAdding(): void {
  cancelled = true;
  void told(() => trainer().call("cancelImages"));
}

/** Adds files to classes; what is not an image is told, and the others are kept. */
async function add(byClass: ReadonlyMap<string, readonly GivenFile[]>): Promise<void> {
  const of = [...byClass.values()].reduce((sum, files) => sum + files.length, 0);
  cancelled = false;
  let done = 0;
  let added = 0;
  let refusedCount = 0;
  const refused: Problem[] = [];
  const stop = progress.subscribe((at) => {
    if (at?.what === "images") reading.value = { done: done + at.done, of };
  });
  reading.value = { done: 0, of };
  for (const [name, files] of byClass) {
    const list = files.map((file) => ({ name: file.name, blob: file.blob }));
    const answer = await told(() => trainer().call("addImages", { name, files: list }));
    if (answer === null) break;
    done += files.length;
    added += answer.added;
    refusedCount += answer.refusedCount;
    refused.push(...answer.refused);
    if (answer.stopped !== null && answer.stopped !== "cancelled") tellProblem(answer.stopped);
    if (answer.stopped !== null || cancelled) break;
  }
  stop();
  await loadClasses();
  batch(() => {
    reading.value = null;
    refusals.value = { files: refused, count: refusedCount };
    say(t("imagesAdded", { count: added }));
  });
}

export async function addFiles(name: string, files: readonly GivenFile[]): Promise<void> {
  if (files.length > 0) await add(new Map([[name, files]]));
}

/** Folders become classes; files without a folder go to a class of their own. */
export async function addFolders(files: readonly GivenFile[]): Promise<void> {
  const byClass = new Map<string, GivenFile[]>();
  const loose = t("newClassName", { number: ownClasses.peek().length + 1 });
  for (const file of files) {
    const name = file.folder === "" ? loose : file.folder;
    byClass.set(name, [...(byClass.get(name) ?? []), file]);
  }
  if (files.length > 0) await add(byClass);
}

export async function addPixels(name: string, { width, height, data }: ImageData): Promise<void> {
  await changed(() => trainer().call("addPixels", { name, width, height, data }));
}

export function setChannels(channels: 1 | 3): void {
  const { data } = experiment.peek();
  if (data.kind === "images") experiment.value = { ...experiment.peek(), data: { ...data, channels } };
}

/** The images as they are now become the experiment's data. */
export async function useOwnImages(): Promise<boolean> {
  const { data } = experiment.peek();
  const channels = data.kind === "images" ? data.channels : 1;
  const classes = ownClasses
    .peek()
    .filter(({ count }) => count > 0)
    .map(({ name }) => name);
  experiment.value = { ...experiment.peek(), data: { kind: "images", classes, channels } };
  const done = await prepare();
  if (done) say(t("imagesUsed"));
  return done;
}

async function changed(work: () => Promise<unknown>): Promise<void> {
  await told(work);
  await loadClasses();
}

/** The person's own classes: what the image store holds, and how it is changed. */
import { batch, signal } from "@preact/signals";
import type { Problem } from "../../worker/problem.ts";
import type { OwnClass } from "../../worker/protocol.ts";
import type { GivenFile } from "../parts/given_files.ts";
import { experiment, prepare, told, trainer } from "./lab.ts";
import { t } from "./language.ts";
import { say } from "./notices.ts";

export type { OwnClass };

export const ownClasses = signal<readonly OwnClass[]>([]);
/** Files that were not images. */
export const refusals = signal<readonly Problem[]>([]);

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

export async function removeImage(name: string, index: number): Promise<void> {
  await changed(() => trainer().call("removeImage", { name, index }));
}

/** Adds files to a class; what is not an image is told, and the others are kept. */
export async function addFiles(name: string, files: readonly GivenFile[]): Promise<void> {
  if (files.length === 0) return;
  const list = files.map(({ name: file, blob }) => ({ name: file, blob }));
  const answer = await told(() => trainer().call("addImages", { name, files: list }));
  await loadClasses();
  if (answer === null) return;
  batch(() => {
    refusals.value = answer.refused;
    say(t("imagesAdded", { count: answer.added, name }));
  });
}

/** Folders become classes; files without a folder go to a class of their own. */
export async function addFolders(files: readonly GivenFile[]): Promise<void> {
  const byFolder = new Map<string, GivenFile[]>();
  for (const file of files) {
    const name =
      file.folder === "" ? t("newClassName", { number: ownClasses.peek().length + 1 }) : file.folder;
    byFolder.set(name, [...(byFolder.get(name) ?? []), file]);
  }
  cancelled = false;
  const refused: Problem[] = [];
  for (const [name, list] of byFolder) {
    if (cancelled) break;
    await addFiles(name, list);
    refused.push(...refusals.peek());
  }
  refusals.value = refused;
}

let cancelled = false;

export function cancelAdding(): void {
  cancelled = true;
  void told(() => trainer().call("cancelImages"));
}

export async function addPixels(name: string, { width, height, data }: ImageData): Promise<void> {
  await changed(() => trainer().call("addPixels", { name, width, height, data }));
}

export function setChannels(channels: 1 | 3): void {
  const { data } = experiment.peek();
  if (data.kind === "images") experiment.value = { ...experiment.peek(), data: { ...data, channels } };
}

/** The images as they are now become the experiment's data. */
export async function useOwnImages(): Promise<void> {
  const { data } = experiment.peek();
  const channels = data.kind === "images" ? data.channels : 1;
  const classes = ownClasses
    .peek()
    .filter(({ count }) => count > 0)
    .map(({ name }) => name);
  experiment.value = { ...experiment.peek(), data: { kind: "images", classes, channels } };
  if (await prepare()) say(t("imagesUsed"));
}

async function changed(work: () => Promise<unknown>): Promise<void> {
  await told(work);
  await loadClasses();
}

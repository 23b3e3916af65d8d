/** What `convoyant lab` serves beside the page: folders of images, runs, a training under way. A static host serves none. */
import { signal } from "@preact/signals";
import { view } from "./lab.ts";

/** A folder of images with a folder for each class. */
export interface ServedFolder {
  readonly name: string;
  readonly classes: readonly string[];
  readonly count: number;
}

export interface ServedRun {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly epochs: number | null;
  readonly accuracy: number | null;
}

interface Served {
  readonly folders: readonly ServedFolder[];
  readonly runs: readonly ServedRun[];
  /** Where its events come from. */
  readonly live: string | null;
}

export const served = signal<Served>({ folders: [], runs: [], live: null });

/** Asks the server; one that does not know is one that serves nothing. */
export async function loadServed(): Promise<void> {
  try {
    const response = await fetch(new URL("lab.json", document.baseURI), { cache: "no-store" });
    if (response.ok) served.value = (await response.json()) as Served;
    // A page that is opened to watch a training shows it.
    if (served.peek().live !== null && location.hash === "" && view.peek() === "data") view.value = "train";
  } catch {
    // A page without its server can still train.
  }
}

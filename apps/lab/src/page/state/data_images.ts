/** Some images of each class, to show what the data are. */
import { effect, signal } from "@preact/signals";
import type { DataImage } from "../../worker/protocol.ts";
import { dataFacts, trainer } from "./lab.ts";

/** How many of each class are shown. */
const PER_CLASS = 14;
/** More classes than this are not asked for. */
const MOST_CLASSES = 40;

/** For each class. */
export const dataImages = signal<Readonly<Record<number, readonly DataImage[]>>>({});

effect(() => {
  const facts = dataFacts.value;
  dataImages.value = {};
  if (facts === null) return;
  void load(facts.classes.length, () => dataFacts.peek() === facts);
});

/** A training that begins comes first. */
const idle = (): Promise<unknown> => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 200 }));

async function load(classes: number, wanted: () => boolean): Promise<void> {
  for (let label = 0; label < Math.min(classes, MOST_CLASSES) && wanted(); label++) {
    await idle();
    try {
      const images = await trainer().call("images", { split: "train", from: 0, count: PER_CLASS, label });
      if (wanted()) dataImages.value = { ...dataImages.peek(), [label]: images };
    } catch {
      // The worker was lost meanwhile: the page says so already.
      return;
    }
  }
}

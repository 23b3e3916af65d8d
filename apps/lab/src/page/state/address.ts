/** The experiment of the page's address, at the start and when the address changes. */
import { experiment, prepare, view } from "./lab.ts";
import { tellError } from "./notices.ts";
import { mayRun } from "./others_code.ts";

export async function openAddress(): Promise<void> {
  window.addEventListener("hashchange", () => void takeAddress());
  if (!(await takeAddress())) await prepare();
}

/** Whether the address held an experiment; a damaged one is told, and what was there before stays. */
async function takeAddress(): Promise<boolean> {
  try {
    if (location.hash === "") return false;
    const { fromHash } = await import("../../experiment/address.ts");
    const found = await fromHash(location.hash);
    if (found === null || !(await mayRun(found))) return false;
    experiment.value = found;
    view.value = "train";
  } catch (error) {
    await prepare();
    tellError(error);
    return true;
  }
  await prepare();
  return true;
}

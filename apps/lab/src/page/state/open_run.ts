/** Opens a run that `convoyant lab` serves. */
import { trainer } from "./lab.ts";
import { told } from "./notices.ts";
import { takeOpened } from "./open_file.ts";

/** A run of the command line becomes the experiment. */
export async function openRun(name: string): Promise<void> {
  const opened = await told(async () => {
    const response = await fetch(new URL(`lab/runs/${encodeURIComponent(name)}.zip`, document.baseURI));
    if (!response.ok)
      throw new Error(`the run ${name} cannot be loaded: the server answers ${response.status}`);
    return trainer().call("open", { blob: await response.blob(), name: `${name}.zip` });
  });
  if (opened !== null) await takeOpened(opened, name);
}

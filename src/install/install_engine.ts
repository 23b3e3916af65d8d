/** Installs what an engine needs, by the engine's name. */
import { ArgumentError } from "../base/errors.ts";
import { forgetDnnlFacts } from "../engines/onednn/library/load_dnnl.ts";
import { fastestEngine } from "../engines/select.ts";
import { type InstalledLibrary, installOnednn } from "./install_onednn.ts";

/**
 * Installs the library of an engine, and looks which engine programs get from now on that name none.
 *
 * @throws ArgumentError for an engine that needs nothing; InstallationError if no source has the library.
 */
export async function installEngine(
  name: string,
  onProgress: (text: string) => void,
): Promise<InstalledLibrary & { readonly chosen: string }> {
  if (name !== "onednn")
    throw new ArgumentError(
      `there is nothing to install for the engine \`${name}\`; onednn can be installed`,
    );
  const installed = await installOnednn(onProgress);
  forgetDnnlFacts();
  return { ...installed, chosen: fastestEngine() };
}

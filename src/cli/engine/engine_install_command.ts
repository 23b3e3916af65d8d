/** `convoyant engine install`: installs the library that an engine needs. */
import { ArgumentError } from "../../base/errors.ts";
import { forgetDnnlFacts } from "../../engines/onednn/library/load_dnnl.ts";
import { fastestEngine } from "../../engines/select.ts";
import { installOnednn } from "../../install/install_onednn.ts";
import type { Output } from "../console/output.ts";

export async function engineInstallCommand(name: string, output: Output): Promise<number> {
  if (name !== "onednn") {
    throw new ArgumentError(
      `there is nothing to install for the engine \`${name}\`; onednn can be installed`,
    );
  }
  const { path, version, source } = await installOnednn((text) => output.line(text));
  output.line(`oneDNN ${version} is installed: ${path} (${source})`);
  // Asked as every program asks that names no engine.
  forgetDnnlFacts();
  const chosen = fastestEngine();
  const why = process.env.CONVOYANT_DNNL
    ? `CONVOYANT_DNNL names ${process.env.CONVOYANT_DNNL}`
    : "see `npx convoyant engine`";
  output.line(
    chosen === "onednn"
      ? "It works: onednn is the default engine now."
      : `The default engine is still ${chosen}: ${why}.`,
  );
  output.event({ event: "end", engine: "onednn", version, path, source, default: chosen });
  return 0;
}

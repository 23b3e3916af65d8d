/** `convoyant export`: a trained network as an ONNX file. */
import { type ExportedValue, exportOnnx } from "../experiments/export_onnx.ts";
import { formatBytes } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { chosenNetwork } from "./chosen_network.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export interface ExportCommand extends Pick<NetworkChoice, "model" | "data" | "resize"> {
  readonly source: string;
  /** The file that is written. */
  readonly file: string;
  /** Without the preprocessing. */
  readonly bare?: boolean;
}

export async function exportCommand(command: ExportCommand, output: Output): Promise<number> {
  const { bare = false } = command;
  const { model = null, settings = {} } = chosenNetwork(command, output);
  const file = await exportOnnx(command.source, command.file, { bare, model, settings });
  const row =
    (what: string) =>
    ({ name, type, shape }: ExportedValue) => [what, name, type.toLowerCase(), `[${shape.join(", ")}]`];
  output.lines(
    renderTable(
      [{ title: "" }, { title: "name", flexible: true }, { title: "type" }, { title: "shape" }],
      [...file.inputs.map(row("input")), ...file.outputs.map(row("output"))],
      output.style,
    ),
  );
  const classes = file.classes.length === 0 ? "" : `, ${file.classes.length} classes`;
  output.line(
    `${file.path}: ${file.model} with ${file.weights}, opset ${file.opset}, IR ${file.irVersion}${classes}, ${formatBytes(file.bytes)}`,
  );
  const { path, ...facts } = file;
  output.event({ event: "end", file: path, ...facts });
  return 0;
}

/** The table of ONNX operators in docs/formats.md. */
import { FAMILIES } from "../../src/interop/onnx/operators/index.ts";

/** A row for each family; behind a name what of the operator is not read. */
export function operatorsTable(): string {
  const rows = FAMILIES.map(([family, operators]) => {
    const names = Object.entries(operators).map(([name, { limits }]) =>
      limits === undefined ? name : `${name} (${limits})`,
    );
    return `| ${family} | ${names.join(", ")} |`;
  });
  return ["| family | operators |", "|---|---|", ...rows].join("\n");
}

/** Whether an optimiser was made for the network that is to be trained. */
import { ArgumentError } from "../../base/errors.ts";
import { warnOnce } from "../../base/warnings.ts";
import type { Module } from "../../nn/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions } from "./fit_options.ts";

/**
 * @throws ArgumentError when the optimiser changes none of the network's parameters. It warns when it changes others
 * too, or leaves some out that are computed gradients for.
 */
export function requireOwnParameters(
  net: Module,
  { optimizer, scheduler }: Pick<FitOptions, "optimizer" | "scheduler">,
): void {
  const other = (scheduler as { optimizer?: unknown } | null | undefined)?.optimizer;
  if (other !== undefined && other !== optimizer) {
    throw new ArgumentError(
      "fit: `scheduler` belongs to another optimizer; make it with the one that is given as `optimizer`",
    );
  }
  const changed = optimizer.paramGroups.flatMap((group) => (group as { params?: unknown[] }).params ?? []);
  // Lazy layers have no parameters before their first batch, and another library's optimiser may not list them.
  if (changed.length === 0 || [...net.modules()].some((module) => module.isLazy)) return;
  const own = new Map(
    [...net.namedParameters()].map(([name, parameter]) => [parameter as unknown, { name, parameter }]),
  );
  for (const parameter of changed) if (parameter instanceof Tensor) parameter.requireOriginal();
  const foreign = changed.filter((parameter) => !own.has(parameter)).length;
  const cure = "make it with this network's, such as optim.SGD(net.parameters(), { lr: 0.1 })";
  if (foreign === changed.length) {
    throw new ArgumentError(
      `fit: \`optimizer\` has ${counted(foreign)}, and none of them is of \`net\`: it was made for another network; ${cure}`,
    );
  }
  if (foreign > 0) {
    warnOnce(
      "fit: foreign parameters",
      `fit: ${foreign} of the ${counted(changed.length)} of \`optimizer\` are not of \`net\`; if they are of another network, ${cure}`,
    );
  }
  const inOptimizer = new Set(changed);
  const left = [...own.values()].filter(
    ({ parameter }) => parameter.requiresGrad && !inOptimizer.has(parameter),
  );
  if (left.length === 0) return;
  warnOnce(
    "fit: parameters left out",
    `fit: \`optimizer\` leaves out ${left.length} of the ${counted(own.size)} of \`net\` (${left[0].name}, ...), which are not ` +
      "trained; freeze them with requiresGrad_(false), which saves their gradients, or give them to the optimizer",
  );
}

function counted(parameters: number): string {
  return `${parameters} ${parameters === 1 ? "parameter" : "parameters"}`;
}

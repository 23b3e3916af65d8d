/** The momentum of a group, for schedules that move it against the learning rate. */
import { ArgumentError } from "../../base/errors.ts";
import type { Optimizer } from "../optimizer.ts";
import type { ParamGroup } from "../param_groups.ts";

/** @throws ArgumentError for an optimiser without momentum. */
export function requireMomentum(of: string, { defaults, constructor }: Optimizer): void {
  if ("momentum" in defaults || "betas" in defaults) return;
  throw new ArgumentError(
    `${of}: ${constructor.name} has no momentum to cycle; pass { cycleMomentum: false }`,
  );
}

/** Sets the momentum, or the first of Adam's betas. */
export function setMomentum(group: ParamGroup, momentum: number): void {
  if ("betas" in group) group.betas = [momentum, ...group.betas.slice(1)];
  else group.momentum = momentum;
}

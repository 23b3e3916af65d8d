/** What captum gives, as `test/fixtures/look/make_attributions.py` recorded it. */
import { readFileSync } from "node:fs";

export interface Recorded {
  readonly scores: number[];
  readonly target: number;
  readonly gradient: number[];
  readonly smoothGrad: number[];
  readonly integratedGradients: number[];
  readonly delta: number;
  readonly occlusion: number[];
  readonly gradCam: Record<string, { coarse: number[]; map: number[] }>;
}

export const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/look/attributions.json", import.meta.url), "utf8"),
) as Record<"small" | "resnet18", Recorded>;

/** Of the large network every n-th number was recorded. */
export function every(n: number, values: ArrayLike<number>): number[] {
  return Array.from(values).filter((_, i) => i % n === 0);
}

/** The diagrams of docs/architecture.md, by the names of their files. */
import { layersDiagram } from "./layers_diagram.ts";
import { recordedStep } from "./recorded_step.ts";
import { stepDiagram } from "./step_diagram.ts";

export async function diagrams(): Promise<Record<string, string>> {
  return { layers: layersDiagram(), step: stepDiagram(await recordedStep()) };
}

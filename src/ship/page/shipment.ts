/** What the page is given of its model: a record in the page itself. */
import type { ClassName, TranslatedName } from "../../records/class_names.ts";

/** The record that stands in `index.html` under the id `shipment`, as JSON. */
export interface PageShipment {
  readonly title: ClassName;
  /** Name of the file of weights beside the page; null if they stand in the page itself, under the id `weights`. */
  readonly weightsFile: string | null;
  readonly weightsBytes: number;
  /** Of the weights, so that a file of another shipment is recognised. */
  readonly sha256: string;
}

export type { ClassName, TranslatedName };

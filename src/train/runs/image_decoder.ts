/** What decoded the images that a run is trained on. */

/** The parts of loaders and data sets that lead to images in files. */
interface Layer {
  readonly loader?: Layer;
  readonly source?: Layer;
  readonly dataset?: Layer;
  readonly datasets?: readonly Layer[];
  readonly decoder?: unknown;
}

/**
 * The decoders, with their versions, of the image files behind loaders: "exact 0.1.0", or several; undefined if no images
 * are decoded, or if that is not known.
 */
export function imageDecoderOf(...loaders: readonly unknown[]): string | undefined {
  const found = new Set<string>();
  for (const loader of loaders) collect(loader as Layer | null | undefined, found, 0);
  return found.size === 0 ? undefined : [...found].join(" and ");
}

/** How deep loaders and data sets are looked into. */
const MOST_LAYERS = 8;

function collect(layer: Layer | null | undefined, found: Set<string>, depth: number): void {
  if (layer === null || typeof layer !== "object" || depth > MOST_LAYERS) return;
  if (typeof layer.decoder === "string") found.add(layer.decoder);
  for (const inner of [layer.loader, layer.source, layer.dataset, ...(layer.datasets ?? [])])
    collect(inner, found, depth + 1);
}

/** What to tell about a run that goes on with images of another decoder; undefined if there is nothing to tell. */
export function decoderNote(before: unknown, now: string | undefined): string | undefined {
  if (typeof before !== "string" || now === undefined || before === now) return undefined;
  return `this run began with images decoded by ${before}, and goes on with ${now}: pixels may differ slightly`;
}

/** `convoyant/classic/surf`: SURF, apart from the rest because of its patent. */
export type { KeyPoint, LocalExtractor, LocalFeatures } from "../classic/features/extractor.ts";
export { surf } from "../classic/surf/surf.ts";
export type { SurfOptions } from "../classic/surf/surf_settings.ts";

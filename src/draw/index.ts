/** Networks as drawings: layers as boxes, graphs of operations, feature maps in proportion. */
export { draw } from "./draw.ts";
export type { DrawOptions, DrawStyle } from "./draw_options.ts";
export type { Drawing } from "./drawing.ts";
export type { DrawInput } from "./network_input.ts";
export type { Theme as DrawTheme } from "./svg/theme.ts";
export type { Language as DrawLanguage } from "./terms.ts";

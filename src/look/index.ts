/** What a network has learned, as numbers over images and as figures. */
export { type GradCam, type GradCamOptions, gradCam } from "./attribution/grad_cam.ts";
export type { Attribution } from "./attribution/input_gradient.ts";
export {
  type IntegratedGradients,
  type IntegratedGradientsOptions,
  integratedGradients,
} from "./attribution/integrated_gradients.ts";
export { type Occlusion, type OcclusionOptions, occlusion } from "./attribution/occlusion.ts";
export { type ClassOptions, type SmoothGradOptions, saliency, smoothGrad } from "./attribution/saliency.ts";
export type { Anchor, Figure, Fill, Mark } from "./figures/figure.ts";
export { figureImage } from "./figures/figure_image.ts";
export { type FigureSvgOptions, figureSvg } from "./figures/figure_svg.ts";
export { type FiltersFigureOptions, filmstripFigure, filtersFigure } from "./figures/filters_figure.ts";
export type { FigureLanguage, FigureOptions } from "./figures/words.ts";
export { type HeatMap, resizeHeatMap } from "./heat_map.ts";
export { berlin, type ColourMap, cividis, magma, viridis } from "./image/colour_maps.ts";
export { type ColourOptions, colourize, type OverlayOptions, overlay } from "./image/overlay.ts";
export { shownInput } from "./image/shown_input.ts";
export { filters } from "./layers/filters.ts";

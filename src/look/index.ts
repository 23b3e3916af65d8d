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
export {
  type HiddenFeatures,
  type HiddenFeaturesOptions,
  hiddenFeatures,
} from "./embedding/hidden_features.ts";
export { type NearestPoints, nearestNeighbours } from "./embedding/neighbourhoods.ts";
export type { Points } from "./embedding/points.ts";
export { principalComponents } from "./embedding/principal_components.ts";
export { type TsneOptions, type TsneResult, tsne } from "./embedding/tsne.ts";
export { activationsFigure } from "./figures/activations_figure.ts";
export { type AttributionFigureOptions, attributionFigure } from "./figures/attribution_figure.ts";
export {
  type EmbeddingFigureOptions,
  embeddingFigure,
  type NeighboursFigureOptions,
  neighboursFigure,
} from "./figures/embedding_figure.ts";
export type { Anchor, DrawnFigure, Mark, MarkFill } from "./figures/figure.ts";
export { figureHtml } from "./figures/figure_html.ts";
export { figureImage } from "./figures/figure_image.ts";
export { type FigureSvgOptions, figureSvg } from "./figures/figure_svg.ts";
export { type FiltersFigureOptions, filmstripFigure, filtersFigure } from "./figures/filters_figure.ts";
export { type FirstLayerFigureOptions, firstLayerFigure } from "./figures/first_layer_figure.ts";
export { histogramsFigure } from "./figures/histograms_figure.ts";
export { type MaximiseFigureOptions, maximisedImage, maximiseFigure } from "./figures/maximise_figure.ts";
export type { AttributionName, FigureLanguage, FigureOptions } from "./figures/words.ts";
export { type HeatMap, resizeHeatMap } from "./heat_map.ts";
export { berlin, type ColourMap, cividis, magma, viridis } from "./image/colour_maps.ts";
export { type GaborOptions, gaborBank } from "./image/gabor.ts";
export { type ColourOptions, colourize, type OverlayOptions, overlay } from "./image/overlay.ts";
export { shownInput } from "./image/shown_input.ts";
export { type ActivationsOptions, activations, type LayerActivations } from "./layers/activations.ts";
export { filters } from "./layers/filters.ts";
export {
  type HistogramsOptions,
  histograms,
  type NumberHistogram,
  type ParameterHistograms,
} from "./layers/histograms.ts";
export { type Maximised, type MaximiseOptions, maximise } from "./layers/maximise.ts";

/** The page of a trained network: made by the Lab's build, with marks where the network comes in. */

/** Its file, beside the Lab's data. */
export const PAGE_TEMPLATE = "shipped-page.html";

/** The title as text, the weights as base64. */
export const TEMPLATE_MARKS = {
  title: "@@convoyant-title@@",
  weights: "QEBjb252b3lhbnQtd2VpZ2h0c0BA",
} as const;

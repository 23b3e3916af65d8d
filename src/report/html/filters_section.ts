/** The first layer's filters, before and after training. */
import { filterImages, tiled } from "../filter_images.ts";
import { imageUri } from "../image_uri.ts";
import { formatCount } from "../number_text.ts";
import { escapeXml as e } from "../svg/xml.ts";
import type { ReportData } from "./report_data.ts";
import { section } from "./report_sections.ts";

/** Images in a row. */
const COLUMNS = 8;

/** Nothing without snapshots from before and after. */
export function filtersSection({ filters = [] }: ReportData): string {
  const [first, last] = [filters[0], filters.at(-1)];
  if (first === undefined || last === undefined || first.epoch === last.epoch) return "";
  const images = filterImages(last);
  const shown = first.epoch === 0 ? "before training" : after(first.epoch);
  const figures = [
    [shown, first],
    [after(last.epoch), last],
  ] as const;
  const body = figures.map(([when, snapshot]) => {
    const tiles = tiled(filterImages(snapshot), COLUMNS);
    const alt = `The filters of ${snapshot.layer} ${when}`;
    return (
      `<figure><figcaption>${e(when)}</figcaption><img src="${imageUri(tiles)}" width="${tiles.width}" ` +
      `height="${tiles.height}" alt="${e(alt)}"></figure>`
    );
  });
  return section(
    "filters",
    "Filters of the first layer",
    `<p>${formatCount(images.length)} filters of <code>${e(last.layer)}</code>, ${last.shape[2]} by ${last.shape[3]} pixels. Each has a scale of its own, from its lowest weight to its highest.</p>
<div class="filters">${body.join("\n")}</div>`,
  );
}

const after = (epoch: number) => `after ${epoch} ${epoch === 1 ? "epoch" : "epochs"}`;

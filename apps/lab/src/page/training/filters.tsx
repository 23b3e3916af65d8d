/** The kernels of a layer as they form. */
import { useState } from "preact/hooks";
import type { FilterBank, Grid } from "../../worker/protocol.ts";
import { signedScale } from "../parts/colours.ts";
import { Select } from "../parts/fields.tsx";
import { Hint } from "../parts/hint.tsx";
import { GridCanvas } from "../parts/shown_image.tsx";
import { useFresh } from "../state/fresh.ts";
import { prepared, trainer } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { layerTitle } from "./layer_title.ts";

/** More would be a wall of tiles that says nothing more. */
const MOST_FILTERS = 64;
const MOST_CHANNELS = 8;

export function Filters({ network }: { readonly network: number }) {
  const layers = (prepared.value?.networks[network]?.layers ?? []).filter(({ hasFilters }) => hasFilters);
  const [path, setPath] = useState<string | null>(null);
  const chosen = layers.find((layer) => layer.path === path) ?? layers[0];
  const bank = useFresh(
    () => trainer().call("filters", { network, path: chosen?.path ?? null }),
    `${network} ${chosen?.path}`,
  );
  if (chosen === undefined) return <p class="muted">{t("noFilters")}</p>;
  return (
    <>
      <div class="row inside-head">
        <Select
          label={t("layer")}
          value={chosen.path}
          choices={layers.map((layer) => ({ value: layer.path, label: layerTitle(layer) }))}
          onChange={setPath}
        />
        <p class="lead small">{t("filtersLead")}</p>
        <Hint term="convolution" />
      </div>
      {bank !== null && <Bank bank={bank} />}
    </>
  );
}

export function Bank({ bank }: { readonly bank: FilterBank }) {
  const [filters, channels, height, width] = bank.shape;
  const scale = signedScale(bank.values);
  const shown = Math.min(filters, MOST_FILTERS);
  const columns = Math.min(channels, MOST_CHANNELS);
  const grid = (filter: number, channel: number): Grid => {
    const from = (filter * channels + channel) * height * width;
    return { width, height, values: bank.values.subarray(from, from + height * width) };
  };
  return (
    <>
      <ol class={`filters ${columns > 1 ? "several" : ""}`} aria-label={t("tabFilters")}>
        {Array.from({ length: shown }, (_, filter) => (
          <li key={filter} class="filter">
            <div class="filter-channels" role="img" aria-label={t("filterNumber", { number: filter + 1 })}>
              {Array.from({ length: columns }, (_, channel) => (
                <GridCanvas key={channel} grid={grid(filter, channel)} scale={scale} class="kernel" />
              ))}
            </div>
            <span class="small muted numbers">{filter + 1}</span>
          </li>
        ))}
      </ol>
      <p class="small muted">
        {t("filtersShape", { filters, channels, height, width })}
        {(shown < filters || columns < channels) && ` ${t("filtersCut", { shown, channels: columns })}`}
      </p>
    </>
  );
}

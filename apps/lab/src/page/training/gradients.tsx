/** How each layer learns: sizes of gradients and weights, dead units. */
import { useEffect } from "preact/hooks";
import type { LayerStatistics } from "../../worker/protocol.ts";
import { blockName } from "../network/block_texts.ts";
import { Hint } from "../parts/hint.tsx";
import { Scroller } from "../parts/scroller.tsx";
import { useFresh } from "../state/fresh.ts";
import { statistics, trainer } from "../state/lab.ts";
import { percent, t } from "../state/language.ts";
import { told } from "../state/notices.ts";

/** While the table is looked at. */
const STEPS = 20;

export function Gradients({ network }: { readonly network: number }) {
  useEffect(() => {
    void told(() => trainer().call("watch", { statisticsEvery: STEPS }));
    return () => void told(() => trainer().call("watch", { statisticsEvery: 0 }));
  }, []);
  const asked = useFresh(() => trainer().call("statistics"), "statistics", true);
  const watched = statistics.value;
  const point = watched !== null && (asked === null || watched.step >= asked.step) ? watched : asked;
  const layers = point?.networks[network]?.layers ?? [];
  const norms = layers.map(({ gradientNorm }) => gradientNorm ?? 0).filter(Number.isFinite);
  const largest = Math.max(...norms, Number.MIN_VALUE);
  if (layers.length === 0) return <p class="muted">{t("noStatistics")}</p>;
  return (
    <>
      <p class="lead small">{t("gradientsLead")}</p>
      <Scroller label={t("tabGradients")}>
        <table class="gradients">
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              <th scope="col">
                <span class="with-hint">
                  {t("gradientNorm")}
                  <Hint term="gradient" />
                </span>
              </th>
              <th scope="col" class="numbers">
                {t("weightNorm")}
              </th>
              <th scope="col" class="numbers">
                {t("updateRatio")}
              </th>
              <th scope="col" class="numbers">
                <span class="with-hint">
                  {t("deadUnits")}
                  <Hint term="deadUnits" />
                </span>
              </th>
            </tr>
          </thead>
          <tbody>
            {layers.map((layer) => (
              <Row key={layer.path} layer={layer} largest={largest} />
            ))}
          </tbody>
        </table>
      </Scroller>
    </>
  );
}

/** Bars are logarithmic: gradients that vanish do so by powers of ten. */
const DECADES = 6;

function Row({ layer, largest }: { readonly layer: LayerStatistics; readonly largest: number }) {
  const { gradientNorm: norm, deadUnits: dead, units } = layer;
  const share =
    norm !== null && norm > 0 && Number.isFinite(norm)
      ? Math.max(0, 1 + Math.log10(norm / largest) / DECADES)
      : 0;
  const badly = dead !== null && units !== null && units > 0 && dead / units > 0.5;
  return (
    <tr>
      <th scope="row">
        <span class="muted numbers">{layer.path}</span> {blockName({ type: layer.kind as "Conv2d" })}
      </th>
      <td>
        {norm !== null && (
          <span class="norm">
            <span class="bar">
              <span style={{ transform: `scaleX(${share.toFixed(3)})` }} />
            </span>
            <span class="numbers">{short(norm)}</span>
          </span>
        )}
      </td>
      <td class="numbers">{layer.weightNorm === null ? "" : short(layer.weightNorm)}</td>
      <td class="numbers">{layer.updateRatio === null ? "" : short(layer.updateRatio)}</td>
      <td class="numbers">
        {dead === null || units === null ? (
          ""
        ) : (
          <span class={badly ? "badge bad" : ""}>
            {t("deadOf", { dead, units })}
            {units > 0 && dead > 0 ? ` (${percent(dead / units, 0)})` : ""}
          </span>
        )}
      </td>
    </tr>
  );
}

export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10_000) return String(Number(value.toPrecision(3)));
  return value.toExponential(1);
}

/** One feature map in large: a value is chosen, and the window and the arithmetic that made it are shown. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ExplainedValue, Grid, ImageInput, LayerMaps, WindowTerm } from "../../worker/protocol.ts";
import { blockName } from "../network/block_texts.ts";
import { amountScale, colourOf, inkOn, type Scale, signedScale } from "../parts/colours.ts";
import { IconButton } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import { GridCanvas } from "../parts/shown_image.tsx";
import { trainer, weightsVersion } from "../state/lab.ts";
import { t, theme } from "../state/language.ts";
import { short } from "./gradients.tsx";

export interface MapPlace {
  readonly path: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

interface Props {
  readonly network: number;
  readonly image: ImageInput;
  readonly imageKey: string;
  readonly layers: readonly LayerMaps[];
  readonly layer: LayerMaps;
  readonly place: MapPlace;
  readonly onPlace: (place: MapPlace | null) => void;
}

/** Of how many input channels the arithmetic is spelled out; those that count most. */
const SHOWN_TERMS = 3;

export function Explorer({ network, image, imageKey, layers, layer, place, onPlace }: Props) {
  const map = layer.maps[place.channel];
  const [explained, setExplained] = useState<ExplainedValue | null>(null);
  const [failed, setFailed] = useState("");
  const version = weightsVersion.value;
  useEffect(() => {
    let over = false;
    trainer()
      .call("explain", { network, image, place })
      .then(
        (answer) => {
          if (over) return;
          setExplained(answer);
          setFailed("");
        },
        (error: unknown) => {
          if (!over) setFailed(error instanceof Error ? error.message : String(error));
        },
      );
    return () => {
      over = true;
    };
  }, [network, imageKey, place.path, place.channel, place.row, place.column, version]);
  const input = layers.find(({ path }) => path === explained?.inputPath);
  return (
    <section class="explorer" aria-label={t("explorer")}>
      <header class="row spread">
        <h3>
          {t("mapOf", {
            layer: `${layer.path} ${blockName({ type: layer.kind as "Conv2d" })}`,
            channel: place.channel + 1,
          })}
        </h3>
        <IconButton label={t("close")} class="quiet tiny" onClick={() => onPlace(null)}>
          <Icon name="close" />
        </IconButton>
      </header>
      <div class="explorer-body">
        {map !== undefined && <LargeMap map={map} place={place} onPlace={onPlace} />}
        <div class="arithmetic" role="status">
          {failed !== "" && <p class="muted small">{failed}</p>}
          {explained !== null && (
            <Arithmetic
              explained={explained}
              onTerm={
                input === undefined
                  ? null
                  : (term, row, column) =>
                      onPlace({
                        path: input.path,
                        channel: term.channel,
                        row: term.row + row,
                        column: term.column + column,
                      })
              }
            />
          )}
        </div>
      </div>
    </section>
  );
}

interface LargeProps {
  readonly map: Grid;
  readonly place: MapPlace;
  readonly onPlace: (place: MapPlace) => void;
}

/** The map as large pixels; a click or the arrow keys choose a value. */
function LargeMap({ map, place, onPlace }: LargeProps) {
  const box = useRef<HTMLDivElement>(null);
  const to = (row: number, column: number) =>
    onPlace({
      ...place,
      row: Math.min(map.height - 1, Math.max(0, row)),
      column: Math.min(map.width - 1, Math.max(0, column)),
    });
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    to(place.row + by[0], place.column + by[1]);
  };
  const click = (event: MouseEvent) => {
    const at = box.current!.getBoundingClientRect();
    to(
      Math.floor(((event.clientY - at.top) / at.height) * map.height),
      Math.floor(((event.clientX - at.left) / at.width) * map.width),
    );
    box.current!.focus();
  };
  const value = map.values[place.row * map.width + place.column];
  return (
    <div class="large">
      <div
        ref={box}
        class="large-map"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys choose a value.
        tabIndex={0}
        style={{ aspectRatio: `${map.width} / ${map.height}` }}
        aria-label={t("largeMapLabel", {
          row: place.row + 1,
          column: place.column + 1,
          value: short(value ?? Number.NaN),
        })}
        onKeyDown={keys}
        onClick={click}
      >
        <GridCanvas grid={map} scale={amountScale(map.values)} />
        <span
          class="cursor"
          style={{
            left: `${(100 * place.column) / map.width}%`,
            top: `${(100 * place.row) / map.height}%`,
            width: `${100 / map.width}%`,
            height: `${100 / map.height}%`,
          }}
        />
      </div>
      <p class="small muted">{t("largeMapHelp")}</p>
    </div>
  );
}

interface ArithmeticProps {
  readonly explained: ExplainedValue;
  readonly onTerm: ((term: WindowTerm, row: number, column: number) => void) | null;
}

/** A longer sum is folded. */
const MOST_LETTERS = 90;

function Arithmetic({ explained, onTerm }: ArithmeticProps) {
  const { terms, bias, value } = explained;
  const order = [...terms].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const shown = order.slice(0, SHOWN_TERMS);
  const rest = order.slice(SHOWN_TERMS).reduce((sum, term) => sum + term.sum, 0);
  const values = amountScale(concatenated(shown.map((term) => term.values)));
  const weights = signedScale(
    concatenated(shown.flatMap((term) => (term.weights === null ? [] : [term.weights]))),
  );
  return (
    <>
      <p>
        {t("valueAt", { row: explained.row + 1, column: explained.column + 1 })}{" "}
        <strong class="numbers">{short(value)}</strong>
      </p>
      {shown.map((term) => (
        <div key={term.channel} class="term">
          <p class="small muted">
            {explained.inputPath === null
              ? t("fromImage", { channel: term.channel + 1 })
              : t("fromLayer", { layer: explained.inputPath, channel: term.channel + 1 })}
          </p>
          <div class="term-row">
            <NumberGrid
              grid={term.values}
              scale={values}
              label={t("windowLabel")}
              onPick={onTerm === null ? null : (row, column) => onTerm(term, row, column)}
            />
            {term.weights !== null && (
              <>
                <span aria-hidden="true">×</span>
                <NumberGrid grid={term.weights} scale={weights} label={t("kernelLabel")} onPick={null} />
              </>
            )}
            <span aria-hidden="true">{term.weights === null ? "→" : "Σ ="}</span>
            <strong class="numbers">{short(term.sum)}</strong>
          </div>
        </div>
      ))}
      {terms.length > shown.length && (
        <p class="small numbers">
          {t("otherChannels", { count: terms.length - shown.length, sum: short(rest) })}
        </p>
      )}
      {bias !== null && <p class="small numbers">{t("plusBias", { bias: short(bias) })}</p>}
      {explained.arithmetic.length <= MOST_LETTERS ? (
        <p class="sum code">{explained.arithmetic}</p>
      ) : (
        <details class="sum">
          <summary class="small">{t("wholeSum")}</summary>
          <p class="code">{explained.arithmetic}</p>
        </details>
      )}
    </>
  );
}

function concatenated(grids: readonly Grid[]): number[] {
  return grids.flatMap(({ values }) => [...values]);
}

/** Up to this width numbers are written into the cells. */
const MOST_WRITTEN = 7;

interface GridProps {
  readonly grid: Grid;
  readonly scale: Scale;
  readonly label: string;
  readonly onPick: ((row: number, column: number) => void) | null;
}

function NumberGrid({ grid, scale, label, onPick }: GridProps) {
  const dark = theme() === "dark";
  if (grid.width > MOST_WRITTEN) {
    return <GridCanvas grid={grid} scale={scale} label={label} class="wide-window" />;
  }
  const rows = Array.from({ length: grid.height }, (_, row) => [
    ...grid.values.subarray(row * grid.width, (row + 1) * grid.width),
  ]);
  return (
    <table class="number-grid" aria-label={label}>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map((value, column) => {
              const colour = colourOf(value, scale, dark);
              const style = {
                background: `rgb(${colour.slice(0, 3).join(" ")})`,
                color: inkOn(colour, dark),
              };
              return (
                <td key={column} style={style}>
                  {onPick === null ? (
                    short2(value)
                  ) : (
                    <button type="button" tabIndex={-1} onClick={() => onPick(row, column)}>
                      {short2(value)}
                    </button>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Two digits: what fits into a cell. */
function short2(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && size < 0.005) return value < 0 ? "-0" : "0";
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2).replace(/^(-?)0\./, "$1.");
}

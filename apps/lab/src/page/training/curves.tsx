/** Loss and accuracy over the epochs. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Hint } from "../parts/hint.tsx";
import { curves, curvesVersion } from "../state/curves.ts";
import { experiment, lastPoint, lastTest } from "../state/lab.ts";
import { language, lossText, percent, t, theme } from "../state/language.ts";

type Quantity = "loss" | "accuracy";

/** Drawing a chart takes milliseconds: not for every step, and not both charts in one frame. */
const MILLISECONDS = 200;
const LATER = { loss: 0, accuracy: MILLISECONDS / 2 } as const;

export function Curves() {
  return <Charts two={experiment.value.networks.length > 1} />;
}

export function Charts({ two }: { readonly two: boolean }) {
  return (
    <section class="card" aria-label={t("curves")}>
      <div class="charts">
        <Chart quantity="loss" two={two} />
        <Chart quantity="accuracy" two={two} />
      </div>
    </section>
  );
}

function Chart({ quantity, two }: { readonly quantity: Quantity; readonly two: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const colours = theme();
  const lang = language.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const chart = makeChart(element, quantity, two);
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      frame = requestAnimationFrame(() => chart.setData(columnsOf(quantity, two)));
    };
    const stop = effect(() => {
      curvesVersion.value;
      timer ??= setTimeout(draw, untilNext(LATER[quantity]));
    });
    const resize = new ResizeObserver(() => chart.setSize(sizeOf(element)));
    resize.observe(element);
    return () => {
      stop();
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      resize.disconnect();
      chart.destroy();
    };
  }, [quantity, two, colours, lang]);
  return (
    <figure>
      <figcaption class="row spread">
        <span class="row">
          <span class="chart-title">{t(quantity === "loss" ? "loss" : "accuracy")}</span>
          <Hint term={quantity} />
        </span>
        <Legend two={two} />
      </figcaption>
      <div ref={place} class="chart" role="img" aria-label={summary(quantity)} />
    </figure>
  );
}

/** Milliseconds until a chart's next turn: the turns are those of one clock, so that two charts never meet. */
const untilNext = (later: number) =>
  MILLISECONDS - ((performance.now() + MILLISECONDS - later) % MILLISECONDS);

function Legend({ two }: { readonly two: boolean }) {
  return (
    <span class="legend-line small muted">
      {(two ? ["A", "B"] : [""]).map((name, i) => (
        <span key={name} class="legend-item">
          <span class={i === 0 ? "line" : "line second"} aria-hidden="true" />
          {two ? t("trainingOf", { name }) : t("trainingLine")}
        </span>
      ))}
      <span class="legend-item">
        <span class="line dashed" aria-hidden="true" />
        {t("testLine")}
      </span>
    </span>
  );
}

/** The chart in words: what it says last. */
function summary(quantity: Quantity): string {
  const point = lastPoint.value;
  if (point === null) return t("curveEmpty", { name: t(quantity) });
  const format = (value: number) => (quantity === "loss" ? lossText(value) : percent(value));
  const test = lastTest.value?.networks.map((network) => format(network[quantity])).join(" / ") ?? "—";
  return t("curveSummary", {
    name: t(quantity),
    epoch: point.epoch.toFixed(1),
    train: point[quantity].map(format).join(" / "),
    test,
  });
}

/** Tests lie between steps: one column of epochs for both, with gaps. */
function columnsOf(quantity: Quantity, two: boolean): uPlot.AlignedData {
  const { steps, tests } = curves();
  const networks = two ? [0, 1] : [0];
  const at = merged(steps.epoch, tests.epoch);
  const column = (epochs: readonly number[], values: readonly number[]) => {
    let next = 0;
    return at.map((epoch) => {
      if (epochs[next] !== epoch) return null;
      const value = values[next++];
      return Number.isFinite(value) ? value : null;
    });
  };
  return [
    at,
    ...networks.map((i) => column(steps.epoch, steps[quantity][i])),
    ...networks.map((i) => column(tests.epoch, tests[quantity][i])),
  ] as uPlot.AlignedData;
}

/** Two ascending lists as one, without twins. */
function merged(a: readonly number[], b: readonly number[]): number[] {
  const all: number[] = [];
  let i = 0;
  let k = 0;
  while (i < a.length || k < b.length) {
    if (k >= b.length || a[i] <= b[k]) {
      if (a[i] === b[k]) k++;
      all.push(a[i++]);
    } else {
      all.push(b[k++]);
    }
  }
  return all;
}

const sizeOf = (element: HTMLElement) => ({ width: Math.max(200, element.clientWidth), height: 220 });

function makeChart(element: HTMLElement, quantity: Quantity, two: boolean): uPlot {
  const style = getComputedStyle(element);
  const colour = (name: string) => resolved(element, style.getPropertyValue(name).trim());
  const strokes = [colour("--accent"), colour("--second")];
  const networks = two ? [0, 1] : [0];
  const axis: uPlot.Axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  return new uPlot(
    {
      ...sizeOf(element),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: {
          time: false,
          // One point alone would be given a range of a hundred epochs.
          range: ({ data: [epochs] }) => [0, Math.max(epochs?.at(-1) ?? 1, 0.2)],
        },
        y: {
          range: (_chart, least, most) =>
            quantity === "accuracy"
              ? [0, 1]
              : [0, Math.max(0.5, Math.min(most ?? 2.5, 1e6)) * 1.05 + 0 * (least ?? 0)],
        },
      },
      axes: [
        { ...axis, label: t("epochAxis"), labelSize: 20, labelFont: "12px system-ui, sans-serif", size: 34 },
        {
          ...axis,
          size: 58,
          values: (_chart, values) =>
            values.map((value) =>
              quantity === "accuracy" ? `${Math.round(100 * value)} %` : axisText(value),
            ),
        },
      ],
      series: [
        {},
        ...networks.map(
          (i): uPlot.Series => ({ stroke: strokes[i], width: 1.75, spanGaps: true, points: { show: false } }),
        ),
        ...networks.map(
          (i): uPlot.Series => ({
            stroke: strokes[i],
            width: 1.75,
            dash: [6, 4],
            spanGaps: true,
            points: { show: true, size: 6, fill: strokes[i] },
          }),
        ),
      ],
    },
    columnsOf(quantity, two),
    element,
  );
}

/** Short enough for the axis. */
const axisText = (value: number): string =>
  value < 10_000 ? String(value) : value.toExponential().replace("e+", "e");

/** A canvas does not know light-dark(): the colour that an element would have. */
function resolved(parent: HTMLElement, colour: string): string {
  const probe = document.createElement("span");
  probe.style.color = colour;
  parent.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

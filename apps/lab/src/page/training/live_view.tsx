/** The view of a training that the command line runs: curves, first kernels, confusion matrix; at its end it opens here. */
import { useEffect } from "preact/hooks";
import { Icon } from "../parts/icons.tsx";
import { count, language, lossText, percent, t } from "../state/language.ts";
import {
  type LiveOutcome,
  listenTo,
  liveConfusion,
  liveEnd,
  liveFilters,
  liveLast,
  liveStart,
  liveStep,
  liveTest,
} from "../state/live.ts";
import { openRun } from "../state/open_run.ts";
import { loadServed, served } from "../state/served.ts";
import { Matrix } from "./confusion.tsx";
import { Charts } from "./curves.tsx";
import { Bank } from "./filters.tsx";

const ENDED = {
  finished: "liveFinished",
  interrupted: "liveInterrupted",
  "stopped early": "liveStoppedEarly",
} as const satisfies Record<LiveOutcome, string>;

export function LiveView({ address }: { readonly address: string }) {
  useEffect(() => listenTo(address), [address]);
  const start = liveStart.value;
  const end = liveEnd.value;
  // A run has weights, and is listed, when it has ended.
  useEffect(() => {
    if (end !== null) void loadServed();
  }, [end]);
  if (start === null) return <p class="muted">{t("liveWaiting")}</p>;
  const filters = liveFilters.value;
  const confusion = liveConfusion.value;
  const nameOf = (label: number) => {
    const name = start.classes[label] ?? String(label);
    return typeof name === "string" ? name : name[language.value];
  };
  const listed = served.value.runs.some(({ name }) => name === start.name);
  return (
    <div class="stack">
      <LiveFacts />
      {end !== null && (
        <p class="notice">
          <span>{t(ENDED[end])}</span>
          {listed && (
            <button type="button" class="tiny" onClick={() => void openRun(start.name)}>
              <Icon name="folder" />
              {t("openHere")}
            </button>
          )}
        </p>
      )}
      <Charts two={false} />
      {filters !== null && (
        <section class="card stack" aria-labelledby="live-filters">
          <h2 id="live-filters">{t("tabFilters")}</h2>
          <Bank bank={{ ...filters, values: Float32Array.from(filters.values) }} />
        </section>
      )}
      {confusion !== null && (
        <section class="card stack" aria-labelledby="live-confusion">
          <h2 id="live-confusion">{t("tabConfusion")}</h2>
          <Matrix size={confusion.length} values={Float32Array.from(confusion.flat())} nameOf={nameOf} />
        </section>
      )}
    </div>
  );
}

function LiveFacts() {
  const start = liveStart.value;
  const step = liveStep.value;
  const last = liveLast.value;
  if (start === null) return null;
  return (
    <section class="card" aria-labelledby="live">
      <h2 id="live">{t("liveTitle", { model: start.model, name: start.name })}</h2>
      {start.part === "head" && <p class="lead">{t("liveHead")}</p>}
      <dl class="facts">
        <div>
          <dt>{t("epoch")} </dt>
          <dd>
            {(last?.epoch ?? 0).toFixed(1)} / {start.epochs}
          </dd>
        </div>
        <div>
          <dt>{t("learningRate")} </dt>
          <dd>{start.learningRate}</dd>
        </div>
        <div>
          <dt>{t("batchSize")} </dt>
          <dd>{start.batchSize}</dd>
        </div>
        {last !== null && (
          <>
            <div>
              <dt>{t("loss")} </dt>
              <dd>{lossText(last.trainLoss)}</dd>
            </div>
            <div>
              <dt>{t("trainAccuracy")} </dt>
              <dd>{percent(last.trainAccuracy)}</dd>
            </div>
          </>
        )}
        {liveTest.value !== null && (
          <div>
            <dt>{t("testAccuracy")} </dt>
            <dd>{percent(liveTest.value)}</dd>
          </div>
        )}
        {step !== null && liveEnd.value === null && (
          <div>
            <dd>{count(Math.round(step.imagesPerSecond))}</dd> <dt>{t("imagesPerSecond")}</dt>
          </div>
        )}
      </dl>
    </section>
  );
}

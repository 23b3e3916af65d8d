/** A slider over the checkpoints: the network as it was then. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Hint } from "../parts/hint.tsx";
import { checkpoints, goBackTo, lastPoint, prepared, trainer } from "../state/lab.ts";
import { count, percent, t } from "../state/language.ts";
import { told } from "../state/notices.ts";

const MILLISECONDS = 150;

export function Checkpoints() {
  const id = useId();
  const list = checkpoints.value;
  const [chosen, setChosen] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const step = lastPoint.value?.step ?? 0;
  // When it trains on, the slider follows.
  useEffect(() => setChosen(null), [step]);
  const at = chosen ?? list.length - 1;
  const shown = list[at];
  const text = shown === undefined ? "" : textOf(shown);
  return (
    <section class="card checkpoints" aria-label={t("checkpoints")}>
      <div class="label row">
        <label for={id} class="chart-title">
          {t("checkpoints")}
        </label>
        <Hint term="checkpoint" />
        <output class="small muted numbers" for={id}>
          {text}
        </output>
        <button
          type="button"
          class="tiny"
          disabled={prepared.value === null}
          onClick={() => void told(() => trainer().call("checkpoint"))}
        >
          {t("keepCheckpoint")}
        </button>
      </div>
      {list.length === 0 ? (
        <p class="small muted">{t("noCheckpoints")}</p>
      ) : (
        <input
          id={id}
          type="range"
          min={0}
          max={list.length - 1}
          step={1}
          value={at}
          aria-valuetext={text}
          onInput={(event) => {
            const next = Number(event.currentTarget.value);
            setChosen(next);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => void goBackTo(list[next].id), MILLISECONDS);
          }}
        />
      )}
    </section>
  );
}

function textOf(point: {
  readonly step: number;
  readonly epoch: number;
  readonly accuracy: readonly (number | null)[];
}) {
  const tested = point.accuracy.filter((value): value is number => value !== null);
  const where = t("checkpointAt", { epoch: point.epoch.toFixed(1), step: count(point.step) });
  return tested.length === 0
    ? where
    : `${where} · ${t("testAccuracy")} ${tested.map((one) => percent(one)).join(" / ")}`;
}

/** Play, pause, one step; where the training is. Beside every view. */
import { IconButton } from "../parts/fields.tsx";
import { Icon } from "../parts/icons.tsx";
import {
  experiment,
  imagesPerSecond,
  lastPoint,
  lastTest,
  MORE_EPOCHS,
  pause,
  playing,
  prepare,
  prepared,
  progress,
  state,
} from "../state/lab.ts";
import { count, lossText, percent, t } from "../state/language.ts";
import { start, startOneStep } from "../state/start.ts";

export function Transport() {
  const running = playing.value;
  const busy = state.value === "preparing";
  const label = running
    ? t("pause")
    : state.value === "finished"
      ? t("playOn", { count: MORE_EPOCHS })
      : t("play");
  return (
    <section class="transport" aria-label={t("training")}>
      <div class="row" style="flex-wrap:nowrap">
        <button
          type="button"
          class="primary play"
          aria-label={label}
          onClick={() => void (running ? pause() : start())}
        >
          <Icon name={running ? "pause" : "play"} />
          <span>{label}</span>
        </button>
        <IconButton label={t("oneStep")} class="" disabled={running} onClick={() => void startOneStep()}>
          <Icon name="step" />
        </IconButton>
        <IconButton label={t("restart")} class="" disabled={busy} onClick={() => void prepare()}>
          <Icon name="restart" />
        </IconButton>
      </div>
      <Facts />
      <Engine />
    </section>
  );
}

function Facts() {
  const loading = progress.value;
  const point = lastPoint.value;
  if (state.value === "preparing") {
    return (
      <p class="small muted">
        {loading === null
          ? t("preparing")
          : t("loadingData", { share: loading.of === null ? "" : percent(loading.done / loading.of, 0) })}
      </p>
    );
  }
  if (point === null) return <p class="small muted">{t("notTrained")}</p>;
  const test = lastTest.value;
  const both = (values: readonly number[], format: (value: number) => string) =>
    values.map((value, i) => (
      <span key={i}>
        {i > 0 && " / "}
        {values.length > 1 && <span class={i === 0 ? "swatch" : "swatch second"} aria-hidden="true" />}
        {format(value)}
      </span>
    ));
  return (
    <dl class="facts">
      <div>
        <dt>{t("epoch")} </dt>
        <dd>
          {point.epoch.toFixed(point.epoch < 10 ? 2 : 1)} / {experiment.value.training.epochs}
        </dd>
      </div>
      <div class="wide">
        <dt>{t("stepCount")} </dt>
        <dd>{count(point.step)}</dd>
      </div>
      <div>
        <dt>{t("loss")} </dt>
        <dd>{both(point.loss, lossText)}</dd>
      </div>
      <div>
        <dt>{t("trainAccuracy")} </dt>
        <dd>{both(point.accuracy, (value) => percent(value))}</dd>
      </div>
      {test !== null && (
        <div class="wide">
          <dt>{t("testAccuracy")} </dt>
          <dd>
            {both(
              test.networks.map(({ accuracy }) => accuracy),
              (value) => percent(value),
            )}
          </dd>
        </div>
      )}
      {imagesPerSecond.value > 0 && (
        <div class="wide">
          <dd>{count(Math.round(imagesPerSecond.value))}</dd> <dt>{t("imagesPerSecond")}</dt>
        </div>
      )}
    </dl>
  );
}

function Engine() {
  const facts = prepared.value?.engine;
  if (facts === undefined) return null;
  return (
    <p class="engine" title={facts.isolated ? undefined : t("notIsolated")}>
      {t(facts.threads === 1 ? "engineOne" : "engineMany", { threads: facts.threads })}
    </p>
  );
}

/** Runs of the command line on this computer: each opens with its weights. */
import { Icon } from "../parts/icons.tsx";
import { percent, t } from "../state/language.ts";
import { openRun } from "../state/open_run.ts";
import { served } from "../state/served.ts";

export function ServedRuns() {
  const { runs } = served.value;
  if (runs.length === 0) return null;
  return (
    <section class="card" aria-labelledby="runs">
      <h2 id="runs">{t("runs")}</h2>
      <ul class="runs">
        {runs.map((run) => (
          <li key={run.name}>
            <span>
              <strong>{run.title}</strong>
              <span class="small muted numbers">
                {run.epochs !== null && t("runEpochs", { epochs: run.epochs })}
                {run.accuracy !== null && ` · ${t("testAccuracy")} ${percent(run.accuracy)}`}
              </span>
            </span>
            <button type="button" class="tiny" onClick={() => void openRun(run.name)}>
              <Icon name="folder" />
              {t("open")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

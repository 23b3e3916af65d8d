/** The chapter's experiments, ready to start. */
import "../styles/training.css";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { play, readyMadeOpen, replaceExperiment, view } from "../state/lab.ts";
import { t } from "../state/language.ts";
import { say } from "../state/notices.ts";
import { READY_MADE, type ReadyMadeExperiment } from "./ready_made_experiments.ts";

export function ReadyMade() {
  const close = () => {
    readyMadeOpen.value = false;
  };
  const choose = async (one: ReadyMadeExperiment) => {
    close();
    view.value = "train";
    say(t("experimentChosen", { title: t(one.title) }));
    if (await replaceExperiment(one.experiment)) await play();
  };
  return (
    <Dialog title={t("experiments")} lead={t("experimentsLead")} onClose={close}>
      <ul class="experiments">
        {READY_MADE.map((one) => (
          <li key={one.title}>
            <button type="button" class="experiment" onClick={() => void choose(one)}>
              <span class="experiment-title">
                <strong>{t(one.title)}</strong>
                <span class="badge">{t("sectionShort", { section: one.section })}</span>
              </span>
              <span class="muted small">{t(one.question)}</span>
              <span class="experiment-go">
                <Icon name="play" />
                {t("startIt")}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

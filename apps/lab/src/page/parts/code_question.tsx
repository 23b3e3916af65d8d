/** Asks whether another person's code may run. */
import { t } from "../state/language.ts";
import { asked } from "../state/others_code.ts";
import { Dialog } from "./dialog.tsx";

export function CodeQuestion() {
  const question = asked.value;
  if (question === null) return null;
  return (
    <Dialog title={t("codeQuestion")} lead={t("codeQuestionLead")} onClose={() => question.answer(false)}>
      <div class="stack">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the focus. */}
        <pre class="code question-code" tabIndex={0}>
          {question.code}
        </pre>
        <div class="row">
          <button type="button" class="primary" onClick={() => question.answer(true)}>
            {t("runIt")}
          </button>
          <button type="button" onClick={() => question.answer(false)}>
            {t("doNotRun")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

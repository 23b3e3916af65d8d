/** The problem at hand, above the view; and a line that says what was done. */
import { t } from "../state/language.ts";
import { dismissProblem, message, problem, shownProblem } from "../state/notices.ts";
import { IconButton } from "./fields.tsx";
import { Icon } from "./icons.tsx";

export function ProblemNotice() {
  const value = problem.value;
  const shown = value === null ? null : shownProblem(value);
  return (
    <div role="alert">
      {shown !== null && (
        <div class="notice bad problem">
          <Icon name="warn" />
          <div>
            <strong>{shown.title}</strong>
            {shown.detail !== "" && <p class="small">{shown.detail}</p>}
            {shown.advice !== "" && <p>{shown.advice}</p>}
          </div>
          <IconButton label={t("dismiss")} class="quiet tiny" onClick={dismissProblem}>
            <Icon name="close" />
          </IconButton>
        </div>
      )}
    </div>
  );
}

export function MessageLine() {
  return (
    <div role="status" class={message.value === "" ? "message" : "message shown"}>
      {message.value}
    </div>
  );
}

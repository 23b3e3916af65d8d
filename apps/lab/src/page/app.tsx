/** The frame around the five views: their steps on top, the controls of training below. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { DataView } from "./data/data_view.tsx";
import { HomeView } from "./home/home_view.tsx";
import { NetworkView } from "./network/network_view.tsx";
import { CodeQuestion } from "./parts/code_question.tsx";
import { HintNote } from "./parts/hint.tsx";
import { Icon, type IconName } from "./parts/icons.tsx";
import { MessageLine, ProblemNotice } from "./parts/problem_notice.tsx";
import { VIEWS, type View, view } from "./state/lab.ts";
import { language, setLanguage, t, theme, toggleTheme } from "./state/language.ts";
import { ReadyMade, readyMadeOpen } from "./training/ready_made.tsx";
import { TrainingView } from "./training/training_view.tsx";
import { Transport } from "./training/transport.tsx";
import { TrialView } from "./trial/trial_view.tsx";

const PARTS: Readonly<Record<View, { readonly icon: IconName; readonly show: () => JSX.Element }>> = {
  data: { icon: "data", show: DataView },
  network: { icon: "network", show: NetworkView },
  train: { icon: "train", show: TrainingView },
  trial: { icon: "trial", show: TrialView },
  home: { icon: "home", show: HomeView },
};

const NAMES = {
  data: ["stepData", "leadData", "headData"],
  network: ["stepNetwork", "leadNetwork", "headNetwork"],
  train: ["stepTrain", "leadTrain", "headTrain"],
  trial: ["stepTrial", "leadTrial", "headTrial"],
  home: ["stepHome", "leadHome", "headHome"],
} as const;

export function App() {
  const current = view.value;
  const Shown = PARTS[current].show;
  return (
    <>
      <a class="skip" href="#main">
        {t("skipToMain")}
      </a>
      <Header />
      <main id="main" class={`view view-${current}`} tabIndex={-1}>
        <ViewHeading />
        <ProblemNotice />
        <Shown key={current} />
      </main>
      <Transport />
      <MessageLine />
      <HintNote />
      {readyMadeOpen.value && <ReadyMade />}
      <CodeQuestion />
    </>
  );
}

function Header() {
  return (
    <header class="top">
      <div class="brand">
        <img src="icon.svg" alt="" width="28" height="28" />
        <strong>Convoyant Lab</strong>
      </div>
      <nav class="steps" aria-label={t("steps")}>
        <ol>
          {VIEWS.map((name, i) => (
            <li key={name}>
              <button
                type="button"
                class="quiet"
                aria-current={view.value === name ? "step" : undefined}
                onClick={() => {
                  view.value = name;
                }}
              >
                <span class="number" aria-hidden="true">
                  {i + 1}
                </span>
                <Icon name={PARTS[name].icon} />
                <span>{t(NAMES[name][0])}</span>
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <div class="row tools">
        <button
          type="button"
          class="tool"
          onClick={() => {
            readyMadeOpen.value = true;
          }}
        >
          <Icon name="book" />
          <span>{t("experiments")}</span>
        </button>
        <button
          type="button"
          class="quiet tool"
          lang={language.value === "zh" ? "en" : "zh-CN"}
          title={language.value === "zh" ? "English" : "中文"}
          onClick={() => setLanguage(language.value === "zh" ? "en" : "zh")}
        >
          {language.value === "zh" ? "EN" : "中文"}
        </button>
        <button
          type="button"
          class="quiet icon"
          aria-label={t("darkColours")}
          title={t("darkColours")}
          aria-pressed={theme() === "dark"}
          onClick={toggleTheme}
        >
          <Icon name={theme() === "dark" ? "sun" : "moon"} />
        </button>
      </div>
    </header>
  );
}

/** Title of the view; gets the focus when the view changes, so that readers hear where they are. */
function ViewHeading() {
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  const current = view.value;
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    heading.current?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [current]);
  return (
    <div class="heading">
      <h1 ref={heading} tabIndex={-1}>
        {t(NAMES[current][2])}
      </h1>
      <p class="lead">{t(NAMES[current][1])}</p>
    </div>
  );
}

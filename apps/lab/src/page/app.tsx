/** The frame around the five views: their steps on top, the controls of training below. */
import { useEffect, useRef } from "preact/hooks";
import { DataView } from "./data/data_view.tsx";
import { CodeQuestion } from "./parts/code_question.tsx";
import { HintNote } from "./parts/hint.tsx";
import { Icon, type IconName } from "./parts/icons.tsx";
import { type LazyPart, lazy } from "./parts/lazy.tsx";
import { MessageLine, ProblemNotice } from "./parts/problem_notice.tsx";
import { readyMadeOpen, VIEWS, type View, view } from "./state/lab.ts";
import { language, setLanguage, t, theme, toggleTheme } from "./state/language.ts";
import { Transport } from "./training/transport.tsx";

interface Part {
  readonly icon: IconName;
  readonly part: LazyPart;
}

const PARTS: Readonly<Record<View, Part>> = {
  data: { icon: "data", part: { load: () => {}, Show: DataView } },
  network: {
    icon: "network",
    part: lazy(() => import("./network/network_view.tsx").then((module) => module.NetworkView)),
  },
  train: {
    icon: "train",
    part: lazy(() => import("./training/training_view.tsx").then((module) => module.TrainingView)),
  },
  trial: {
    icon: "trial",
    part: lazy(() => import("./trial/trial_view.tsx").then((module) => module.TrialView)),
  },
  home: { icon: "home", part: lazy(() => import("./home/home_view.tsx").then((module) => module.HomeView)) },
};

const ReadyMade = lazy(() => import("./training/ready_made.tsx").then((module) => module.ReadyMade));

const NAMES = {
  data: ["stepData", "leadData", "headData"],
  network: ["stepNetwork", "leadNetwork", "headNetwork"],
  train: ["stepTrain", "leadTrain", "headTrain"],
  trial: ["stepTrial", "leadTrial", "headTrial"],
  home: ["stepHome", "leadHome", "headHome"],
} as const;

export function App() {
  const current = view.value;
  const { Show } = PARTS[current].part;
  return (
    <>
      <a class="skip" href="#main">
        {t("skipToMain")}
      </a>
      <Header />
      <main id="main" class={`view view-${current}`} tabIndex={-1}>
        <ViewHeading />
        <ProblemNotice />
        <Show key={current} />
      </main>
      <Transport />
      <MessageLine />
      <HintNote />
      {readyMadeOpen.value && <ReadyMade.Show />}
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
                onPointerEnter={PARTS[name].part.load}
                onFocus={PARTS[name].part.load}
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
          aria-label={t("experiments")}
          title={t("experiments")}
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
          onClick={() => void setLanguage(language.value === "zh" ? "en" : "zh")}
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

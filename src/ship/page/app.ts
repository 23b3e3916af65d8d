/** The shipped page: an image comes in, its class comes out. */
import { Classifier } from "../../classifier/classifier.ts";
import { type GradCam, gradCam } from "../../look/attribution/grad_cam.ts";
import { magma } from "../../look/image/colour_maps.ts";
import { overlay } from "../../look/image/overlay.ts";
import { shownInput } from "../../look/image/shown_input.ts";
import type { Image } from "../../records/image.ts";
import { type Tensor, useEngine } from "../../tensor/index.ts";
import { Camera } from "./camera.ts";
import { CameraProblem } from "./camera_problem.ts";
import { drawImage, imageOf, imageOfCanvas, UnreadableImage } from "./pixels.ts";
import { labelIn, percentIn, showProbabilities, translate } from "./result_view.ts";
import type { PageShipment } from "./shipment.ts";
import {
  LANGUAGES,
  languageTag,
  type PageLanguage,
  preferredLanguage,
  type TextName,
  textIn,
} from "./texts.ts";
import { loadWeights, requireOwn, textOf, WeightsProblem } from "./weights.ts";

type Values = Readonly<Record<string, string | number>>;

/** What was last said, so that it can be said in another language. */
interface Said {
  readonly name: TextName;
  readonly values: Values;
}

/** What was found in the last image. */
interface Answer {
  readonly probabilities: readonly number[];
  readonly index: number;
  readonly milliseconds: number;
  /** As the network saw it, in numbers and to look at. */
  readonly input: Tensor;
  readonly seen: Image;
  /** Computed when it is asked for. */
  map?: Promise<GradCam>;
}

const SAID_OF_WEIGHTS: Readonly<Record<WeightsProblem["kind"], TextName>> = {
  "opened as file": "openedAsFile",
  missing: "weightsMissing",
  wrong: "weightsWrong",
};

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

class App {
  private readonly shipment: PageShipment = JSON.parse(textOf("shipment"));
  private readonly camera = new Camera(byId<HTMLVideoElement>("video"));
  private language: PageLanguage = preferredLanguage(navigator.languages ?? [navigator.language]);
  private classifier: Classifier | undefined;
  private said: { status?: Said; problem?: Said } = {};
  private answer: Answer | undefined;
  /** Counts images: what is computed for an earlier one is not shown. */
  private turn = 0;
  private waiting: Blob | HTMLCanvasElement | undefined;

  async start(): Promise<void> {
    this.useLanguage(this.language);
    this.listen();
    await this.load(() =>
      loadWeights(this.shipment, (share) => this.say("loading", { percent: Math.round(100 * share) })),
    );
  }

  private async load(weights: () => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      const bytes = await weights();
      this.say("starting");
      // Portable: the same bits in every browser, and one binary of the kernels.
      await useEngine("wasm", { portable: true });
      this.classifier = await Classifier.load(bytes);
    } catch (error) {
      this.complainOfStart(error as Error);
      return;
    }
    this.complain(undefined);
    byId("weights-choice").hidden = true;
    this.say("ready");
    document.documentElement.dataset.state = "ready";
    if (this.waiting !== undefined) await this.look(this.waiting);
  }

  private complainOfStart(error: Error): void {
    const file = this.shipment.weightsFile ?? "";
    this.say(undefined);
    document.documentElement.dataset.state = "failed";
    if (!(error instanceof WeightsProblem)) {
      this.complain("engineFailed", { why: error.message });
      return;
    }
    byId("weights-choice").hidden = this.shipment.weightsFile === null;
    this.complain(SAID_OF_WEIGHTS[error.kind], { file, why: error.message });
  }

  private listen(): void {
    const files = byId<HTMLInputElement>("file");
    files.addEventListener("change", () => {
      const [file] = files.files ?? [];
      // The same file can be chosen again.
      if (file !== undefined) void this.look(file).finally(() => (files.value = ""));
    });
    const weights = byId<HTMLInputElement>("weights-file");
    weights.addEventListener("change", () => {
      const [file] = weights.files ?? [];
      if (file === undefined) return;
      void this.load(async () => {
        const bytes = new Uint8Array(await file.arrayBuffer());
        await requireOwn(bytes, this.shipment);
        return bytes;
      });
    });
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      byId("drop").classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) byId("drop").classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      byId("drop").classList.remove("over");
      const [file] = event.dataTransfer?.files ?? [];
      if (file === undefined) this.complain("noFile");
      else void this.look(file);
    });
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file === undefined) this.complain("noImagePasted");
      else void this.look(file);
    });
    this.listenToCamera();
    this.listenToChoices();
  }

  private listenToCamera(): void {
    const show = (isOn: boolean) => {
      byId("camera").hidden = !isOn;
      byId<HTMLButtonElement>("camera-open").setAttribute("aria-expanded", String(isOn));
    };
    const attempt = async (action: () => Promise<void>) => {
      this.complain(undefined);
      try {
        await action();
      } catch (error) {
        const name = error instanceof CameraProblem ? error.text : "cameraFailed";
        this.complain(name, { why: (error as Error).message });
      }
      show(this.camera.isOn);
    };
    const close = () => {
      this.camera.close();
      show(false);
      byId("camera-open").focus();
    };
    byId("camera-open").addEventListener("click", () => {
      if (this.camera.isOn) return close();
      void attempt(async () => {
        await this.camera.open();
        show(true);
        byId("camera-take").focus();
      });
    });
    byId("camera-turn").addEventListener("click", () => void attempt(() => this.camera.turn()));
    byId("camera-close").addEventListener("click", close);
    byId("camera-take").addEventListener("click", () => {
      const photo = this.camera.photo();
      close();
      void this.look(photo);
    });
  }

  private listenToChoices(): void {
    const dark = byId<HTMLButtonElement>("theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = () => document.documentElement.dataset.theme;
    const isDark = () => (chosen() === undefined ? system.matches : chosen() === "dark");
    const show = () => dark.setAttribute("aria-pressed", String(isDark()));
    dark.addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      show();
    });
    system.addEventListener("change", show);
    show();
    byId("heatmap").addEventListener("change", () => void this.showSeen());
    byId("language").addEventListener("click", () =>
      this.useLanguage(LANGUAGES[(LANGUAGES.indexOf(this.language) + 1) % LANGUAGES.length]),
    );
  }

  /** Says an image's class. One that comes while the network is loaded waits. */
  private async look(source: Blob | HTMLCanvasElement): Promise<void> {
    this.complain(undefined);
    if (this.classifier === undefined) {
      this.waiting = source;
      return;
    }
    const { classifier } = this;
    const turn = ++this.turn;
    this.say("working");
    try {
      const isCanvas = source instanceof HTMLCanvasElement;
      const image = isCanvas ? imageOfCanvas(source) : await imageOf(source, classifier.preprocessing);
      const answer = await this.ask(classifier, image);
      if (turn !== this.turn) return;
      await showOriginal(source);
      this.show(answer);
    } catch (error) {
      if (turn === this.turn) this.complainOfImage(error as Error, source);
    }
  }

  private async ask(classifier: Classifier, image: Image): Promise<Answer> {
    const started = performance.now();
    const { index, probabilities } = await classifier.predict(image);
    const milliseconds = Math.round(performance.now() - started);
    const input = await classifier.input(image);
    return {
      probabilities,
      index,
      milliseconds,
      input,
      seen: await shownInput(input, classifier.preprocessing),
    };
  }

  private show(answer: Answer): void {
    const isFirst = this.answer === undefined;
    this.answer = answer;
    byId("result").hidden = false;
    this.showAnswer();
    if (isFirst) byId("result").scrollIntoView({ block: "nearest" });
    void this.showSeen();
    const { probabilities, index } = answer;
    document.dispatchEvent(new CustomEvent("prediction", { detail: { index, probabilities } }));
  }

  /** What the network saw, with what speaks for its answer if that is wanted. */
  private async showSeen(): Promise<void> {
    const { answer, classifier } = this;
    if (answer === undefined || classifier === undefined) return;
    const canvas = byId<HTMLCanvasElement>("seen");
    drawImage(canvas, answer.seen);
    this.describeSeen();
    if (!byId<HTMLInputElement>("heatmap").checked) return;
    try {
      answer.map ??= gradCam(classifier.net, answer.input, { classIndex: answer.index });
      const map = await answer.map;
      if (this.answer !== answer || !byId<HTMLInputElement>("heatmap").checked) return;
      drawImage(canvas, overlay(answer.seen, map, { colourMap: magma }));
    } catch (error) {
      this.complain("failed", { why: (error as Error).message });
    }
  }

  private describeSeen(): void {
    if (this.answer === undefined || this.classifier === undefined) return;
    const label = labelIn(this.language, this.classifier.classes[this.answer.index]);
    const name = byId<HTMLInputElement>("heatmap").checked ? "heatmapOf" : "seen";
    byId("seen-text").textContent = textIn(this.language, name, { label });
  }

  /** The answer in the page's language. */
  private showAnswer(): void {
    if (this.answer === undefined || this.classifier === undefined) return;
    const { probabilities, index, milliseconds } = this.answer;
    const { classes } = this.classifier;
    const label = labelIn(this.language, classes[index] ?? `class ${index}`);
    const percent = percentIn(this.language, probabilities[index]);
    byId("answer").textContent = textIn(this.language, "answer", { label, percent });
    byId("time").textContent = textIn(this.language, "computedIn", { milliseconds });
    this.say("answer", { label, percent });
    const more = byId<HTMLButtonElement>("more");
    showProbabilities(byId("bars"), more, classes, probabilities, this.language);
    this.describeSeen();
  }

  private complainOfImage(error: Error, source: Blob | HTMLCanvasElement): void {
    this.say("ready");
    const name = (source as { name?: string }).name ?? "";
    const why = error.message;
    if (!(error instanceof UnreadableImage)) this.complain("failed", { why });
    else this.complain(error.isImage ? "damaged" : "noImage", { name, why });
    document.dispatchEvent(new CustomEvent("prediction", { detail: { problem: why } }));
  }

  private useLanguage(language: PageLanguage): void {
    this.language = language;
    const title = labelIn(language, this.shipment.title);
    const file = this.shipment.weightsFile ?? "";
    document.documentElement.lang = languageTag(language);
    document.title = title;
    byId("title").textContent = title;
    translate(language, { file });
    byId("language").lang = languageTag(language === "en" ? "zh" : "en");
    this.say(this.said.status?.name, this.said.status?.values);
    this.complain(this.said.problem?.name, this.said.problem?.values);
    this.showAnswer();
  }

  private say(name: TextName | undefined, values: Values = {}): void {
    // What stands in the result already is said to those who do not see it.
    byId("status").classList.toggle("away", name === "answer");
    this.said = { ...this.said, ...{ status: name && { name, values } } };
    byId("status").textContent = name === undefined ? "" : textIn(this.language, name, values);
  }

  private complain(name: TextName | undefined, values: Values = {}): void {
    this.said = { ...this.said, ...{ problem: name && { name, values } } };
    const place = byId("problem");
    place.hidden = name === undefined;
    place.textContent = name === undefined ? "" : textIn(this.language, name, values);
  }
}

async function showOriginal(source: Blob | HTMLCanvasElement): Promise<void> {
  const image = byId<HTMLImageElement>("original");
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  const isCanvas = source instanceof HTMLCanvasElement;
  const blob = isCanvas
    ? await new Promise<Blob | null>((done) => source.toBlob(done, "image/jpeg"))
    : source;
  if (blob === null) return;
  image.src = URL.createObjectURL(blob);
  // A format that the browser does not show (PPM) has its decoded image beside it all the same.
  await image.decode().then(
    () => (image.hidden = false),
    () => (image.hidden = true),
  );
}

void new App().start();

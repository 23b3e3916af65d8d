/** The built Lab in Chromium, as a person uses it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { launch, noBrowser, serve } from "../browser/chromium.ts";

const folder = fileURLToPath(new URL("../../lab/", import.meta.url));

/** Why the Lab cannot be tested here, or false. */
export const noLab: string | false =
  noBrowser || (existsSync(`${folder}index.html`) ? false : "the Lab has not been built: npm run lab:build");

/** With and without the headers that let pages share memory. */
export const KINDS = ["isolated", "plain"] as const;
export type Kind = (typeof KINDS)[number];

const STEPS = ["Data", "Network", "Train", "Try it", "Take home"] as const;

/** A browser with a camera that needs no permission, and a server of the Lab. */
export class LabBrowser {
  readonly origin: string;
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, server: Server, origin: string) {
    this.#browser = browser;
    this.#server = server;
    this.origin = origin;
  }

  static async start(): Promise<LabBrowser> {
    const { origin, server } = await serve({ folder });
    const browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
    return new LabBrowser(browser, server, origin);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Opens the Lab in a context of its own; nothing is stored yet. */
  async open(kind: Kind, options: OpenOptions = {}): Promise<Lab> {
    const lab = await this.blank(options);
    await this.load(lab, kind);
    return lab;
  }

  /** Loads the Lab into a page, also once more. */
  async load({ page }: Lab, kind: Kind, hash = ""): Promise<void> {
    // From one address of a page to another of the same nothing is loaded.
    if (hash !== "") await page.goto("about:blank");
    await page.goto(`${this.origin}/${kind}/index.html${hash}`);
  }

  /** A page in a context of its own. */
  async blank({ lang = "en", theme = "light", width = 1280 }: OpenOptions = {}): Promise<Lab> {
    const context = await this.#browser.newContext({
      viewport: { width, height: 800 },
      locale: lang === "zh" ? "zh-CN" : "en-US",
      colorScheme: theme,
      reducedMotion: "reduce",
      acceptDownloads: true,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    return new Lab(page);
  }
}

export interface OpenOptions {
  readonly lang?: "en" | "zh";
  readonly theme?: "light" | "dark";
  readonly width?: number;
}

/** The page, with what a person sees on it. */
export class Lab {
  readonly page: Page;
  /** Errors that the page did not catch, and addresses outside of it. */
  readonly faults: string[] = [];
  /** What was loaded, from the first page on. */
  readonly loaded = new Map<string, Promise<Uint8Array>>();

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("404")) this.faults.push(message.text());
    });
    page.on("response", (response) => {
      const url = response.url();
      if (this.loaded.has(url)) return;
      const none = new Uint8Array();
      const isData = url.includes("/data/") || !url.startsWith("http");
      this.loaded.set(url, isData ? Promise.resolve(none) : response.body().catch(() => none));
    });
  }

  async go(step: (typeof STEPS)[number]): Promise<void> {
    await this.page.locator(".steps button").nth(STEPS.indexOf(step)).click();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** Waits until the network can be trained. */
  async ready(): Promise<void> {
    await this.page.getByText("Not trained yet.").waitFor();
  }

  /** The number of steps done, as the bar says it. */
  async steps(): Promise<number> {
    const text = await this.page.locator(".transport dl > div", { hasText: "Step" }).innerText();
    return Number(text.replace(/\D/g, ""));
  }

  /** Waits until this many steps are done. */
  async reaches(steps: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const bar = [...document.querySelectorAll(".transport dl > div")].find((row) =>
          row.textContent?.startsWith("Step"),
        );
        return Number(bar?.textContent?.replace(/\D/g, "") ?? 0) >= wanted;
      },
      steps,
      { polling: 50 },
    );
  }

  /** Waits until just this many steps are done. */
  async atStep(steps: number): Promise<void> {
    await this.reaches(steps);
    assert.equal(await this.steps(), steps);
  }

  /** Trains until this many steps are done, then pauses. */
  async train(steps: number): Promise<void> {
    await this.button("Start").click();
    await this.reaches(steps);
    await this.button("Pause").click();
    await this.button("Start").waitFor();
  }

  /** Ends the page; fails if something went wrong that no test looked at. */
  async close(): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.faults, []);
  }
}

/** A class of own images. */
export const card = (page: Page, name: string): Locator =>
  page.getByRole("region", { name: `Class ${name}: drop images here` });

/** Drops files onto a place as a person does from a folder on the desktop. */
export async function dropFiles(
  place: Locator,
  files: readonly { readonly name: string; readonly type: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const list = files.map(({ name, type, bytes }) => ({
    name,
    type,
    base64: Buffer.from(bytes).toString("base64"),
  }));
  await place.evaluate((element, given) => {
    const transfer = new DataTransfer();
    for (const { name, type, base64 } of given) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type }));
    }
    for (const kind of ["dragenter", "dragover", "drop"])
      element.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }, list);
}

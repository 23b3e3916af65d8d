/** Pages that put the images into the shipped page, and into ONNX Runtime for the web, and post what comes out. */

const DRIVER = (body: string) => `<!doctype html><meta charset="utf-8"><title>convoyant ship --verify</title>
<iframe style="width:800px;height:1200px"></iframe>
<script type="module">
const images = Number(new URLSearchParams(location.search).get("images"));
const post = (answers) => fetch("answers", { method: "POST", body: JSON.stringify(answers) });
let told = performance.now();
const tell = async (answers) => {
  if (performance.now() - told < 500) return;
  told = performance.now();
  await fetch("done", { method: "POST", body: String(answers.length) });
};
const problem = (error) => post([{ problem: String(error?.message ?? error) }]);
window.onerror = (message) => problem(message);
window.onunhandledrejection = ({ reason }) => problem(reason);
try {
  const answers = [];
${body}
  await post(answers);
} catch (error) {
  await problem(error);
}
</script>
`;

/** Chooses each image in the page's own file input, as a person does. */
export const SHIPPED_PAGE_DRIVER = DRIVER(`
  const frame = document.querySelector("iframe");
  frame.src = "index.html";
  await new Promise((resolve) => (frame.onload = resolve));
  const page = frame.contentDocument;
  const { dataset } = page.documentElement;
  while (dataset.state === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  if (dataset.state !== "ready") throw new Error(page.getElementById("problem").textContent);
  const input = page.getElementById("file");
  const { DataTransfer, File, Event } = frame.contentWindow;
  for (let i = 0; i < images; i++) {
    const bytes = await (await fetch("samples/" + i)).arrayBuffer();
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], "image " + i));
    const answer = new Promise((resolve) =>
      page.addEventListener("prediction", ({ detail }) => resolve(detail), { once: true }),
    );
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
    answers.push(await answer);
    await tell(answers);
  }
`);

/** The images come decoded: width, height and channels as three 32-bit numbers, then the pixels. */
export const ONNX_WEB_DRIVER = DRIVER(`
  const ort = await import(new URL("ort/ort.wasm.min.mjs", location.href).href);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
  ort.env.logLevel = "error";
  const model = new Uint8Array(await (await fetch("model.onnx")).arrayBuffer());
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  for (let i = 0; i < images; i++) {
    const bytes = await (await fetch("pixels/" + i)).arrayBuffer();
    const [width, height, channels] = new Uint32Array(bytes, 0, 3);
    const tensor = new ort.Tensor("uint8", new Uint8Array(bytes, 12), [1, height, width, channels]);
    const { probabilities } = await session.run({ [session.inputNames[0]]: tensor });
    answers.push({ probabilities: [...probabilities.data] });
    await tell(answers);
  }
`);

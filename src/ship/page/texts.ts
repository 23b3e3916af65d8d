/** What the shipped page says, in English and Chinese. */
import { CAMERA_TEXTS } from "./camera_problem.ts";

const ENGLISH = {
  intro:
    "Give this page an image, and it says what it shows. All is computed on this device: no image leaves it.",
  drop: "Drop an image here, or paste one",
  choose: "Choose a file",
  useCamera: "Use the camera",
  cameraImage: "What the camera sees",
  take: "Take the photo",
  turnCamera: "Other camera",
  closeCamera: "Close the camera",
  loading: "Loading the network: {percent} %",
  starting: "Starting …",
  ready: "Ready for an image.",
  working: "Looking at the image …",
  result: "Result",
  answer: "{label}: {percent}",
  probabilities: "Probability of each class",
  showAll: "Show all {count} classes",
  original: "The image",
  seen: "As the network sees it",
  heatmap: "Mark what the answer rests on (Grad-CAM)",
  heatmapOf: "The image as the network sees it; warm colours mark what speaks for {label}",
  computedIn: "Computed in {milliseconds} ms.",
  theme: "Dark colours",
  otherLanguage: "中文",
  about: "About this model",
  onnxFile: "As an ONNX file",
  noImage:
    "{name} is not an image that this page can read. It reads JPEG, PNG, WebP, GIF, BMP, PPM and what your browser shows.",
  damaged: "{name} cannot be read as an image: {why}",
  noFile: "That was not a file. Choose an image file, or drop one.",
  noImagePasted: "There is no image on the clipboard.",
  ...CAMERA_TEXTS.en,
  openedAsFile:
    "This page was opened from the disk, and browsers do not let such a page read the weights beside it. Choose the file {file} of the same folder, or let a web server give the folder out (npx serve), or ship a single file (convoyant ship --single-file).",
  chooseWeights: "Choose {file}",
  weightsMissing: "The weights could not be loaded ({why}). The page needs the file {file} beside it.",
  weightsWrong: "{file} is not the file that belongs to this page: {why}",
  engineFailed: "This browser cannot run the network: {why}",
  failed: "That did not work: {why}",
} as const;

/** What can be said. */
export type TextName = keyof typeof ENGLISH;

const CHINESE: Readonly<Record<TextName, string>> = {
  intro: "给出一张图片，本页会告诉你图中是什么。所有计算都在本设备上完成，图片不会上传。",
  drop: "把图片拖到这里，或直接粘贴",
  choose: "选择文件",
  useCamera: "使用摄像头",
  cameraImage: "摄像头画面",
  take: "拍照",
  turnCamera: "切换摄像头",
  closeCamera: "关闭摄像头",
  loading: "正在加载网络：{percent}%",
  starting: "正在启动……",
  ready: "已就绪，请提供图片。",
  working: "正在识别……",
  result: "识别结果",
  answer: "{label}：{percent}",
  probabilities: "各类别的概率",
  showAll: "显示全部 {count} 个类别",
  original: "原图",
  seen: "网络看到的图像",
  heatmap: "标出判断依据（Grad-CAM）",
  heatmapOf: "网络看到的图像；暖色标出支持“{label}”的区域",
  computedIn: "用时 {milliseconds} 毫秒。",
  theme: "深色模式",
  otherLanguage: "English",
  about: "关于此模型",
  onnxFile: "下载 ONNX 文件",
  noImage: "{name} 不是本页能读取的图片。支持 JPEG、PNG、WebP、GIF、BMP、PPM，以及浏览器能显示的其他格式。",
  damaged: "无法将 {name} 作为图片读取：{why}",
  noFile: "这不是文件。请选择或拖入一个图片文件。",
  noImagePasted: "剪贴板里没有图片。",
  ...CAMERA_TEXTS.zh,
  openedAsFile:
    "本页是直接从磁盘打开的，浏览器不允许这样的页面读取旁边的权重文件。请选择同一文件夹中的 {file}；也可以用网页服务器提供该文件夹（npx serve），或导出为单个文件（convoyant ship --single-file）。",
  chooseWeights: "选择 {file}",
  weightsMissing: "无法加载权重（{why}）。本页需要同一文件夹中的 {file}。",
  weightsWrong: "{file} 不是本页对应的文件：{why}",
  engineFailed: "此浏览器无法运行该网络：{why}",
  failed: "操作失败：{why}",
};

/** Languages of the page. */
export const LANGUAGES = ["en", "zh"] as const;
export type PageLanguage = (typeof LANGUAGES)[number];

/** The language of those that a reader prefers, most wanted first; English if none is known. */
export function preferredLanguage(wanted: readonly string[]): PageLanguage {
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found !== undefined) return found;
  }
  return "en";
}

/** The language as HTML's `lang` names it. */
export const languageTag = (language: PageLanguage): string => (language === "zh" ? "zh-Hans" : "en");

/** A text with its `{values}` filled in. */
export function textIn(
  language: PageLanguage,
  name: TextName,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const text = language === "zh" ? CHINESE[name] : ENGLISH[name];
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}

/** A probability as a percentage: one digit behind the point, and never 100 or 0 if it is not. */
export function percentage(probability: number): string {
  const percent = probability * 100;
  if (percent > 99.9 && probability < 1) return "> 99.9 %";
  if (percent < 0.1 && probability > 0) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** The page that says what a server offers. */
import { type ClassName, className } from "../records/class_names.ts";
import { escapeXml } from "../report/svg/xml.ts";
import { allowed, type Routes } from "./http/routes.ts";

const MOST_CLASSES = 100;

const SAYS: Readonly<Record<string, string>> = {
  "/": "this page",
  "/predict": "classes of images: raw bytes, multipart/form-data, or JSON with base64",
  "/health": "whether the server is alive",
  "/ready": "whether it takes requests",
  "/metrics": "counts and times for Prometheus",
  "/openapi.json": "all of this for programs",
  "/reload": "load the model's file again",
};

export function descriptionPage(classes: readonly ClassName[], routes: Routes): string {
  const rows = Object.entries(routes).map(
    ([path, route]) =>
      `<tr><td><code>${path}</code></td><td>${allowed(route)}</td><td>${SAYS[path] ?? ""}</td></tr>`,
  );
  const names = classes.slice(0, MOST_CLASSES).map((_, i) => escapeXml(className(classes, i)));
  const more = classes.length > MOST_CLASSES ? `, and ${classes.length - MOST_CLASSES} more` : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Convoyant</title>
<style>body { font: 1rem/1.5 sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }
td { padding: 0 1rem 0 0; vertical-align: top }</style>
<h1>A classifier of ${classes.length} classes</h1>
<p>${names.join(", ")}${more}</p>
<table>${rows.join("\n")}</table>
<p>Send an image: <code>curl -H "Content-Type: image/jpeg" --data-binary @photo.jpg ADDRESS/predict</code></p>
</html>
`;
}

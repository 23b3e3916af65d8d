/** The shipped page's style sheet: light or dark as the reader's system has it or the page's own switch says. */
const LIGHT =
  "color-scheme:light;--page:#fff;--text:#1f2328;--muted:#57606a;--line:#8c959f;--faint:#f4f6f8;--accent:#1a63c4;--on:#fff;--track:#e3e8ee;--bad:#b3261e";
const DARK =
  "color-scheme:dark;--page:#14181d;--text:#e6eaef;--muted:#a2acb8;--line:#68737f;--faint:#1b2027;--accent:#6cb0ff;--on:#0d1117;--track:#2b333c;--bad:#ff9c8f";

export const pageStyle = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=dark]{${DARK}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",
"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
header,main,footer{max-width:52rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1rem}
nav{display:flex;gap:.5rem;justify-content:flex-end}
h1{font-size:1.75rem;line-height:1.2;margin:1.25rem 0 .35rem;font-weight:680;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:1.125rem;margin:2rem 0 .6rem;font-weight:650}
p{margin:.4rem 0}
.sub{color:var(--muted);max-width:40rem}
button,.button{display:inline-flex;align-items:center;justify-content:center;min-height:2.75rem;padding:.35rem 1rem;font:inherit;
font-weight:550;border-radius:.5rem;border:1px solid var(--line);background:var(--page);color:var(--text);cursor:pointer}
button:hover,.button:hover{background:var(--faint)}
.primary,.primary:hover{background:var(--accent);border-color:var(--accent);color:var(--on)}
nav button{min-height:2.25rem;padding:.15rem .75rem;font-size:.875rem;font-weight:450}
[aria-pressed=true]{background:var(--track)}
.away{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible,.away:focus-visible+.button{outline:3px solid var(--accent);outline-offset:2px}
#drop{margin-top:1.25rem;border:2px dashed var(--line);border-radius:.9rem;padding:1.75rem 1.25rem;text-align:center;
background:var(--faint)}
#drop.over{border-color:var(--accent);background:var(--track)}
.row{display:flex;flex-wrap:wrap;gap:.6rem;justify-content:center;margin-top:.8rem}
#camera{margin-top:1rem;text-align:center}
video{display:block;width:100%;max-height:60vh;background:#000;border-radius:.6rem}
#status{min-height:1.6em;margin-top:.9rem;color:var(--muted)}
#problem{margin-top:.5rem;border-left:4px solid var(--bad);padding:.2rem 0 .2rem .8rem;color:var(--bad);overflow-wrap:anywhere}
#result{margin-top:1.5rem;border-top:1px solid var(--track)}
#answer{font-size:1.375rem;font-weight:650;line-height:1.3;overflow-wrap:anywhere}
.time{color:var(--muted);font-size:.875rem}
.images{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem;margin:1rem 0}
figure{margin:0}
figcaption{color:var(--muted);font-size:.875rem;margin-top:.35rem}
.images img,.images canvas{display:block;width:100%;height:auto;max-height:22rem;object-fit:contain;border-radius:.5rem;
background:var(--faint)}
.images canvas{image-rendering:pixelated}
.choice{display:flex;gap:.5rem;align-items:center;min-height:2.75rem}
.choice input{width:1.15rem;height:1.15rem;accent-color:var(--accent)}
ol{list-style:none;margin:.5rem 0;padding:0}
li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.1rem .75rem;padding:.35rem 0;outline-offset:2px}
li span:first-child{overflow-wrap:anywhere}
.percent{font-variant-numeric:tabular-nums}
.bar{grid-column:1/-1;height:.6rem;border-radius:.3rem;background:var(--track);overflow:hidden}
.bar span{display:block;height:100%;min-width:1px;background:var(--accent)}
footer{margin-top:2.5rem;padding-bottom:2.5rem;color:var(--muted);font-size:.875rem}
footer p{border-top:1px solid var(--track);padding-top:.8rem;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
a{color:var(--accent)}
@media (max-width:30rem){h1{font-size:1.5rem}header,main,footer{padding-left:1rem;padding-right:1rem}
#drop{padding:1.25rem .9rem}.row>*{flex:1 1 100%}.row .button{width:100%}}
@media (prefers-reduced-motion:no-preference){.bar span{transition:width .2s}}
@media (forced-colors:active){.bar span{background:CanvasText}.bar{border:1px solid CanvasText}}
`.trim();

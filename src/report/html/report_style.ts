/** The page's style sheet: one column of readable width, light or dark as the reader's system has it, light on paper. */
export const reportStyle = `
:root{color-scheme:light dark;--page:#fff;--text:#1f2328;--muted:#57606a;--line:#d9dee4;--faint:#f4f6f8;
--accent:#1a63c4;--good:#1a7f37;--off:#9a5b00;--bandfill:#cfe0f5}
@media screen and (prefers-color-scheme:dark){:root{--page:#14181d;--text:#e6eaef;--muted:#a2acb8;--line:#323a43;
--faint:#1b2027;--accent:#6cb0ff;--good:#5fd184;--off:#f0b54f;--bandfill:#27415f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;text-rendering:optimizeLegibility;word-break:keep-all}
main,header,footer{max-width:58rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.75rem}
h1{font-size:2rem;line-height:1.2;margin:0;font-weight:680;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:3rem 0 .75rem;font-weight:650;letter-spacing:-.005em}
h3{font-size:1rem;margin:1.75rem 0 .5rem;font-weight:650}
p{margin:.5rem 0;max-width:42rem}
.sub{color:var(--muted);margin:.35rem 0 0;max-width:none}
.note{color:var(--muted);font-size:.875rem}
.warn{border-left:3px solid var(--off);padding:.1rem 0 .1rem .8rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.25rem,1fr));gap:1px;margin:1.75rem 0 0;padding:1px}
.tiles div{box-shadow:0 0 0 1px var(--line);padding:.8rem 1rem;display:flex;flex-direction:column-reverse;
justify-content:flex-end}
.tiles dt{color:var(--muted);font-size:.8125rem;line-height:1.3}
.tiles dd{margin:0;font-size:1.625rem;line-height:1.25;font-weight:620;letter-spacing:-.02em;
font-variant-numeric:tabular-nums}
.tiles small{display:block;font-size:.75rem;font-weight:400;letter-spacing:0;color:var(--muted);line-height:1.35;white-space:nowrap}
figure{margin:0}
svg.cv-chart{display:block;max-width:100%;height:auto}
.wide svg.cv-chart{width:100%}
.narrow{display:none}
@media (max-width:40rem){.wide{display:none}.narrow{display:block}.narrow svg.cv-chart{width:100%}
h1{font-size:1.6rem}header{padding-top:1.75rem}.place{display:none}}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
.scroll svg.cv-chart{max-width:none}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding:0 0 .5rem}
th,td{padding:.35rem .8rem .35rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:600;font-size:.8125rem;color:var(--muted);border-bottom-color:var(--muted);white-space:nowrap}
tbody th{font-weight:400}
tfoot td,tfoot th{font-weight:650;border-bottom:0;border-top:1px solid var(--muted)}
.num{text-align:right;white-space:nowrap}
.path,code{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
.layer{overflow-wrap:anywhere;min-width:10rem}
.nowrap{white-space:nowrap}
.inside{color:var(--good)}.outside{color:var(--off)}
.place{vertical-align:middle}
.gauge{display:block;width:8.5rem;height:1.1rem}
.gauge .range{fill:var(--bandfill)}.gauge .median{stroke:var(--accent);stroke-width:1.5}
.gauge .base{stroke:var(--line)}.gauge .ours{fill:var(--text);stroke:var(--page);stroke-width:1.5}
.mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.25rem,1fr));gap:1.25rem 1rem;margin:1rem 0 0;
padding:0;list-style:none}
.mistakes img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:.35rem;background:#000;
border:1px solid var(--line)}
.mistakes img.photo,.noimage{height:8.25rem;object-fit:contain;image-rendering:auto;background:var(--faint)}
.noimage{display:grid;place-items:center;border:1px solid var(--line);border-radius:.35rem;color:var(--muted);font-size:.8125rem}
.mistakes .file{margin-top:.45rem;font-size:.8125rem;line-height:1.35;overflow-wrap:anywhere}
.views{grid-template-columns:repeat(auto-fill,minmax(6rem,1fr));margin:.5rem 0 0}.views img.photo{height:6rem}
.group{margin:1.25rem 0 0}.group h3{margin-bottom:0}.group .mistakes{margin-top:.6rem}a{color:var(--accent)}
.mistakes .taken{font-weight:620;line-height:1.3;margin-top:.45rem;font-size:.9375rem;overflow-wrap:anywhere}
.mistakes .true{color:var(--muted);font-size:.8125rem;line-height:1.4;overflow-wrap:anywhere}
.beside{display:grid;grid-template-columns:minmax(0,1fr);gap:0 1.75rem;align-items:start}
.beside h3{margin-top:1.25rem}.beside ol{padding-left:1.25rem;margin:.5rem 0;font-size:.9375rem}.beside li{margin:.35rem 0}
@media (min-width:58rem){.beside{grid-template-columns:max-content 1fr}}
.beside figure{min-width:0}
.filters{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem 2rem;margin:1rem 0 0}
.filters img{display:block;width:100%;max-width:24rem;height:auto;image-rendering:pixelated}
.filters figcaption{color:var(--muted);font-size:.875rem;margin:0 0 .4rem}
dl.list{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;margin:0;font-size:.9375rem}
dl.list dt,dl.list dd{padding:.3rem 0;border-bottom:1px solid var(--line);margin:0}
dl.list dt{color:var(--muted);padding-right:1.5rem}
dl.list dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
pre{background:var(--faint);border:1px solid var(--line);border-radius:.4rem;padding:.65rem .85rem;margin:.75rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;font-size:.875rem}
pre code{font-size:1em}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 2.5rem}
footer{margin-top:3.5rem;padding-bottom:3rem;color:var(--muted);font-size:.8125rem}
footer p{border-top:1px solid var(--line);padding-top:.9rem;max-width:none}
@media screen and (max-width:40rem){table{font-size:.8125rem}th,td{padding-right:.5rem;overflow-wrap:anywhere}
.scroll svg.cv-chart{max-width:100%}
.stack,.stack caption,.stack tbody,.stack tfoot{display:block}.stack thead{display:none}
.stack tr{display:flex;flex-wrap:wrap;gap:0 .9rem;padding:.35rem 0;border-bottom:1px solid var(--line)}
.stack th,.stack td{border:0;padding:0;min-width:0}.stack td:empty,.stack .place{display:none}
.stack td[data-name]::before{content:attr(data-name) " ";color:var(--muted)}}
@media print{body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}header{padding-top:0}
h2{margin-top:1.6rem}h2,h3{break-after:avoid}figure,tr,li,.tiles{break-inside:avoid}
.scroll{overflow:visible}.scroll svg.cv-chart{max-width:100%}a{color:inherit}thead{display:table-header-group}
.beside{grid-template-columns:1fr}.tiles{grid-template-columns:repeat(5,1fr)}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}.mistakes{grid-template-columns:repeat(6,1fr)}
.narrow{display:none}.wide{display:block}@page{margin:16mm}}
`.trim();

// The one stylesheet of the pages: system fonts, light and dark as the system is, from 320 pixels up. Text only.

export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f7f6f3;
  --sheet: #ffffff;
  --ink: #1c1f24;
  --soft: #565c66;
  --line: #dedbd4;
  --edge: #7d828b;
  --deed: #0b5a54;
  --deed-ink: #ffffff;
  --deed-over: #084641;
  --care: #fdf4dc;
  --care-line: #a86a00;
  --bad: #a3231d;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131518;
    --sheet: #1b1e22;
    --ink: #e9e7e2;
    --soft: #a9aeb7;
    --line: #32363c;
    --edge: #858b95;
    --deed: #86d6cc;
    --deed-ink: #0a2522;
    --deed-over: #a8e6de;
    --care: #2c2617;
    --care-line: #e0a83c;
    --bad: #ff9d94;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  padding: 1.25rem max(1rem, env(safe-area-inset-left)) 2rem;
  background: var(--paper);
  color: var(--ink);
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: break-word;
}
header, main, footer { width: 100%; max-width: 33rem; margin-inline: auto; }
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0 .6rem;
  margin-bottom: 1.25rem;
  font-size: .9375rem;
}
header svg { width: 1.75rem; height: 1.75rem; flex: none; color: var(--deed); }
header strong { font-weight: 650; letter-spacing: -.01em; }
header span { color: var(--soft); overflow-wrap: anywhere; }
main {
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: 1rem;
  padding: clamp(1.25rem, 5vw, 2.25rem);
}
h1 {
  margin: 0 0 .75rem;
  font-size: clamp(1.5rem, 1.25rem + 1.4vw, 1.875rem);
  line-height: 1.2;
  font-weight: 680;
  letter-spacing: -.02em;
  text-wrap: balance;
}
p { margin: 0 0 1rem; text-wrap: pretty; }
main > :last-child, main > :last-child > :last-child { margin-bottom: 0; }
.soft { color: var(--soft); }
.small { font-size: .9375rem; }
a { color: var(--deed); text-underline-offset: .18em; }
.code {
  margin: 1rem 0;
  padding: .7rem .5rem .8rem;
  border: 1px solid var(--line);
  border-radius: .75rem;
  background: var(--paper);
  text-align: center;
}
.code span { display: block; color: var(--soft); font-size: .9375rem; }
.code strong {
  display: block;
  font: 700 clamp(1.9rem, 10.4vw, 3.1rem)/1.3 var(--mono);
  font-variant-numeric: tabular-nums;
  letter-spacing: .06em;
  margin-right: -.06em;
  white-space: nowrap;
}
dl { margin: 1rem 0; }
dl > div { padding: .45rem 0; border-top: 1px solid var(--line); }
dl > div:last-child { border-bottom: 1px solid var(--line); }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (min-width: 30rem) {
  dl > div { display: grid; grid-template-columns: 6.5rem 1fr; gap: 1rem; }
  dt { padding-top: .14rem; }
}
.care, .wrong { padding: .85rem 1rem; border-radius: .6rem; background: var(--care); border: 1px solid var(--care-line); }
.wrong { background: none; border-color: var(--bad); color: var(--bad); }
label { display: block; margin: 1.25rem 0 .35rem; font-weight: 600; }
input {
  display: block;
  width: 100%;
  min-height: 3.5rem;
  margin: 0 0 1rem;
  padding: .4rem .75rem;
  border: 1.5px solid var(--edge);
  border-radius: .6rem;
  background: var(--sheet);
  color: inherit;
  font: 650 clamp(1.4rem, 7vw, 1.75rem)/1.3 var(--mono);
  letter-spacing: .06em;
  text-transform: uppercase;
  text-align: center;
}
.deeds { display: flex; flex-direction: column; gap: .75rem; margin: 1.25rem 0; }
button, .button {
  display: block;
  width: 100%;
  min-height: 3.25rem;
  padding: .7rem 1.25rem;
  border: 1.5px solid var(--deed);
  border-radius: .75rem;
  background: var(--deed);
  color: var(--deed-ink);
  font: inherit;
  font-weight: 620;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
  transition: background-color .12s, border-color .12s;
}
button:hover, .button:hover { background: var(--deed-over); border-color: var(--deed-over); }
button[value="deny"], .second { background: transparent; border-color: var(--edge); color: var(--ink); }
button[value="deny"]:hover, .second:hover { background: var(--paper); border-color: var(--ink); }
button[disabled] { opacity: .6; cursor: default; }
@media (min-width: 30rem) {
  .deeds { flex-direction: row; }
  .deeds > * { flex: 1; }
  .deeds > #go { flex: 1 0 auto; width: auto; }
}
:focus-visible { outline: 3px solid var(--deed); outline-offset: 3px; }
input:focus-visible { outline-offset: 1px; }
[hidden] { display: none; }
.leave {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: .25rem 1rem;
  margin-top: 1rem;
  padding-inline: .25rem;
  color: var(--soft);
  font-size: .9375rem;
}
.leave p { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.leave button {
  width: auto;
  margin-inline: -.5rem;
  min-height: 2.75rem;
  padding: .25rem .5rem;
  border-color: transparent;
  background: none;
  color: var(--deed);
  font-weight: 500;
  text-decoration: underline;
  text-underline-offset: .18em;
}
.leave button:hover { background: none; border-color: transparent; color: var(--ink); }
.sign { display: block; width: 3.25rem; height: 3.25rem; margin: 0 0 1rem; color: var(--deed); }
.sign.no { color: var(--soft); }
@media (min-width: 48rem) and (min-height: 44rem) { body { padding-top: 5vh; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
@media (prefers-contrast: more) { :root { --line: var(--edge); --soft: var(--ink); } }
@media (forced-colors: active) {
  button, .button, input, .code, main { border-color: ButtonBorder; }
  header svg, .sign { color: CanvasText; }
}
@media print { body { background: none; } main { border: 0; } .deeds, .leave { display: none; } }
`;

/** The mark in the browser's tab: the key of the header. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>path{stroke:#0b5a54}@media (prefers-color-scheme:dark){path{stroke:#86d6cc}}</style><path d="M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.2 7.7 9.3 9.3M17 17l2.5-2.5" fill="none" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>
`;

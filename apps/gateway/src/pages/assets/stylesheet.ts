/**
 * The one stylesheet. An operator's brand is a change of the custom properties at its head (`--accent`, `--radius`,
 * `--font`, ...): no template knows a colour. Contrast of text and accent is 4.5:1 or better in both schemes.
 */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --ground: #f4f5f7;
  --card: #ffffff;
  --line: #d9dde3;
  --field: #ffffff;
  --field-line: #7b8494;
  --text: #16191f;
  --quiet: #565f6e;
  --accent: #3346c4;
  --accent-hover: #2837a3;
  --on-accent: #ffffff;
  --accent-soft: #eef0fc;
  --danger: #b3261e;
  --danger-soft: #fdf1f0;
  --success: #17663a;
  --radius: 8px;
  --shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 8px 24px rgb(16 24 40 / 6%);
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1014;
    --card: #171a20;
    --line: #2b303a;
    --field: #101318;
    --field-line: #6d7686;
    --text: #eceef2;
    --quiet: #a4adbb;
    --accent: #a3b0ff;
    --accent-hover: #bcc6ff;
    --on-accent: #10142e;
    --accent-soft: #1f2440;
    --danger: #ff9a92;
    --danger-soft: #2d1a1a;
    --success: #7fd6a2;
    --shadow: 0 0 0 1px rgb(255 255 255 / 2%), 0 8px 24px rgb(0 0 0 / 40%);
  }
}

*, *::before, *::after { box-sizing: border-box; }

html { font: 100%/1.5 var(--font); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }

body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  align-items: center;
  padding: 24px 16px;
  background: var(--ground);
  color: var(--text);
  overflow-wrap: anywhere;
}

header, main, footer { width: 100%; max-width: 400px; }

header { display: flex; align-items: center; gap: 8px; margin: auto 0 16px; padding: 0 4px; }
.mark { width: 24px; height: 24px; flex: none; color: var(--accent); }
.brand { font-weight: 600; letter-spacing: -0.01em; }

main {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: calc(var(--radius) * 1.5);
  box-shadow: var(--shadow);
  padding: 32px;
}

main.wide { max-width: 640px; }
body:has(main.wide) header { max-width: 640px; }
main.wide .button { width: auto; justify-self: start; padding: 0 20px; }
.way + .way { margin-top: 24px; }
main.wide .way { margin-top: 32px; padding-top: 24px; border-top: 1px solid var(--line); }
main.wide .way form { margin-top: 16px; }
.or { display: flex; align-items: center; gap: 12px; margin: 20px 0 -8px; color: var(--quiet); font-size: 0.875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.check { display: flex; align-items: center; gap: 10px; min-height: 44px; }
.check input { width: 20px; min-height: 20px; height: 20px; margin: 0; flex: none; accent-color: var(--accent); }

.tabs ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 24px; padding: 0; list-style: none; border-bottom: 1px solid var(--line); }
.tabs a { display: inline-flex; align-items: center; min-height: 44px; color: var(--quiet); text-decoration: none; border-bottom: 2px solid transparent; }
.tabs a:hover { color: var(--text); }
.tabs a[aria-current="page"] { color: var(--text); font-weight: 600; border-color: var(--accent); }
.can { margin: 4px 0; padding-inline-start: 20px; color: var(--quiet); font-size: 0.9375rem; }
.items { list-style: none; margin: 12px 0 0; padding: 0; }
.items > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 16px; padding: 12px 0; border-top: 1px solid var(--line); }
.items > li > div { flex: 1 1 50%; }
.items > li p { margin: 0; }
.items form { margin: 0; }
.steps { margin: 12px 0 0; padding-inline-start: 20px; }
.steps li + li { margin-top: 8px; }
.qr { margin: 12px 0; width: 216px; max-width: 100%; border-radius: var(--radius); overflow: hidden; border: 1px solid var(--line); }
.qr svg { display: block; width: 100%; }
.secret { margin: 4px 0 0; }
.secret code { font-size: 1.0625rem; font-weight: 600; word-spacing: 0.1em; user-select: all; }
.codes { list-style: none; margin: 12px 0 0; padding: 12px; display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 4px 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--ground); }
.codes code { font-size: 1.0625rem; }
.tools { display: flex; flex-wrap: wrap; gap: 12px; margin: 12px 0 0; }
.tools .button { width: auto; }
.items .button { width: auto; padding: 0 16px; }

footer { margin: 16px 0 auto; padding: 0 4px; color: var(--quiet); font-size: 0.8125rem; text-align: center; }

h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; text-wrap: balance; }
h2 { margin: 0; font-size: 1rem; font-weight: 600; }
p { margin: 8px 0 0; max-width: 60ch; text-wrap: pretty; }
.lead { color: var(--quiet); }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.lead bdi, .quiet bdi { color: var(--text); font-weight: 500; }

a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { color: var(--accent-hover); text-decoration-thickness: 2px; }

:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }

form { margin: 24px 0 0; display: grid; gap: 20px; }

.field { display: grid; gap: 6px; }
.field label { font-weight: 550; font-size: 0.9375rem; }
.hint { margin: 0; color: var(--quiet); font-size: 0.875rem; }
.row { position: relative; display: flex; }

input, select {
  width: 100%;
  min-height: 44px;
  padding: 8px 12px;
  font: inherit;
  color: inherit;
  background: var(--field);
  border: 1px solid var(--field-line);
  border-radius: var(--radius);
}
input:focus-visible, select:focus-visible { outline: 2px solid var(--accent); outline-offset: 0; border-color: var(--accent); border-radius: var(--radius); }
input[readonly] { color: var(--quiet); background: transparent; }
input[aria-invalid="true"], select[aria-invalid="true"] { border-color: var(--danger); border-width: 2px; padding: 7px 11px; }
.row.with-reveal input { padding-inline-end: 76px; }

.reveal {
  position: absolute;
  inset-block: 0;
  inset-inline-end: 0;
  min-width: 64px;
  min-height: 44px;
  padding: 0 12px;
  border: 0;
  background: none;
  color: var(--accent);
  font: inherit;
  font-size: 0.875rem;
  font-weight: 550;
  cursor: pointer;
}

.error { margin: 0; color: var(--danger); font-size: 0.875rem; font-weight: 500; display: flex; gap: 6px; }
.error::before { content: "!"; flex: none; width: 18px; height: 18px; margin-top: 1px; border-radius: 50%; background: var(--danger); color: var(--card); font-size: 0.75rem; font-weight: 700; line-height: 18px; text-align: center; }

.summary { margin: 20px 0 0; padding: 12px 16px; border: 0 solid var(--danger); border-inline-start-width: 4px; border-radius: var(--radius); background: var(--danger-soft); }
.summary h2 { color: var(--danger); font-size: 0.9375rem; }
.summary ul { margin: 4px 0 0; padding: 0; list-style: none; font-size: 0.9375rem; }
.summary li + li { margin-top: 4px; }
.summary a { color: var(--text); }
.summary:focus { outline: 2px solid var(--danger); outline-offset: 0; }

.notice { margin: 20px 0 0; padding: 12px 16px; border-radius: var(--radius); background: var(--accent-soft); font-size: 0.9375rem; }

.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  width: 100%;
  min-height: 44px;
  padding: 10px 16px;
  border: 1px solid transparent;
  border-radius: var(--radius);
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
  transition: background-color 120ms ease;
}
.primary { background: var(--accent); color: var(--on-accent); }
.primary:hover { background: var(--accent-hover); color: var(--on-accent); }
.secondary { background: transparent; color: var(--text); border-color: var(--field-line); }
.secondary:hover { background: var(--ground); color: var(--text); }
.button:focus-visible { border-radius: var(--radius); }
.button:disabled { opacity: 0.65; cursor: default; }
.buttons { display: grid; gap: 12px; }

.aside { margin: 24px 0 0; padding: 16px 0 0; border-top: 1px solid var(--line); font-size: 0.9375rem; color: var(--quiet); }
.alone a, p.aside a { display: inline-flex; align-items: center; min-height: 44px; margin: -11px 0; font-weight: 550; }
.alone { margin: 20px 0 0; }

.scopes { margin: 12px 0 0; padding: 6px 0; list-style: none; border: 1px solid var(--line); border-radius: var(--radius); }
.scopes li { display: grid; grid-template-columns: 20px 1fr; gap: 10px; padding: 6px 12px; }
.scopes svg { width: 20px; height: 20px; margin-top: 2px; color: var(--success); }
.scopes li > span { line-height: 1.45; }
.scopes .quiet { display: block; }
.ask { margin-top: 20px; }
.term { margin-top: 12px; }
.aside p { margin: 0; }
.aside p + p { margin-top: 8px; }
.aside p a { min-height: 24px; margin: 0; }
.places { margin: 4px 0 0; padding-inline-start: 20px; color: var(--quiet); font-size: 0.875rem; }

.person { display: grid; grid-template-columns: 40px 1fr; gap: 12px; align-items: center; margin: 20px 0 0; padding: 12px; border: 1px solid var(--line); border-radius: var(--radius); }
.person svg { width: 40px; height: 40px; color: var(--accent); }
.person p { margin: 0; }

/* What runs from left to right stands where the page's own text does; joined letters are not spaced. */
code { direction: ltr; unicode-bidi: isolate; }
[dir="rtl"] input[dir="ltr"], [dir="rtl"] code { text-align: end; }
[dir="rtl"] .with-reveal input[dir="ltr"] { padding-inline: 76px 12px; }
:lang(ar) h1, :lang(ar) .brand { letter-spacing: normal; }

.code input { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 1.25rem; letter-spacing: 0.12em; text-transform: uppercase; }
.code input::placeholder { letter-spacing: inherit; }
.facts { margin: 12px 0 0; padding: 4px 12px; gap: 0; border: 1px solid var(--line); border-radius: var(--radius); font-size: 0.9375rem; }
.facts div { display: grid; grid-template-columns: 128px 1fr; gap: 12px; padding: 8px 0; }
.facts div + div { border-top: 1px solid var(--line); }
.facts dd { margin: 0; }
.facts .quiet { display: block; }
.facts code { font-size: 1.0625rem; font-weight: 600; letter-spacing: 0.08em; }

.reference { margin: 20px 0 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--ground); font-size: 0.875rem; }
.reference code { display: block; font-size: 1rem; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
details { margin: 12px 0 0; font-size: 0.875rem; }
summary { min-height: 44px; padding: 11px 0; color: var(--quiet); cursor: pointer; }
dl { margin: 0; display: grid; gap: 4px; }
dt { color: var(--quiet); }
dd { margin: 0 0 4px; }

.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@media (max-width: 440px) {
  body { padding: 16px 12px; }
  header { margin-top: 0; }
  main { padding: 24px 20px; }
  .facts div { grid-template-columns: 104px 1fr; }
}

@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { .button { border-color: ButtonText; } .mark, .scopes svg { color: CanvasText; } }
@media print { body { background: none; } main { border: 0; box-shadow: none; } .button, .tools, .alone { display: none; } }
`.trimStart();

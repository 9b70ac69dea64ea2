/** The looks of a page, light and dark as its reader has it. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #24292f; --page: #fff; --soft: #57606a; --grid: #d8dee4; --box: #fffffff2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --page: #0d1117; --soft: #9198a1; --grid: #30363d; --box: #161b22f2; }
}
body { margin: 1.5rem auto; padding: 0 1rem; max-width: 1400px; color: var(--ink); background: var(--page);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; }
p { color: var(--soft); margin: .4rem 0; }
#controls, #legend { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .6rem 0; }
#legend { max-height: 11rem; overflow: auto; }
button, select { font: inherit; color: inherit; background: none; border: 1px solid var(--grid); border-radius: 6px;
  padding: .1rem .6rem; cursor: pointer; }
select option { color: #24292f; background: #fff; }
label { display: flex; gap: .3rem; align-items: center; }
#legend button { display: flex; gap: .5rem; align-items: center; }
#legend button::before { content: ""; width: 1.4rem; border-top: 3px solid var(--colour); }
#legend button.dashed::before { border-top-style: dashed; }
#legend button[aria-pressed="false"] { opacity: .4; }
#charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 1rem; }
figure { margin: 0; }
.timeline { margin: 1rem 0; }
.timeline svg { width: 100%; height: auto; display: block; }
.plot { position: relative; height: 420px; color: var(--ink); }
canvas { width: 100%; height: 100%; display: block; cursor: crosshair; touch-action: pan-y; }
.cursor, .selection, .box { position: absolute; pointer-events: none; }
.cursor { border-left: 1px solid var(--soft); }
.selection { border: 1px solid var(--soft); background: #8080801f; }
.box { background: var(--box); border: 1px solid var(--grid); border-radius: 6px; padding: .2rem .6rem; font-size: 13px;
  display: grid; width: max-content; z-index: 1; }
.box[hidden] { display: none; }
.box span { border-left: 3px solid var(--colour); padding-left: .4rem; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
`;

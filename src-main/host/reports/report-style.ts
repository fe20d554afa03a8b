/** The look of a report, on the screen and on A4. */
export const reportStyle = `
:root { color-scheme: light; }
body { max-width: 1040px; margin: 0 auto; padding: 32px 24px 64px; color: #1b1c1f; background: #fff;
  font: 14px/20px system-ui, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; }
header { border-bottom: 2px solid #2166ac; margin-bottom: 16px; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 32px; font-weight: 600; }
h2 { margin: 28px 0 8px; font-size: 17px; font-weight: 600; }
h3 { margin: 16px 0 6px; font-size: 14px; font-weight: 600; }
p { margin: 4px 0 8px; max-width: 78ch; color: #44464d; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); border: 1px solid #d8d9dc; }
.figures div { padding: 10px 14px; color: #5a5c64; }
.figures div + div { border-left: 1px solid #d8d9dc; }
.figures b { display: block; color: #1b1c1f; font-size: 26px; line-height: 32px; font-weight: 600; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 4px 8px; border-bottom: 1px solid #e3e4e7; text-align: left; font-weight: 400; vertical-align: top; }
thead th { color: #5a5c64; font-size: 12px; vertical-align: bottom; }
.numbers td, .numbers thead th + th, .matrix td { text-align: right; }
.matrix td { min-width: 76px; border: 1px solid #fff; }
.matrix td.right { outline: 2px solid #777; outline-offset: -2px; }
small { display: block; opacity: 0.85; font-size: 11px; line-height: 14px; }
.numbers tbody th, .numbers td { white-space: nowrap; }
i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
.keys span { margin-right: 16px; }
.maps, .charts, .strip { display: flex; flex-wrap: wrap; gap: 12px; }
figure { margin: 0; break-inside: avoid; }
figcaption { max-width: 420px; color: #5a5c64; font-size: 12px; line-height: 16px; }
.map { position: relative; }
.map svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.strip figure img { margin-right: 2px; image-rendering: pixelated; }
svg text { fill: #5a5c64; font-size: 10px; }
.settings { width: auto; }
.settings th { color: #5a5c64; }
.settings td { max-width: 60ch; overflow-wrap: anywhere; }
pre { margin: 6px 0; padding: 8px 12px; background: #f3f4f6; font-size: 12px; line-height: 16px; white-space: pre-wrap; overflow-wrap: anywhere; }
section { break-inside: auto; }
h2, h3 { break-after: avoid; }
tr, .figures { break-inside: avoid; }
@page { size: A4; margin: 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; line-height: 15px; }
  table { font-size: 10px; }
  th, td { padding: 2px 4px; }
  thead th { font-size: 9.5px; line-height: 12px; }
  small { font-size: 9px; line-height: 11px; }
  .matrix td { min-width: 0; }
  .numbers, .matrix, .settings { break-inside: avoid; }
  h1 { font-size: 22px; line-height: 28px; }
  h2 { margin: 18px 0 6px; font-size: 15px; }
  h3 { margin: 10px 0 4px; font-size: 12px; }
  .figures b { font-size: 20px; line-height: 24px; }
  /* Two of each beside each other on A4. */
  .charts svg { width: 300px; height: auto; }
  .charts.reliability svg { width: 220px; }
  .map { zoom: 0.85; }
  .strip { gap: 8px 16px; }
  .strip img { width: 106px; height: auto; }
  .strip figcaption { max-width: 326px; font-size: 10px; line-height: 13px; }
  figcaption { font-size: 10px; line-height: 13px; }
  .settings tbody { display: block; columns: 2; column-gap: 32px; }
  .settings tr { display: flex; }
  .settings th { flex: none; width: 140px; }
  .settings td { flex: 1; }
  pre { font-size: 10px; line-height: 13px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

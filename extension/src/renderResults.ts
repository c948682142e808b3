// The page of the results panel, and which result is shown in which way: pure.

import type { ResultPart } from "../../protocol/protocol.ts";
import { partKind, size } from "./render.ts";
import { type Table, tableOf } from "./table.ts";

/** A part of a result, as the panel's script gets it. */
export type ShownPart = { title: string } & (
  | { kind: "table"; table: Table }
  | { kind: "image"; source: string }
  | { kind: "frame"; document: string }
  | { kind: "text"; text: string }
  | { kind: "file"; reason: string }
);

/** What the panel's script asks for; `part` counts from 0. */
export type PanelRequest =
  | { ask: "parts" }
  | { ask: "copy"; text: string }
  | { ask: "csv"; part: number; text: string }
  | { ask: "open"; part: number };

/** More than this is opened as a file. */
export const longestPart = 32_000_000;

export function shownPart(part: ResultPart, content: Buffer): ShownPart {
  const title = titleOf(part);
  if (part.mime === "image/png" || part.mime === "image/jpeg" || part.mime === "image/svg+xml") {
    return {
      title,
      kind: "image",
      source: `data:${part.mime};base64,${content.toString("base64")}`,
    };
  }
  const text = content.toString("utf8");
  if (part.mime === "text/html") return { title, kind: "frame", document: frameDocument(text) };
  if (part.mime.endsWith("json")) {
    const shown = tableOrText(text);
    return { title: shown.kind === "table" ? `Table · ${size(part.bytes)}` : title, ...shown };
  }
  if (part.mime.startsWith("text/")) return { title, kind: "text", text };
  return { title, kind: "file", reason: `livyd cannot show ${part.mime}.` };
}

/** In place of a part that is not read. */
export function unreadPart(part: ResultPart, reason: string): ShownPart {
  return { title: titleOf(part), kind: "file", reason };
}

/** "Table · 12.3 kB": as `partKind` says it, without the article. */
function titleOf(part: ResultPart): string {
  const words = partKind(part.mime).replace(/^an? /, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} · ${size(part.bytes)}`;
}

function tableOrText(
  text: string,
): { kind: "table"; table: Table } | { kind: "text"; text: string } {
  try {
    const value: unknown = JSON.parse(text);
    const table = tableOf(value);
    return table
      ? { kind: "table", table }
      : { kind: "text", text: JSON.stringify(value, null, 2) };
  } catch {
    return { kind: "text", text };
  }
}

/** No script, no form, nothing from elsewhere: also when the sandbox around it should fail. */
const framePolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

/** Somebody's HTML for a frame that may do nothing. */
function frameDocument(html: string): string {
  return `<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${framePolicy}">
<style>:root { color-scheme: light; } body { background: white; color: black; font: 13px sans-serif; margin: 8px; }
table { border-collapse: collapse; } th, td { padding: 2px 8px; text-align: right; border-bottom: 1px solid #ddd; }</style>
${html}`;
}

export interface PanelPage {
  title: string;
  nonce: string;
  /** Where the panel's script is. */
  script: string;
  /** What the editor serves the extension's own files from. */
  ownSource: string;
}

export function panelPage({ title, nonce, script, ownSource }: PanelPage): string {
  // A frame of srcdoc obeys this policy as well as its own: hence inline styles and data images.
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-${nonce}' ${ownSource}; font-src data:`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${markup(title)}</title>
<style>${styles}</style>
</head>
<body>
<main><p class="quiet">Reading the results…</p></main>
<script nonce="${nonce}" src="${markup(script)}"></script>
</body>
</html>`;
}

export function markup(text: string): string {
  const names: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot" };
  return text.replace(/[&<>"]/g, (character) => `&${names[character] ?? ""};`);
}

const styles = `
body { padding: 0 16px 16px; color: var(--vscode-foreground); font: var(--vscode-font-size) var(--vscode-font-family); }
section { margin: 12px 0 20px; }
header { display: flex; align-items: baseline; gap: 12px; margin-bottom: 6px; }
h2 { font-size: 1em; font-weight: 600; margin: 0; }
.quiet { color: var(--vscode-descriptionForeground); }
button { border: 0; border-radius: 2px; padding: 2px 8px; cursor: pointer; font: inherit;
  color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
button:hover { background: var(--vscode-button-secondaryHoverBackground); }
button:focus-visible, th:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
.grid { overflow: auto; max-height: 70vh; border: 1px solid var(--vscode-panel-border); }
table { border-collapse: collapse; font: var(--vscode-editor-font-size) var(--vscode-editor-font-family); }
th { position: sticky; top: 0; cursor: pointer; user-select: none; text-align: left; font-weight: 600;
  background: var(--vscode-editorWidget-background); }
th, td { padding: 2px 10px; white-space: pre; border-bottom: 1px solid var(--vscode-panel-border); }
td { max-width: 60ch; overflow: hidden; text-overflow: ellipsis; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.null { color: var(--vscode-disabledForeground); font-style: italic; }
pre { overflow: auto; max-height: 70vh; margin: 0; font: var(--vscode-editor-font-size) var(--vscode-editor-font-family); }
img { max-width: 100%; background: white; }
iframe { width: 100%; height: 360px; border: 1px solid var(--vscode-panel-border); background: white; resize: vertical; }
`;

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Runs inside the results panel: draws the parts that the extension sends, sorts and copies tables.

import type { PanelRequest, ShownPart } from "../renderResults.ts";
import { cellText, csv, sorted, type Table, tabbed } from "../table.ts";

declare function acquireVsCodeApi(): { postMessage(request: PanelRequest): void };

/** More rows are kept and sorted, but not drawn. */
const drawnRows = 1000;
const editor = acquireVsCodeApi();

window.addEventListener("message", ({ data }: MessageEvent<{ parts: ShownPart[] }>) => {
  document.querySelector("main")?.replaceChildren(...data.parts.map(section));
});
editor.postMessage({ ask: "parts" });

function section(part: ShownPart, index: number): HTMLElement {
  const head = element("header", element("h2", part.title));
  return element("section", head, ...body(part, index, head));
}

function body(part: ShownPart, index: number, head: HTMLElement): HTMLElement[] {
  switch (part.kind) {
    case "table":
      return tableOfPart(part.table, index, head);
    case "image":
      return [Object.assign(document.createElement("img"), { src: part.source, alt: part.title })];
    case "frame":
      return [frame(part.document)];
    case "text":
      head.append(button("Copy", () => editor.postMessage({ ask: "copy", text: part.text })));
      return [element("pre", part.text)];
    case "file":
      head.append(button("Open File", () => editor.postMessage({ ask: "open", part: index })));
      return [quiet(part.reason)];
  }
}

/** Nothing is allowed in it: no script, no form, no origin of its own. */
function frame(html: string): HTMLElement {
  const made = document.createElement("iframe");
  made.setAttribute("sandbox", "");
  made.srcdoc = html;
  return made;
}

function tableOfPart(table: Table, index: number, head: HTMLElement): HTMLElement[] {
  let rows = table.rows;
  let order: { column: number; descending: boolean } | undefined;
  const grid = element("div");
  grid.className = "grid";
  const draw = (): void => grid.replaceChildren(drawn(table, rows, order, sortBy));
  const sortBy = (column: number): void => {
    const descending = order?.column === column && !order.descending;
    order = { column, descending };
    rows = sorted(table, column, descending);
    draw();
  };
  draw();
  head.append(
    button("Copy", () => editor.postMessage({ ask: "copy", text: tabbed({ ...table, rows }) })),
    button("Save as CSV…", () =>
      editor.postMessage({ ask: "csv", part: index, text: csv({ ...table, rows }) }),
    ),
  );
  const size = `${table.rows.length.toLocaleString("en")} × ${table.columns.length}`;
  const more = table.rows.length > drawnRows;
  const first = drawnRows.toLocaleString("en");
  return [
    grid,
    quiet(more ? `${size}; the first ${first} rows are shown, Copy and CSV have all.` : size),
  ];
}

function drawn(
  { columns }: Table,
  rows: unknown[][],
  order: { column: number; descending: boolean } | undefined,
  sortBy: (column: number) => void,
): HTMLElement {
  const titles = columns.map(({ name, type, numeric }, index) => {
    const arrow = order?.column !== index ? "" : order.descending ? " ↓" : " ↑";
    const cell = element("th", `${name}${arrow}`);
    Object.assign(cell, { title: type, tabIndex: 0, className: numeric ? "number" : "" });
    cell.addEventListener("click", () => sortBy(index));
    cell.addEventListener("keydown", ({ key }) => {
      if (key === "Enter" || key === " ") sortBy(index);
    });
    return cell;
  });
  const lines = rows
    .slice(0, drawnRows)
    .map((row) =>
      element("tr", ...columns.map(({ numeric }, index) => cellOf(row[index], numeric))),
    );
  return element("table", element("thead", element("tr", ...titles)), element("tbody", ...lines));
}

function cellOf(value: unknown, numeric: boolean): HTMLElement {
  const missing = value === null || value === undefined;
  const cell = element("td", missing ? "null" : cellText(value));
  cell.className = missing ? "null" : numeric ? "number" : "";
  return cell;
}

function button(label: string, act: () => void): HTMLElement {
  const made = element("button", label);
  made.addEventListener("click", act);
  return made;
}

function quiet(text: string): HTMLElement {
  const made = element("p", text);
  made.className = "quiet";
  return made;
}

function element(name: string, ...children: (string | Node)[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

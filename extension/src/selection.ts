// From a document and what is selected in it to the pieces of code that run: pure.

import type { Language, SourceLocation } from "../../protocol/protocol.ts";

/** Lines and characters count from 0, as in the editor; the end is exclusive. */
export interface Span {
  startLine: number;
  startCharacter: number;
  endLine: number;
  endCharacter: number;
}

export interface Piece {
  code: string;
  /** Lines count from 1. */
  lines: Pick<SourceLocation, "firstLine" | "lastLine" | "indentation">;
  /** It is the document from its first line to its last. */
  whole: boolean;
}

const languages = new Map<string, Language>([
  ["python", "python"],
  ["scala", "scala"],
  ["sql", "sql"],
  ["r", "r"],
]);

/** Livy's language for an editor's language id. */
export function languageOf(id: string): Language | undefined {
  return languages.get(id);
}

/** The document as one piece; undefined when there is nothing in it but white space. */
export function wholeDocument(text: string): Piece | undefined {
  const code = withoutForeignLineEnds(text);
  if (code.trim() === "") return undefined;
  const lastLine = code.replace(/\n$/, "").split("\n").length;
  return { code, lines: { firstLine: 1, lastLine }, whole: true };
}

/** What is selected, from top to bottom; the whole document when every selection is empty. */
export function selectedPieces(text: string, spans: Span[], language: Language): Piece[] {
  const filled = spans.filter((span) => !isEmpty(span)).sort(byPlace);
  if (filled.length === 0) {
    const all = wholeDocument(text);
    return all ? [all] : [];
  }
  const lines = withoutForeignLineEnds(text).split("\n");
  return filled.flatMap((span) => piece(lines, span, language) ?? []);
}

/** The line at this place; undefined when it is blank. */
export function lineAt(text: string, line: number, language: Language): Piece | undefined {
  return linesBetween(text, line, line, language);
}

/** Everything above a line; undefined when there is nothing but white space. */
export function linesAbove(text: string, line: number, language: Language): Piece | undefined {
  return line === 0 ? undefined : linesBetween(text, 0, line - 1, language);
}

/** A line and everything below it; undefined when there is nothing but white space. */
export function linesFrom(text: string, line: number, language: Language): Piece | undefined {
  return linesBetween(text, line, Number.MAX_SAFE_INTEGER, language);
}

/** Where the cursor goes after a line has run: the next line with text, else the next line. */
export function lineAfter(text: string, line: number): number {
  const lines = withoutForeignLineEnds(text).split("\n");
  const next = lines.findIndex((one, index) => index > line && one.trim() !== "");
  return next >= 0 ? next : Math.min(line + 1, lines.length - 1);
}

function linesBetween(
  text: string,
  first: number,
  last: number,
  language: Language,
): Piece | undefined {
  const lines = withoutForeignLineEnds(text).split("\n");
  const endLine = Math.min(last, lines.length - 1);
  const endCharacter = lines[endLine]?.length ?? 0;
  return piece(lines, { startLine: first, startCharacter: 0, endLine, endCharacter }, language);
}

function isEmpty(span: Span): boolean {
  return span.startLine === span.endLine && span.startCharacter === span.endCharacter;
}

function byPlace(one: Span, other: Span): number {
  return one.startLine - other.startLine || one.startCharacter - other.startCharacter;
}

function piece(document: string[], span: Span, language: Language): Piece | undefined {
  const { lines, first, cut } = trimmed(selectedLines(document, span), span.startLine);
  if (lines.length === 0) return undefined;
  const indentation = cut ?? commonIndentation(lines, language);
  const dedented = cut === undefined ? lines.map((line) => without(line, indentation)) : lines;
  return {
    code: dedented.join("\n"),
    lines: {
      firstLine: first + 1,
      lastLine: first + lines.length,
      ...(indentation > 0 ? { indentation } : {}),
    },
    whole: false,
  };
}

/** The selected text by lines, and how much is cut from a single line's beginning. */
function selectedLines(document: string[], span: Span): { lines: string[]; cut?: number } {
  const lines = document.slice(span.startLine, span.endLine + 1);
  const last = lines.length - 1;
  lines[last] = (lines[last] ?? "").slice(0, span.endCharacter);
  const before = (lines[0] ?? "").slice(0, span.startCharacter);
  // A selection that begins behind the indentation means the whole line.
  if (before.trim() === "") return { lines };
  lines[0] = (lines[0] ?? "").slice(span.startCharacter);
  return last === 0 ? { lines, cut: span.startCharacter } : { lines };
}

/** Without blank lines at both ends. */
function trimmed(
  selected: { lines: string[]; cut?: number },
  startLine: number,
): { lines: string[]; first: number; cut?: number } {
  const { lines, ...rest } = selected;
  const start = lines.findIndex((line) => line.trim() !== "");
  if (start < 0) return { lines: [], first: startLine };
  const end = lines.findLastIndex((line) => line.trim() !== "");
  return { lines: lines.slice(start, end + 1), first: startLine + start, ...rest };
}

/** How many characters of the same white space each line begins with. */
function commonIndentation(lines: string[], language: Language): number {
  let common: string | undefined;
  for (const line of lines) {
    if (line.trim() === "" || (language === "python" && isComment(line))) continue;
    const own = indentationOf(line);
    common = common === undefined ? own : sharedStart(common, own);
  }
  return (common ?? indentationOf(lines[0] ?? "")).length;
}

/** Python's parser ignores where a comment stands, so it must not keep the code indented. */
function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

function indentationOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

function sharedStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}

function without(line: string, indentation: number): string {
  return line.slice(Math.min(indentation, indentationOf(line).length));
}

/** "\n" is the only line end, and half a surrogate pair, which UTF-8 cannot hold, is U+FFFD. */
function withoutForeignLineEnds(text: string): string {
  return text.replace(/\r\n?/g, "\n").toWellFormed();
}

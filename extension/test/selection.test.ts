// Which code runs, and where the daemon is told that it stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  languageOf,
  type Piece,
  type Span,
  selectedPieces,
  wholeDocument,
} from "../src/selection.ts";

/** "2:4-5:0": lines from 1 as people count, characters from 0. */
function span(text: string): Span {
  const [startLine = 0, startCharacter = 0, endLine = 0, endCharacter = 0] = text
    .split(/[:-]/)
    .map(Number);
  return { startLine: startLine - 1, startCharacter, endLine: endLine - 1, endCharacter };
}

function pieces(text: string, ...spans: string[]): Piece[] {
  return selectedPieces(text, spans.map(span), "python");
}

const program =
  "import os\n\ndef f(x):\n    y = 1\n    if x:\n        y = 2\n    return y\n\nf(1)\n";

test("nothing selected is the whole document", () => {
  assert.deepEqual(pieces(program, "3:2-3:2"), [
    { code: program, lines: { firstLine: 1, lastLine: 9 }, whole: true },
  ]);
});

test("whole lines keep their numbers, and the line after the end is not among them", () => {
  assert.deepEqual(pieces(program, "1:0-2:0"), [
    { code: "import os", lines: { firstLine: 1, lastLine: 1 }, whole: false },
  ]);
});

test("blank lines at the ends are left out, and the numbers follow", () => {
  assert.deepEqual(pieces(program, "2:0-9:0")[0]?.lines, { firstLine: 3, lastLine: 7 });
});

test("an indented selection is dedented, and how much is told", () => {
  assert.deepEqual(pieces(program, "4:0-7:12"), [
    {
      code: "y = 1\nif x:\n    y = 2\nreturn y",
      lines: { firstLine: 4, lastLine: 7, indentation: 4 },
      whole: false,
    },
  ]);
});

test("a selection that begins behind the indentation is the same", () => {
  assert.deepEqual(pieces(program, "4:4-7:12"), pieces(program, "4:0-7:12"));
  assert.deepEqual(pieces(program, "4:2-7:12"), pieces(program, "4:0-7:12"));
});

test("a part of one line keeps its columns", () => {
  assert.deepEqual(pieces("total = compute(1) + 2\n", "1:8-1:18"), [
    { code: "compute(1)", lines: { firstLine: 1, lastLine: 1, indentation: 8 }, whole: false },
  ]);
});

test("a selection that ends within a line ends there", () => {
  assert.equal(pieces("a = 1\nb = 2 + nonsense\n", "1:0-2:5")[0]?.code, "a = 1\nb = 2");
});

test("a comment in the first column does not keep the code indented", () => {
  const text = "    a = 1\n# why\n    b = 2\n";
  assert.deepEqual(pieces(text, "1:0-3:9")[0], {
    code: "a = 1\n# why\nb = 2",
    lines: { firstLine: 1, lastLine: 3, indentation: 4 },
    whole: false,
  });
});

test("only indentation that all lines share is taken", () => {
  assert.equal(pieces("\t\ta\n\tb\n", "1:0-2:2")[0]?.code, "\ta\nb");
  assert.equal(pieces("\ta\n    b\n", "1:0-2:5")[0]?.lines.indentation, undefined);
});

test("several selections run from top to bottom, empty ones do not", () => {
  const codes = pieces(program, "9:0-9:4", "3:0-3:0", "1:0-1:9").map((piece) => piece.code);
  assert.deepEqual(codes, ["import os", "f(1)"]);
});

test("a selection of white space is nothing", () => {
  assert.deepEqual(pieces(program, "2:0-3:0"), []);
  assert.deepEqual(pieces("   \n\n", "1:0-1:0"), []);
  assert.equal(wholeDocument(" \r\n\t"), undefined);
});

test("foreign line ends become line feeds and the numbers stay right", () => {
  assert.deepEqual(pieces("a\r\nb\r\nc", "2:0-3:1"), [
    { code: "b\nc", lines: { firstLine: 2, lastLine: 3 }, whole: false },
  ]);
  assert.equal(wholeDocument("a\r\nb\r\n")?.code, "a\nb\n");
});

test("half a surrogate pair does not break the message", () => {
  assert.equal(wholeDocument("x = '\ud83d'")?.code, "x = '\ufffd'");
});

test("blank lines within an indented selection stay empty", () => {
  assert.equal(pieces("  a\n\n \n  b\n", "1:0-4:3")[0]?.code, "a\n\n\nb");
});

test("only the languages that Livy speaks are run", () => {
  assert.deepEqual(["python", "scala", "sql", "r", "markdown"].map(languageOf), [
    "python",
    "scala",
    "sql",
    "r",
    undefined,
  ]);
});

// What a person types: arguments and paths; lines that run; and lines that are underlined.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineAfterEdit, markOf } from "../src/renderDiagnostics.ts";
import { lineAfter, lineAt, linesAbove, linesFrom } from "../src/selection.ts";
import { absolutePath, argumentsIn, setArgumentsCode } from "../src/words.ts";

test("arguments are split as a shell does", () => {
  assert.deepEqual(argumentsIn("  a  b\tc "), ["a", "b", "c"]);
  assert.deepEqual(argumentsIn(`--x 'two words' "a 'b'" c\\ d ''`), [
    "--x",
    "two words",
    "a 'b'",
    "c d",
    "",
  ]);
  assert.deepEqual(argumentsIn(`pre"fix ed"`), ["prefix ed"]);
  assert.deepEqual(argumentsIn(`'a\\b' "c\\"d"`), ["a\\b", 'c"d']);
  assert.deepEqual(argumentsIn("'never closed"), ["never closed"]);
  assert.deepEqual(argumentsIn(""), []);
});

test("the session's arguments are set by code that any Python reads", () => {
  assert.match(setArgumentsCode(["a", 'b"c', "é\n"]), /\+ \["a", "b\\"c", "é\\n"\]\n/);
  assert.match(setArgumentsCode([]), /\+ \[\]\n/);
});

test("a path of the settings is made absolute", () => {
  assert.equal(absolutePath(" ", "/work", "/home/me"), undefined);
  assert.equal(absolutePath("~/out.txt", "/work", "/home/me"), "/home/me/out.txt");
  assert.equal(absolutePath("out.txt", "/work", "/home/me"), "/work/out.txt");
  assert.equal(absolutePath("/tmp/out.txt", undefined, "/home/me"), "/tmp/out.txt");
  assert.equal(absolutePath("out.txt", undefined, "/home/me"), undefined);
});

const text = "a = 1\n\n    b = 2\nc = 3\n";

test("a line, what is above it, and it with what is below", () => {
  assert.deepEqual(lineAt(text, 2, "python"), {
    code: "b = 2",
    lines: { firstLine: 3, lastLine: 3, indentation: 4 },
    whole: false,
  });
  assert.equal(lineAt(text, 1, "python"), undefined);
  assert.equal(linesAbove(text, 0, "python"), undefined);
  assert.deepEqual(linesAbove(text, 2, "python")?.lines, { firstLine: 1, lastLine: 1 });
  assert.equal(linesFrom("x\ny\n", 1, "python")?.code, "y");
  assert.equal(linesFrom("x\n\n", 1, "python"), undefined);
});

test("the cursor goes on to the next line with text", () => {
  assert.equal(lineAfter(text, 0), 2);
  assert.equal(lineAfter(text, 3), 4);
  assert.equal(lineAfter("x", 0), 0);
});

test("the line that failed is marked in its file", () => {
  const run = {
    run: "1",
    profile: "p",
    language: "python",
    state: "finished",
    accepted: 0,
    outputBytes: 0,
    source: { file: "/x/etl.py", firstLine: 40, lastLine: 50 },
  } as const;
  const result = { outcome: "error", message: "", milliseconds: 0, parts: [] } as const;
  const sizes = { outputBytes: 0, sentBytes: 0 };
  const error = { name: "KeyError", message: "'x'", traceback: [], line: 44 };
  const failed = { ...run, result: { ...result, parts: [], ...sizes, error } };
  assert.deepEqual(markOf(failed), { file: "/x/etl.py", line: 43, message: "KeyError: 'x'" });
  const { line: _line, ...nowhere } = error;
  assert.equal(markOf({ ...failed, result: { ...failed.result, error: nowhere } }), undefined);
  assert.equal(markOf(run), undefined);
});

test("a mark moves with edits around it and goes with an edit of its line", () => {
  assert.equal(lineAfterEdit(5, { firstLine: 1, lastLine: 1, lines: 3 }), 7);
  assert.equal(lineAfterEdit(5, { firstLine: 2, lastLine: 4, lines: 1 }), 3);
  assert.equal(lineAfterEdit(5, { firstLine: 6, lastLine: 6, lines: 9 }), 5);
  assert.equal(lineAfterEdit(5, { firstLine: 4, lastLine: 5, lines: 1 }), undefined);
});

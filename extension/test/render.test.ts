// How runs look in the Output Channel.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunResult } from "../../protocol/protocol.ts";
import { duration, ending, header, outcome, percent, size, sourceLabel } from "../src/render.ts";

const result: RunResult = {
  outcome: "ok",
  message: "ok",
  milliseconds: 1834,
  parts: [],
  outputBytes: 0,
  sentBytes: 0,
};

test("a header is 64 columns wide", () => {
  const line = header("etl.py:12-18", "cluster", "14:03:22");
  assert.equal(line, "── etl.py:12-18 ─ cluster ─ 14:03:22 ───────────────────────────");
  assert.equal(line.length, 64);
});

test("a header that is too long still ends with strokes", () => {
  const line = header(`${"x".repeat(80)}.py:1`, "cluster", "14:03:22");
  assert.ok(line.endsWith("14:03:22 ──"));
});

test("a label has the file's name and its lines", () => {
  const source = { file: "/home/me/project/etl.py", firstLine: 12, lastLine: 18 };
  assert.equal(sourceLabel(source), "etl.py:12-18");
  assert.equal(sourceLabel({ ...source, lastLine: 12 }), "etl.py:12");
  assert.equal(sourceLabel({ ...source, whole: true }), "etl.py");
  assert.equal(sourceLabel({ ...source, file: "Untitled-1", whole: true }), "Untitled-1");
  assert.equal(sourceLabel(undefined), "code");
});

test("durations have a unit that fits", () => {
  const shown = [0, 40, 94, 95, 1834, 59_940, 60_000, 125_000, 3_599_400, 3_780_000].map(duration);
  assert.deepEqual(shown, [
    "0.00 s",
    "0.04 s",
    "0.09 s",
    "0.1 s",
    "1.8 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
    "59 min 59 s",
    "1 h 3 min",
  ]);
});

test("sizes have a unit that fits", () => {
  assert.deepEqual([999, 1000, 48_100_000, 2_000_000_000].map(size), [
    "999 bytes",
    "1.0 kB",
    "48.1 MB",
    "2.0 GB",
  ]);
});

test("each outcome has its sign", () => {
  const error = { name: "ZeroDivisionError", message: "division by zero", traceback: [] };
  assert.equal(outcome(result), "✓ 1.8 s");
  assert.equal(
    outcome({ ...result, outcome: "error", milliseconds: 100, error }),
    "✗ ZeroDivisionError after 0.1 s",
  );
  assert.equal(
    outcome({ ...result, outcome: "failed", message: "The session could not start:\nno room." }),
    "✗ The session could not start: no room.",
  );
  assert.equal(
    outcome({ ...result, outcome: "unknown", message: "It was not seen by 12:03." }),
    "? It was not seen by 12:03.",
  );
});

test("a stopped run says what its message adds, once", () => {
  const stopped = (message: string) =>
    outcome({ ...result, outcome: "stopped", milliseconds: 12_400, message });
  assert.equal(stopped("the session is free"), "■ stopped after 12.4 s; the session is free");
  assert.equal(
    stopped("Stopped; the session is free."),
    "■ stopped after 12.4 s; the session is free",
  );
  assert.equal(stopped("stopped"), "■ stopped after 12.4 s");
  assert.equal(stopped("stopped before it was sent"), "■ stopped before it was sent");
  assert.equal(stopped(""), "■ stopped after 12.4 s");
});

test("a traceback ends with the exception, also where Livy leaves it out", () => {
  const traceback = [
    "Traceback (most recent call last):\n",
    '  File "/a/b.py", line 44, in <module>\n',
  ];
  const error = { name: "ZeroDivisionError", message: "division by zero", traceback };
  const lines = ending({ ...result, outcome: "error", milliseconds: 100, error });
  assert.deepEqual(lines, [
    "Traceback (most recent call last):",
    '  File "/a/b.py", line 44, in <module>',
    "ZeroDivisionError: division by zero",
    "✗ ZeroDivisionError after 0.1 s",
  ]);
  const complete = { ...error, traceback: [...traceback, "ZeroDivisionError: division by zero"] };
  assert.deepEqual(
    ending({ ...result, outcome: "error", milliseconds: 100, error: complete }),
    lines,
  );
});

test("what was cut and what is no text is named above the outcome", () => {
  const parts = [{ mime: "image/png", bytes: 12_300, file: "/tmp/figure.png" }];
  assert.deepEqual(ending({ ...result, parts, outputBytes: 48_200_000, sentBytes: 100_000 }), [
    "· 48.1 MB more: Livy: Open Full Output",
    "  (a figure: Livy: Show Results)",
    "✓ 1.8 s",
  ]);
});

test("progress is shown where it says something", () => {
  const run = {
    run: "1",
    profile: "p",
    language: "python",
    state: "running",
    accepted: 0,
    outputBytes: 0,
  } as const;
  assert.equal(percent(run), undefined);
  assert.equal(percent({ ...run, progress: 0 }), undefined);
  assert.equal(percent({ ...run, progress: 0.379 }), "37 %");
  assert.equal(percent({ ...run, progress: 1 }), "100 %");
});

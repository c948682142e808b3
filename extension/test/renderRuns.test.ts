// The rows of the Runs view, and what the channel draws again after a reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunInfo, RunResult } from "../../protocol/protocol.ts";
import { heldSentence, inOrder, runRow, worthDrawing } from "../src/renderRuns.ts";

const now = new Date(2026, 10, 21, 14, 3, 22).getTime();

function run(id: string, changes: Partial<RunInfo> = {}): RunInfo {
  return {
    run: id,
    profile: "cluster",
    language: "python",
    state: "running",
    accepted: now,
    outputBytes: 0,
    source: { file: "/x/etl.py", firstLine: 12, lastLine: 18 },
    ...changes,
  };
}

function ended(id: string, result: Partial<RunResult> = {}, changes: Partial<RunInfo> = {}) {
  const whole: RunResult = {
    outcome: "ok",
    message: "ok",
    milliseconds: 1834,
    parts: [],
    outputBytes: 10,
    sentBytes: 10,
    ...result,
  };
  return run(id, { state: "finished", result: whole, ...changes });
}

test("held runs stand on top, the others newest first", () => {
  const runs = [
    run("old", { accepted: 1 }),
    run("held 2", { accepted: 4, state: "held" }),
    run("held 1", { accepted: 3, state: "held" }),
    run("new", { accepted: 5 }),
  ];
  const order = inOrder(runs.map((one) => ({ run: one }))).map((one) => one.run.run);
  assert.deepEqual(order, ["held 1", "held 2", "new", "old"]);
});

test("a row says where the code stands and how it ended", () => {
  const error = { name: "KeyError", message: "'x'", traceback: [] };
  const shown = [
    run("a", { progress: 0.379 }),
    run("a", { state: "held" }),
    ended("a"),
    ended("a", { outcome: "error", message: "KeyError: 'x'", error }),
    ended("a", { outcome: "failed", message: "You removed the session." }),
    ended("a", { outcome: "unknown", message: "It was not seen." }),
  ].map((one) => {
    const { label, description, icon } = runRow(one, now);
    return `${icon} ${label} · ${description}`;
  });
  assert.deepEqual(shown, [
    "loading~spin etl.py:12-18 · running 37 %",
    "debug-pause etl.py:12-18 · not sent",
    "pass etl.py:12-18 · 1.8 s",
    "error etl.py:12-18 · KeyError · 1.8 s",
    "circle-slash etl.py:12-18 · did not run",
    "question etl.py:12-18 · outcome unknown",
  ]);
});

test("a run of another day has its date", () => {
  const before = new Date(2026, 10, 9, 8).getTime();
  assert.equal(runRow(ended("a", {}, { accepted: before }), now).description, "1.8 s · 2026-11-09");
});

test("the menus know what a row is", () => {
  assert.equal(runRow(run("a", { state: "held" }), now).context, "run held");
  assert.equal(runRow(run("a"), now).context, "run active");
  const parts = [{ mime: "text/html", bytes: 1, file: "/x" }];
  const cut = ended("a", { parts, outputBytes: 20, outputFile: "/o" });
  assert.equal(runRow(cut, now).context, "run ended results cut");
});

test("what a program says cannot become markup in a tooltip", () => {
  const evil = ended("a", { outcome: "failed", message: "[x](command:evil)" });
  assert.doesNotMatch(runRow(evil, now).tooltip, /\]\(command/);
});

test("a long past is not drawn again, what goes on is", () => {
  const past = Array.from({ length: 80 }, (_, at) => ended(`p${at}`));
  const { drawn, earlier } = worthDrawing([run("first"), ...past]);
  assert.equal(earlier, 30);
  assert.equal(drawn[0]?.run, "first");
  assert.equal(drawn[1]?.run, "p30");
  assert.equal(drawn.at(-1)?.run, "p79");
});

test("a big output is drawn again when it is the last one, not when others came since", () => {
  const big = { outputBytes: 9_000_000, sentBytes: 9_000_000 };
  assert.equal(worthDrawing([ended("a", big)]).drawn.length, 1);
  assert.deepEqual(
    worthDrawing([ended("a"), ended("b", big), ended("c")]).drawn.map((one) => one.run),
    ["c"],
  );
});

test("the sentence for held runs counts them", () => {
  assert.equal(heldSentence(1), "1 run was not sent.");
  assert.equal(heldSentence(3), "3 runs were not sent.");
});

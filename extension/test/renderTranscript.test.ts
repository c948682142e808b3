// Blocks of runs: nothing is repeated, nothing is lost, no block breaks into another.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunInfo, RunResult } from "../../protocol/protocol.ts";
import { Transcript } from "../src/renderTranscript.ts";

const at = new Date(2026, 10, 21, 14, 3, 22).getTime();

function run(id: string, changes: Partial<RunInfo> = {}): RunInfo {
  const source = { file: `/p/${id}.py`, firstLine: 1, lastLine: 2 };
  return {
    run: id,
    profile: "local",
    language: "python",
    state: "running",
    source,
    accepted: at,
    outputBytes: 0,
    ...changes,
  };
}

function finished(id: string, sentBytes: number, changes: Partial<RunResult> = {}): RunInfo {
  const result: RunResult = {
    outcome: "ok",
    message: "ok",
    milliseconds: 1800,
    parts: [],
    outputBytes: sentBytes,
    sentBytes,
    ...changes,
  };
  return run(id, { state: "finished", result });
}

function written(play: (transcript: Transcript) => void): string {
  let text = "";
  play(new Transcript((piece) => (text += piece)));
  return text.replace(/─{3,}$/gm, "───");
}

test("a run is a header, its output and its outcome", () => {
  const text = written((transcript) => {
    transcript.changed(run("a", { state: "queued" }));
    transcript.changed(run("a", { state: "starting" }));
    transcript.changed(run("a", { state: "sent" }));
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "the    4312\nof" });
    transcript.output({ run: "a", offset: 14, text: "     2210" });
    transcript.finished(finished("a", 23));
  });
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\nthe    4312\nof     2210\n✓ 1.8 s\n");
});

test("a run without output has no empty line", () => {
  const text = written((transcript) => transcript.finished(finished("a", 0)));
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\n✓ 1.8 s\n");
});

test("blocks are separated by an empty line", () => {
  const text = written((transcript) => {
    const whole = { file: "/x/b.py", firstLine: 1, lastLine: 2, whole: true };
    transcript.finished(finished("a", 0));
    transcript.finished({ ...finished("b", 0), source: whole });
  });
  assert.equal(
    text,
    "── a.py:1-2 ─ local ─ 14:03:22 ───\n✓ 1.8 s\n\n── b.py ─ local ─ 14:03:22 ───\n✓ 1.8 s\n",
  );
});

test("a held run writes nothing until it is sent", () => {
  const held = run("a", { state: "held" });
  assert.equal(
    written((transcript) => transcript.changed(held)),
    "",
  );
});

test("a queued run writes nothing", () => {
  assert.equal(
    written((transcript) => transcript.changed(run("a", { state: "queued" }))),
    "",
  );
});

test("output that comes twice is written once, also when pieces overlap within a character", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "größer\n" });
    transcript.output({ run: "a", offset: 0, text: "größer\n" });
    transcript.output({ run: "a", offset: 6, text: "er\nals\n" });
    assert.equal(transcript.received("a"), 13);
    transcript.finished(finished("a", 13));
    transcript.finished(finished("a", 13));
    transcript.output({ run: "a", offset: 13, text: "late" });
  });
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\ngrößer\nals\n✓ 1.8 s\n");
});

test("a gap is said", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "one\n" });
    transcript.output({ run: "a", offset: 1004, text: "two\n" });
  });
  assert.match(text, /one\n· 1\.0 kB of the output may be missing here\ntwo\n$/);
});

test("a finished run that is attached again ends when its output is there", () => {
  const text = written((transcript) => {
    transcript.changed(finished("a", 4));
    transcript.output({ run: "a", offset: 0, text: "one\n" });
    transcript.changed(finished("a", 4));
  });
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\none\n✓ 1.8 s\n");
});

test("a run that another interrupts goes on below it", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "a1" });
    transcript.changed(run("b", { profile: "cluster" }));
    transcript.output({ run: "a", offset: 2, text: "a2\n" });
    transcript.output({ run: "b", offset: 0, text: "b1\n" });
    transcript.finished({ ...finished("b", 3), profile: "cluster" });
    transcript.output({ run: "a", offset: 5, text: "a3\n" });
    transcript.finished(finished("a", 8));
  });
  assert.equal(
    text,
    [
      "── a.py:1-2 ─ local ─ 14:03:22 ───",
      "a1",
      "· this run goes on below",
      "",
      "── b.py:1-2 ─ cluster ─ 14:03:22 ───",
      "b1",
      "✓ 1.8 s",
      "",
      "── a.py:1-2 ─ local ─ 14:03:22 ─ continued ───",
      "a2",
      "a3",
      "✓ 1.8 s",
      "",
    ].join("\n"),
  );
});

test("a run that ended while it was interrupted is written whole, once", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.changed(run("b"));
    transcript.output({ run: "a", offset: 0, text: "a1" });
    transcript.finished(finished("a", 2));
    transcript.finished(finished("b", 0));
    transcript.finished(finished("c", 0));
  });
  assert.equal(text.match(/✓/g)?.length, 3);
  assert.equal(text.match(/a1\n✓/g)?.length, 1);
  assert.ok(text.indexOf("continued") < text.indexOf("c.py"));
});

test("output that comes before anything is known of its run waits for it", () => {
  const text = written((transcript) => {
    transcript.output({ run: "a", offset: 0, text: "early\n" });
    transcript.changed(run("a"));
  });
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\nearly\n");
});

test("a notice stands on a line of its own", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "half" });
    transcript.notice("session x was lost;\na new one is starting");
  });
  assert.match(text, /\nhalf\n· session x was lost; a new one is starting\n$/);
});

test("colours do not reach the channel, even cut in two", () => {
  const text = written((transcript) => {
    transcript.changed(run("a"));
    transcript.output({ run: "a", offset: 0, text: "\u001b[3" });
    transcript.output({ run: "a", offset: 3, text: "1mred" });
    transcript.finished(finished("a", 8));
  });
  assert.equal(text, "── a.py:1-2 ─ local ─ 14:03:22 ───\nred\n✓ 1.8 s\n");
});

test("a thousand runs do not pile up", () => {
  const transcript = new Transcript(() => undefined);
  for (let index = 0; index < 1000; index++) transcript.finished(finished(`r${index}`, 0));
  assert.equal(transcript.received("r0"), 0);
  let again = "";
  const other = new Transcript((piece) => (again += piece));
  for (let index = 0; index < 300; index++) other.finished(finished(`r${index}`, 0));
  again = "";
  other.finished(finished("r299", 0));
  assert.equal(again, "");
});

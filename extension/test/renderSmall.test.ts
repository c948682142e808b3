// Log lines, links, and names of new profiles.
import assert from "node:assert/strict";
import { test } from "node:test";
import { placesIn } from "../src/renderLinks.ts";
import { logLine } from "../src/renderLog.ts";
import { nameFor, whyNoAddress } from "../src/renderProfile.ts";

test("a log line loses its time and keeps its level", () => {
  assert.deepEqual(logLine("14:03:22.123 [warning] http: slow [x]"), {
    level: "warn",
    text: "http: slow [x]",
  });
  assert.deepEqual(logLine("14:03:22.123 [critical] x"), { level: "error", text: "x" });
});

test("a line that is no log line is passed on whole", () => {
  for (const line of ["==1==ERROR: AddressSanitizer", "14:03:22.123 [odd] x", ""]) {
    assert.deepEqual(logLine(line), { level: "info", text: line });
  }
});

test("places in headers and tracebacks, and commands, are found with their columns", () => {
  const lines = [
    "── etl.py:12-18 ─ cluster ─ 14:03:22 ───",
    '  File "/home/me/etl.py", line 44, in <module>',
    "  (a table, a figure: Livy: Show Results)",
    "· 48.1 MB more: Livy: Open Full Output",
    "── report.py ─ a ─ b ─ 14:05:02 ─ continued ──",
    '  File "<stdin>", line 1',
  ];
  const places = placesIn(lines.join("\n"));
  assert.deepEqual(
    places.map(({ line, start, end, file, firstLine, lastLine }) => [
      lines[line]?.slice(start, end),
      file,
      firstLine,
      lastLine,
    ]),
    [
      ["etl.py:12-18", "etl.py", 12, 18],
      ['File "/home/me/etl.py", line 44', "/home/me/etl.py", 44, undefined],
      ["Livy: Show Results", "livyd.showResults", undefined, undefined],
      ["Livy: Open Full Output", "livyd.openFullOutput", undefined, undefined],
      ["report.py", "report.py", undefined, undefined],
    ],
  );
});

test("an address must be complete and without credentials", () => {
  assert.equal(whyNoAddress(" https://gw.example.com:8443/gateway/default/livy/v1 "), undefined);
  assert.match(whyNoAddress("gw.example.com") ?? "", /http/);
  assert.match(whyNoAddress("https://") ?? "", /complete/);
  assert.match(whyNoAddress("https://me:secret@gw") ?? "", /password/);
});

test("a name is made of the host and is not taken twice", () => {
  assert.equal(nameFor("https://gw.example.com:8443/x", []), "gw");
  assert.equal(nameFor("https://gw.example.com", ["gw", "gw-2"]), "gw-3");
  assert.equal(nameFor("http://127.0.0.1:8998", []), "cluster");
  assert.equal(nameFor("http://[::1]:8998", ["cluster"]), "cluster-2");
  assert.equal(nameFor("http://localhost:8998", []), "cluster");
  assert.equal(nameFor("http://local:8998", []), "cluster");
});

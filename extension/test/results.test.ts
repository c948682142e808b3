// Tables and the other parts of results, and the page they are shown on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { panelPage, shownPart } from "../src/renderResults.ts";
import { csv, sorted, tabbed, tableOf } from "../src/table.ts";

const livy = {
  headers: [
    { name: "word", type: "STRING_TYPE" },
    { name: "count", type: "INT_TYPE" },
  ],
  data: [
    ["the", 10],
    ["a", null],
    ["of", 9],
  ],
};
const sql = {
  schema: { type: "struct", fields: [{ name: "id", type: "bigint", nullable: false }] },
  data: [[1], [2]],
};

function table(value: unknown) {
  const found = tableOf(value);
  assert.ok(found);
  return found;
}

test("both of Livy's shapes are tables, other JSON is not", () => {
  assert.deepEqual(
    table(livy).columns.map(({ name, numeric }) => [name, numeric]),
    [
      ["word", false],
      ["count", true],
    ],
  );
  assert.equal(table(sql).rows.length, 2);
  for (const other of [null, 3, "x", [], {}, { data: [] }, { headers: [] }]) {
    assert.equal(tableOf(other), undefined);
  }
});

test("numbers sort as numbers, and what is missing comes last", () => {
  const words = (descending: boolean) => sorted(table(livy), 1, descending).map(([word]) => word);
  assert.deepEqual(words(false), ["of", "the", "a"]);
  assert.deepEqual(words(true), ["the", "of", "a"]);
  const text = { headers: ["n"], data: [["10"], ["9"], ["x"]] };
  assert.deepEqual(sorted(table(text), 0, false).flat(), ["9", "10", "x"]);
});

test("CSV quotes what needs it, the clipboard gets tabs", () => {
  const odd = {
    headers: [{ name: 'a"b' }, { name: "c" }],
    data: [
      ["x,y", null],
      ["l\nm", { k: 1 }],
    ],
  };
  assert.equal(csv(table(odd)), '"a""b",c\r\n"x,y",\r\n"l\nm","{""k"":1}"\r\n');
  assert.equal(tabbed(table(odd)), 'a"b\tc\nx,y\t\nl m\t{"k":1}\n');
});

test("each part is shown in its way", () => {
  const part = (mime: string, content: string) =>
    shownPart({ mime, bytes: content.length, file: "/x" }, Buffer.from(content));
  assert.equal(part("application/vnd.livy.table.v1+json", JSON.stringify(livy)).kind, "table");
  assert.equal(part("application/json", JSON.stringify(sql)).kind, "table");
  assert.equal(part("application/json", '{"a":1}').kind, "text");
  assert.equal(part("application/json", "not json").kind, "text");
  assert.equal(part("application/octet-stream", "x").kind, "file");
  assert.equal(part("application/json", JSON.stringify(sql)).title.split(" · ")[0], "Table");
  assert.equal(part("image/svg+xml", "x").title, "Figure · 1 bytes");
  const image = part("image/png", "x");
  assert.equal(image.kind === "image" && image.source, "data:image/png;base64,eA==");
});

test("HTML is framed with a policy that loads nothing and runs nothing", () => {
  const html = "<b>x</b><img src=https://elsewhere.example/x.png>";
  const part = shownPart({ mime: "text/html", bytes: 1, file: "/x" }, Buffer.from(html));
  assert.ok(part.kind === "frame");
  assert.match(part.document, /default-src 'none'/);
  assert.doesNotMatch(part.document, /script-src/);
});

test("the page allows its own script alone", () => {
  const page = panelPage({
    title: "<x>",
    nonce: "n0",
    script: "https://own/r.js",
    ownSource: "own:",
  });
  assert.match(page, /default-src 'none'/);
  assert.match(page, /script-src 'nonce-n0' own:/);
  assert.match(page, /<title>&lt;x&gt;<\/title>/);
  assert.doesNotMatch(page, /connect-src|unsafe-eval/);
});

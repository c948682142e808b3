// What a terminal would obey does not reach the channel, however the text is cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleaned, TextCleaner } from "../src/renderText.ts";

function inPieces(text: string, length: number): string {
  const cleaner = new TextCleaner();
  let out = "";
  for (let at = 0; at < text.length; at += length) out += cleaner.feed(text.slice(at, at + length));
  return out + cleaner.finish();
}

test("colours, cursor movements, titles and hyperlinks are removed", () => {
  assert.equal(cleaned("\u001b[1;31mred\u001b[0m \u001b[2K\u001b[?25l"), "red ");
  assert.equal(cleaned("\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\b\u001b]8;;\u001b\\"), "ab");
  assert.equal(cleaned("\u001b(Ba\u001bcb\u001bMc"), "abc");
});

test("other text stays as it is", () => {
  const text = "Gr\u00fc\u00dfe \u2713 \u{1f600}\ttab [31m ] not a sequence \u0001\n";
  assert.equal(cleaned(text), text);
});

test("a sequence that is cut anywhere is removed all the same", () => {
  const text =
    "a\u001b[38;5;196mred\u001b[0m\u001b]0;title\u0007b\u001b(Bc\r\nd\u001b]8;;http://x\u001b\\e";
  for (let length = 1; length < text.length; length++) {
    assert.equal(inPieces(text, length), "aredbc\nde", `pieces of ${length}`);
  }
});

test("an escape character at the very end is not held for ever", () => {
  assert.equal(inPieces("a\u001b", 1).startsWith("a"), true);
  const cleaner = new TextCleaner();
  const endless = `\u001b[${"1".repeat(10_000)}`;
  assert.ok(cleaner.feed(endless).length > 0);
});

test("a line that was rewritten shows its last state", () => {
  assert.equal(cleaned(" 10 %\r 50 %\r100 %\nnext"), "100 %\nnext");
  assert.equal(inPieces("a\r\nb\r\n", 2), "a\nb\n");
  assert.equal(inPieces("last\r", 5), "last\n");
});

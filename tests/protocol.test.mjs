// The protocol's printer: what it prints is what TypeScript means, and what it does not understand
// is refused with file and line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { printedFiles, printHeader, readProtocol } from "../scripts/protocol.mjs";

const ts = createRequire(import.meta.url)("typescript");
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const protocolText = readFileSync(join(root, "protocol/protocol.ts"), "utf8");

/** The complaints of the TypeScript compiler about one more file in protocol/. */
function complaintsAbout(name, text) {
  const path = join(root, "protocol", name);
  const options = {
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === path || fileExists(file);
  host.readFile = (file) => (file === path ? text : readFile(file));
  host.getSourceFile = (file, ...rest) =>
    file === path
      ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
      : getSourceFile(file, ...rest);
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map((one) => ts.flattenDiagnosticMessageText(one.messageText, " "));
}

test("the printed files are fresh", () => {
  for (const [path, content] of Object.entries(printedFiles(protocolText))) {
    assert.equal(readFileSync(join(root, path), "utf8"), content, `${path} is stale`);
  }
});

test("every sample has the type it is a sample of", () => {
  const samples = JSON.parse(printedFiles(protocolText)["protocol/samples.json"]);
  const lines = samples.map(
    ({ type, value }) => `void (${JSON.stringify(value)} satisfies protocol.${type});`,
  );
  const text = `import type * as protocol from "./protocol";\n${lines.join("\n")}\n`;
  assert.deepEqual(complaintsAbout("samples.ts", text), []);
});

test("a sample without a field that is not optional is no sample", () => {
  const text = `import type * as protocol from "./protocol";
void ({ run: "r" } satisfies protocol.RunAttachParams);
void ("perl" satisfies protocol.Language);
`;
  assert.equal(complaintsAbout("wrong.ts", text).length, 2);
});

test("types stand before their users, whatever the order in protocol.ts", () => {
  const header = printHeader(
    readProtocol(`
      export interface Outer { inner: Inner[]; word?: Word }
      export interface Inner { name: string }
      export type Word = "oneWord" | "delete";
    `),
    "",
  );
  assert.ok(header.indexOf("struct Inner {") < header.indexOf("struct Outer {"));
  assert.ok(header.indexOf("enum class Word {") < header.indexOf("struct Outer {"));
  assert.match(header, /std::vector<Inner> inner = \{\};/);
  assert.match(header, /std::optional<Word> word = \{\};/);
  assert.match(header, / {2}one_word,\n {2}delete_,\n/);
});

test("doc comments are carried over", () => {
  const header = printHeader(
    readProtocol(`
      /** Of the type. */
      export interface Thing {
        /**
         * Two
         * lines.
         */
        field: string;
      }
      /** Not this one. */
      /** Of the words. */
      export type Word =
        /** Of the first. */
        | "a"
        // Not a doc comment.
        | "b";
      /** Of the message. */
      export const thing = new NotificationType<Thing>("thing");
    `),
    "",
  );
  for (const expected of [
    "/// Of the type.\nstruct Thing {",
    "  /// Two\n  /// lines.\n  std::string field",
    "/// Of the words.\nenum class Word {\n  /// Of the first.\n  a,\n  b,\n",
    "/// Of the message.\nstruct thing {",
  ]) {
    assert.ok(header.includes(expected), expected);
  }
  assert.ok(!header.includes("Not"));
});

// Each snippet follows two lines of its own, so that the line in the message is not an accident.
const outside = [
  ["export interface A { b: string | number }", 3, "not part of the protocol's subset"],
  ["export interface A { b: string | null }", 3, "not part of the protocol's subset"],
  ["export interface A {\n  b: { c: string };\n}", 4, "not part of the protocol's subset"],
  ["export interface A { b: [string, string] }", 3, "not part of the protocol's subset"],
  ['export interface A { b: "x" | "y" }', 3, "not part of the protocol's subset"],
  ["export interface A { b: any }", 3, "not part of the protocol's subset"],
  ["export interface A { b: Map<string, string> }", 3, "not part of the protocol's subset"],
  ["export interface A { b: Record<integer, string> }", 3, "Record<string, T>"],
  ["export interface A { b: Nowhere }", 3, 'the type "Nowhere" is not declared'],
  ["export interface A { b: Nowhere[] }", 3, 'the type "Nowhere" is not declared'],
  ["export interface A { b }", 3, 'the field "b" has no type'],
  ["export interface A { readonly b: string }", 3, "modifiers"],
  ["export interface A { b(): void }", 3, "plain fields only"],
  ["export interface A { [b: string]: string }", 3, "plain fields only"],
  ['export interface A { "b-c": string }', 3, "must be an identifier"],
  ["export interface A { snake_case: string }", 3, "camelCase"],
  ["export interface A { aB: string; a_b: string }", 3, "camelCase"],
  ["export interface A { b: string; b: string }", 3, "stands twice"],
  ["export interface A<T> { b: T }", 3, "type parameters"],
  ["export interface A { b: string }\nexport interface C extends A { d: string }", 4, "extend"],
  ["export interface A { a: A }", 3, "contains itself"],
  ["export interface A { b: B[] }\nexport interface B { a?: A }", 3, "contains itself"],
  ["export interface a {}", 3, "PascalCase"],
  ["interface A {}", 3, "exported"],
  ["export default interface A {}", 3, "exported"],
  ["export interface A {}\nexport interface A {}", 4, "stands twice"],
  ["export type A = string;", 3, "union of string literals"],
  ["export type A = 1 | 2;", 3, "union of string literals"],
  ['export type A =\n  | "b"\n  | 3;', 5, "union of string literals"],
  ['export type A = "b c";', 3, "camelCase"],
  ['export type A = "b" | "b";', 3, "stands twice"],
  ["export enum A { b }", 3, "EnumDeclaration"],
  ["export class A {}", 3, "ClassDeclaration"],
  ["export function a() {}", 3, "FunctionDeclaration"],
  ['import { a } from "./a";', 3, 'only "vscode-jsonrpc"'],
  ["export const a = 3;", 3, "new RequestType or new NotificationType"],
  ['export const a = new RequestType<Empty>("a");', 3, "RequestType takes 3 types"],
  ['export const a = new NotificationType<string>("a");', 3, "is an interface"],
  ["export const a = new NotificationType<Empty>(`a`);", 3, "string literal"],
  ['export const a = new NotificationType<Nowhere>("a");', 3, 'the type "Nowhere"'],
  [
    'export const a = new NotificationType<Empty>("a");\nexport const b = new NotificationType<Empty>("a");',
    4,
    'the method "a" stands twice',
  ],
  ["export interface A {", 3, "expected"],
];

for (const [snippet, line, reason] of outside) {
  test(`refuses ${snippet.replace(/\s+/g, " ")}`, () => {
    const text = `// The first line.\nexport interface Empty {}\n${snippet}\n`;
    assert.throws(
      () => readProtocol(text),
      (error) => {
        const at =
          snippet === "export interface A {"
            ? /^protocol\/protocol\.ts:\d+: /
            : new RegExp(`^protocol/protocol\\.ts:${line}: `);
        assert.match(error.message, at);
        assert.ok(error.message.includes(reason), error.message);
        return true;
      },
    );
  });
}

// Prints the daemon's side of the protocol from protocol/protocol.ts: the C++ types and converters,
// one sample of every type, and the hash that both sides exchange.
//
//   node scripts/protocol.mjs           prints what is stale
//   node scripts/protocol.mjs --check   only says what is stale, and fails

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = "protocol/protocol.ts";

/** What was found outside the subset, with the line it stands on. */
export class OutsideSubset extends Error {}

function loadTypeScript() {
  try {
    return createRequire(import.meta.url)("typescript");
  } catch {
    console.error("The TypeScript compiler is not installed. Run npm ci in the repository's root.");
    process.exit(2);
  }
}
const ts = loadTypeScript();

// ---------------------------------------------------------------- reading

/**
 * The declarations of `text` in the order in which C++ needs them: a type stands before its users.
 * Throws OutsideSubset("protocol/protocol.ts:LINE: …").
 */
export function readProtocol(text, name = source) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const reader = new Reader(file);
  return reader.read();
}

const plainTypes = new Set(["integer", "json"]);

class Reader {
  constructor(file) {
    this.file = file;
    this.types = new Map();
    this.messages = [];
  }

  read() {
    const [syntax] = this.file.parseDiagnostics;
    if (syntax)
      this.refuseAt(syntax.start, ts.flattenDiagnosticMessageText(syntax.messageText, " "));
    for (const statement of this.file.statements) this.statement(statement);
    for (const type of this.types.values()) this.resolve(type);
    this.checkMessages();
    return { types: this.sorted(), messages: this.messages };
  }

  statement(node) {
    if (ts.isImportDeclaration(node)) return this.importation(node);
    if (ts.isInterfaceDeclaration(node)) return this.interface(node);
    if (ts.isTypeAliasDeclaration(node)) return this.alias(node);
    if (ts.isVariableStatement(node)) return this.constants(node);
    this.refuse(node, `${ts.SyntaxKind[node.kind]} is not part of the protocol's subset`);
  }

  importation(node) {
    if (node.moduleSpecifier.text !== "vscode-jsonrpc") {
      this.refuse(
        node,
        `only "vscode-jsonrpc" may be imported, not "${node.moduleSpecifier.text}"`,
      );
    }
  }

  interface(node) {
    this.checkExported(node);
    if (node.typeParameters) this.refuse(node, "an interface may not have type parameters");
    if (node.heritageClauses) this.refuse(node, "an interface may not extend another one");
    const fields = node.members.map((member) => this.field(member));
    this.checkDistinct(fields);
    this.declare(node, { kind: "interface", fields, doc: docOf(node) });
  }

  field(node) {
    if (!ts.isPropertySignature(node)) this.refuse(node, "an interface holds plain fields only");
    if (!ts.isIdentifier(node.name)) this.refuse(node, "a field's name must be an identifier");
    if (node.modifiers?.length) this.refuse(node, "a field may not have modifiers");
    if (!node.type) this.refuse(node, `the field "${node.name.text}" has no type`);
    const name = node.name.text;
    if (!/^[a-z][A-Za-z0-9]*$/.test(name))
      this.refuse(node, `the field "${name}" is not in camelCase`);
    return {
      node,
      name,
      optional: node.questionToken !== undefined,
      type: this.type(node.type),
      doc: docOf(node),
    };
  }

  alias(node) {
    this.checkExported(node);
    if (node.typeParameters) this.refuse(node, "a type may not have type parameters");
    if (plainTypes.has(node.name.text)) return;
    const words = this.words(node.type);
    this.declare(node, { kind: "union", words, doc: docOf(node) });
  }

  words(node) {
    const literals = ts.isUnionTypeNode(node) ? node.types : [node];
    let end = node.getFullStart();
    const words = [];
    for (const literal of literals) {
      if (!ts.isLiteralTypeNode(literal) || !ts.isStringLiteral(literal.literal)) {
        this.refuse(literal, "a type is a union of string literals, or one of integer and json");
      }
      const value = literal.literal.text;
      if (!/^[a-z][A-Za-z0-9]*$/.test(value))
        this.refuse(literal, `the word "${value}" is not in camelCase`);
      if (words.some((word) => word.value === value))
        this.refuse(literal, `the word "${value}" stands twice`);
      words.push({ value, doc: docIn(this.file.text.slice(end, literal.getStart())) });
      end = literal.end;
    }
    return words;
  }

  type(node) {
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword:
        return { kind: "string" };
      case ts.SyntaxKind.BooleanKeyword:
        return { kind: "boolean" };
      case ts.SyntaxKind.NumberKeyword:
        return { kind: "number" };
      case ts.SyntaxKind.ArrayType:
        return { kind: "array", element: this.type(node.elementType) };
      case ts.SyntaxKind.TypeReference:
        return this.reference(node);
      default:
        return this.refuse(node, `"${node.getText()}" is not part of the protocol's subset`);
    }
  }

  reference(node) {
    const name = node.typeName.getText();
    if (name === "Record") return this.record(node);
    if (node.typeArguments)
      this.refuse(node, `"${node.getText()}" is not part of the protocol's subset`);
    if (plainTypes.has(name)) return { kind: name };
    return { kind: "reference", name, node };
  }

  record(node) {
    const [key, element] = node.typeArguments ?? [];
    if (key?.kind !== ts.SyntaxKind.StringKeyword || !element) {
      this.refuse(node, "a record is written Record<string, T>");
    }
    return { kind: "record", element: this.type(element) };
  }

  constants(node) {
    this.checkExported(node);
    for (const declaration of node.declarationList.declarations) {
      this.message(declaration, docOf(node));
    }
  }

  message(node, doc) {
    const made = node.initializer;
    const maker = made && ts.isNewExpression(made) ? made.expression.getText() : "";
    const expected = { RequestType: 3, NotificationType: 1 }[maker];
    if (!expected)
      this.refuse(node, "a constant is made with new RequestType or new NotificationType");
    const types = made.typeArguments ?? [];
    if (types.length !== expected) this.refuse(node, `${maker} takes ${expected} types`);
    const [method, ...more] = made.arguments ?? [];
    if (!method || !ts.isStringLiteral(method) || more.length > 0) {
      this.refuse(node, `${maker} takes one argument: the method as a string literal`);
    }
    const [params, result] = types.map((type) => this.type(type));
    this.messages.push({
      node,
      doc,
      name: node.name.getText(),
      method: method.text,
      params,
      result,
      types: types.map((type) => this.type(type)),
    });
  }

  checkMessages() {
    const methods = new Set();
    for (const message of this.messages) {
      if (methods.has(message.method))
        this.refuse(message.node, `the method "${message.method}" stands twice`);
      methods.add(message.method);
      for (const type of message.types) {
        this.resolveType(type);
        if (type.kind !== "reference" || this.types.get(type.name).kind !== "interface") {
          this.refuse(message.node, "what a message carries is an interface");
        }
      }
    }
    this.checkDistinct(this.messages);
  }

  checkExported(node) {
    const words = (node.modifiers ?? []).map((modifier) => modifier.getText());
    if (words.join(" ") !== "export")
      this.refuse(node, "every declaration is exported, and nothing else");
  }

  /** Two names that differ in TypeScript must differ in snake_case as well. */
  checkDistinct(named) {
    const seen = new Set();
    for (const { name, node } of named) {
      if (seen.has(snakeCase(name))) this.refuse(node, `the name "${name}" stands twice`);
      seen.add(snakeCase(name));
    }
  }

  declare(node, type) {
    const name = node.name.text;
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name))
      this.refuse(node, `the type "${name}" is not in PascalCase`);
    if (this.types.has(name)) this.refuse(node, `the type "${name}" stands twice`);
    this.types.set(name, { name, node, ...type });
  }

  resolve(type) {
    for (const field of type.fields ?? []) this.resolveType(field.type);
  }

  resolveType(type) {
    if (type.element) this.resolveType(type.element);
    if (type.kind === "reference" && !this.types.has(type.name)) {
      this.refuse(type.node, `the type "${type.name}" is not declared in this file`);
    }
  }

  sorted() {
    const done = new Set();
    const doing = new Set();
    const order = [];
    const visit = (type) => {
      if (done.has(type.name)) return;
      if (doing.has(type.name)) this.refuse(type.node, `the type "${type.name}" contains itself`);
      doing.add(type.name);
      for (const field of type.fields ?? []) {
        const name = namedType(field.type);
        if (name) visit(this.types.get(name));
      }
      done.add(type.name);
      order.push(type);
    };
    for (const type of this.types.values()) visit(type);
    return order;
  }

  refuse(node, reason) {
    return this.refuseAt(node.getStart(), reason);
  }

  refuseAt(position, reason) {
    const { line } = this.file.getLineAndCharacterOfPosition(position);
    throw new OutsideSubset(`${this.file.fileName}:${line + 1}: ${reason}`);
  }
}

function namedType(type) {
  return type.element ? namedType(type.element) : type.name;
}

/** The lines of the doc comment right before a declaration. */
function docOf(node) {
  return docIn(node.getSourceFile().text.slice(node.getFullStart(), node.getStart()));
}

function docIn(text) {
  const comments = [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)];
  const last = comments.at(-1);
  if (!last) return [];
  const lines = last[1].split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  return lines.filter((line, index) => line !== "" || (index > 0 && index < lines.length - 1));
}

// ---------------------------------------------------------------- C++

const keywords = new Set(
  `alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
  char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
  co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern
  false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
  operator or or_eq private protected public register reinterpret_cast requires return short signed
  sizeof static static_assert static_cast struct switch template this thread_local throw true try
  typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq`.split(
    /\s+/,
  ),
);

function snakeCase(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function cppName(name) {
  const snake = snakeCase(name);
  return keywords.has(snake) ? `${snake}_` : snake;
}

function cppType(type) {
  switch (type.kind) {
    case "string":
      return "std::string";
    case "boolean":
      return "bool";
    case "number":
      return "double";
    case "integer":
      return "std::int64_t";
    case "json":
      return "nlohmann::json";
    case "array":
      return `std::vector<${cppType(type.element)}>`;
    case "record":
      return `std::map<std::string, ${cppType(type.element)}>`;
    default:
      return type.name;
  }
}

// Every member has one, so that designated initialisers may leave any of them out.
function initialValue(field) {
  if (field.optional) return "{}";
  return { boolean: "false", number: "0", integer: "0" }[field.type.kind] ?? "{}";
}

function docLines(doc, indent) {
  return doc.map((line) => `${indent}/// ${line}`.trimEnd());
}

function cppInterface({ name, fields, doc }) {
  const members = fields.flatMap((field) => {
    const type = field.optional ? `std::optional<${cppType(field.type)}>` : cppType(field.type);
    return [
      ...docLines(field.doc, "  "),
      `  ${type} ${cppName(field.name)} = ${initialValue(field)};`,
    ];
  });
  return [
    ...docLines(doc, ""),
    `struct ${name} {`,
    ...members,
    `  bool operator==(const ${name}&) const = default;`,
    "};",
    "",
  ];
}

function cppUnion({ name, words, doc }) {
  return [
    ...docLines(doc, ""),
    `enum class ${name} {`,
    ...words.flatMap((word) => [...docLines(word.doc, "  "), `  ${cppName(word.value)},`]),
    "};",
    "",
    "/// The word as it stands on the wire.",
    `constexpr std::string_view name_of(${name} value) {`,
    "  switch (value) {",
    ...words.map((word) => `    case ${name}::${cppName(word.value)}: return "${word.value}";`),
    "  }",
    '  return "";',
    "}",
    "",
  ];
}

function cppConverters(type) {
  return type.kind === "union" ? unionConverters(type) : interfaceConverters(type);
}

function unionConverters({ name, words }) {
  return [
    `inline void to_json(nlohmann::json& to, ${name} from) { to = std::string(name_of(from)); }`,
    "",
    `inline void detail::read(const nlohmann::json& from, const detail::place& at, ${name}& to) {`,
    ...words.map(
      (word) =>
        `  if (detail::is_word(from, "${word.value}")) { to = ${name}::${cppName(word.value)}; return; }`,
    ),
    `  detail::refuse_word(from, at, "${words.map((word) => word.value).join(", ")}");`,
    "}",
    "",
    ...fromJson(name),
  ];
}

function interfaceConverters({ name, fields }) {
  const unused = fields.length === 0;
  return [
    `inline void to_json(nlohmann::json& to, ${unused ? `const ${name}&` : `const ${name}& from`}) {`,
    "  to = nlohmann::json::object();",
    ...fields.map((field) => {
      const member = `from.${cppName(field.name)}`;
      if (!field.optional) return `  to["${field.name}"] = ${member};`;
      return `  if (${member}) to["${field.name}"] = *${member};`;
    }),
    "}",
    "",
    `inline void detail::read(const nlohmann::json& from, const detail::place& at, ${name}&${unused ? "" : " to"}) {`,
    "  detail::expect_object(from, at);",
    ...fields.map(
      (field) => `  detail::field(from, at, "${field.name}", to.${cppName(field.name)});`,
    ),
    "}",
    "",
    ...fromJson(name),
  ];
}

function fromJson(name) {
  return [
    `inline void from_json(const nlohmann::json& from, ${name}& to) { detail::read(from, {}, to); }`,
    "",
  ];
}

function cppMessage(message) {
  const uses = [`  using params = ${message.params.name};`];
  if (message.result) uses.push(`  using result = ${message.result.name};`);
  return [
    ...docLines(message.doc, ""),
    `struct ${cppName(message.name)} {`,
    `  static constexpr std::string_view method = "${message.method}";`,
    ...uses,
    "};",
    "",
  ];
}

const opening = (hash) => `\
// The messages of protocol.ts as C++ types with their JSON converters.
// Printed by scripts/protocol.mjs: change protocol.ts and run it.
#pragma once
// clang-format off

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace livyd::protocol {

/// The SHA-256 of protocol.ts: both sides must have been built with the same.
inline constexpr std::string_view protocol_hash =
    "${hash}";

/// A message that is not what protocol.ts says; \`what()\` names the path of the culprit:
/// \`"source.firstLine" is missing\`.
class bad_message : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
`;

const readers = `\
namespace detail {

/// Where a value stands in a message: the fields and positions on the way to it, innermost first.
struct place {
  const place* outer = nullptr;
  std::string_view field = {};
  std::size_t position = 0;
  bool is_position = false;

  std::string path() const {
    if (outer == nullptr) return {};
    std::string way = outer->path();
    if (is_position) return way + "[" + std::to_string(position) + "]";
    if (!way.empty()) way += ".";
    return way.append(field);
  }
};

[[noreturn]] inline void refuse(const place& at, std::string_view reason) {
  const std::string path = at.path();
  std::string sentence = path.empty() ? std::string("the message") : "\\"" + path + "\\"";
  throw bad_message(sentence.append(reason));
}

inline bool is_word(const nlohmann::json& from, std::string_view word) {
  return from.is_string() && from.get_ref<const std::string&>() == word;
}

[[noreturn]] inline void refuse_word(const nlohmann::json& from, const place& at, std::string_view words) {
  if (!from.is_string()) refuse(at, " must be a string");
  constexpr std::size_t shown = 64;
  const std::string& word = from.get_ref<const std::string&>();
  const std::string quoted = word.size() > shown ? "(" + std::to_string(word.size()) + " bytes)" : "\\"" + word + "\\"";
  refuse(at, ": unknown word " + quoted + "; expected one of " + std::string(words));
}

inline void expect_object(const nlohmann::json& from, const place& at) {
  if (!from.is_object()) refuse(at, " must be an object");
}

inline void read(const nlohmann::json& from, const place& at, std::string& to) {
  if (!from.is_string()) refuse(at, " must be a string");
  to = from.get_ref<const std::string&>();
}

inline void read(const nlohmann::json& from, const place& at, bool& to) {
  if (!from.is_boolean()) refuse(at, " must be true or false");
  to = from.get<bool>();
}

inline void read(const nlohmann::json& from, const place& at, double& to) {
  if (!from.is_number()) refuse(at, " must be a number");
  to = from.get<double>();
}

inline void read(const nlohmann::json& from, const place& at, std::int64_t& to) {
  if (!from.is_number_integer()) refuse(at, " must be an integer");
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (from.is_number_unsigned() && from.get<std::uint64_t>() > most) refuse(at, " is out of range");
  to = from.get<std::int64_t>();
}

inline void read(const nlohmann::json& from, const place&, nlohmann::json& to) { to = from; }
`;

const containers = `\
template <class Element>
void read(const nlohmann::json& from, const place& at, std::vector<Element>& to) {
  if (!from.is_array()) refuse(at, " must be an array");
  to.clear();
  to.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    Element element{};
    read(from[i], {.outer = &at, .position = i, .is_position = true}, element);
    to.push_back(std::move(element));
  }
}

template <class Element>
void read(const nlohmann::json& from, const place& at, std::map<std::string, Element>& to) {
  expect_object(from, at);
  to.clear();
  for (auto entry = from.begin(); entry != from.end(); ++entry) {
    read(entry.value(), {.outer = &at, .field = entry.key()}, to[entry.key()]);
  }
}

template <class Value>
void field(const nlohmann::json& from, const place& at, const char* name, Value& to) {
  const place here{.outer = &at, .field = name};
  const auto found = from.find(name);
  if (found == from.end()) refuse(here, " is missing");
  read(*found, here, to);
}

template <class Value>
void field(const nlohmann::json& from, const place& at, const char* name, std::optional<Value>& to) {
  const auto found = from.find(name);
  if (found == from.end()) {
    to.reset();
    return;
  }
  read(*found, {.outer = &at, .field = name}, to.emplace());
}

}  // namespace detail
`;

/** The whole of protocol.hpp. */
export function printHeader({ types, messages }, hash) {
  const declared = types.map(
    ({ name }) => `inline void read(const nlohmann::json& from, const place& at, ${name}& to);`,
  );
  const visited = types.map(({ name }) => `  visit.template operator()<${name}>("${name}");`);
  const lines = [
    opening(hash),
    "// ---------------------------------------------------------------- types",
    "",
    ...types.flatMap((type) => (type.kind === "union" ? cppUnion(type) : cppInterface(type))),
    "// ---------------------------------------------------------------- messages",
    "",
    ...messages.flatMap(cppMessage),
    "// ---------------------------------------------------------------- converters",
    "",
    readers,
    ...declared,
    "",
    containers,
    ...types.flatMap(cppConverters),
    "/// Calls `visit.operator()<Type>(name)` for every type, so that a test misses none.",
    "template <class Visitor>",
    "void for_each_type(Visitor visit) {",
    ...visited,
    "}",
    "",
    "}  // namespace livyd::protocol",
    "",
  ];
  return lines.join("\n");
}

// ---------------------------------------------------------------- samples

/** `[{type, value}]`: each interface with and without its optional fields, each word of a union. */
export function printSamples({ types }) {
  const known = new Map(types.map((type) => [type.name, type]));
  const samples = types.flatMap((type) =>
    samplesOf(type, known).map((value) => ({ type: type.name, value })),
  );
  return `[\n${samples.map((sample) => `  ${JSON.stringify(sample)}`).join(",\n")}\n]\n`;
}

function samplesOf(type, known) {
  if (type.kind === "union") return type.words.map((word) => word.value);
  const whole = sampleObject(type, known, true);
  const bare = sampleObject(type, known, false);
  return type.fields.some((field) => field.optional) ? [whole, bare] : [whole];
}

function sampleObject(type, known, whole) {
  const fields = type.fields.filter((field) => whole || !field.optional);
  return Object.fromEntries(
    fields.map((field) => [field.name, sampleOf(field.type, field.name, known, whole)]),
  );
}

function sampleOf(type, name, known, whole) {
  switch (type.kind) {
    case "string":
      return `${name}: "Größe" \u{1f600}\n`;
    case "boolean":
      return whole;
    case "number":
      return 0.375;
    case "integer":
      return whole ? Number.MAX_SAFE_INTEGER : -1;
    case "json":
      return { any: [1, -2.5, "text", true, null, {}] };
    case "array":
      return whole
        ? [sampleOf(type.element, name, known, true), sampleOf(type.element, name, known, false)]
        : [];
    case "record":
      return whole
        ? {
            "": sampleOf(type.element, name, known, true),
            "a.b": sampleOf(type.element, name, known, false),
          }
        : {};
    default: {
      const named = known.get(type.name);
      return named.kind === "union"
        ? named.words.at(whole ? -1 : 0).value
        : sampleObject(named, known, whole);
    }
  }
}

// ---------------------------------------------------------------- files

export function printHash(hash) {
  return `// The hash of protocol.ts that \`initialize\` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "${hash}";
`;
}

/** What the printed files must hold, by path. */
export function printedFiles(text) {
  const protocol = readProtocol(text);
  const hash = createHash("sha256").update(text).digest("hex");
  return {
    "protocol/protocol.hpp": printHeader(protocol, hash),
    "protocol/hash.ts": printHash(hash),
    "protocol/samples.json": printSamples(protocol),
  };
}

function contentOf(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

function main(words) {
  const unknown = words.find((word) => word !== "--check");
  if (unknown !== undefined) {
    console.error(`Unknown argument "${unknown}". Usage: node scripts/protocol.mjs [--check]`);
    return 2;
  }
  const printed = Object.entries(printedFiles(readFileSync(join(root, source), "utf8")));
  const stale = printed.filter(([path, content]) => contentOf(path) !== content);
  for (const [path, content] of stale) {
    if (words.length > 0) console.error(`${path} is stale. Run node scripts/protocol.mjs`);
    else writeFileSync(join(root, path), content);
  }
  return words.length > 0 && stale.length > 0 ? 1 : 0;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof OutsideSubset)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

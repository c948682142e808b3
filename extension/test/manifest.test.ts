// The manifest and the code agree, and what the manifest promises about keys and trust holds.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const home = new URL("../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", home), "utf8"));
const { contributes } = manifest;
const sources = readdirSync(new URL("src/", home))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(`src/${name}`, home), "utf8"))
  .join("\n");

const commands: string[] = contributes.commands.map((one: { command: string }) => one.command);
const views: string[] = contributes.views.livyd.map((one: { id: string }) => one.id);
const settings: string[] = Object.keys(contributes.configuration.properties);

test("every command of the manifest is registered, in the category Livy", () => {
  for (const command of contributes.commands) {
    const registered = new RegExp(`register(Command)?\\(\\s*"${command.command}"`);
    assert.match(sources, registered, command.command);
    assert.equal(command.category, "Livy");
  }
});

test("keys, menus and buttons name commands that exist", () => {
  const items = [...contributes.keybindings, ...Object.values(contributes.menus).flat()];
  assert.ok(items.length > 0);
  for (const item of items) assert.ok(commands.includes(item.command), item.command);
  const internal = ["livyd.chosenProfile"];
  for (const [, name] of sources.matchAll(/"(livyd\.[a-z]+[A-Z]\w+)"/g)) {
    const known = [...commands, ...settings, ...views, ...internal, "livyd.shiftEnterWasAsked"];
    const key = sources.includes(`"setContext", "${name}"`);
    assert.ok(key || known.includes(name ?? ""), `${name} is neither command, setting nor key`);
  }
});

test("every context key of a when clause is set by the code", () => {
  const { keybindings, menus, viewsWelcome } = contributes;
  const clauses = JSON.stringify([keybindings, menus, viewsWelcome]);
  const keys = new Set(
    [...clauses.matchAll(/"when":"([^"]*)"/g)]
      .flatMap(([, when]) => [...(when ?? "").matchAll(/livyd\.\w+/g)].map(([key]) => key))
      .filter((key) => !views.includes(key)),
  );
  assert.ok(keys.has("livyd.ownsSelection"));
  for (const key of keys) assert.ok(sources.includes(`"setContext", "${key}"`), key);
});

test("Shift+Enter is ours only under our own key, a chord always works", () => {
  const [chord, shiftEnter] = contributes.keybindings;
  assert.equal(chord.key, "ctrl+k ctrl+enter");
  assert.ok(!chord.when.includes("livyd."));
  assert.equal(shiftEnter.key, "shift+enter");
  for (const part of [
    "livyd.ownsSelection",
    "editorTextFocus",
    "!findInputFocussed",
    "!replaceInputFocussed",
    "!notebookEditorFocused",
  ]) {
    assert.ok(shiftEnter.when.split(" && ").includes(part), part);
  }
});

test("a folder that is not trusted cannot redirect anything", () => {
  const trust = manifest.capabilities.untrustedWorkspaces;
  assert.equal(trust.supported, "limited");
  assert.deepEqual(trust.restrictedConfigurations, [
    "livyd.profiles",
    "livyd.profile",
    "livyd.output.file",
    "livyd.daemon.path",
  ]);
  assert.equal(contributes.configuration.properties["livyd.daemon.path"].scope, "machine");
});

test("each setting says what it does and where it holds", () => {
  for (const [name, setting] of Object.entries<Record<string, unknown>>(
    contributes.configuration.properties,
  )) {
    assert.equal(typeof setting.markdownDescription, "string", name);
    assert.equal(typeof setting.scope, "string", name);
    assert.ok("default" in setting, name);
  }
});

test("a field of a profile that nobody knows is refused, the others are described", () => {
  const profile = contributes.configuration.properties["livyd.profiles"].additionalProperties;
  const groups = [profile, ...["session", "auth", "tls"].map((name) => profile.properties[name])];
  for (const group of groups) {
    assert.equal(group.additionalProperties, false);
    for (const [name, field] of Object.entries<Record<string, unknown>>(group.properties)) {
      assert.equal(typeof field.markdownDescription, "string", name);
    }
  }
});

test("the extension starts by nothing but the languages it runs", () => {
  assert.deepEqual(manifest.activationEvents, [
    "onLanguage:python",
    "onLanguage:scala",
    "onLanguage:sql",
    "onLanguage:r",
  ]);
  assert.deepEqual(manifest.extensionKind, ["workspace"]);
});

test("files that the manifest names exist", () => {
  const files = [manifest.icon, ...contributes.grammars.map((one: { path: string }) => one.path)];
  for (const file of files) assert.ok(existsSync(new URL(file, home)), file);
});

test("views are created, and an empty one says what to do with one button", () => {
  for (const view of views) {
    assert.match(sources, new RegExp(`createTreeView<Element>\\("${view}"`));
    const welcomes = contributes.viewsWelcome.filter((one: { view: string }) => one.view === view);
    assert.ok(welcomes.length > 0, view);
    for (const { contents } of welcomes) {
      const [, command] = /^[^[]+\.\n\[[^\]]+\]\(command:([\w.]+)\)$/.exec(contents) ?? [];
      assert.ok(commands.includes(command ?? ""), contents);
    }
  }
});

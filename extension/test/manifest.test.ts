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
    const registered = new RegExp(`register(Command|OnProfile)?\\(\\s*"${command.command}"`);
    assert.match(sources, registered, command.command);
    assert.equal(command.category, "Livy");
  }
});

test("keys, menus and buttons name commands that exist", () => {
  const items = [...contributes.keybindings, ...Object.values(contributes.menus).flat()];
  assert.ok(items.length > 0);
  for (const item of items) assert.ok(commands.includes(item.command), item.command);
  const internal = ["livyd.chosenProfile"];
  const remembered = ["livyd.shiftEnterWasAsked", "livyd.secretNames"];
  for (const [, name] of sources.matchAll(/"(livyd\.[a-z]+[A-Z]\w+)"/g)) {
    const known = [...commands, ...settings, ...views, ...internal, ...remembered];
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

test("what is not restricted in such a folder says nothing about servers, programs or files", () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  const free = settings.filter((name) => !restrictedConfigurations.includes(name));
  assert.deepEqual(free.sort(), [
    "livyd.history.maxBytes",
    "livyd.output.reveal",
    "livyd.run.stopOnError",
    "livyd.shiftEnter",
    "livyd.trace",
  ]);
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

interface Schema {
  type?: string;
  markdownDescription?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  items?: Schema;
}

const profile: Schema = contributes.configuration.properties["livyd.profiles"].additionalProperties;

/** Every object of a profile that has fields of its own, by its path. */
function groupsIn(schema: Schema, path = ""): [string, Schema][] {
  const own: [string, Schema][] = schema.properties ? [[path, schema]] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    groupsIn(field, `${path}/${name}`),
  );
  const others = [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [...own, ...below, ...others.flatMap((one) => groupsIn(one, path))];
}

test("a field of a profile that nobody knows is refused, the others are described", () => {
  const groups = groupsIn(profile).filter(([path]) => path !== "/session/conf");
  assert.deepEqual(
    groups.map(([path]) => path),
    ["", "/session", "/auth", "/tls", "/proxy", "/proxy/auth", "/deploy", "/deploy/bundles"],
  );
  for (const [path, group] of groups) {
    assert.equal(group.additionalProperties, false, path);
    for (const [name, field] of Object.entries(group.properties ?? {})) {
      assert.equal(typeof field.markdownDescription, "string", `${path}/${name}`);
    }
  }
});

test("a profile has the fields that livyd reads, and none for a secret", () => {
  const fields = Object.fromEntries(
    groupsIn(profile).map(([path, group]) => [path, Object.keys(group.properties ?? {}).sort()]),
  );
  assert.deepEqual(fields[""], [
    "abstract",
    "agent",
    "allowInsecure",
    "auth",
    "confirm",
    "deploy",
    "extends",
    "headers",
    "kind",
    "proxy",
    "python",
    "redirectHosts",
    "session",
    "tls",
    "url",
    "webhdfs",
  ]);
  assert.deepEqual(fields["/auth"], [
    "cache",
    "delegate",
    "keytab",
    "mutual",
    "principal",
    "service",
    "tokenCommand",
    "type",
    "user",
  ]);
  assert.deepEqual(fields["/tls"], [
    "caFile",
    "caFolder",
    "certificate",
    "encryptedKey",
    "key",
    "verify",
  ]);
  assert.deepEqual(fields["/proxy"], ["auth", "bypass", "url"]);
  assert.deepEqual(fields["/proxy/auth"], ["type", "user"]);
  assert.deepEqual(fields["/deploy"], ["auto", "bundles", "by", "pickleByValue", "reload", "root"]);
  assert.deepEqual(fields["/deploy/bundles"], [
    "alias",
    "as",
    "exclude",
    "folder",
    "include",
    "name",
  ]);
  const secret = /password|passphrase|secret|^token$/i;
  for (const names of Object.values(fields)) assert.ok(!names.some((name) => secret.test(name)));
});

test("the command line's file is checked as the setting is", () => {
  const [validation] = contributes.jsonValidation;
  assert.equal(validation.fileMatch, "/livyd/profiles.json");
  const build = readFileSync(new URL("build.mjs", home), "utf8");
  assert.ok(build.includes(validation.url.replace("./", "")));
});

test("the extension starts by nothing but the languages it runs and the files it opens", () => {
  assert.deepEqual(manifest.activationEvents, [
    "onLanguage:python",
    "onLanguage:scala",
    "onLanguage:sql",
    "onLanguage:r",
    "onFileSystem:webhdfs",
  ]);
  assert.deepEqual(manifest.extensionKind, ["workspace"]);
});

test("files that the manifest names exist", () => {
  const files = [manifest.icon, ...contributes.grammars.map((one: { path: string }) => one.path)];
  for (const file of files) assert.ok(existsSync(new URL(file, home)), file);
});

test("the first steps end with deploying, and open only when somebody asks", () => {
  const [walkthrough] = contributes.walkthroughs;
  assert.ok(sources.includes(`"setContext", "${walkthrough.when}"`));
  const steps: string[] = walkthrough.steps.map((step: { id: string }) => step.id);
  assert.deepEqual(steps, ["local", "connect", "cluster", "deploy"]);
  for (const { description, media, completionEvents } of walkthrough.steps) {
    assert.ok(existsSync(new URL(media.markdown, home)), media.markdown);
    const named = [...`${description} ${completionEvents}`.matchAll(/ommand:(livyd\.\w+)/g)];
    assert.ok(named.length > 1, description);
    for (const [, command] of named) assert.ok(commands.includes(command ?? ""), command);
  }
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

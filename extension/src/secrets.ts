// Passwords, tokens and passphrases: asked for when the daemon needs one, kept in the editor's
// SecretStorage, set and forgotten by commands. Never in settings, never in a log.

import * as vscode from "vscode";
import {
  type ProfileSummary,
  type SecretKind,
  type SecretNeeded,
  secretForget,
  secretGive,
} from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { originOf, secretQuestion, secretRow, secretWords } from "./renderSecrets.ts";
import { SecretAnswers, type SecretName } from "./secretAnswers.ts";

/** Where the names of what is remembered stand. */
const namesKey = "livyd.secretNames";

export function activate(context: Context): vscode.Disposable {
  const { daemon, extension } = context;
  const answers = new SecretAnswers({
    memory: extension.secrets,
    names: {
      read: () => extension.globalState.get<SecretName[]>(namesKey, []),
      write: (names) => extension.globalState.update(namesKey, names),
    },
    origin: (profile) => originOf(daemon.profile(profile)),
    ask: askUser,
    give: async (answer) => void (await daemon.ask(secretGive, answer)),
    // One that is not up has nothing to forget.
    forget: async (profile) => {
      if (daemon.up) await daemon.ask(secretForget, { profile });
    },
  });
  return vscode.Disposable.from(
    daemon.onSecretNeeded((needed) => void quietly(context, () => answers.needed(needed))),
    daemon.onReplaced(() => answers.withdraw()),
    daemon.onDown(() => answers.withdraw()),
    extension.secrets.onDidChange(({ key }) => void quietly(context, () => answers.changed(key))),
    vscode.commands.registerCommand("livyd.setSecret", (profile) =>
      guarded(context, () => set(context, answers, profile)),
    ),
    vscode.commands.registerCommand("livyd.forgetSecret", () =>
      guarded(context, () => forget(context, answers)),
    ),
  );
}

/** A box that stays when the focus leaves, since people look passwords up elsewhere. */
async function askUser(needed: SecretNeeded, signal: AbortSignal): Promise<string | undefined> {
  const source = new vscode.CancellationTokenSource();
  signal.addEventListener("abort", () => source.cancel());
  try {
    return await box(needed.prompt, secretQuestion(needed), source.token);
  } finally {
    source.dispose();
  }
}

async function box(
  title: string,
  prompt: string,
  token?: vscode.CancellationToken,
): Promise<string | undefined> {
  const value = await vscode.window.showInputBox(
    { title, prompt, password: true, ignoreFocusOut: true },
    token,
  );
  return value === "" ? undefined : value;
}

async function set(context: Context, answers: SecretAnswers, named: unknown): Promise<void> {
  const profiles = (await context.daemon.profiles()).filter(({ secrets }) => secrets.length > 0);
  const profile =
    profiles.find(({ name }) => name === named) ?? (await chooseProfile(context, profiles));
  if (!profile) return;
  const secret = await chooseSecret(profile);
  if (!secret) return;
  const title = `${secretWords[secret]} of the profile ${profile.name}`;
  const value = await box(title, `For ${originOf(profile) || "this machine"}.`);
  if (value === undefined) return;
  await answers.set(profile.name, secret, value);
  vscode.window.setStatusBarMessage("The secret is kept and used from now on.", 5000);
}

async function chooseProfile(
  { notices, settings }: Context,
  profiles: ProfileSummary[],
): Promise<ProfileSummary | undefined> {
  if (profiles.length === 0) {
    notices.say("info", 'No profile needs a secret. Its "auth" says which one it needs.', [
      {
        verb: "Open Settings",
        command: "workbench.action.openSettings",
        arguments: ["livyd.profiles"],
      },
    ]);
    return undefined;
  }
  const rows = profiles.map((profile) => ({
    label: `$(server) ${profile.name}`,
    description: profile.url ?? "",
    profile,
  }));
  // The one that runs use stands first.
  rows.sort(
    (one, other) =>
      Number(other.profile.name === settings.profile) -
      Number(one.profile.name === settings.profile),
  );
  return (await vscode.window.showQuickPick(rows, { title: "Set Secret" }))?.profile;
}

async function chooseSecret({ name, secrets }: ProfileSummary): Promise<SecretKind | undefined> {
  if (secrets.length === 1) return secrets[0];
  const rows = secrets.map((secret) => ({ label: `$(key) ${secretWords[secret]}`, secret }));
  return (await vscode.window.showQuickPick(rows, { title: `Set Secret of ${name}` }))?.secret;
}

async function forget({ notices }: Context, answers: SecretAnswers): Promise<void> {
  const rows = answers.remembered.map((name) => ({ ...secretRow(name), name }));
  if (rows.length === 0) return notices.say("info", "No secret is kept.");
  const title = "Forget Secret";
  const chosen = await vscode.window.showQuickPick(rows, { title, matchOnDescription: true });
  if (!chosen) return;
  await answers.forget(chosen.name);
  vscode.window.setStatusBarMessage("The secret is forgotten.", 5000);
}

async function guarded({ notices }: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notices.failed(error);
  }
}

/** What waits for the secret says what became of it. */
async function quietly({ daemon }: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    daemon.warn(`A secret did not reach livyd: ${failedFrom(error).message}`);
  }
}

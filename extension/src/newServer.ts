// A profile for a server that livyd does not know yet: an address, a look, and what is missing.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { type Failed, failedFrom } from "./daemon.ts";
import { nameFor, type SignIn, signInsFor, whyNoAddress, whyNoUser } from "./renderProfile.ts";

/** A profile that is being made: what is written so far. */
interface Draft {
  url: string;
  auth?: Record<string, string>;
  tls?: Record<string, string>;
}

/** What comes after a look: use it, ask for the address again, look again as changed, or give up. */
type Next = "use" | "address" | "cancel" | Draft;

/**
 * Asks for the address, looks whether a Livy answers there, asks for what the server wants besides,
 * and writes the profile. Its name; undefined when the user changed their mind.
 */
export async function addServer(context: Context): Promise<string | undefined> {
  let url: string | undefined;
  while (true) {
    url = await askAddress(url);
    if (url === undefined) return undefined;
    const name = nameFor(url, Object.keys(context.settings.profiles));
    let next: Next = { url };
    while (typeof next === "object") {
      await context.settings.addProfile(name, { ...next });
      next = await look(context, name, next);
    }
    if (next === "use") return name;
    await context.settings.removeProfile(name);
    if (next === "cancel") return undefined;
  }
}

async function askAddress(value = ""): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: "On a Livy server",
    prompt: "The address of the Livy server, as your administrators gave it.",
    placeHolder: "https://gw.example.com:8443/gateway/default/livy/v1",
    value,
    ignoreFocusOut: true,
    validateInput: whyNoAddress,
  });
  return address?.trim();
}

/** Whether a Livy answers as this profile; if not, the user decides. */
async function look(context: Context, name: string, draft: Draft): Promise<Next> {
  const location = vscode.ProgressLocation.Notification;
  try {
    await vscode.window.withProgress(
      { location, title: `Livy: looking at ${name}`, cancellable: true },
      (_progress, token) => context.daemon.listSessions(name, token),
    );
    return "use";
  } catch (error) {
    const failed = failedFrom(error);
    if (failed.kind === "cancelled") return "cancel";
    return remedy(failed, draft);
  }
}

/** What the server wants is asked for at once when nothing was said of it yet. */
async function remedy({ kind, message, detail }: Failed, draft: Draft): Promise<Next> {
  if (kind === "unauthorized" && draft.auth === undefined) {
    const auth = await askSignIn(`${message} ${detail ?? ""}`);
    return auth === undefined ? "cancel" : { ...draft, auth };
  }
  const steps: Record<string, () => Promise<Next | undefined>> = {
    "Change Address": async () => "address",
    ...(kind === "tls" ? { "Choose CA File": () => withAuthorities(draft) } : {}),
    ...(wantsSignIn.includes(kind) ? { "Choose Sign-In": () => withSignIn(message, draft) } : {}),
    "Keep It Anyway": async () => "use",
  };
  const answer = await vscode.window.showWarningMessage(message, ...Object.keys(steps));
  const step = answer === undefined ? undefined : steps[answer];
  return (await step?.()) ?? "cancel";
}

/** A gateway may answer somebody whom it does not know in many ways. */
const wantsSignIn: Failed["kind"][] = ["unauthorized", "forbidden", "notLivy"];

async function withSignIn(message: string, draft: Draft): Promise<Draft | undefined> {
  const auth = await askSignIn(message);
  return auth && { ...draft, auth };
}

async function withAuthorities(draft: Draft): Promise<Draft | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: "A PEM file with the certificate of the authority to trust",
      openLabel: "Trust",
      filters: { Certificates: ["pem", "crt", "cer"], "All files": ["*"] },
    })) ?? [];
  return file && { ...draft, tls: { caFile: file.fsPath } };
}

const signIns: Record<SignIn, { label: string; description: string }> = {
  basic: { label: "$(account) User name and password", description: "Basic" },
  kerberos: { label: "$(shield) Kerberos ticket", description: "Negotiate, from kinit" },
  bearer: { label: "$(key) Token", description: "Bearer, such as a token of Knox" },
  tokenCommand: { label: "$(terminal) Token from a command", description: "Bearer" },
  none: { label: "$(circle-slash) Nothing", description: "the server asks for nothing" },
};

/** What goes into "auth"; secrets are asked for when the daemon needs them. `offer`: what the server
 * said, which decides what stands first. */
async function askSignIn(offer: string): Promise<Record<string, string> | undefined> {
  const rows = signInsFor(offer).map((signIn) => ({ ...signIns[signIn], signIn }));
  const title = "How do you sign in to this server?";
  const chosen = await vscode.window.showQuickPick(rows, { title, ignoreFocusOut: true });
  switch (chosen?.signIn) {
    case "basic": {
      const user = await askText("User name", "The password is asked for next.", whyNoUser);
      return user === undefined ? undefined : { type: "basic", user };
    }
    case "tokenCommand": {
      const prompt =
        "A command of this machine that prints the token. It runs again when the token was refused.";
      const tokenCommand = await askText("Token command", prompt);
      return tokenCommand === undefined ? undefined : { type: "bearer", tokenCommand };
    }
    default:
      return chosen && { type: chosen.signIn };
  }
}

async function askText(
  title: string,
  prompt: string,
  validateInput: (text: string) => string | undefined = () => undefined,
): Promise<string | undefined> {
  const options = { title, prompt, ignoreFocusOut: true, validateInput };
  const text = await vscode.window.showInputBox(options);
  return text?.trim() || undefined;
}

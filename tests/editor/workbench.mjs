// The editor as a person uses it: opens files, selects, presses keys, reads what is on the screen.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { artefacts, eventually, within } from "./tools.mjs";

const browserFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function startBrowser(tools) {
  return tools.playwright.chromium.launch({
    executablePath: tools.chromium,
    headless: true,
    args: browserFlags,
  });
}

/** Opens the server's folder in a window of its own. */
export async function openWorkbench(browser, server, { folder = server.workspace } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
  const page = await context.newPage();
  const bench = new Workbench(server, context, page);
  bench.since = Date.now();
  const query = folder ? `?folder=${encodeURIComponent(folder)}` : "?ew=true";
  await page.goto(`${server.url}/${query}`);
  await bench.ready();
  return bench;
}

class Workbench {
  constructor(server, context, page) {
    this.server = server;
    this.context = context;
    this.page = page;
    this.console = [];
    page.setDefaultTimeout(15_000);
    page.setDefaultNavigationTimeout(60_000);
    page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (failure) => this.console.push(`pageerror: ${failure.message}`));
  }

  /** Until the window is drawn and knows the commands, keys and languages of its extensions. */
  async ready() {
    await this.page.waitForSelector(".monaco-workbench .part.statusbar", { timeout: 60_000 });
    await eventually(
      "the window has loaded its extensions",
      () =>
        this.page.evaluate(() => performance.getEntriesByName("code/didLoadExtensions").length > 0),
      { seconds: 60 },
    );
  }

  async reload() {
    this.since = Date.now();
    await this.page.reload();
    await this.ready();
  }

  /** Leaves the page, as somebody does who closes the lid. */
  async leave() {
    this.home = this.page.url();
    await this.page.goto("about:blank");
  }

  async comeBack() {
    this.since = Date.now();
    await this.page.goto(this.home);
    await this.ready();
  }

  async close() {
    await this.context.close();
  }

  // ------------------------------------------------------------------ keys and commands

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /**
   * Presses keys until their effect is seen. A key goes where the focus is, and under load the focus
   * moves late: so a key that did nothing within `patience` seconds is pressed again.
   */
  async pressUntil(what, keys, seen, { seconds = 30, patience = 2 } = {}) {
    return eventually(
      what,
      async () => {
        await this.press(...keys);
        return within(patience, seen);
      },
      { seconds, describe: () => this.describe() },
    );
  }

  /** Presses Escape until no quick input is open. */
  async dismissQuickInput() {
    const hidden = async () => (await this.quickInput.count()) === 0;
    if (await hidden()) return;
    await this.pressUntil("the quick input is dismissed", ["Escape"], hidden, { patience: 0.5 });
  }

  /** Until the extension has drawn the runs of before, which take part in no count. */
  async restored() {
    await eventually(
      "livyd is ready in this window",
      async () =>
        (await this.server.channelFile("Livy Log", this.since)).includes("The window is ready"),
      { seconds: 60, describe: () => this.describe() },
    );
  }

  /** Presses a key that runs code in the active editor, until something comes of it. */
  async pressRun(...keys) {
    await this.restored();
    const before = await this.traces();
    await eventually(
      "the key that runs code has an effect",
      async () => {
        if (!(await this.editorHasFocus())) await this.focusEditor();
        await this.press(...(keys.length > 0 ? keys : ["Control+k", "Control+Enter"]));
        // Long enough that a machine under load does not run the code twice.
        return within(8, async () => (await this.traces()) !== before);
      },
      { seconds: 60, describe: () => this.describe() },
    );
  }

  /** Presses the key that runs code until a dialog asks first, and answers it. */
  async pressRunAndAnswer(label) {
    await this.restored();
    const dialog = this.page.locator(".monaco-dialog-box");
    await eventually(
      "the key that runs code asks first",
      async () => {
        if (!(await this.editorHasFocus())) await this.focusEditor();
        await this.press("Control+k", "Control+Enter");
        return within(8, async () => (await dialog.count()) > 0);
      },
      { seconds: 60, describe: () => this.describe() },
    );
    return this.answerDialog(label);
  }

  /** What changes when a run is asked for: it is accepted, refused, or a question is asked. */
  async traces() {
    const log = await this.server.channelFile("Livy Log", this.since);
    const channel = await this.server.channelFile("Livy", this.since);
    return JSON.stringify([
      log.match(/ is accepted/g)?.length ?? 0,
      endings(channel),
      await this.quickTitle(),
      await this.notifications(),
    ]);
  }

  /** Types into whatever has the focus, without the editor's own completions getting in between. */
  async type(text) {
    await this.page.keyboard.insertText(text);
  }

  /** Runs a command by its title, as the palette shows it ("Livy: Stop Session"). */
  async runCommand(title) {
    await this.ask("F1", `>${title}`, (rows) => rows.some((row) => row.label === title));
    await this.chooseRow(title);
  }

  /** Whether the palette offers a command of this title now. */
  async offersCommand(title) {
    await this.ask("F1", `>${title}`, (rows) => rows.length > 0);
    const rows = await this.quickRows();
    await this.dismissQuickInput();
    return rows.some((row) => row.label === title);
  }

  // ------------------------------------------------------------------ quick input

  get quickInput() {
    return this.page.locator(".quick-input-widget:visible");
  }

  /**
   * Opens the quick input with a key, types, and waits for the answer. Starts over when something
   * that takes the focus late (a panel that opens) closes it again, and when the list stays wrong:
   * the palette does not learn of a command that is registered while it is open.
   */
  async ask(key, text, answered) {
    await this.dismissQuickInput();
    let looks = 0;
    await eventually(
      `an answer to "${text}"`,
      async () => {
        if ((await this.quickInput.count()) === 0) await this.press(key);
        const input = this.quickInput.locator("input[type=text]").first();
        await input.fill(text, { timeout: 1_000 }).catch(() => {});
        if (await this.settles(answered)) return true;
        looks += 1;
        if (looks % 4 === 0 && (await this.quickInput.count()) > 0) await this.press("Escape");
        return false;
      },
      { describe: async () => JSON.stringify(await this.quickRows()) },
    );
  }

  /** True when the rows become right within a moment, false when the quick input is closed first. */
  async settles(answered) {
    for (let look = 0; look < 20; look++) {
      if (answered(await this.quickRows())) return true;
      if ((await this.quickInput.count()) === 0) return false;
      await this.page.evaluate(() => new Promise(requestAnimationFrame));
    }
    return false;
  }

  async fillQuickInput(text) {
    await this.quickInput.locator("input[type=text]").first().fill(text);
  }

  /**
   * Filters the rows by a label. The editor shows no row at all when the filter was there before the
   * rows were: then it is taken away, for the next look to set it again.
   */
  async narrow(label) {
    const filter = await this.quickInput.locator("input[type=text]").first().inputValue();
    const rows = (await this.quickRows()).length;
    if (rows > 0 && !filter.includes(label)) await this.fillQuickInput(label);
    if (rows === 0 && filter !== "") await this.fillQuickInput("");
  }

  /** The rows of the open quick pick: {label, description}. */
  async quickRows() {
    return this.page.evaluate(() => {
      const clean = (text) => (text ?? "").replaceAll("\u00a0", " ").trim();
      const text = (row, where) => clean(row.querySelector(where)?.textContent);
      const widget = [...document.querySelectorAll(".quick-input-widget")].find(
        (candidate) => candidate.offsetParent !== null,
      );
      return [...(widget?.querySelectorAll(".quick-input-list .monaco-list-row") ?? [])]
        .map((row) => ({
          index: Number(row.dataset.index),
          label: text(
            row,
            ".quick-input-list-rows > .quick-input-list-row:first-child .label-name",
          ),
          description: text(row, ".label-description"),
        }))
        .sort((one, other) => one.index - other.index);
    });
  }

  /** What the open question says of itself: title, hint and message; "" when none is open. */
  async quickTitle() {
    return this.page.evaluate(() => {
      const widget = [...document.querySelectorAll(".quick-input-widget")].find(
        (candidate) => candidate.offsetParent !== null,
      );
      const words = [".quick-input-title", ".quick-input-message"].map(
        (where) => widget?.querySelector(where)?.textContent,
      );
      const hint = widget?.querySelector("input[type=text]")?.placeholder;
      return [...words, hint].filter(Boolean).join(" | ").replaceAll("\u00a0", " ");
    });
  }

  /** Waits for a quick pick whose title, hint or message contains `text`. */
  async waitForQuestion(text, { seconds = 15 } = {}) {
    return eventually(
      `a question "${text}"`,
      async () => {
        const title = await this.quickTitle();
        return title.includes(text) && title;
      },
      { seconds, describe: () => this.describe() },
    );
  }

  /** Narrows the open question to this label and chooses the row with exactly it. */
  async chooseRow(label) {
    const find = async () =>
      (await this.quickRows()).find((candidate) => candidate.label === label);
    await eventually(
      `a row "${label}"`,
      async () => {
        if (await find()) return true;
        await this.narrow(label);
        return false;
      },
      { describe: async () => JSON.stringify(await this.quickRows()) },
    );
    // Rows are drawn anew while late answers arrive, so a click may miss.
    const question = await this.quickTitle();
    await eventually(`"${label}" is accepted`, async () => {
      const before = await find();
      await this.page.evaluate(() => new Promise(requestAnimationFrame));
      const row = await find();
      const place = this.quickInput.locator(`.monaco-list-row[data-index="${row?.index}"]`);
      if (row && row.index === before?.index) await place.click({ timeout: 500 }).catch(() => {});
      return (await this.quickTitle()) !== question;
    });
  }

  /** Accepts the first row of this label, in a list that must not be narrowed by it. */
  async chooseFirst(label) {
    const question = await this.quickTitle();
    await eventually(
      `"${label}" is accepted`,
      async () => {
        const row = (await this.quickRows()).find((candidate) => candidate.label === label);
        const place = this.quickInput.locator(`.monaco-list-row[data-index="${row?.index}"]`);
        if (row) await place.click({ timeout: 500 }).catch(() => {});
        return (await this.quickTitle()) !== question;
      },
      { describe: async () => JSON.stringify(await this.quickRows()) },
    );
  }

  /** Types into an input box that offers no rows, and accepts. */
  async answerInput(text) {
    await eventually(
      "an input box",
      async () => (await this.quickInput.count()) > 0 && (await this.quickRows()).length === 0,
      { describe: () => this.describe() },
    );
    const question = await this.quickTitle();
    const input = this.quickInput.locator("input[type=text]").first();
    await eventually(
      `"${text}" is accepted`,
      async () => {
        if ((await this.quickTitle()) !== question) return true;
        await input.fill(text, { timeout: 1_000 }).catch(() => {});
        await input.press("Enter", { timeout: 1_000 }).catch(() => {});
        return within(1, async () => (await this.quickTitle()) !== question);
      },
      { describe: () => this.describe() },
    );
  }

  /** Types into a box that shows no text, and accepts. */
  async answerSecret(text) {
    const input = this.quickInput.locator("input[type=password]").first();
    await eventually("a box for a secret", async () => (await input.count()) > 0, {
      describe: () => this.describe(),
    });
    const question = await this.quickTitle();
    await eventually(
      "the secret is accepted",
      async () => {
        if ((await this.quickTitle()) !== question) return true;
        await input.fill(text, { timeout: 1_000 }).catch(() => {});
        await input.press("Enter", { timeout: 1_000 }).catch(() => {});
        return within(1, async () => (await this.quickTitle()) !== question);
      },
      { describe: () => this.describe() },
    );
  }

  /** Answers the question for a secret, unless what it is for is seen without one. */
  async answerSecretIfAsked(question, text, seen) {
    const asked = await eventually(
      `"${question}" or what comes after it`,
      async () => ((await this.quickTitle()).includes(question) ? "asked" : await seen()),
      { seconds: 60, describe: () => this.describe() },
    );
    if (asked === "asked") await this.answerSecret(text);
  }

  /** Names a file in the dialog that asks for one. */
  async chooseFile(path) {
    const question = await this.quickTitle();
    const input = this.quickInput.locator("input[type=text]").first();
    const written = () => input.inputValue({ timeout: 500 }).catch(() => "");
    await eventually(
      `${path} is chosen`,
      async () => {
        if ((await this.quickTitle()) !== question) return true;
        await this.fillQuickInput(path).catch(() => {});
        // The dialog looks at the folder before it takes the name, and may write its own over it.
        await within(2, async () => (await this.quickRows()).length === 1);
        if ((await written()) !== path) return false;
        await this.press("Enter");
        return within(2, async () => (await this.quickTitle()) !== question);
      },
      { seconds: 30, describe: () => this.describe() },
    );
  }

  /** Takes the file that the dialog for saving offers, once it is this one. */
  async acceptFile(path) {
    const question = await this.quickTitle();
    const input = this.quickInput.locator("input[type=text]").first();
    const offered = () => input.inputValue({ timeout: 500 }).catch(() => "");
    await eventually(`${path} is offered`, async () => (await offered()) === path, {
      seconds: 30,
      describe: async () => `${await offered()}\n${await this.describe()}`,
    });
    const taken = async () => (await this.quickTitle()) !== question;
    await this.pressUntil(`${path} is taken`, ["Enter"], taken, { patience: 5 });
  }

  /** What stands in the active terminal. */
  async terminalText() {
    const rows = await this.page.locator(".part.panel .terminal .xterm-rows > div").allInnerTexts();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
  }

  // ------------------------------------------------------------------ files and selections

  /** Opens a file by its name: again when a list that changed led to another one. */
  async openFile(name) {
    const title = name.split("/").at(-1);
    await eventually(
      `${title} is opened`,
      async () => {
        await this.ask("Control+p", name, (rows) => rows.some((row) => row.label === title));
        await this.chooseRow(title);
        return within(4, () => this.isActiveEditor(title));
      },
      { seconds: 30, describe: () => this.describe() },
    );
    await this.waitForEditor(title);
  }

  /** Opens a file that the editor takes for binary, as text. */
  async openBinaryFile(name) {
    await this.ask("Control+p", name, (rows) => rows.some((row) => row.label === name));
    await this.chooseRow(name);
    const anyway = this.page
      .locator(".monaco-editor-pane-placeholder .monaco-button, .editor-instance a", {
        hasText: "Open Anyway",
      })
      .first();
    await eventually(
      "the editor asks how to open it",
      async () => {
        await anyway.click({ timeout: 1_000 }).catch(() => {});
        return within(1, async () => (await this.quickTitle()).includes("Select editor"));
      },
      { describe: () => this.describe() },
    );
    await this.chooseRow("Text Editor");
    await this.waitForEditor(name);
  }

  /** Until the editor of this name (or one that fits a RegExp) is active and has the focus. */
  async waitForEditor(name, { seconds = 15 } = {}) {
    await eventually(
      `${name} is the active editor`,
      async () => {
        if (!(await this.isActiveEditor(name))) return false;
        // What opens late may have taken the focus.
        if (!(await within(1, () => this.editorHasFocus()))) await this.focusEditor();
        return this.isActiveEditor(name);
      },
      { seconds, describe: () => this.describe() },
    );
  }

  async isActiveEditor(name) {
    const tab = this.page.locator(".part.editor .tab.active").first();
    const title = await tab.getAttribute("data-resource-name", { timeout: 500 }).catch(() => "");
    return name instanceof RegExp ? name.test(title ?? "") : title === name;
  }

  async editorHasFocus() {
    return (await this.page.locator(".part.editor .monaco-editor.focused").count()) > 0;
  }

  /** A new document that was never saved; returns its title. */
  async openUntitled(text, language = "Python") {
    const title = "Untitled-1";
    await this.runCommand("File: New Untitled Text File");
    await this.waitForEditor(title);
    await this.chooseLanguage(language);
    await eventually(
      "the text is in the document",
      async () => {
        await this.focusEditor();
        await this.type(text);
        return within(2, async () => (await this.position()) !== "Ln 1, Col 1");
      },
      { describe: () => this.position() },
    );
    return title;
  }

  async chooseLanguage(language) {
    await this.runCommand("Change Language Mode");
    await this.waitForQuestion("Select Language Mode");
    await this.chooseRow(language);
    await eventually(
      `the status bar says ${language}`,
      async () =>
        clean(await this.page.locator("#status\\.editor\\.mode").textContent()) === language,
    );
    await this.focusEditor();
  }

  /** Closes the active editor without saving it. */
  async discardEditor() {
    await this.runCommand("View: Revert and Close Editor");
  }

  /** The words of the status bar that say where the cursor is: "Ln 3, Col 1 (40 selected)". */
  async position() {
    return clean(
      await this.page
        .locator("#status\\.editor\\.selection")
        .textContent()
        .catch(() => ""),
    );
  }

  async goToLine(line, column = 1) {
    const there = async () => (await this.position()) === `Ln ${line}, Col ${column}`;
    await eventually(
      `the cursor is in line ${line}`,
      async () => {
        await this.ask("Control+g", `:${line}:${column}`, (rows) => rows.length > 0);
        await this.quickInput
          .locator("input[type=text]")
          .first()
          .press("Enter")
          .catch(() => {});
        return within(1, async () => (await this.quickInput.count()) === 0 && (await there()));
      },
      { describe: () => this.position() },
    );
    if (!(await this.editorHasFocus())) await this.focusEditor();
  }

  /** Selects whole lines, from the first column to the end of the last one (not an empty one). */
  async selectLines(first, last) {
    await eventually(
      `lines ${first} to ${last} are selected`,
      async () => {
        await this.goToLine(first);
        for (let line = first; line < last; line++) await this.press("Shift+ArrowDown");
        await this.press("Shift+End");
        return within(2, async () => {
          const [, line, column] =
            /^Ln (\d+), Col (\d+) \(\d+ selected\)$/.exec(await this.position()) ?? [];
          return Number(line) === last && Number(column) > 1;
        });
      },
      { seconds: 30, describe: () => this.position() },
    );
  }

  /** Selects the rest of each line in which the word at line:column occurs, bottom first. */
  async selectEachLineFrom(line, column, occurrences) {
    const seen = (pattern) => within(2, async () => pattern.test(await this.position()));
    await eventually(
      `${occurrences} selections`,
      async () => {
        await this.goToLine(line, column);
        for (let found = 0; found < occurrences; found++) await this.press("Control+d");
        if (!(await seen(new RegExp(`^${occurrences} selections \\(`)))) return false;
        await this.press("Home");
        if (!(await seen(new RegExp(`^${occurrences} selections$`)))) return false;
        await this.press("Shift+End");
        return seen(new RegExp(`^${occurrences} selections \\(`));
      },
      { seconds: 30, describe: () => this.position() },
    );
  }

  /** What stands in the active editor, as copying it yields. */
  async editorText() {
    await this.press("Control+a");
    return this.copy();
  }

  // ------------------------------------------------------------------ what is shown

  /**
   * The whole text of an Output Channel, as selecting and copying all of it yields: again until it is
   * what the editor keeps in the channel's file, because the panel is drawn later than that.
   */
  async outputText(channel) {
    let text = "";
    await eventually(`all of "${channel}" is copied`, async () => {
      await this.showOutput(channel);
      await this.runCommand("Output: Focus on Output View");
      const focused = this.page.locator(".part.panel .output-view .monaco-editor.focused");
      if (!(await within(2, async () => (await focused.count()) > 0))) return false;
      await this.press("Control+a");
      text = await this.copy();
      const kept = await this.server.channelFile(channel, this.since);
      return plain(text).trimEnd() === plain(kept).trimEnd();
    }).catch((failure) => {
      // What was copied says more than that it is not all.
      if (text === "") throw failure;
    });
    await this.press("Control+End");
    await this.focusEditor();
    return text;
  }

  /** Gives the focus to the active editor. */
  async focusEditor() {
    await this.pressUntil("the editor has the focus", ["Control+1"], () => this.editorHasFocus());
  }

  async showOutput(channel) {
    if ((await this.shownChannel()) === channel) return;
    await this.runCommand("Output: Show Output Channels...");
    await this.chooseRow(channel);
    await eventually(
      `the panel shows "${channel}" and has the focus`,
      async () => (await this.shownChannel()) === channel && (await this.focus()) === "output",
      { describe: async () => `${await this.shownChannel()} ${await this.focus()}` },
    );
  }

  /** The name of the channel that the panel shows, "" when the panel is closed. */
  async shownChannel() {
    return this.page.evaluate(() => {
      const box = document.querySelector(".part.panel .monaco-select-box");
      return box && box.offsetParent !== null ? (box.options[box.selectedIndex]?.text ?? "") : "";
    });
  }

  /** The lines of the Output panel that are on the screen now, top to bottom. */
  async visibleOutput() {
    return this.page.evaluate(() => {
      const lines = [...document.querySelectorAll(".part.panel .output-view .view-line")];
      const shown = lines.filter((line) => line.offsetParent !== null);
      shown.sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top));
      return shown.map((line) => line.textContent.replaceAll("\u00a0", " ").trimEnd()).join("\n");
    });
  }

  /** Waits until a text, or a match, is visible in the Output panel; returns what is shown. */
  async waitForOutput(wanted, { seconds = 20 } = {}) {
    return eventually(
      `"${wanted}" in the Output panel`,
      async () => {
        const shown = await this.visibleOutput();
        const found = wanted instanceof RegExp ? wanted.test(shown) : shown.includes(wanted);
        return found && shown;
      },
      { seconds, describe: () => this.describe() },
    );
  }

  /**
   * Does something that makes `count` runs end, waits for their ends and returns their blocks as
   * they stand in the channel.
   */
  async runs(act, { count = 1, seconds = 30 } = {}) {
    await this.restored();
    const ended = async () => endings(await this.server.channelFile("Livy", this.since));
    const before = await ended();
    await act();
    await eventually(`${count} more run(s) to end`, async () => (await ended()) >= before + count, {
      seconds,
      describe: () => this.describe(),
    });
    return blocks(await this.outputText("Livy")).slice(-count);
  }

  /** Runs what is selected with the chord that always works; returns its block. */
  async runByKey(options) {
    const [block] = await this.runs(() => this.pressRun(), options);
    return block;
  }

  /** Follows the link in the last line of the Output panel that contains `text`, to this editor. */
  async followLink(text, editor) {
    const find = () =>
      this.page.evaluate((wanted) => {
        const lines = [...document.querySelectorAll(".part.panel .output-view .view-line")].filter(
          (line) => line.textContent.replaceAll("\u00a0", " ").includes(wanted),
        );
        lines.sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top));
        const box = lines.at(-1)?.querySelector(".detected-link")?.getBoundingClientRect();
        return box && { x: box.left + box.width / 2, y: box.top + box.height / 2 };
      }, text);
    await eventually(
      `the link in the line with "${text}" leads to ${editor}`,
      async () => {
        const place = await find();
        if (!place) return false;
        await this.page.keyboard.down("Control");
        await this.page.mouse.move(place.x, place.y);
        await this.page.mouse.click(place.x, place.y);
        await this.page.keyboard.up("Control");
        return within(2, () => this.isActiveEditor(editor));
      },
      { seconds: 30, describe: () => this.describe() },
    );
    await this.waitForEditor(editor);
  }

  async copy() {
    const mark = `nothing copied ${Math.random()}`;
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), mark);
    return this.pressUntil(
      "something was copied",
      ["Control+c"],
      async () => {
        const text = await this.page.evaluate(() => navigator.clipboard.readText());
        return text !== mark && plain(text);
      },
      { patience: 1 },
    );
  }

  /** The texts of the status bar's items, icons as $(name), left to right. */
  async statusItems() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".part.statusbar .statusbar-item")].map((item) => {
        const icons = [...item.querySelectorAll(".codicon")].map((icon) => {
          const name = [...icon.classList].find((word) => /^codicon-(?!modifier)/.test(word)) ?? "";
          return `$(${name.replace("codicon-", "")})`;
        });
        const text = item.textContent.replaceAll("\u00a0", " ").trim();
        return { id: item.id, text: [...icons, text].join(" ").trim() };
      }),
    );
  }

  /** The text of livyd's own status bar item, "" when there is none. */
  async livyStatus() {
    return (await this.statusItems()).find(({ id }) => /livyd/i.test(id))?.text ?? "";
  }

  async waitForStatus(wanted, { seconds = 20 } = {}) {
    return eventually(
      `"${wanted}" in the status bar`,
      async () => {
        const shown = await this.livyStatus();
        return (wanted instanceof RegExp ? wanted.test(shown) : shown.includes(wanted)) && shown;
      },
      { seconds, describe: () => this.describe() },
    );
  }

  /** Until the extension has taken over settings with this profile. */
  async settingsSeen(profile) {
    await this.waitForStatus(new RegExp(`\\) ${profile}(:|$)`));
  }

  /** The session's name, as the status bar's tooltip gives it. */
  async sessionName() {
    const item = this.page.locator(".part.statusbar .statusbar-item[id*='livyd' i] a").first();
    const name = await eventually(
      "the tooltip names the session",
      async () => {
        await item.hover();
        const shown = await this.page.locator(".monaco-hover:visible").allInnerTexts();
        return /Session: (\S+)/.exec(clean(shown.join("\n")))?.[1];
      },
      { describe: () => this.page.locator(".monaco-hover:visible").allInnerTexts() },
    );
    await this.page.mouse.move(640, 300);
    return name;
  }

  /** Clicks livyd's item in the status bar until its actions are offered; returns their rows. */
  async clickStatus() {
    const item = this.page.locator(".part.statusbar .statusbar-item[id*='livyd' i] a").first();
    return eventually(
      "a click on the status bar offers actions",
      async () => {
        if ((await this.quickInput.count()) === 0) {
          await item.click({ timeout: 1_000 }).catch(() => {});
        }
        return within(2, async () => {
          const rows = await this.quickRows();
          return rows.length > 0 && rows;
        });
      },
      { describe: () => this.describe() },
    );
  }

  /** The notifications on the screen: {message, buttons}. */
  async notifications() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".notifications-toasts .notification-list-item")].map(
        (item) => ({
          message: item.querySelector(".notification-list-item-message")?.textContent ?? "",
          buttons: [
            ...item.querySelectorAll(".notification-list-item-buttons-container .monaco-button"),
          ]
            .map((button) => button.textContent.trim())
            .filter(Boolean),
        }),
      ),
    );
  }

  async waitForNotification(wanted, { seconds = 20 } = {}) {
    return eventually(
      `a notification "${wanted}"`,
      async () =>
        (await this.notifications()).find(({ message }) =>
          wanted instanceof RegExp ? wanted.test(message) : message.includes(wanted),
        ),
      { seconds, describe: () => this.describe() },
    );
  }

  /** Clicks a button of a notification until that notification is gone. */
  async clickNotificationButton(label) {
    const buttons = this.page.locator(".notifications-toasts .monaco-button", { hasText: label });
    const before = await eventually(`a button "${label}"`, () => buttons.count(), {
      describe: () => this.describe(),
    });
    await eventually(
      `"${label}" is pressed`,
      async () => {
        await buttons
          .first()
          .click({ timeout: 1_000 })
          .catch(() => {});
        return within(2, async () => (await buttons.count()) < before);
      },
      { describe: () => this.describe() },
    );
  }

  /** Until none is left, also of those that come while the others are cleared. */
  async clearNotifications() {
    await eventually(
      "no notification is left",
      async () => {
        if ((await this.notifications()).length === 0) return true;
        await this.runCommand("Notifications: Clear All Notifications");
        return within(1, async () => (await this.notifications()).length === 0);
      },
      { describe: () => this.describe() },
    );
  }

  /** Presses a button of the modal dialog until the dialog is gone; returns what it says. */
  async answerDialog(label) {
    const dialog = this.page.locator(".monaco-dialog-box");
    await eventually("a dialog", async () => (await dialog.count()) > 0, {
      describe: () => this.describe(),
    });
    const text = clean(await dialog.first().innerText());
    await eventually(
      `the dialog takes "${label}"`,
      async () => {
        await dialog
          .locator(".monaco-button", { hasText: label })
          .first()
          .click({ timeout: 1_000 })
          .catch(() => {});
        return within(2, async () => (await dialog.count()) === 0);
      },
      { describe: () => this.describe() },
    );
    return text;
  }

  // ------------------------------------------------------------------ views

  /** Shows a view of livyd's ("Sessions", "Runs"). */
  async showView(name) {
    await this.runCommand(`Livy: Focus on ${name} View`);
    await this.view(name).waitFor();
  }

  /** The pane of a view. */
  view(name) {
    return this.page
      .locator(".part.sidebar .pane")
      .filter({ has: this.page.locator(".pane-header h3.title", { hasText: name }) })
      .first();
  }

  /** The rows of a view, top to bottom: {label, description, icon, actions}. */
  async viewRows(name) {
    return this.view(name).evaluate((pane) => {
      const clean = (text) => (text ?? "").replaceAll("\u00a0", " ").trim();
      return [...pane.querySelectorAll(".monaco-list-row")]
        .map((row) => ({
          top: parseFloat(row.style.top),
          label: clean(row.querySelector(".label-name")?.textContent),
          description: clean(row.querySelector(".label-description")?.textContent),
          icon:
            [...(row.querySelector(".custom-view-tree-node-item-icon")?.classList ?? [])]
              .find((word) => /^codicon-(?!modifier)/.test(word))
              ?.replace("codicon-", "") ?? "",
        }))
        .sort((one, other) => one.top - other.top)
        .map(({ top: _top, ...row }) => row);
    });
  }

  /** Waits for a row that `fits`; returns it. */
  async waitForRow(name, what, fits, { seconds = 20 } = {}) {
    return eventually(
      `a row of ${name}: ${what}`,
      async () => (await this.viewRows(name).catch(() => [])).find(fits),
      {
        seconds,
        describe: async () =>
          `${JSON.stringify(await this.viewRows(name).catch(() => []), null, 1)}\n${await this.describe()}`,
      },
    );
  }

  /** The first row of this label. */
  viewRow(name, label) {
    return this.view(name)
      .locator(".monaco-list-row")
      .filter({ has: this.page.locator(".label-name", { hasText: label }) })
      .first();
  }

  /** Clicks a row until what the click is for is seen. */
  async clickRow(name, label, seen) {
    await eventually(
      `a click on "${label}" in ${name} has its effect`,
      async () => {
        await this.viewRow(name, label)
          .click({ timeout: 1_000 })
          .catch(() => {});
        return within(2, seen);
      },
      { seconds: 20, describe: () => this.describe() },
    );
  }

  /** Clicks an inline button of a row until its effect is seen. */
  async clickRowAction(name, label, action, seen) {
    await eventually(
      `"${action}" of "${label}" in ${name} has its effect`,
      async () => {
        const row = this.viewRow(name, label);
        await row.hover({ timeout: 1_000 }).catch(() => {});
        await row
          .locator(`.action-label[aria-label*="${action}"]`)
          .first()
          .click({ timeout: 1_000 })
          .catch(() => {});
        return within(3, seen);
      },
      { seconds: 20, describe: () => this.describe() },
    );
    await this.page.mouse.move(640, 300);
  }

  /** Chooses from a row's menu until what it is for is seen. */
  async chooseFromRowMenu(name, label, title, seen) {
    const menu = this.page.locator(".monaco-menu");
    const entry = menu.locator(".action-menu-item", { hasText: title }).first();
    await eventually(
      `"${title}" of "${label}" in ${name} has its effect`,
      async () => {
        const row = this.viewRow(name, label);
        await row.click({ button: "right", timeout: 1_000 }).catch(() => {});
        // A menu does not hear a button that is let go within its first 100 ms.
        await entry.click({ delay: 200, timeout: 2_000 }).catch(() => {});
        if (await within(3, seen)) return true;
        if ((await menu.count()) > 0) await this.press("Escape");
        return false;
      },
      { seconds: 30, describe: () => this.describe() },
    );
  }

  /** The lines of the Problems panel: "ZeroDivisionError: division by zero Livy [Ln 2, Col 5]". */
  async problems() {
    await this.runCommand("Problems: Focus on Problems View");
    await this.page.locator(".markers-panel").first().waitFor();
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".markers-panel .monaco-list-row")]
        .map((row) => row.textContent.replaceAll("\u00a0", " ").trim())
        .filter((text) => text.includes("[Ln ")),
    );
  }

  // ------------------------------------------------------------------ the window as a whole

  /** As if it had just been opened: nothing asks, no editor is open, everything is loaded again. */
  async freshen() {
    for (let times = 0; times < 3; times++) await this.press("Escape");
    await this.runCommand("View: Close All Editors");
    const dialog = this.page.locator(".monaco-dialog-box .monaco-button", {
      hasText: "Don't Save",
    });
    if (await within(1, async () => (await dialog.count()) > 0)) await dialog.first().click();
    await this.clearNotifications();
    await this.reload();
  }

  /** What has the focus: "editor", "output", "quick input" or "other". */
  async focus() {
    return this.page.evaluate(() => {
      const at = document.activeElement;
      if (at?.closest(".quick-input-widget")) return "quick input";
      if (at?.closest(".part.panel")) return "output";
      return at?.closest(".part.editor") ? "editor" : "other";
    });
  }

  /** Everything a person would look at, for the message of a failed wait. */
  async describe() {
    return [
      `status bar: ${await this.livyStatus()}`,
      `notifications: ${JSON.stringify(await this.notifications())}`,
      `dialog: ${await this.page.locator(".monaco-dialog-box").allInnerTexts()}`,
      `question: ${await this.quickTitle()}`,
      `rows: ${JSON.stringify(await this.quickRows())}`,
      `channel ${await this.shownChannel()}:`,
      await this.visibleOutput(),
    ].join("\n");
  }

  /** Keeps a picture in build/editor/NAME.png, or at `path`. */
  async screenshot(name, path = join(artefacts, `${name}.png`)) {
    await mkdir(artefacts, { recursive: true });
    await this.page.screenshot({ path });
    return path;
  }
}

const heading = /^── (.+?) ─ (.+?) ─ (\d\d:\d\d:\d\d) ─(?: .+? ─)?─+$/;
const outcome = /^(?:✓ \d|✗ |■ |\? )/;

/** How many runs have ended in a channel's text. */
export function endings(text) {
  return text.split("\n").filter((line) => outcome.test(line)).length;
}

/** The runs of a channel's text: {label, profile, time, body, outcome}. */
export function blocks(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const [, label, profile, time] = heading.exec(line) ?? [];
    const block = found.at(-1);
    if (label) found.push({ label, profile, time, body: [], outcome: "" });
    else if (block && outcome.test(line)) block.outcome = line;
    else if (block && block.outcome === "") block.body.push(line);
  }
  return found.map((block) => ({ ...block, body: block.body.join("\n") }));
}

function clean(text) {
  return (text ?? "").replaceAll("\u00a0", " ").trim();
}

/** Copied text as it was written. */
function plain(text) {
  return text.replaceAll("\u00a0", " ").replaceAll("\r\n", "\n");
}

// Turns the text of a program into the text of an output channel: no colours, no overwritten lines.

/** Colours, cursor movements and titles that a terminal would obey and a channel shows as noise. */
const sequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-OQ-WYZ\\`-~])/g;
/** The beginning of such a sequence at the end of a piece; longer than this it is ordinary text. */
const unfinished =
  /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[PX^_][^\u001b]*\u001b?|[ -/]*)$/;
const longestSequence = 4096;

/**
 * Cleans a text that arrives in pieces. A line that was rewritten with carriage returns, as progress
 * bars do, shows its last state within a piece.
 */
export class TextCleaner {
  #held = "";

  /** The text of the channel for this piece. The beginning of a sequence waits for the next piece. */
  feed(piece: string): string {
    const text = this.#held + piece;
    const start = this.#heldFrom(text);
    this.#held = text.slice(start);
    return cleaned(text.slice(0, start));
  }

  /** What was held back when no further piece comes. */
  finish(): string {
    const text = cleaned(this.#held.replace(/\r$/, "\n"));
    this.#held = "";
    return text;
  }

  #heldFrom(text: string): number {
    const begun = text.slice(-longestSequence).search(unfinished);
    if (begun >= 0) return Math.max(0, text.length - longestSequence) + begun;
    return text.endsWith("\r") ? text.length - 1 : text.length;
  }
}

/** Without escape sequences, with "\n" as the only line end. */
export function cleaned(text: string): string {
  return text
    .replace(sequences, "")
    .replace(/\r+\n/g, "\n")
    .replace(/[^\n]*\r(?=[^\n])/g, "");
}

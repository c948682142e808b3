// PySpark on this machine, from the editor; also where the README's picture comes from.
import { deepEqual, equal, match } from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "../tools.mjs";

const wordcount = `from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

spark = SparkSession.builder.getOrCreate()
lines = spark.read.text(f"file://{Path.home()}/moby.txt")

words = lines.select(f.explode(f.split(f.lower("value"), "[^a-z]+")).alias("word"))
counts = words.where("word <> ''").groupBy("word").count()

for row in counts.orderBy(f.desc("count"), "word").limit(5).collect():
    print(f"{row['word']:<10}{row['count']:>8,}")
`;

const sentences = [
  "Call me Ishmael.",
  "The whale is in the sea, and the ship is on the sea.",
  "It was the white whale that the captain wanted.",
];

/** Each sentence stands 4,000 times in the text. */
const topWords = [
  ["the", 6],
  ["is", 2],
  ["sea", 2],
  ["whale", 2],
  ["and", 1],
].map(([word, times]) => word.padEnd(10) + (times * 4000).toLocaleString("en").padStart(8));

export const suite = {
  name: "spark",
  options: (tools) => ({
    files: {
      "wordcount.py": wordcount,
      "table.py": "spark.range(3).show()\n",
      "frame.py":
        "display(spark.range(12).selectExpr('id', 'id % 5 as rest', 'concat(\"row \", id) as name'))\n",
      "query.sql": "select id, id * 2 as twice from range(3)\n",
    },
    environment: { LIVYD_PYTHON: tools.sparkPython },
    settings: {
      "livyd.profile": "local",
      "livyd.shiftEnter": "run",
      "editor.occurrencesHighlight": "off", // for the picture
    },
  }),
  tests: [
    [
      "a word count runs in a PySpark session and shows its words",
      async (world) => {
        const { window, server, readmePicture } = world;
        const text = sentences.map((sentence) => `${sentence}\n`.repeat(4000)).join("");
        await writeFile(join(server.environment.HOME, "moby.txt"), text);
        await window.openFile("wordcount.py");
        const [block] = await window.runs(async () => {
          await window.pressRun();
          match(await window.waitForStatus(/local: starting \d+ s|local: waiting/), /^\$\(/);
          await window.screenshot("starting");
          await window.waitForOutput(/^✓ /m, { seconds: 90 });
          await window.waitForStatus("$(check) local");
          const picture = await window.screenshot("readme");
          if (readmePicture) await copyFile(picture, readmePicture);
        });
        equal(block.body, topWords.join("\n"));
      },
    ],

    [
      "DataFrame.show() and the name spark work as in a shell",
      async ({ window }) => {
        await window.openFile("table.py");
        const block = await window.runByKey();
        match(block.body, /\+---\+\n\| id\|\n\+---\+\n\| {2}0\|\n\| {2}1\|\n\| {2}2\|\n\+---\+/);
      },
    ],

    [
      "a file of SQL runs in the same session as Python, and shows its table",
      async ({ window }) => {
        await window.openFile("query.sql");
        const block = await window.runByKey({ seconds: 60 });
        equal(block.label, "query.sql");
        match(block.outcome, /^✓/);
        match(block.body, /id.*twice/);
        match(block.body, /Livy: Show Results\)$/);
        await window.screenshot("sql");
      },
    ],

    [
      "a DataFrame that is displayed is a table in the results panel, which sorts it",
      async ({ window }) => {
        await window.openFile("frame.py");
        const block = await window.runByKey();
        match(block.body, /\(.*a table.*: Livy: Show Results\)$/);
        await window.runCommand("Livy: Show Results");
        const frame = await eventually(
          "the table is drawn",
          async () => {
            for (const candidate of window.page.frames()) {
              if (
                (await candidate
                  .locator("tbody tr")
                  .count()
                  .catch(() => 0)) === 12
              ) {
                return candidate;
              }
            }
          },
          { seconds: 30, describe: () => window.describe() },
        );
        const first = () => frame.locator("tbody tr").first().locator("td").allInnerTexts();
        deepEqual(await first(), ["0", "0", "row 0"]);
        for (const wanted of [
          ["0", "0", "row 0"],
          ["4", "4", "row 4"],
        ]) {
          await frame.locator("th", { hasText: "rest" }).click();
          await eventually("it is sorted", async () => String(await first()) === String(wanted), {
            describe: async () => String(await first()),
          });
        }
        await window.screenshot("table");
      },
    ],
  ],
};

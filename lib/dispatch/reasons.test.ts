import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { suppressionReason } from "../suppressions/schema";
import { reasonSentence, reasons } from "./reasons";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
const under = (folder: string, ending: string) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(ending) && !/\.test\.ts$|\/testing\//.test(path));

/** What stands in quotes beside a reason and is none: what a person may answer, statuses, names of types. */
const otherWords = new Set(
  "queued sending unknown skipped failed exited entered not_entered reason again gone".split(" "),
);

/** Code words in quotes. */
const wordsIn = (text: string, quote: "'" | '"') =>
  [...text.matchAll(quote === "'" ? /'([a-z]+(?:_[a-z]+)*)'/g : /"([a-z]+(?:_[a-z]+)*)"/g)].map(
    ([, word = ""]) => word,
  );

/** Every reason that a statement writes: into a decision (after its kind), into a reason column, or as what holds a send. */
function reasonsInSql(sql: string): string[] {
  const plain = sql.replace(/--[^\n]*/g, "");
  const told = [
    ...plain.matchAll(
      /'(?:entered|waited|branched|queued|sent|skipped|failed|held|exited|completed|suppressed|moved|passed|updated)',\s*('[a-z_]+')/g,
    ),
  ];
  const set = [...plain.matchAll(/\breason\s*=\s*('[a-z_]+'|CASE\b[\s\S]*?\bEND\b)/gi)];
  const cases = [...plain.matchAll(/CASE\s+WHEN[^;]*?\bEND AS reason\b|'[a-z_]+' AS reason\b/gi)];
  const holds = /FUNCTION send_hold[\s\S]*?END \$\$/.exec(plain)?.[0] ?? "";
  const held = [...holds.matchAll(/THEN\s+('[a-z_]+')/g)];
  return [...told, ...set, ...held]
    .flatMap(([, found = ""]) => wordsIn(found, "'"))
    .concat(cases.flatMap(([found]) => wordsIn(found, "'")));
}

/** Every reason that a source names: `reason: "…"`, also in both arms of a choice, and the literals of calls that take one. */
function reasonsInSource(text: string): string[] {
  const fields = [...text.matchAll(/\breason:\s*([^,;{}\n]+)/g)].flatMap(([, value = ""]) => wordsIn(value, '"'));
  const sql = [...text.matchAll(/`[^`]*`/g)].flatMap(([statement]) => reasonsInSql(statement));
  return [...fields, ...sql];
}

const unknownIn = (found: readonly string[]) =>
  [...new Set(found)].filter((word) => reasonSentence(word) === null && !otherWords.has(word));

describe("every reason that is written anywhere stands in the table", () => {
  test.each(under("prisma/migrations", ".sql"))("%s", (path) =>
    expect(unknownIn(reasonsInSql(read(path)))).toEqual([]),
  );

  const rooms = ["dispatch", "sends", "automations", "events", "profiles", "workspaces"];
  test.each(rooms)("lib/%s", (room) => {
    const found = under(`lib/${room}`, ".ts").flatMap((path) => reasonsInSource(read(path)));
    expect(unknownIn(found)).toEqual([]);
  });

  test("and of what a provider's news may say of suppressions, all", () => {
    expect(unknownIn(suppressionReason.options)).toEqual([]);
  });

  test("and it is found where it is written, so that one that is missing would be", () => {
    const dispatch = under("lib/dispatch", ".ts").flatMap((path) => reasonsInSource(read(path)));
    const sends = under("lib/sends", ".ts").flatMap((path) => reasonsInSource(read(path)));
    const sql = under("prisma/migrations", ".sql").flatMap((path) => reasonsInSql(read(path)));
    expect(dispatch).toEqual(
      expect.arrayContaining(["no_answer", "suppressed", "refused", "accepted", "provider_busy"]),
    );
    expect(sends).toEqual(expect.arrayContaining(["reported", "refused", "sending_stopped", "overdue"]));
    expect(sql).toEqual(expect.arrayContaining(["trigger", "merged", "merged_run", "paused", "connection_failing"]));
  });
});

describe("the table of reasons", () => {
  test.each(Object.entries(reasons))("%s is a code word with a sentence for people", (code, row) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    const sentences: string[] = [row.sentence, "skipped" in row ? row.skipped : row.sentence];
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/s);
  });

  test("says what holds an email in another way when it was the reason to drop it", () => {
    expect(reasonSentence("paused")).toBe("The automation is paused.");
    expect(reasonSentence("paused", "skipped")).toMatch(/^The automation was paused, and queued emails/);
    expect(reasonSentence("constructor")).toBeNull();
  });
});

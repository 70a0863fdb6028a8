import { type Page, test as playwright } from "@playwright/test";
import { db } from "../lib/db";
import { makeSends } from "../lib/testing/factory";
import { expect, signIn, test, unique, type Workspace } from "./fixtures";
import { lastingViolations, overhang } from "./looks";
import { confirm, row } from "./screens";

const people = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const id = unique(`person${index}`);
    return { id, email: `${id}@example.com` };
  });
type Person = { id: string; email: string };

const view = (page: Page, name: string | RegExp) =>
  page.getByRole("navigation", { name: "Status" }).getByRole("link", { name });
const chosen = (page: Page) => page.getByRole("region", { name: "Chosen emails" });
const choose = (page: Page, person: Person) =>
  page.getByRole("checkbox", { name: `Select the email to ${person.email}` });
const decide = (page: Page, what: string, person: Person) =>
  page
    .getByRole("button", { name: `${what}: the email to ${person.email}` })
    .filter({ visible: true })
    .click();
const statusOf = async ({ api, id }: Workspace, { email }: Person) => {
  const [send] = await api.sendsTo(id, email);
  return send && `${send.status}${send.reason === null ? "" : ` ${send.reason}`}`;
};
const until = (workspace: Workspace, person: Person, status: string | RegExp) =>
  expect.poll(() => statusOf(workspace, person), { timeout: 30_000 }).toMatch(status);

/** What the audit log says, newest first: what was done, to whom, by whom. */
async function auditOf(page: Page, { slug }: Workspace): Promise<string[]> {
  await page.goto(`/${slug}/settings/audit`);
  const rows = page.getByRole("table", { name: "Audit log" }).getByRole("row");
  await expect(rows.filter({ hasText: /^Send / }).first()).toBeVisible();
  return (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " ")).filter((text) => /^Send /.test(text));
}

/** In every look: nothing for axe, nothing wider than the screen. */
async function looksGood(page: Page, what: string): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 720 };
  for (const theme of ["light", "dark"] as const)
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 720 });
      await page.emulateMedia({ colorScheme: theme });
      expect.soft(await lastingViolations(page, theme), `${what}, ${theme}, ${width}: what axe finds`).toEqual([]);
      expect.soft(await overhang(page), `${what}, ${theme}, ${width}: pixels that hang over`).toBe(0);
      await page.screenshot({ path: playwright.info().outputPath(`${what}-${theme}-${width}.png`), fullPage: true });
    }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: "light" });
}

test("an email of which nobody knows whether it left is decided by a person: alone, with others, and by the first who does", async ({
  page,
  workspace,
  postmark,
  publish,
}) => {
  test.setTimeout(300_000);
  const { api, id, slug } = workspace;
  await publish("Welcome", "signed_up");
  const all = people(5);
  const [one, two, three, four, five] = all as [Person, Person, Person, Person, Person];
  await signIn(page, workspace.owner);

  await test.step("the answer is lost, and the search of Postmark is blind", async () => {
    const never = 3_600_000;
    await postmark.settings({ indexLagMs: never, detailsLagMs: never, processAfterMs: never }); // nor does it report of them
    await postmark.fail({ action: "resetAfterAccept", path: "/email/batch" });
    for (const person of all) await api.track("signed_up", person);
    for (const person of all) await until(workspace, person, /^unknown/);
    await postmark.recover();
  });

  await test.step("the log shows how many there are, why, and what happens by itself", async () => {
    await page.goto(`/${slug}/sends`);
    await view(page, "Unknown 5").click();
    await expect(row(page, one.email)).toContainText("got no answer");
    await expect(row(page, one.email)).toContainText("It is looked up again");
    await looksGood(page, "unknown");
  });

  await test.step("on its own page one is marked as sent, and the page says who did", async () => {
    await page.getByRole("link", { name: one.email }).click();
    await expect(page.getByText(/Unknown since/)).toBeVisible();
    await looksGood(page, "unknown-one");
    await page.getByRole("button", { name: "Mark as sent" }).click();
    await expect(page.getByRole("dialog")).toContainText("whether the provider took it or not");
    await looksGood(page, "unknown-dialog");
    await confirm(page, "Mark as sent");
    const timeline = page.getByRole("list", { name: "Timeline" });
    await expect(timeline).toContainText("Marked as sent");
    await expect(timeline).toContainText(`By ${workspace.owner.email}.`);
    expect(await statusOf(workspace, one)).toMatch(/^sent marked_sent/);
  });

  await test.step("in the list one is sent again, after a warning that it may arrive twice; it does", async () => {
    await page.goto(`/${slug}/sends?status=unknown`);
    await decide(page, "Send again", two);
    await expect(page.getByRole("dialog")).toContainText("the person gets it twice");
    await confirm(page, "Send again");
    await expect(page.getByText("1 email is on the way.")).toBeVisible();
    await until(workspace, two, /^(sent|delivered)$/);
    const got = (await postmark.outbox()).filter(({ to }) => to === two.email);
    expect(got, "once when the answer was lost, once by the person's word").toHaveLength(2);
  });

  await test.step("several are skipped by keyboard; of one somebody else has decided meanwhile, and that is said", async () => {
    await page.goto(`/${slug}/sends?status=unknown`);
    await choose(page, three).focus();
    await page.keyboard.press("Space");
    await expect(chosen(page)).toContainText("1 chosen");
    await page.getByRole("checkbox", { name: "Select all on this page" }).focus();
    await page.keyboard.press("Space");
    await expect(chosen(page)).toContainText("3 chosen");
    await chosen(page).getByRole("button", { name: "Skip" }).press("Enter");
    await expect(page.getByRole("dialog")).toContainText("Skip 3 emails?");
    const [send] = await api.sendsTo(id, four.email);
    await api.ask("POST", `/v1/sends/${send?.id}/resolve`, { as: "sent" });
    await confirm(page, "Skip");
    const outcome = page.getByRole("status").filter({ hasText: "could not be decided" });
    await expect(outcome).toContainText("2 emails are skipped; 1 could not be decided.");
    await expect(outcome).toContainText(new RegExp(`${four.email}.*marked it as sent on`));
    await expect(page.getByText("Nothing is unknown")).toBeVisible();
    await expect(outcome, "still to be read while nothing waits any more").toBeVisible();
    await looksGood(page, "unknown-outcome");
    for (const person of [three, five]) expect(await statusOf(workspace, person)).toBe("skipped skipped_by_person");
    expect(await statusOf(workspace, four)).toBe("sent marked_sent");
  });

  await test.step("the audit log says who decided what", async () => {
    const told = await auditOf(page, workspace);
    const by = (what: string, person: Person, who: string) =>
      told.filter((text) => text.startsWith(`${what} ${person.email}`) && text.includes(who)).length;
    expect(by("Send marked sent", one, workspace.owner.email)).toBe(1);
    expect(by("Send sent again", two, workspace.owner.email)).toBe(1);
    expect(by("Send skipped", three, workspace.owner.email)).toBe(1);
    expect(by("Send marked sent", four, "API key")).toBe(1);
    expect(told).toHaveLength(5);
  });
});

test("what is more than a day late waits for a person, who is told so on every page; what one fact holds is mended there", async ({
  page,
  workspace,
  postmark,
  connection,
  publish,
}) => {
  test.setTimeout(300_000);
  const { api, slug } = workspace;
  await publish("Welcome", "signed_up");
  const all = people(6);
  const [one, two, three, ...others] = all as [Person, Person, Person, ...Person[]];
  await signIn(page, workspace.owner);

  await test.step("a disabled connection holds them, and the log leads to it", async () => {
    await api.ask("POST", `/v1/email-providers/${connection.id}/disable`);
    for (const person of all) await api.track("signed_up", person);
    for (const person of all) await until(workspace, person, "queued connection_disabled");
    await page.goto(`/${slug}/sends`);
    await view(page, "Held 6").click();
    await expect(row(page, one.email)).toContainText("It leaves once the connection is enabled.");
    await expect(page.getByRole("button", { name: /^Send (again|now)/ })).toHaveCount(0);
    await expect(page.getByRole("checkbox")).toHaveCount(0);
    await looksGood(page, "held");
    await row(page, one.email).getByRole("link", { name: "Open connection" }).first().click();
    await expect(page).toHaveURL(new RegExp(`/connections/${connection.id}$`));
  });

  await test.step("enabled a day later, nothing leaves by itself, and every page says that somebody is asked", async () => {
    await db.sql("update sends set scheduled_at = now() - interval '30 hours' where workspace_id = $1", [workspace.id]);
    await api.ask("POST", `/v1/email-providers/${connection.id}/enable`);
    for (const person of all) await until(workspace, person, "queued late");
    expect(await postmark.outbox()).toEqual([]);
    await page.goto(`/${slug}/automations`);
    await page.getByRole("complementary").getByRole("link", { name: "6 emails wait for a decision" }).click();
    await expect(
      page.getByRole("navigation", { name: "Why held" }).getByRole("link", { name: "Late 6" }),
    ).toHaveAttribute("aria-current", "true");
    await expect(row(page, one.email)).toContainText("more than 24 hours late");
    await expect(page.getByRole("button", { name: /^Mark as sent/ })).toHaveCount(0);
    await looksGood(page, "late");
  });

  await test.step("one is sent, two are skipped, and the rest is sent at once", async () => {
    await decide(page, "Send now", one);
    await confirm(page, "Send now");
    await expect(page.getByText("1 email is on the way.")).toBeVisible();
    await choose(page, two).check();
    await choose(page, three).check();
    await looksGood(page, "late-chosen");
    await chosen(page).getByRole("button", { name: "Skip" }).click();
    await confirm(page, "Skip");
    await expect(page.getByText("2 emails are skipped.")).toBeVisible();
    await page.getByRole("checkbox", { name: "Select all on this page" }).check();
    await chosen(page).getByRole("button", { name: "Send now" }).click();
    await confirm(page, "Send now");
    await expect(page.getByText("3 emails are on the way.")).toBeVisible();
    await expect(page.getByText("Nothing is late")).toBeVisible();
    const sent = async () => (await postmark.outbox()).map(({ to }) => to).sort();
    await expect.poll(sent).toEqual([one, ...others].map(({ email }) => email).sort());
    for (const person of [two, three]) expect(await statusOf(workspace, person)).toBe("skipped skipped_by_person");
    await expect(page.getByRole("link", { name: /wait for a decision/ })).toHaveCount(0);
  });

  await test.step("the audit log says who decided what", async () => {
    const told = await auditOf(page, workspace);
    expect(told.filter((text) => text.startsWith("Send sent again"))).toHaveLength(4);
    expect(told.filter((text) => text.startsWith("Send skipped"))).toHaveLength(2);
    expect(told.every((text) => text.includes(workspace.owner.email))).toBe(true);
  });
});

test("more than a page of them is decided at once, and one sees how far it is", async ({
  page,
  workspace,
  connection,
}) => {
  const { id, slug } = workspace;
  const late = {
    connectionId: connection.id,
    reason: "late",
    dueAt: null,
    scheduledAt: new Date(Date.now() - 2 * 86_400_000),
  };
  await makeSends(
    db,
    { workspaceId: id },
    people(120).map(({ email }) => ({ ...late, toEmail: email })),
  );
  await signIn(page, workspace.owner);
  await page.goto(`/${slug}/sends?held=true&reason=late`);
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(chosen(page)).toContainText("50 chosen");
  await chosen(page).getByRole("button", { name: "Choose all 120" }).click();
  await chosen(page).getByRole("button", { name: "Skip" }).click();
  await expect(page.getByRole("dialog")).toContainText("Skip 120 emails?");
  await confirm(page, "Skip");
  await expect(page.getByRole("progressbar", { name: "Decided" })).toBeVisible();
  await expect(page.getByText("120 emails are skipped.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Nothing is late")).toBeVisible();
  const left = await db.sql("select 1 from sends where workspace_id = $1 and status <> 'skipped'", [id]);
  expect(left).toEqual([]);
});

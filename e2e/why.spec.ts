import type { Page } from "@playwright/test";
import { emailStep } from "./api";
import { expect, signIn, test, unique, type Workspace } from "./fixtures";
import { heading } from "./screens";

const reader = () => ({ id: unique("user"), email: `${unique("ada")}@example.com` });
type Reader = ReturnType<typeof reader>;

/** What the API answers, which is what the screens must say. */
async function answerOf(
  { api }: Workspace,
  person: Reader,
  automationId: string,
): Promise<{ code: string; sentence: string }> {
  const path = `/v1/profiles/${person.id}/why?automation_id=${automationId}`;
  return (await api.ask<{ answer: { code: string; sentence: string } }>("GET", path)).answer;
}

const openWhy = async (page: Page, { slug }: Workspace, person: Reader) => {
  await page.goto(`/${slug}/profiles?q=${person.email}`);
  await page.getByRole("table", { name: "People" }).getByRole("link").first().click();
  await page.getByRole("navigation", { name: "Person" }).getByRole("link", { name: "Why" }).click();
};
/** Types somebody into the automation's page, as one does who was asked about them. */
const find = async (page: Page, { slug }: Workspace, automationId: string, text: string) => {
  await page.goto(`/${slug}/automations/${automationId}/people`);
  const box = page.getByRole("searchbox", { name: "Find a person" });
  await box.fill(text);
  await box.press("Enter");
};

test("of somebody who got the email, the person, the automation and the send tell the same way to it", async ({
  page,
  workspace,
  publish,
}) => {
  const welcome = await publish("Welcome", "signed_up");
  await publish("Other", "paid");
  const person = reader();
  await workspace.api.track("signed_up", person);
  await expect.poll(async () => (await answerOf(workspace, person, welcome.id)).code).toBe("delivered");
  await signIn(page, workspace.owner);
  const got = page.getByText("The email was sent, and the recipient's server took it.");
  const trail = page.getByRole("list", { name: "Decisions of this run" });

  await test.step("the person: every automation in a line, then one in full, chosen without a mouse", async () => {
    await openWhy(page, workspace, person);
    const lines = page.getByRole("table", { name: "Automations" });
    await expect(lines.getByRole("row").filter({ hasText: "Welcome" })).toContainText("the recipient's server took it");
    await expect(lines.getByRole("row").filter({ hasText: "Other" })).toContainText("never came for this person");
    const picker = page.getByLabel("Why, in");
    await picker.focus();
    await picker.selectOption("Welcome");
    await expect(got).toBeVisible();
    for (const step of ["Entered", "Email queued", "Email sent", "Completed"]) await expect(trail).toContainText(step);
    const looked = trail.getByText("What was looked at").first();
    await looked.focus();
    await page.keyboard.press("Enter");
    await expect(trail.getByText("signed_up").first()).toBeVisible();
  });

  await test.step("the automation, by address", async () => {
    await find(page, workspace, welcome.id, person.email);
    await expect(got).toBeVisible();
    await expect(page.getByRole("link", { name: person.email })).toBeVisible();
    await page.getByRole("link", { name: "Open email" }).first().click();
  });

  await test.step("the send: the decisions of its run", async () => {
    await heading(page, `Welcome for ${person.email}`);
    await expect(trail).toContainText("The provider took it.");
  });
});

test("of somebody who is suppressed, it says so where the email was to be", async ({ page, workspace, publish }) => {
  const welcome = await publish("Welcome", "signed_up");
  const person = reader();
  await workspace.api.ask("POST", `/v1/projects/${workspace.id}/suppressions`, { email: person.email });
  await workspace.api.track("signed_up", person);
  await expect.poll(async () => (await answerOf(workspace, person, welcome.id)).code).toBe("suppressed");
  await signIn(page, workspace.owner);
  await openWhy(page, workspace, person);
  await page.getByRole("table", { name: "Automations" }).getByRole("link", { name: "Welcome" }).click();
  await expect(page.getByText("The address is suppressed.").first()).toBeVisible();
  await find(page, workspace, welcome.id, person.id);
  const trail = page.getByRole("list", { name: "Decisions of this run" });
  await expect(trail).toContainText("Email skipped");
  await trail.getByText("What was looked at").last().click();
});

test("of somebody who never entered, it says which condition did not hold, and what was looked at", async ({
  page,
  workspace,
  connection,
}) => {
  const { api, id } = workspace;
  const made = await api.ask<{ id: string }>("POST", `/v1/projects/${id}/automations`, {
    name: "Tips for the pro plan",
    trigger: { type: "event", event: "signed_up" },
    audience: { field: "profile.plan", op: "eq", value: "pro" },
    steps: [emailStep(connection, "Tips")],
  });
  const [person, early] = [reader(), reader()];
  await api.track("signed_up", early);
  await api.ask("POST", `/v1/automations/${made.id}/publish`, {});
  await api.track("signed_up", { ...person, traits: { plan: "free" } });
  await signIn(page, workspace.owner);

  await openWhy(page, workspace, person);
  await page.getByLabel("Why, in").selectOption("Tips for the pro plan");
  const answer = page.getByText(/^Did not enter\. “signed_up” came at .+ The person was not in the audience\./);
  await expect(answer).toBeVisible();
  await page.getByText("What was looked at").click();
  await expect(page.getByText('plan is "pro"')).toBeVisible();
  await expect(page.getByText("“free”", { exact: true })).toBeVisible();

  await find(page, workspace, made.id, person.email);
  await expect(answer).toBeVisible();
  await find(page, workspace, made.id, early.email);
  await expect(page.getByText(/The automation was published only after the event had come\./).first()).toBeVisible();
  await find(page, workspace, made.id, "nobody-has-this");
  await expect(page.getByText("Nobody found")).toBeVisible();
});

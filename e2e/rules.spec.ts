import type { Locator, Page } from "@playwright/test";
import { addStep, condition, json, openTab, reload, savedDraft, start } from "./building";
import { expect, signIn, test, unique } from "./fixtures";
import { row } from "./screens";

const person = (name: string) => ({ id: unique(name), email: `${unique(name)}@example.com` });

/** Fills the newest email, which was just added. */
async function writeEmail(page: Page, subject: string): Promise<void> {
  await page.getByLabel("Subject", { exact: true }).last().fill(subject);
  await page.getByRole("textbox", { name: "HTML body" }).last().fill("<p>Hello</p>");
}

/** Sets the nth trait of an update step. */
async function setTrait(step: Locator, number: number, name: string, kind: string, value?: string): Promise<void> {
  const trait = step.getByRole("group", { name: `Trait ${number}`, exact: true });
  await trait.getByLabel("Trait", { exact: true }).fill(name);
  await trait.getByLabel("Value type", { exact: true }).selectOption(kind);
  if (value === undefined) return;
  const field = trait.getByLabel("Value", { exact: true });
  await (kind === "True/false" ? field.selectOption(value) : field.fill(value));
}

async function fillPerformed(within: Locator, event: string, op: string, times: string): Promise<void> {
  await within.getByRole("button", { name: "Add “has performed”" }).first().click();
  await within.getByLabel("Event performed", { exact: true }).fill(event);
  await within.getByLabel("How the number is compared", { exact: true }).selectOption(op);
  await within.getByLabel("Times", { exact: true }).fill(times);
}

test("an automation that waits for an event, splits, updates people, lets them go by a rule and counts what they did is built in the browser, and does just that", async ({
  page,
  workspace,
  connection,
}) => {
  test.setTimeout(240_000);
  const { api } = workspace;
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Rules", "checkout_started");
  const main = page.getByRole("main");

  await test.step("who enters: again after 30 days, and only who has looked at prices twice", async () => {
    await page.getByLabel("Re-entry", { exact: true }).selectOption("Again after some time");
    await page.getByLabel("At most once every", { exact: true }).fill("30");
    await page.getByRole("button", { name: /^Audience/ }).click();
    const audience = page.getByRole("region", { name: "Audience" });
    await fillPerformed(audience, "page_viewed", "at least", "2");
    await audience.getByLabel("Since when", { exact: true }).selectOption("within the last");
    await audience.getByLabel("Within the last", { exact: true }).fill("7");
    await audience.getByRole("button", { name: "Count only some of them" }).click();
    await condition(audience, 0).field.fill("event.path");
    await condition(audience, 0).op.selectOption("starts with");
    await audience.getByLabel("Value", { exact: true }).fill("/pricing");
  });

  await test.step("who leaves: whoever deletes their account, for good", async () => {
    await page.getByRole("button", { name: /^Exit rules/ }).click();
    const exits = page.getByRole("region", { name: "Exit rules" });
    await exits.getByRole("button", { name: "Add exit rule" }).click();
    await exits.getByLabel("Event", { exact: true }).fill("account_deleted");
    await exits.getByRole("button", { name: "Add condition" }).click();
    await condition(exits, 0).field.fill("event.for_good");
    await exits.getByLabel("Value type", { exact: true }).selectOption("True/false");
    await page.getByRole("button", { name: /^Exit rules/ }).click();
    await expect(exits.getByRole("button", { name: /account_deleted if event for_good is true/ })).toBeVisible();
  });

  await test.step("an update, a split with an email each, and a wait for the payment", async () => {
    await addStep(main, /^Update profile/);
    const update = page.getByRole("region", { name: "Step update" });
    await setTrait(update, 1, "stage", "Text", "checkout");
    await update.getByRole("button", { name: "Add trait" }).click();
    await setTrait(update, 2, "tries", "Number", "1");
    await update.getByRole("button", { name: "Add trait" }).click();
    await setTrait(update, 3, "trial", "Remove it");
    await addStep(main, /^Split/);
    const split = page.getByRole("region", { name: "Step split" });
    for (const number of [1, 2]) {
      const variant = split.getByRole("group", { name: `Variant ${number}`, exact: true });
      await addStep(variant, /^Send email/);
      await writeEmail(page, `${number === 1 ? "Short" : "Long"} for {{ profile.stage }}`);
    }
    await addStep(main, /^Wait for event/);
    const wait = page.getByRole("region", { name: "Step wait-for" });
    await wait.getByLabel("Event", { exact: true }).fill("order_paid");
    await wait.getByLabel("Wait at most", { exact: true }).fill("25");
    await wait.getByLabel("Unit", { exact: true }).selectOption("seconds");
    await wait.getByRole("button", { name: "Add condition" }).click();
    await condition(wait, 0).field.fill("event.amount");
    await condition(wait, 0).op.selectOption("is at least");
    await wait.getByLabel("Value", { exact: true }).fill("10");
    await addStep(wait.getByRole("group", { name: "When it happens", exact: true }), /^Send email/);
    await writeEmail(page, "Thank you");
    await addStep(wait.getByRole("group", { name: "When it does not", exact: true }), /^Send email/);
    await writeEmail(page, "Still there?");
  });

  await test.step("saved, it is the same after a reload, in words and as JSON", async () => {
    await savedDraft(page);
    const before = await json(page);
    expect(before).toMatchObject({
      reentry: { once_every: "P30D" },
      audience: {
        performed: "page_viewed",
        where: { field: "event.path", op: "starts_with", value: "/pricing" },
        count: { op: "gte", value: 2 },
        within: "P7D",
      },
      exit_when: [{ event: "account_deleted", where: { field: "event.for_good", op: "eq", value: true } }],
      steps: [
        { id: "update", type: "update_profile", set: { stage: "checkout", tries: 1, trial: null } },
        {
          id: "split",
          variants: [
            { id: "a", weight: 50 },
            { id: "b", weight: 50 },
          ],
        },
        { id: "wait-for", event: "order_paid", timeout: "PT25S", where: { field: "event.amount" } },
      ],
    });
    await reload(page, "Rules");
    expect(await json(page)).toEqual(before);
    await openTab(page, "Flow");
    await expect(page.getByText("stage = “checkout”, removes trial, tries = 1")).toBeVisible();
    await expect(page.getByText("a 50 %, b 50 %")).toBeVisible();
    await expect(page.getByText("order_paid, at most 25 seconds")).toBeVisible();
    await expect(page.getByText(/^performed page_viewed at least 2 times within the last 7 days/)).toBeVisible();
  });

  await test.step("published, it does what it says", async () => {
    await page.getByRole("button", { name: "Publish" }).click();
    await expect(page.getByText("Published. Version 1 is live.")).toBeVisible();
  });

  const people = {
    payer: person("payer"),
    waiter: person("waiter"),
    leaver: person("leaver"),
    stranger: person("stranger"),
  };
  const event = (name: string, who: { id: string }, properties: object = {}) =>
    api.ask("POST", "/v1/events", { event: name, external_id: who.id, properties });
  const subjects = async ({ email }: { email: string }) =>
    (
      await api.ask<{ data: { subject: string; status: string }[] }>(
        "GET",
        `/v1/projects/${workspace.id}/sends?email=${encodeURIComponent(email)}`,
      )
    ).data.map(({ subject }) => subject);
  const first = [expect.stringMatching(/^(Short|Long) for checkout$/)];

  await test.step("who has not looked at prices twice does not enter", async () => {
    await api.track("page_viewed", people.stranger, { path: "/pricing" });
    await event("page_viewed", people.stranger, { path: "/blog" });
    await event("checkout_started", people.stranger);
    for (const who of [people.payer, people.waiter, people.leaver]) {
      await api.track("page_viewed", { ...who, traits: { trial: true } }, { path: "/pricing/team" });
      await event("page_viewed", who, { path: "/pricing" });
      await event("checkout_started", who);
    }
    for (const who of [people.payer, people.waiter, people.leaver])
      await expect.poll(() => subjects(who), { timeout: 20_000 }).toEqual(first);
    expect(await subjects(people.stranger)).toEqual([]);
  });

  await test.step("the page of people says what they wait for", async () => {
    await page
      .getByRole("navigation", { name: "Automation" })
      .getByRole("link", { name: /^People/ })
      .click();
    await expect(row(page, people.waiter.email)).toContainText("Waits for order_paid");
  });

  await test.step("who pays is thanked, who leaves gets nothing more, who does neither is asked", async () => {
    await event("order_paid", people.payer, { amount: 3 }); // too little to count
    await event("order_paid", people.payer, { amount: 30 });
    await event("account_deleted", people.leaver, { for_good: true });
    await expect.poll(() => subjects(people.payer), { timeout: 20_000 }).toEqual(["Thank you", ...first]);
    await expect.poll(() => subjects(people.waiter), { timeout: 60_000 }).toEqual(["Still there?", ...first]);
    expect(await subjects(people.leaver)).toEqual(first);
    await expect(row(page, people.leaver.email)).toContainText("Exited");
  });

  await test.step("the person has the traits, and does not enter again so soon", async () => {
    const { data } = await api.ask<{ data: { traits: object }[] }>(
      "GET",
      `/v1/projects/${workspace.id}/profiles?q=${encodeURIComponent(people.payer.email)}`,
    );
    expect(data[0]?.traits).toMatchObject({ stage: "checkout", tries: 1 });
    expect(data[0]?.traits).not.toHaveProperty("trial");
    await event("checkout_started", people.payer);
    await event("checkout_started", people.stranger);
    const id = new URL(page.url()).pathname.split("/").at(-2);
    const entered = await api.ask<{ data: { email: string }[] }>("GET", `/v1/automations/${id}/enrollments`);
    expect(entered.data.map(({ email }) => email).sort()).toEqual(
      [people.payer, people.waiter, people.leaver].map(({ email }) => email).sort(),
    );
  });
  expect(connection.id).toBeTruthy();
});

test("what the schema refuses of the new steps is said beside its field", async ({ page, workspace }) => {
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Wrong rules", "signed_up");
  const main = page.getByRole("main");
  await addStep(main, /^Wait for event/);
  await addStep(main, /^Split/);
  await addStep(main, /^Update profile/);
  const split = page.getByRole("region", { name: "Step split" });
  const second = split.getByRole("group", { name: "Variant 2", exact: true });
  await second.getByLabel("Variant", { exact: true }).fill("a");
  await second.getByLabel("Weight", { exact: true }).fill("many");
  const update = page.getByRole("region", { name: "Step update" });
  await setTrait(update, 1, "email", "Text", "ada and eve");
  await update.getByRole("button", { name: "Add trait" }).click();
  await setTrait(update, 2, "seats", "Number", "1,5");
  await page.getByRole("button", { name: "Save draft" }).click();

  await expect(page.getByText("The draft was not saved.")).toBeVisible();
  const wait = page.getByRole("region", { name: "Step wait-for" });
  await expect(wait.getByLabel("Event", { exact: true })).toHaveAccessibleDescription(/An event name is a lower-case/);
  await expect(second.getByLabel("Weight", { exact: true })).toHaveAccessibleDescription(/Give a weight\.$/);
  const trait = (number: number) => update.getByRole("group", { name: `Trait ${number}`, exact: true });
  await expect(trait(1).getByLabel("Value", { exact: true })).toHaveAccessibleDescription(/exactly one bare address/);
  await expect(trait(2).getByLabel("Value", { exact: true })).toHaveAccessibleDescription("Give a number.");
  await trait(2).getByLabel("Trait", { exact: true }).fill("email");
  await expect(trait(2).getByLabel("Trait", { exact: true })).toHaveAccessibleDescription(
    "“email” is set above already.",
  );

  await wait.getByLabel("Event", { exact: true }).fill("paid");
  await second.getByLabel("Weight", { exact: true }).fill("150");
  await expect(second.getByLabel("Variant", { exact: true })).toHaveAccessibleDescription("The id “a” is used twice.");
  await second.getByLabel("Variant", { exact: true }).fill("b");
  await expect(second.getByLabel("Weight", { exact: true })).toHaveAccessibleDescription("75 % of people");
  await split.getByRole("button", { name: "Make equal" }).click();
  await expect(second.getByLabel("Weight", { exact: true })).toHaveAccessibleDescription("50 % of people");
  await setTrait(update, 1, "email", "Text", "ada@example.com");
  await update.getByRole("button", { name: "Take out trait email" }).last().click();
  await savedDraft(page);
});

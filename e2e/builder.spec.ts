import { addStep, condition, json, openTab, reload, savedDraft, start } from "./building";
import { comparisons, everyOperator, everything } from "./everything";
import { expect, signIn, test } from "./fixtures";

test("a definition with every kind of step, every operator and nested groups is saved as pasted and shown the same after a reload", async ({
  page,
  workspace,
  connection,
}) => {
  test.setTimeout(90_000);
  const definition = everything(connection);
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Pasted", "something_else");
  await openTab(page, "JSON");
  await page.getByLabel("Definition as JSON").fill(JSON.stringify(definition));
  await page.getByRole("button", { name: "Apply" }).click();
  await savedDraft(page);
  await reload(page, definition.name);
  expect(await json(page)).toEqual(definition);

  await test.step("the flow shows it too: each condition with its field and operator, in order", async () => {
    await openTab(page, "Flow");
    await page.getByRole("button", { name: /^Audience/ }).click();
    const rule = page.getByRole("group", { name: "Conditions of the audience" }).first();
    const shown = async (label: string) =>
      rule
        .getByLabel(label, { exact: true })
        .evaluateAll((controls) => controls.map((one) => (one as HTMLInputElement).value));
    const expected = comparisons(everyOperator);
    expect(await shown("Field")).toEqual(expected.map(({ field }) => field));
    expect(await shown("Operator")).toEqual(expected.map(({ op }) => op));
    for (const step of ["Send email", "Wait", "Wait for event", "Branch", "Split", "Update profile", "Exit"])
      await expect(page.getByRole("button", { name: new RegExp(`^${step}`) }).first()).toBeVisible();
  });

  await test.step("looking at it changed nothing, and it can be published", async () => {
    expect(await json(page)).toEqual(definition);
    await expect(page.getByRole("button", { name: "Save draft" })).toBeDisabled();
    await page.getByRole("button", { name: "Publish" }).click();
    await expect(page.getByText("Published. Version 1 is live.")).toBeVisible();
  });
});

test("what is built by hand is saved as it is shown", async ({ page, workspace, connection }) => {
  test.setTimeout(120_000);
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "By hand", "checkout_started");
  const trigger = page.getByRole("region", { name: "Trigger" });
  const main = page.getByRole("main");

  await test.step("conditions of the trigger, in a group", async () => {
    await trigger.getByLabel("Source").selectOption("Only your servers (secret keys)");
    await trigger.getByRole("button", { name: "Add condition" }).click();
    await condition(trigger, 0).field.fill("event.amount");
    await condition(trigger, 0).op.selectOption("is at least");
    await trigger.getByLabel("Value", { exact: true }).fill("10");
    await trigger.getByRole("button", { name: "Add condition" }).click();
    await condition(trigger, 1).field.fill("event.currency");
    await condition(trigger, 1).op.selectOption("is one of");
    await trigger.getByLabel("Value 1", { exact: true }).fill("EUR");
    await trigger.getByRole("button", { name: "Add value" }).click();
    await trigger.getByLabel("Value 2", { exact: true }).fill("USD");
    await trigger.getByLabel("Match").selectOption("Any of these holds");
  });

  await test.step("an email, a wait, and a branch with an exit and another email", async () => {
    await addStep(main, /^Send email/);
    await page.getByLabel("Subject", { exact: true }).fill("Your basket");
    await page.getByRole("textbox", { name: "HTML body" }).fill("<p>Still there</p>");
    await addStep(main, /^Wait For a time/);
    const wait = page.getByRole("region", { name: "Step wait" });
    await wait.getByLabel("Wait for", { exact: true }).fill("3");
    await wait.getByLabel("Unit").selectOption("hours");
    await wait.getByLabel("Then until a time of day").check();
    await wait.getByLabel("Time", { exact: true }).fill("08:15");
    await wait.getByLabel("Days").selectOption("Only on these days");
    await addStep(main, /^Branch/);
    const branch = page.getByRole("region", { name: "Step branch" });
    const way = branch.getByRole("group", { name: "Branch 1", exact: true });
    await condition(way, 0).field.fill("profile.plan");
    await condition(way, 0).op.selectOption("is set");
    await addStep(way, /^Exit/);
    await addStep(branch.getByRole("group", { name: "Otherwise" }), /^Send email/);
    await page.getByLabel("Subject", { exact: true }).last().fill("Second try");
    await page.getByRole("textbox", { name: "Text body" }).last().fill("Still there?");
  });

  await savedDraft(page);
  await reload(page, "By hand");
  const blank = { template_id: null, from_email: null, from_name: null, reply_to_email: null, message_stream: null };
  const through = { type: "send_email", email_provider_id: connection.id, ...blank };
  expect(await json(page)).toEqual({
    name: "By hand",
    trigger: {
      type: "event",
      event: "checkout_started",
      where: {
        any: [
          { field: "event.amount", op: "gte", value: 10 },
          { field: "event.currency", op: "in", value: ["EUR", "USD"] },
        ],
      },
      source: "server",
    },
    audience: null,
    reentry: "once",
    exit_when: null,
    goal: null,
    steps: [
      { id: "email", ...through, subject: "Your basket", html: "<p>Still there</p>", text: null },
      {
        id: "wait",
        type: "delay",
        for: "PT3H",
        until: { time: "08:15", weekdays: ["mon", "tue", "wed", "thu", "fri"], timezone: "profile" },
      },
      {
        id: "branch",
        type: "branch",
        branches: [{ when: { field: "profile.plan", op: "exists" }, steps: [{ id: "exit", type: "exit" }] }],
        else: [{ id: "email-2", ...through, subject: "Second try", html: null, text: "Still there?" }],
      },
    ],
  });
});

test("what is wrong is said beside its field, and goes when it is put right", async ({
  page,
  workspace,
  connection,
}) => {
  expect(connection.id).toBeTruthy();
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Wrong", "signed_up");
  const event = page.getByLabel("Event", { exact: true });
  const subject = page.getByLabel("Subject", { exact: true });
  await addStep(page.getByRole("main"), /^Send email/);
  await event.fill("Signed Up!");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(event).toHaveAccessibleDescription(/An event name is a lower-case letter/);
  await expect(event).toHaveAttribute("aria-invalid", "true");
  await expect(subject).toHaveAccessibleDescription(/Write a subject\./);
  await expect(page.getByRole("textbox", { name: "HTML body" })).toHaveAccessibleDescription(
    /Write an HTML or a text body\./,
  );
  await expect(page.getByText("It was not published.")).toBeVisible();

  await event.fill("signed_up");
  await expect(event).not.toHaveAttribute("aria-invalid");
  await subject.fill("Welcome");
  await page.getByRole("textbox", { name: "HTML body" }).fill("<p>Hello</p>");
  await expect(subject).not.toHaveAttribute("aria-invalid");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Published. Version 1 is live.")).toBeVisible();
});

test("a template that does not parse is refused when it is saved, with line and column beside its field", async ({
  page,
  workspace,
  connection,
}) => {
  expect(connection.id).toBeTruthy();
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Broken", "signed_up");
  await addStep(page.getByRole("main"), /^Send email/);
  const html = page.getByRole("textbox", { name: "HTML body" });
  await page.getByLabel("Subject", { exact: true }).fill("Hello {{ profile.first_name | shout }}");
  await html.fill("<p>Hello</p>\n<p>{% if profile.plan %}never closed</p>");
  await page.getByRole("button", { name: "Save draft" }).click();
  await expect(html).toHaveAccessibleDescription(/Line 2, column 4: /);
  await expect(page.getByLabel("Subject", { exact: true })).toHaveAccessibleDescription(/Line 1, column \d+: /);
  await expect(page.getByText("The draft was not saved.")).toBeVisible();

  await html.fill("<p>Hello</p>");
  await page.getByLabel("Subject", { exact: true }).fill("Hello {{ profile.first_name }}");
  await savedDraft(page);
});

test("JSON that is no definition is not applied, and says where it is wrong", async ({ page, workspace }) => {
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "No JSON", "signed_up");
  await openTab(page, "JSON");
  const editor = page.getByLabel("Definition as JSON");
  const before = await editor.inputValue();
  await editor.fill("{ nothing");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText(/^This is not JSON/)).toBeVisible();
  await editor.fill(
    JSON.stringify({ trigger: { type: "event", event: "signed_up" }, steps: [{ id: "x", type: "teleport" }] }),
  );
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText(/Choose a type: send_email, /)).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(editor).toHaveValue(before);
});

test("unsaved changes are not lost by a click on a link: the builder asks first", async ({ page, workspace }) => {
  await signIn(page, workspace.owner);
  await start(page, workspace.slug, "Guarded", "signed_up");
  await page.getByLabel("Name", { exact: true }).fill("Guarded, changed");
  const asked = page.waitForEvent("dialog");
  const click = page.getByRole("complementary").getByRole("link", { name: "Home" }).click();
  const dialog = await asked;
  expect(dialog.message()).toContain("not saved");
  await dialog.dismiss();
  await click;
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Guarded, changed");
});

import { apiWith } from "./api";
import { expect, newPerson, test, unique } from "./fixtures";
import { goTo, heading, row } from "./screens";

test("from sign-up to a tracked email: an event becomes an email through one's own Postmark, and its delivery, open and click come back", async ({
  page,
  postmark,
  stage,
}) => {
  test.setTimeout(120_000);
  const me = newPerson();
  const reader = { id: unique("user"), anonymousId: unique("anon"), email: `${unique("grace")}@example.com` };

  await test.step("sign up and name the workspace", async () => {
    await page.goto("/sign-up");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("Email").fill(me.email);
    await page.getByLabel("Password", { exact: true }).fill(me.password);
    await page.getByRole("button", { name: "Make account" }).click();
    await heading(page, "Welcome, Ada");
    await page.getByLabel("Workspace name").fill(unique("Acme"));
    await page.getByRole("button", { name: "Make workspace" }).click();
    await heading(page, "Home");
    await expect(page.getByText("0 of 4 done. Next: connect postmark.")).toBeVisible();
  });

  await test.step("connect Postmark: validate, then add", async () => {
    await goTo(page, "Connections");
    await page.getByRole("link", { name: "Add connection" }).click();
    await page.getByRole("link", { name: "Postmark" }).click();
    await page.getByLabel("Connection name").fill("Production");
    await page.getByLabel("Server API token").fill(postmark.serverToken);
    await page.getByLabel("From address").fill("hello@example.com");
    await page.getByRole("button", { name: "Validate" }).click();
    await expect(page.getByText(`It works: the token opens the server “${postmark.serverName}”`)).toBeVisible();
    const streams = page.getByRole("group", { name: "Message stream" });
    await expect(streams.getByRole("radio").nth(1)).toHaveAttribute("value", "broadcast");
    await page.getByRole("button", { name: "Add Connection" }).click();
    await heading(page, "Production");
    await expect(page.getByText("Ready", { exact: true })).toBeVisible();
  });

  await test.step("register the webhook in Postmark with what the page shows", async () => {
    const url = await page.getByLabel("Webhook URL", { exact: true }).inputValue();
    const secret = await page.getByLabel("Password (webhook secret)", { exact: true }).inputValue();
    await postmark.reportTo(url, secret);
    const click = page.getByRole("listitem").filter({ hasText: "Link click" });
    await expect(click).not.toContainText("Not yet"); // Postmark's samples have come, and the page shows it by itself
  });

  await test.step("build an automation of one email, and publish it", async () => {
    await goTo(page, "Automations");
    await page.getByRole("link", { name: "New automation" }).click();
    await page.getByLabel("Name").fill("Welcome");
    await page.getByLabel("Event").fill("signed_up");
    await page.getByRole("button", { name: "Create draft" }).click();
    await page.getByRole("button", { name: "Add step" }).click();
    await page.getByRole("menuitem", { name: /^Send email/ }).click();
    await expect(page.getByLabel("Connection", { exact: true })).toHaveValue(/.+/);
    await page.getByLabel("Subject", { exact: true }).fill("Welcome, {{ profile.first_name | default: 'there' }}");
    await page
      .getByRole("textbox", { name: "HTML body" })
      .fill(`<p>Hello {{ profile.first_name }}</p><p><a href="https://example.com/start">Start</a></p>`);
    await page.getByRole("button", { name: "Publish" }).click();
    await expect(page.getByText("Published. Version 1 is live.")).toBeVisible();
    await expect(page.getByText("Live", { exact: true }).first()).toBeVisible();
  });

  const key = await test.step("make a secret key, which is shown once", async () => {
    await goTo(page, "Settings");
    await page.getByRole("link", { name: "API keys" }).click();
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name").fill("Backend");
    await page.getByRole("button", { name: "Make key" }).click();
    const shown = await page.getByRole("dialog").getByLabel("Backend", { exact: true }).inputValue();
    expect(shown).toMatch(/^gflux_secret_live_.{20,}/);
    await expect(page.getByRole("dialog").getByText(`Authorization: Bearer ${shown}`)).toBeVisible();
    await page.getByRole("button", { name: "I have copied it" }).click();
    await expect(row(page, "Backend")).toContainText(shown.slice(-4));
    expect(await page.content()).not.toContain(shown);
    return shown;
  });

  const sent = await test.step("the event: the email leaves within seconds, tracked and tagged", async () => {
    const { ask } = apiWith(stage.appUrl, key);
    const traits = { email: reader.email, first_name: "Grace" };
    const ids = { external_id: reader.id, anonymous_id: reader.anonymousId };
    await ask("POST", "/v1/events", { event: "$identify", ...ids, traits });
    const event = { event: "signed_up", external_id: reader.id, message_id: unique("message") };
    await ask("POST", "/v1/events", event);
    await ask("POST", "/v1/events", event); // the same again, as a client does that heard no answer
    await expect.poll(async () => (await postmark.outbox()).length, { timeout: 5_000 }).toBe(1);
    const [message] = await postmark.outbox();
    expect(message).toMatchObject({
      to: reader.email,
      subject: "Welcome, Grace",
      stream: "broadcast",
      tag: "Welcome",
      trackOpens: true,
      trackLinks: "HtmlAndText",
      metadata: {
        send_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        batch_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    return { id: message?.id ?? "", sendId: message?.metadata.send_id ?? "" };
  });

  await test.step("delivered, opened and clicked: the send log says so", async () => {
    await goTo(page, "Send log");
    await expect(row(page, reader.email)).toContainText("Delivered"); // by itself, without a reload
    await expect(row(page, reader.email)).toContainText("Welcome, Grace");
    await postmark.act(sent.id, "open");
    await postmark.act(sent.id, "open");
    await postmark.act(sent.id, "click");
    await row(page, reader.email).getByRole("link", { name: reader.email }).click();
    await heading(page, "Welcome, Grace");
    const timeline = page.getByRole("list", { name: "Timeline" });
    for (const title of ["Queued", "Sent", "Delivered", "Opened", "Clicked"])
      await expect(timeline.getByText(title, { exact: true }).first()).toBeVisible();
    await expect(timeline.getByText("https://example.com/start")).toBeVisible();
    await expect(page.getByText(sent.sendId)).toBeVisible();
    await expect(page.getByText(sent.id)).toBeVisible();
  });

  await test.step("and so does the person's page", async () => {
    await page.getByRole("link", { name: "Open person" }).click();
    await heading(page, /Grace/);
    await page.getByRole("link", { name: "Timeline" }).click();
    const timeline = page.getByRole("list", { name: "Timeline" });
    for (const title of ["signed_up", "Delivered", "Opened", "Clicked"])
      await expect(timeline.getByText(title, { exact: true }).first()).toBeVisible();
    await expect(timeline.getByRole("link", { name: "Welcome, Grace" }).first()).toBeVisible();
    await page.getByRole("link", { name: "Identity" }).click();
    await expect(row(page, reader.id)).toContainText("External");
    await expect(row(page, reader.anonymousId)).toContainText("Anonymous");
  });

  expect(await postmark.outbox(), "exactly once").toHaveLength(1);
});

import { randomUUID } from "node:crypto";
import type { Page } from "@playwright/test";
import { expect, signIn, test, unique } from "./fixtures";
import { confirm, heading, row } from "./screens";

const open = async (page: Page, name: string) => {
  await page.getByRole("complementary").getByRole("link", { name: "Connections" }).click();
  await page.getByRole("link", { name, exact: true }).click();
  await heading(page, name);
};

test("whatever is wrong with a token is said in a sentence of its own, and nothing is saved by looking", async ({
  page,
  workspace,
  postmark,
}) => {
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/configuration/connections/new/postmark`);
  const token = page.getByLabel("Server API token");
  const validate = async (value: string, sentence: RegExp) => {
    await token.fill(value);
    await page.getByRole("button", { name: "Validate" }).click();
    await expect(page.getByText(sentence)).toBeVisible();
  };

  await test.step("a token that Postmark does not know", () =>
    validate(randomUUID(), /^Postmark refused this token\./));
  await test.step("the account token, pasted by mistake", () =>
    validate(postmark.accountToken, /^This is an account token, not a server token/));
  await test.step("Postmark does not answer", async () => {
    await postmark.fail({ action: "resetBeforeAccept" });
    await validate(postmark.serverToken, /^Postmark could not be reached/);
    await postmark.recover();
  });
  await test.step("a good token of a plan without statistics", async () => {
    await postmark.settings({ noStats: true });
    await validate(postmark.serverToken, /It works: .* Its plan has no statistics; sending does not need them\./);
    await postmark.settings({ noStats: false });
  });
  await test.step("a good token", () =>
    validate(postmark.serverToken, /^It works: .*“broadcast” \(broadcast\)[^.]*\.$/));

  await page.goto(`/${workspace.slug}/configuration/connections`);
  await expect(page.getByText("No connection yet")).toBeVisible();
});

test("a connection can be saved while Postmark is unreachable, is marked unvalidated, and becomes ready later", async ({
  page,
  workspace,
  postmark,
}) => {
  await signIn(page, workspace.owner);
  await postmark.fail({ action: "resetBeforeAccept" });
  await page.goto(`/${workspace.slug}/configuration/connections/new/postmark`);
  await page.getByLabel("Connection name").fill("Production");
  await page.getByLabel("Server API token").fill(postmark.serverToken);
  await page.getByRole("button", { name: "Add Connection" }).click();
  await expect(page.getByText(/^Postmark could not be reached/)).toBeVisible(); // it was looked at, though nobody asked
  await page.getByRole("button", { name: "Save anyway" }).click();
  await heading(page, "Production");
  await expect(page.getByText("Unvalidated", { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(postmark.serverToken);

  await postmark.recover();
  await page.getByRole("button", { name: "Validate again" }).click();
  await expect(page.getByText("Ready", { exact: true })).toBeVisible();
  await expect(page.getByText(`${postmark.serverName} (${postmark.serverId})`)).toBeVisible();
});

test("a test email leaves from the connection's page, and a refused one says what to do", async ({
  page,
  workspace,
  postmark,
  connection,
}) => {
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/configuration/connections/${connection.id}`);
  const to = page.getByLabel("To", { exact: true });
  await expect(to).toHaveValue(workspace.owner.email);
  await page.getByRole("button", { name: "Send test" }).click();
  await expect(page.getByText("Postmark accepted it.")).toBeVisible();
  expect((await postmark.outbox()).map((message) => message.to)).toEqual([workspace.owner.email]);
  await page.getByRole("link", { name: "Open it in the send log" }).click();
  await expect(page.getByText("Test email", { exact: true })).toBeVisible();

  await postmark.settings({ unverifiedDomains: ["example.com"] });
  await page.goBack();
  await page.getByRole("button", { name: "Send test" }).click();
  await expect(
    page
      .getByRole("alert")
      .getByText(/Sender|signature|sender/)
      .first(),
  ).toBeVisible();
  expect(await postmark.outbox()).toHaveLength(1);
});

test("a connection that an automation uses is not deleted, and the automation is named", async ({
  page,
  workspace,
  connection,
  publish,
}) => {
  await publish("Spring welcome", "signed_up");
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/configuration/connections/${connection.id}`);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await confirm(page, "Delete connection");
  await expect(page.getByRole("dialog").getByText(/It is used by “Spring welcome”/)).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await heading(page, connection.display_name);
});

test("a revoked token burns nothing: the connection is failing, its emails are held, and a new token lets them go, each once", async ({
  page,
  workspace,
  postmark,
  connection,
  publish,
}) => {
  await publish("Welcome", "signed_up");
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/sends`);
  const people = [1, 2, 3].map((number) => ({ id: unique("user"), email: `${unique(`held${number}`)}@example.com` }));
  const newToken = await postmark.replaceToken(); // the old one is refused from here on
  for (const person of people) await workspace.api.track("signed_up", person);

  await test.step("a banner says so, and the emails wait with the reason", async () => {
    for (const { email } of people) {
      await expect
        .poll(async () => (await workspace.api.sendsTo(workspace.id, email))[0])
        .toMatchObject({ status: "queued", reason: "connection_failing" });
    }
    await page.reload();
    await expect(page.getByText(`“${connection.display_name}” is failing, so its sends are held.`)).toBeVisible();
    for (const { email } of people) await expect(row(page, email)).toContainText("Held");
    await page.getByRole("link", { name: people[0]?.email }).click();
    await expect(page.getByText("The email provider does not accept our credentials.").first()).toBeVisible();
    expect(await postmark.outbox()).toEqual([]);
  });

  await test.step("the new token is pasted, and they leave", async () => {
    await open(page, connection.display_name);
    await expect(page.getByText("Failing", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Replace token" }).click();
    await page.getByLabel("New server API token").fill(newToken);
    await page.getByRole("button", { name: "Validate and save" }).click();
    await expect(page.getByText("The new token works. Held sends go out now.")).toBeVisible();
    await expect(page.getByText("Failing", { exact: true })).toBeHidden();
    const addresses = async () => (await postmark.outbox()).map((message) => message.to).sort();
    await expect.poll(addresses).toEqual(people.map(({ email }) => email).sort());
    for (const { email } of people)
      await expect
        .poll(async () => (await workspace.api.sendsTo(workspace.id, email)).map(({ status }) => status))
        .toEqual(["delivered"]);
    expect(await addresses(), "each once").toHaveLength(people.length);
  });
});

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { makeConnection } from "./api";
import { expect, type Stage, signIn, test, unique, type Workspace } from "./fixtures";
import { lastingViolations } from "./looks";
import { heading } from "./screens";

type Call = { body: string; signature: string };
type Settings = { alert_webhook_secret: string };
type Told = { type: string; project_id: string; alert: { kind: string; sentence: string; connection: { id: string } } };

/** A customer's own server, which takes every call. */
async function customerServer() {
  const heard: Call[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    heard.push({ body, signature: String(request.headers["x-gflux-signature"]) });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = () => new Promise<unknown>((resolve) => server.close(resolve));
  return { heard, url: `http://127.0.0.1:${port}/alerts`, close };
}

const pathOf = ({ slug }: Workspace, { id }: { id: string }) => `/${slug}/configuration/connections/${id}`;
const card = (page: Page, name: string) =>
  page
    .getByRole("main")
    .locator("section")
    .filter({ has: page.getByRole("heading", { level: 2, name, exact: true }) });

/** One bounded pass, as a cron service asks for it: it also looks whether an alert has to be opened or told. */
const cron = ({ appUrl, settings }: Stage) =>
  fetch(`${appUrl}/api/cron/dispatch?budget_ms=3000`, { headers: { Authorization: `Bearer ${settings.CRON_SECRET}` } });

test("limits, a warm-up and the default connection are set on the page of a connection, which shows them", async ({
  page,
  workspace,
  postmark,
  connection,
}) => {
  const second = await makeConnection(workspace, postmark, { display_name: "Second" });
  await signIn(page, workspace.owner);
  await page.goto(pathOf(workspace, connection));
  await expect(card(page, "Health").getByText(/^Nothing was sent in this time/)).toBeVisible();

  const limits = card(page, "Sending limits");
  await limits.getByLabel("Sends per second").fill("50");
  await limits.getByLabel("Calls at once").fill("2");
  await limits.getByLabel("Warm up", { exact: true }).check();
  await limits.getByLabel("First day").fill("100");
  await limits.getByRole("button", { name: "Save limits" }).click();
  await expect(limits.getByText("0 of 100 used")).toBeVisible();
  await page.reload();
  await expect(limits.getByLabel("Sends per second")).toHaveValue("50");
  await expect(limits.getByLabel("Calls at once")).toHaveValue("2");
  await expect(limits.getByLabel("First day")).toHaveValue("100");

  await expect(card(page, "Status").getByText("Yes: new email steps begin with it")).toBeVisible(); // the first one is
  await page.goto(pathOf(workspace, second));
  await heading(page, "Second");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Make default" }).click();
  await expect(card(page, "Status").getByText("Yes: new email steps begin with it")).toBeVisible();
});

test("a connection that fails alarms: a signed call to the webhook, words on its page, and quiet once somebody knows", async ({
  page,
  stage,
  workspace,
  postmark,
  connection,
  publish,
}) => {
  const customer = await customerServer();
  try {
    await publish("Welcome", "signed_up");
    await signIn(page, workspace.owner);

    await test.step("a webhook is named, and gets a secret", async () => {
      await page.goto(`/${workspace.slug}/settings/workspace`);
      await page.getByLabel("Webhook URL").fill(customer.url);
      await page.getByRole("button", { name: "Save alerts" }).click();
      await expect(page.getByLabel("Signing secret", { exact: true })).toBeVisible();
    });

    const alert = await test.step("one email leaves, the token is revoked, and the webhook is told", async () => {
      const [first, second] = [`${unique("ana")}@example.com`, `${unique("ben")}@example.com`];
      const newest = async (email: string) => (await workspace.api.sendsTo(workspace.id, email))[0];
      await workspace.api.track("signed_up", { id: unique("u"), email: first });
      await expect.poll(() => newest(first)).toMatchObject({ status: "delivered" });
      await postmark.replaceToken();
      await workspace.api.track("signed_up", { id: unique("u"), email: second });
      await expect.poll(() => newest(second)).toMatchObject({ status: "queued", reason: "connection_failing" });
      expect((await cron(stage)).status).toBe(200);
      await expect.poll(() => customer.heard.length).toBe(1);

      const [{ body, signature } = { body: "", signature: "" }] = customer.heard;
      const path = `/v1/projects/${workspace.id}/alert-settings`;
      const { alert_webhook_secret: secret } = await workspace.api.ask<Settings>("GET", path);
      const time = /^t=(\d+),/.exec(signature)?.[1];
      expect(signature).toBe(`t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`);
      const told = JSON.parse(body) as Told;
      expect(told).toMatchObject({
        type: "alert.opened",
        project_id: workspace.id,
        alert: { kind: "failing", connection: { id: connection.id } },
      });
      return told.alert;
    });

    const sentence = page.getByText(alert.sentence);
    const acknowledge = page.getByRole("button", { name: "Acknowledge" });
    const notice = page.getByText(`“${connection.display_name}” is failing, so its sends are held.`);

    await test.step("every page says so, but its own, which has more words, the figures of the day, and can be used by everybody", async () => {
      await page.goto(`/${workspace.slug}/sends`);
      await expect(notice).toBeVisible();
      await page.getByRole("link", { name: "Open connection" }).first().click();
      await page.waitForURL(`**${pathOf(workspace, connection)}`);
      await page.waitForLoadState("networkidle");
      await expect(notice).toBeHidden();
      await expect(acknowledge).toBeVisible();
      await expect(sentence, "in a banner, and among the alerts").toHaveCount(2);
      const alerts = card(page, "Alerts");
      await expect(alerts.getByText("Goes on", { exact: true })).toBeVisible();
      await expect(alerts.getByText(alert.sentence)).toBeVisible();
      await expect(alerts.getByText(`The webhook ${customer.url} was told.`)).toBeVisible();
      const health = card(page, "Health");
      await expect(health.getByText("50 %", { exact: true })).toBeVisible(); // one of two was accepted
      await expect(health.getByRole("row").filter({ hasText: "Call refused (10)" })).toBeVisible();
      expect(await lastingViolations(page, "light")).toEqual([]);
    });

    await test.step("somebody knows, and the banners are gone, also on the next page", async () => {
      await acknowledge.click();
      await expect(acknowledge).toBeHidden();
      await expect(sentence, "the banner is gone, the alert goes on").toHaveCount(1);
      await expect(notice).toBeHidden();
      await expect(card(page, "Alerts").getByText(/^Acknowledged by /)).toBeVisible();
      await page.goto(`/${workspace.slug}/sends`);
      await heading(page, "Send log");
      await expect(notice).toBeHidden();
      await cron(stage);
      expect(customer.heard, "told once").toHaveLength(1);
    });
  } finally {
    await customer.close();
  }
});

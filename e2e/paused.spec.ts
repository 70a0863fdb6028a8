import type { Page } from "@playwright/test";
import type { Workspace } from "./fixtures";
import { expect, signIn, test, unique } from "./fixtures";
import { confirm, goTo, heading } from "./screens";

const reader = (name: string) => ({ id: unique(name), email: `${unique(name)}@example.com` });

/** Something waits: its email is queued while the connection is off. */
async function queueOne(
  { api, id }: Workspace,
  event: string,
  connectionId: string,
  person: ReturnType<typeof reader>,
) {
  await api.ask("POST", `/v1/email-providers/${connectionId}/disable`);
  await api.track(event, person);
  await expect.poll(async () => (await api.sendsTo(id, person.email))[0]?.reason).toBe("connection_disabled");
}

const openAutomation = async (page: Page, slug: string, name: string) => {
  await page.goto(`/${slug}/automations`);
  await page.getByRole("link", { name, exact: true }).click();
  await heading(page, name);
};

test("a paused automation holds what is queued and lets nobody in; resumed, it sends what it held, once", async ({
  page,
  workspace,
  postmark,
  connection,
  publish,
}) => {
  test.setTimeout(90_000);
  const { api, id } = workspace;
  const welcome = await publish("Welcome", "signed_up");
  await publish("Other", "paid");
  const [held, shut, marker, later] = ["held", "shut", "marker", "later"].map(reader) as [
    ReturnType<typeof reader>,
    ReturnType<typeof reader>,
    ReturnType<typeof reader>,
    ReturnType<typeof reader>,
  ];
  await signIn(page, workspace.owner);
  await queueOne(workspace, "signed_up", connection.id, held);

  await test.step("pause it", async () => {
    await openAutomation(page, workspace.slug, "Welcome");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByRole("dialog").getByRole("radio", { name: "Hold them" })).toBeChecked();
    await confirm(page, "Pause automation");
    await expect(page.getByText("Paused", { exact: true }).first()).toBeVisible();
  });

  await test.step("what is queued stays, with the reason, while another automation's email leaves", async () => {
    await api.track("signed_up", shut);
    await api.ask("POST", `/v1/email-providers/${connection.id}/enable`);
    await api.track("paid", marker);
    await expect.poll(async () => (await postmark.outbox()).map(({ to }) => to)).toEqual([marker.email]);
    expect((await api.sendsTo(id, held.email))[0]).toMatchObject({ status: "queued", reason: "paused" });
    await page.goto(`/${workspace.slug}/sends?q=${held.email}`);
    await page.getByRole("link", { name: held.email }).click();
    await expect(page.getByText("The automation is paused.").first()).toBeVisible();
  });

  await test.step("resume it: the held one leaves, and who came meanwhile has not entered", async () => {
    await openAutomation(page, workspace.slug, "Welcome");
    await page.getByRole("button", { name: "Resume" }).click();
    await confirm(page, "Resume automation");
    await expect(page.getByText("Live", { exact: true }).first()).toBeVisible();
    await api.track("signed_up", later);
    const sent = async () => (await postmark.outbox()).map(({ to }) => to).sort();
    await expect.poll(sent).toEqual([held.email, later.email, marker.email].sort());
    const { data } = await api.ask<{ data: { email: string }[] }>("GET", `/v1/automations/${welcome.id}/enrollments`);
    expect(data.map(({ email }) => email).sort()).toEqual([held.email, later.email].sort());
    await page
      .getByRole("link", { name: /^People/ })
      .last()
      .click();
    await expect(page.getByRole("link", { name: later.email })).toBeVisible();
    await expect(page.getByRole("link", { name: shut.email })).toHaveCount(0);
  });
});

test("Stop all sending holds everything of the workspace, and nobody enters, until sending is resumed", async ({
  page,
  workspace,
  postmark,
  connection,
  publish,
}) => {
  test.setTimeout(90_000);
  const { api, id } = workspace;
  await publish("Welcome", "signed_up");
  const [held, shut, later] = [reader("held"), reader("shut"), reader("later")];
  await signIn(page, workspace.owner);
  await queueOne(workspace, "signed_up", connection.id, held);
  const notices = page.getByRole("region", { name: "Notices" });

  await test.step("stop", async () => {
    await page.goto(`/${workspace.slug}/sends`);
    await page.getByRole("button", { name: "Stop all sending" }).click();
    await confirm(page, "Stop all sending");
    await expect(notices.getByText(/^All sending is stopped/)).toBeVisible();
    await goTo(page, "Automations");
    await expect(notices.getByText(/^All sending is stopped/)).toBeVisible(); // above every page
  });

  await test.step("nothing leaves, though the connection works again and somebody asks for a pass", async () => {
    await api.ask("POST", `/v1/email-providers/${connection.id}/enable`);
    await api.track("signed_up", shut);
    const cron = await fetch(`${process.env.APP_URL}/api/cron/dispatch`, {
      headers: { Authorization: `Bearer ${process.env.CRON_SECRET}` },
    });
    expect(cron.status).toBe(200);
    expect((await api.sendsTo(id, held.email))[0]).toMatchObject({ status: "queued", reason: "sending_stopped" });
    expect(await postmark.outbox()).toEqual([]);
  });

  await test.step("resume", async () => {
    await page.getByRole("button", { name: "Resume sending" }).click();
    await confirm(page, "Resume sending");
    await expect(page.getByRole("dialog")).toBeHidden(); // what is behind an open dialog cannot be seen, whatever became of it
    await expect(notices.getByText(/^All sending is stopped/)).toBeHidden();
    await api.track("signed_up", later);
    const sent = async () => (await postmark.outbox()).map(({ to }) => to).sort();
    await expect.poll(sent).toEqual([held.email, later.email].sort());
    expect(await api.sendsTo(id, shut.email), "nobody entered while it was stopped").toEqual([]);
  });
});

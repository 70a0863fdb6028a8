import { emailStep, makeAutomation, makeConnection } from "./api";
import { expect, signIn, test, unique } from "./fixtures";
import { lastingViolations } from "./looks";
import { row } from "./screens";

test("a link of ours unsubscribes when its button is pressed and not before, and takes it back", async ({
  page,
  workspace,
  postmark,
}) => {
  const connection = await makeConnection(workspace, postmark, {
    message_stream: "outbound",
    allow_transactional: true,
  });
  await makeAutomation(workspace, connection, {
    name: "Tips",
    event: "signed_up",
    steps: [emailStep(connection, "A tip")],
  });
  const email = `${unique("ana")}@example.com`;
  const send = (id: string) => workspace.api.track("signed_up", { id, email });
  await send(unique("u"));
  await expect.poll(async () => (await postmark.outbox()).length).toBe(1);
  const [mail] = await postmark.outbox();
  const headers = new Map(mail?.headers.map(({ name, value }) => [name, value]));
  expect(headers.get("List-Unsubscribe-Post")).toBe("List-Unsubscribe=One-Click");
  const link = /<(http[^>]+)>/.exec(headers.get("List-Unsubscribe") ?? "")?.[1] ?? "";
  expect(mail?.html).toContain(link);

  const suppressed = async () =>
    (
      await workspace.api.ask<{ data: { reason: string }[] }>(
        "GET",
        `/v1/projects/${workspace.id}/suppressions?email=${encodeURIComponent(email)}`,
      )
    ).data.map(({ reason }) => reason);
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1, name: /^Unsubscribe from / })).toBeVisible();
  expect(await lastingViolations(page, "light")).toEqual([]);
  expect(await suppressed()).toEqual([]);
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await expect(page.getByRole("heading", { name: "You are unsubscribed" })).toBeVisible();
  expect(await suppressed()).toEqual(["unsubscribe"]);

  await send(unique("v"));
  await expect
    .poll(async () => (await workspace.api.sendsTo(workspace.id, email)).map(({ status }) => status).sort())
    .toEqual(
      ["sent", "skipped"].map((status) =>
        expect.stringMatching(status === "sent" ? /^(sent|delivered)$/ : /^skipped$/),
      ),
    );
  expect((await postmark.outbox()).length).toBe(1);

  await page.getByRole("button", { name: "Subscribe again" }).click();
  await expect(page.getByRole("heading", { name: "You are subscribed again" })).toBeVisible();
  expect(await suppressed()).toEqual([]);

  await page.goto(link.slice(0, -4));
  await expect(page.getByRole("heading", { name: "This link does not work" })).toBeVisible();
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/sends?q=${encodeURIComponent(email)}`);
  await expect(row(page, email).filter({ hasText: "Skipped" })).toBeVisible();
});

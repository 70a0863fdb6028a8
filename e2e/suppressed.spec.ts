import { expect, signIn, test, unique } from "./fixtures";
import { confirm, goTo, row } from "./screens";

const reader = () => ({ id: unique("user"), email: `${unique("bob")}@example.com` });

test("a hard bounce suppresses the person: the next email is skipped and says why, until the suppression is removed", async ({
  page,
  workspace,
  postmark,
  publish,
}) => {
  test.setTimeout(90_000);
  await publish("Receipt", "paid");
  const person = reader();
  const statuses = async () => (await workspace.api.sendsTo(workspace.id, person.email)).map(({ status }) => status);
  await workspace.api.track("paid", person);
  await expect.poll(statuses).toEqual(["delivered"]);
  const [message] = await postmark.outbox();
  await postmark.act(message?.id ?? "", "bounce", { bounceType: "HardBounce" });
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/sends`);

  await test.step("the email shows that it bounced, the person that they get no more", async () => {
    await expect(row(page, person.email)).toContainText("Bounced");
    await goTo(page, "Suppressions");
    await expect(row(page, person.email)).toContainText("Hard bounce");
    await goTo(page, "People");
    await expect(row(page, person.email)).toContainText("Suppressed");
    await row(page, person.email).getByRole("link").click();
    await expect(page.getByText("Suppressed: this person gets no email.")).toBeVisible();
  });

  await test.step("the next email is skipped, and its page says why", async () => {
    await workspace.api.track("paid", person);
    await expect.poll(statuses).toEqual(["skipped", "bounced"]);
    await goTo(page, "Send log");
    const skipped = row(page, person.email).filter({ hasText: "Skipped" });
    await skipped.getByRole("link", { name: person.email }).click();
    await expect(page.getByText("The address is suppressed.").first()).toBeVisible();
    expect(await postmark.outbox()).toHaveLength(1);
  });

  await test.step("removing it lets email go again", async () => {
    await postmark.settings({ dropRate: 1 }); // what Postmark reports of its own list must not do it for us
    await postmark.reactivate(person.email);
    await goTo(page, "Suppressions");
    await page.getByRole("button", { name: `Remove the suppression of ${person.email}` }).click();
    await confirm(page, "Remove suppression");
    await expect(page.getByRole("dialog")).toBeHidden(); // what is behind an open dialog cannot be seen, whatever became of it
    await expect(row(page, person.email)).toHaveCount(0);
    await postmark.settings({ dropRate: 0 });
    await workspace.api.track("paid", person);
    await expect.poll(statuses).toEqual(["delivered", "skipped", "bounced"]);
    expect(await postmark.outbox()).toHaveLength(2);
  });
});

test("an address reactivated at Postmark gets email again without anybody's doing here", async ({
  workspace,
  postmark,
  publish,
}) => {
  await publish("Receipt", "paid");
  const person = reader();
  const statuses = async () => (await workspace.api.sendsTo(workspace.id, person.email)).map(({ status }) => status);
  const suppressions = `/v1/projects/${workspace.id}/suppressions?q=${encodeURIComponent(person.email)}`;
  const suppressed = async () => (await workspace.api.ask<{ data: unknown[] }>("GET", suppressions)).data.length;
  await workspace.api.track("paid", person);
  await expect.poll(statuses).toEqual(["delivered"]);
  const [message] = await postmark.outbox();
  await postmark.act(message?.id ?? "", "bounce", { bounceType: "HardBounce" });
  await expect.poll(suppressed).toBe(1);
  await postmark.pass(60); // reactivations are told to the second: within the one of the bounce they would not be newer
  await postmark.reactivate(person.email);
  await expect.poll(suppressed).toBe(0);
  await workspace.api.track("paid", person);
  await expect.poll(statuses).toEqual(["delivered", "bounced"]);
});

test("an address added by hand gets nothing, and other people go on getting theirs", async ({
  page,
  workspace,
  postmark,
  publish,
}) => {
  await publish("Receipt", "paid");
  const [refused, other] = [reader(), reader()];
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/suppressions`);
  await page.getByRole("button", { name: "Add suppression" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email address").fill(refused.email.toUpperCase());
  await confirm(page, "Add suppression");
  await expect(row(page, refused.email)).toContainText("Manual");

  await workspace.api.track("paid", refused);
  await workspace.api.track("paid", other);
  await expect
    .poll(async () => (await workspace.api.sendsTo(workspace.id, refused.email))[0])
    .toMatchObject({ status: "skipped", reason: "suppressed" });
  await expect.poll(async () => (await postmark.outbox()).map((message) => message.to)).toEqual([other.email]);
});

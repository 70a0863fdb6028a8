import { emailStep } from "./api";
import { expect, signIn, test, unique } from "./fixtures";
import { heading } from "./screens";

const person = (name: string) => ({ id: unique(name), email: `${unique(name)}@example.com` });
const delay = (id: string) => ({ id, type: "delay", for: "P1D" });

test("publishing a change asks what becomes of those under way, shows who goes where, and does that", async ({
  page,
  workspace,
  connection,
  publish,
}) => {
  test.setTimeout(120_000);
  const { api } = workspace;
  const when = { field: "profile.plan", op: "eq", value: "pro" };
  const steps = [
    { id: "plan", type: "branch", branches: [{ when, steps: [delay("pro-wait")] }], else: [delay("free-wait")] },
    emailStep(connection, "After a day"),
  ];
  const { id } = await publish("Moving", "signed_up", { steps });
  const enter = async (plan: string) => api.track("signed_up", { ...person(plan), traits: { plan } });
  for (const plan of ["pro", "pro", "free"]) await enter(plan);
  type Run = { version: number; status: string; step_id: string | null; reason: string | null };
  const runs = async () => (await api.ask<{ data: Run[] }>("GET", `/v1/automations/${id}/enrollments`)).data;
  await expect
    .poll(async () => (await runs()).map(({ step_id }) => step_id).sort())
    .toEqual(["free-wait", "pro-wait", "pro-wait"]);

  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/automations/${id}`);
  await heading(page, "Moving");
  await page.getByRole("button", { name: /^Branch/ }).click();
  await page.getByRole("button", { name: "Actions for step free-wait" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();

  const dialog = page.getByRole("dialog");
  await test.step("finishing on their version is proposed; nothing happens before it is said", async () => {
    await page.getByRole("button", { name: "Publish" }).click();
    await expect(dialog.getByRole("heading", { name: "Publish version 2?" })).toBeVisible();
    await expect(dialog).toContainText("3 people are under way in another version.");
    await expect(dialog.getByRole("radio", { name: /^Finish on their version/ })).toBeChecked();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
    expect(await api.ask("GET", `/v1/automations/${id}`)).toMatchObject({ live_version: 1, unpublished_changes: true });
  });

  await test.step("the preview counts anew each time it is opened", async () => {
    await enter("pro");
    await expect.poll(async () => (await runs()).length).toBe(4);
    await page.getByRole("button", { name: "Publish" }).click();
    await dialog.getByRole("radio", { name: /^Move to the new version/ }).check();
    const table = dialog.getByRole("table", { name: "Who would move" });
    await expect(table.getByRole("row").filter({ hasText: "pro-wait" })).toHaveText(
      /pro-wait.*Version 1.*3.*Same step/,
    );
    await expect(table.getByRole("row").filter({ hasText: "free-wait" })).toHaveText(/free-wait.*Version 1.*1.*Leave/);
    await expect(
      dialog.getByText(/^1 person leaves: the step where they stand is not in the new version/),
    ).toBeVisible();
  });

  await test.step("moved: three stand at the same step of version 2, one has left", async () => {
    await dialog.getByRole("button", { name: "Publish and move" }).click();
    await expect(page.getByText("Published. Version 2 is live.")).toBeVisible();
    await expect(dialog).toBeHidden();
    await expect
      .poll(async () => (await runs()).map(({ version, status, reason }) => ({ version, status, reason })))
      .toEqual(
        expect.arrayContaining([
          { version: 2, status: "active", reason: null },
          expect.objectContaining({ status: "exited", reason: "step_removed" }),
        ]),
      );
    expect((await runs()).filter(({ version, step_id }) => version === 2 && step_id === "pro-wait")).toHaveLength(3);
  });
});

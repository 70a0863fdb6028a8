import { expect, newMember, newUser, newWorkspace, signIn, test } from "./fixtures";
import { confirm, goTo, heading, recorded, row } from "./screens";

test("somebody invited as a viewer sees everything and can change nothing, neither on the screens nor past them", async ({
  page: owner,
  browser,
  workspace,
  connection,
  publish,
}) => {
  test.setTimeout(120_000);
  const welcome = await publish("Welcome", "signed_up");
  const home = `/${workspace.slug}`;
  await signIn(owner, workspace.owner);
  const context = await browser.newContext();
  const viewer = await context.newPage();

  await test.step("the owner makes a link, and who opens it joins as viewer", async () => {
    await owner.goto(`${home}/settings/members`);
    await owner.getByRole("button", { name: "Invite" }).click();
    await owner.getByRole("radio", { name: "Viewer" }).check();
    await confirm(owner, "Make link");
    const link = await owner.getByLabel("Invitation link", { exact: true }).inputValue();
    await viewer.goto(link);
    await heading(viewer, `Join ${workspace.name}`);
    await viewer.getByLabel("Email").fill(`viewer-${workspace.slug}@example.com`);
    await viewer.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await viewer.getByRole("button", { name: "Make account and join" }).click();
    await heading(viewer, "Home");
    await viewer.goto(link);
    await heading(viewer, "This invitation does not work"); // it lets one person in
  });

  await test.step("the viewer sees the screens, and why nothing can be changed", async () => {
    await viewer.goto(`${home}/automations`);
    await expect(viewer.getByRole("link", { name: "New automation" })).toHaveCount(0);
    await viewer.getByRole("link", { name: "Welcome" }).click();
    await expect(viewer.getByText("Your role can read automations but not change them.")).toBeVisible();
    await expect(viewer.getByLabel("Name", { exact: true })).toBeDisabled();
    await expect(viewer.getByRole("button", { name: "Publish" })).toHaveCount(0);
    await goTo(viewer, "Connections");
    await expect(viewer.getByRole("link", { name: "Add connection" })).toHaveCount(0);
    await viewer.getByRole("link", { name: connection.display_name }).click();
    await expect(viewer.getByText("The secret is shown to those who may manage connections.")).toBeVisible();
    await expect(viewer.getByLabel("From address")).toBeDisabled();
    await expect(viewer.getByRole("button", { name: "Replace token" })).toHaveCount(0);
    expect(await viewer.content()).not.toContain(connection.webhook_secret);
    await goTo(viewer, "Suppressions");
    await expect(viewer.getByRole("button", { name: "Add suppression" })).toBeDisabled();
    await expect(viewer.getByText(/Your role can look, not change/)).toBeVisible();
    await goTo(viewer, "Settings");
    await expect(viewer.getByText("Your role cannot change the workspace.")).toBeVisible();
    await expect(viewer.getByLabel("Name", { exact: true })).toBeDisabled();
    await viewer.getByRole("link", { name: "Members" }).click();
    await expect(viewer.getByText("Your role cannot change members.")).toBeVisible();
    await expect(viewer.getByRole("button", { name: "Invite" })).toBeDisabled();
    await viewer.getByRole("link", { name: "API keys" }).click();
    await expect(viewer.getByText("Keys are for owners and admins")).toBeVisible();
  });

  await test.step("and what the owner's page asks of the server is refused to the viewer, and to a stranger", async () => {
    await owner.goto(`${home}/automations/${welcome.id}`);
    await owner.getByRole("button", { name: "Pause", exact: true }).click();
    const pause = await recorded(owner, () => confirm(owner, "Pause automation"));
    await owner.getByRole("button", { name: "Resume" }).click();
    await confirm(owner, "Resume automation");
    await expect(owner.getByText("Live", { exact: true }).first()).toBeVisible();

    expect(await pause(viewer)).toContain('"error":"forbidden"');
    const stranger = await context.browser()?.newPage();
    if (!stranger) throw new Error("There is no browser.");
    await signIn(stranger, await newUser());
    expect(await pause(stranger)).toContain('"error":"not_found"');
    const { status } = await workspace.api.ask<{ status: string }>("GET", `/v1/automations/${welcome.id}`);
    expect(status).toBe("live");
    await stranger.close();
  });
  await context.close();
});

test("to a stranger a workspace does not exist: every page of it is a 404, and its ids are unknown to another's key", async ({
  page,
  stage,
  workspace,
  connection,
  publish,
}) => {
  const automation = await publish("Welcome", "signed_up");
  const other = await newWorkspace(stage);
  await signIn(page, other.owner);
  const home = `/${workspace.slug}`;
  const below = [
    "",
    "/automations",
    `/automations/${automation.id}`,
    "/sends",
    `/configuration/connections/${connection.id}`,
    "/settings/members",
  ];
  for (const path of below) {
    const answer = await page.goto(home + path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByText(workspace.name)).toHaveCount(0);
  }
  // Its ids below one's own address are nothing either.
  for (const path of [`/automations/${automation.id}`, `/configuration/connections/${connection.id}`]) {
    await page.goto(`/${other.slug}${path}`);
    await heading(page, /not found|nothing here|does not exist|no such/i);
  }
  for (const path of [
    `/v1/automations/${automation.id}`,
    `/v1/email-providers/${connection.id}`,
    `/v1/projects/${workspace.id}/sends`,
  ])
    expect((await other.api.call("GET", path)).status, path).toBe(404);
});

test("a marketer may pause automations and suppress people, but not touch connections or keys", async ({
  page,
  workspace,
  connection,
  publish,
}) => {
  const automation = await publish("Welcome", "signed_up");
  await signIn(page, await newMember(workspace, "marketer"));
  await page.goto(`/${workspace.slug}/automations/${automation.id}`);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await confirm(page, "Pause automation");
  await expect(page.getByText("Paused", { exact: true }).first()).toBeVisible();
  await goTo(page, "Suppressions");
  await page.getByRole("button", { name: "Add suppression" }).click();
  await page.getByRole("dialog").getByLabel("Email address").fill("no-more@example.com");
  await confirm(page, "Add suppression");
  await expect(row(page, "no-more@example.com")).toBeVisible();
  await page.goto(`/${workspace.slug}/configuration/connections/${connection.id}`);
  await expect(page.getByLabel("From address")).toBeDisabled();
  await page.goto(`/${workspace.slug}/settings/keys`);
  await expect(page.getByText("Keys are for owners and admins")).toBeVisible();
});

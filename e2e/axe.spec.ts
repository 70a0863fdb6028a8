import type { Page } from "@playwright/test";
import { db } from "../lib/db";
import { seedWorkspace } from "../prisma/seed";
import { expect, newMember, newUser, signIn, test, type Workspace } from "./fixtures";
import { devices, inBothThemes, lastingViolations, overhang } from "./looks";
import { confirm } from "./screens";

/** What a page complained of since this was last asked: in its console, by throwing, or by a request that failed. */
function listen(page: Page): () => string[] {
  let heard: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => heard.push(`thrown: ${error.message}`));
  page.on("requestfailed", (request) => {
    // What a page had begun to fetch when it was left.
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED") heard.push(`${request.method()} ${request.url()}: ${why}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400) heard.push(`${answer.request().method()} ${answer.url()}: ${answer.status()}`);
  });
  return () => {
    const since = heard;
    heard = [];
    return since;
  };
}

type Ids = { automation: string; send: string; profile: string; connection: string };

async function seeded({ id, api }: Workspace, postmark: { serverToken: string; serverId: number; serverName: string }) {
  const { serverToken, serverName } = postmark;
  const plan = { workspaceId: id, serverToken, serverName, serverId: String(postmark.serverId), now: new Date() };
  const { connectionId } = await seedWorkspace(db, plan);
  const first = async (path: string) =>
    (await api.ask<{ data: { id: string; profile_id: string }[] }>("GET", `/v1/projects/${id}/${path}`)).data[0];
  const send = await first("sends?status=delivered&limit=1");
  const automations = await api.ask<{ data: { id: string; name: string }[] }>("GET", `/v1/projects/${id}/automations`);
  return {
    automation: automations.data.find(({ name }) => name === "Welcome")?.id ?? "",
    send: send?.id ?? "",
    profile: send?.profile_id ?? "",
    connection: connectionId,
  };
}

const screens = ({ automation, send, profile, connection }: Ids): string[] => [
  "",
  "/automations",
  "/automations/new",
  `/automations/${automation}`,
  `/automations/${automation}/people`,
  `/automations/${automation}/people?q=${profile}`,
  `/automations/${automation}/people?q=nobody-has-this`,
  `/automations/${automation}/versions`,
  "/sends",
  "/sends?status=skipped",
  "/sends?q=nobody-has-this",
  `/sends/${send}`,
  "/profiles",
  `/profiles/${profile}`,
  `/profiles/${profile}/timeline`,
  `/profiles/${profile}/identity`,
  `/profiles/${profile}/automations`,
  `/profiles/${profile}/why`,
  `/profiles/${profile}/why?automation_id=${automation}`,
  "/suppressions",
  "/configuration/connections",
  "/configuration/connections/new",
  "/configuration/connections/new/postmark",
  "/configuration/connections/new/smtp",
  `/configuration/connections/${connection}`,
  "/settings/workspace",
  "/settings/members",
  "/settings/keys",
  "/settings/account",
  "/settings/audit",
];

for (const { name, use } of devices)
  test.describe(name, () => {
    test.use(use);

    const good = async (page: Page, complaints: () => string[], what: string) => {
      await inBothThemes(page, async (theme) =>
        expect.soft(await lastingViolations(page, theme), `${what}, ${theme}: what axe finds`).toEqual([]),
      );
      expect.soft(await overhang(page), `${what}: pixels that hang over`).toBe(0);
      expect.soft(complaints(), `${what}: what the page complains of`).toEqual([]);
    };
    const visit = async (page: Page, complaints: () => string[], path: string) => {
      await page.goto(path, { waitUntil: "networkidle" });
      await expect(page.getByRole("heading", { level: 1 }), path).toHaveCount(1);
      await good(page, complaints, path);
    };

    test("every screen of a lived-in workspace can be used by everybody, and complains of nothing", async ({
      page,
      workspace,
      postmark,
    }) => {
      test.setTimeout(300_000);
      const ids = await seeded(workspace, postmark);
      await newMember(workspace, "viewer");
      await signIn(page, workspace.owner);
      const complaints = listen(page);
      for (const path of screens(ids)) await visit(page, complaints, `/${workspace.slug}${path}`);

      await test.step("what opens on the screens", async () => {
        await page.goto(`/${workspace.slug}/automations/${ids.automation}`);
        for (const part of [/^Trigger/, /^Audience/, /^Send email/, /^Wait/, /^Branch/])
          await page.getByRole("button", { name: part }).first().click();
        await good(page, complaints, "builder, opened");
        await page.getByRole("tab", { name: "JSON" }).click();
        await good(page, complaints, "builder, JSON");
        await page.getByRole("button", { name: "More actions" }).click();
        await expect(page.getByRole("menu")).toBeVisible();
        await good(page, complaints, "builder, menu");
        await page.goto(`/${workspace.slug}/settings/keys`);
        await page.getByRole("button", { name: "New key" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await good(page, complaints, "keys, dialog");
        await page.getByLabel("Name").fill("Backend");
        await confirm(page, "Make key");
        await expect(page.getByText("Key made")).toBeVisible();
        await good(page, complaints, "keys, made");
      });
    });

    test("so can an empty workspace, and the pages before one", async ({ page, workspace, stage }) => {
      test.setTimeout(120_000);
      const complaints = listen(page);
      await visit(page, complaints, "/sign-in");
      await visit(page, complaints, "/sign-up");
      await visit(page, complaints, "/invitations/nothing");
      await visit(page, complaints, "/reset/nothing");
      await signIn(page, await newUser());
      await visit(page, complaints, "/welcome");
      await page.context().clearCookies();
      await signIn(page, workspace.owner);
      complaints();
      for (const path of ["", "/automations", "/sends", "/profiles", "/suppressions", "/configuration/connections"])
        await visit(page, complaints, `/${workspace.slug}${path}`);
      await page.goto(`${stage.appUrl}/${workspace.slug}/nothing-here`, { waitUntil: "networkidle" });
      complaints(); // the browser itself reports the 404
      await good(page, complaints, "a page that does not exist");
    });
  });

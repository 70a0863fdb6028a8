import { addStep, start } from "./building";
import { everything } from "./everything";
import { expect, signIn, test, unique } from "./fixtures";
import { devices, inBothThemes, lastingViolations, overhang } from "./looks";

const delay = (id: string) => ({ id, type: "delay", for: "P1D" });

/** Long names, as many variants as there may be, and steps as deep as they may nest. */
function extremes(connection: { id: string }) {
  const long = "a-name-that-is-as-long-as-the-name-of-a-step-may-be-and-not-more";
  const deep = (level: number): object[] =>
    level > 5
      ? [{ id: `${long.slice(0, 60)}-${level}`, type: "exit" }]
      : [
          {
            id: `level-${level}`,
            type: "wait_for",
            event: `${long.replaceAll("-", "_").slice(0, 60)}`,
            timeout: "P1D",
            then: deep(level + 1),
          },
        ];
  const variants = Array.from({ length: 10 }, (_, index) => ({
    id: index === 0 ? long : `variant-${index}`,
    weight: index === 9 ? 1_000 : 1,
    steps: [],
  }));
  return {
    ...everything(connection),
    name: "Extremes of a definition with a name that goes on for much longer than anyone would read in one go",
    steps: [{ id: long, type: "split", variants }, ...deep(1), ...everything(connection).steps],
  };
}

/** Opens every card of the flow, those within others too. In the page at once: there are dozens of them. */
async function openAll(): Promise<void> {
  const closed = () =>
    document.querySelectorAll<HTMLElement>("main section button[aria-controls][aria-expanded=false]");
  for (let rounds = 0; closed().length > 0 && rounds < 20; rounds++) {
    for (const head of closed()) head.click();
    await new Promise(requestAnimationFrame);
  }
}

for (const { name, use } of devices)
  test.describe(name, () => {
    test.use(use);

    test("every part of the builder can be used by everybody, however much there is in it", async ({
      page,
      workspace,
      connection,
      publish,
    }, info) => {
      test.setTimeout(240_000);
      const good = async (what: string) => {
        await inBothThemes(page, async (theme) => {
          expect.soft(await lastingViolations(page, theme), `${what}, ${theme}: what axe finds`).toEqual([]);
          await page.screenshot({ path: info.outputPath(`${what}, ${theme}.png`), fullPage: true });
        });
        expect.soft(await overhang(page), `${what}: pixels that hang over`).toBe(0);
      };
      await signIn(page, workspace.owner);
      await start(page, workspace.slug, "Empty", "signed_up");
      await good("empty");

      const made = await workspace.api.ask<{ id: string }>(
        "POST",
        `/v1/projects/${workspace.id}/automations`,
        extremes(connection),
      );
      await page.goto(`/${workspace.slug}/automations/${made.id}`, { waitUntil: "networkidle" });
      await good("closed");
      await page.evaluate(openAll);
      await good("opened");
      for (const name of ["Exit rules", "Step paid", "Step ab", "Step tag"])
        await page.getByRole("region", { name, exact: true }).screenshot({ path: info.outputPath(`${name}.png`) });
      await page.getByRole("button", { name: "Add step" }).last().click();
      await expect(page.getByRole("menu")).toBeVisible();
      await good("menu");

      const { id } = await publish("Moving", "signed_up", { steps: [delay("wait")] });
      await workspace.api.track("signed_up", { id: unique("ada"), email: `${unique("ada")}@example.com` });
      const runs = async () =>
        (await workspace.api.ask<{ data: object[] }>("GET", `/v1/automations/${id}/enrollments`)).data;
      await expect.poll(async () => (await runs()).length).toBe(1);
      await page.goto(`/${workspace.slug}/automations/${id}`, { waitUntil: "networkidle" });
      await addStep(page.getByRole("main"), /^Exit/);
      await page.getByRole("button", { name: "Publish" }).click();
      await page
        .getByRole("dialog")
        .getByRole("radio", { name: /^Move to the new version/ })
        .check();
      await good("publishing");
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.goto(`/${workspace.slug}/automations/${id}/people`, { waitUntil: "networkidle" });
      await good("people");
    });
  });

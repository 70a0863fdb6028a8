import "server-only";
import { afterAll, beforeAll } from "vitest";
import { type Actor, permissions } from "../../actor";
import { createConnection, getConnection } from "../../connections";
import { createConnectionInput, type DoctorRow } from "../../connections/schema";
import { type DnsServer, startDnsServer } from "../../connections/testing/dns-server";
import { db } from "../../db";
import { forgetEnv } from "../../env";
import { type Sandbox, startSandbox, type World } from "../../sandbox";
import { makeWorkspace } from "../../testing/factory";
import { openFrontDoor } from "../../web/testing/doors";
import { examineConnection, mendConnection } from "../doctor";

/** A connection to a world of its own in the sandbox, with all that a doctor looks at. */
export type Patient = {
  world: World;
  actor: Actor;
  id: string;
  row: (id: string) => Promise<DoctorRow>;
  fix: (fix: string) => ReturnType<typeof mendConnection>;
  /** Requests of the provider's that change something, so far. */
  writes: () => number;
};

const key = `k=rsa; p=${"A".repeat(216)}`;
/** A domain at which nothing is wrong. */
export const healthyZone = {
  "acme.example": { TXT: ["v=spf1 include:_spf.acme.example -all"], MX: [[10, "mx.acme.example"] as [number, string]] },
  "_dmarc.acme.example": { TXT: ["v=DMARC1; p=reject"] },
  "pm-bounces.acme.example": { CNAME: "pm.mtasv.net" },
  "2026pm._domainkey.acme.example": { TXT: [key] },
};

/** Starts sandbox, name server and our own front door on loopback; `admit` makes a connection of a token that was just pasted. */
export function surgery(): { dns: DnsServer; door: string; admit: (over?: object) => Promise<Patient> } {
  const parts = {} as { dns: DnsServer; door: string }; // filled before the first test
  let sandbox: Sandbox;
  let close: () => Promise<void>;
  let count = 0;
  beforeAll(async () => {
    const front = await openFrontDoor();
    const dns = await startDnsServer();
    close = async () => {
      await front.close();
      await dns.close();
    };
    sandbox = await startSandbox({ seed: 4, indexLagMs: 50, deliverAfterMs: 50 });
    Object.assign(parts, { dns, door: front.url });
  });
  afterAll(async () => {
    await sandbox.close();
    await close();
  });
  const admit = async (over: object = {}): Promise<Patient> => {
    count += 1;
    const world = sandbox.world(`world-${count}`);
    Object.assign(process.env, {
      POSTMARK_API_URL: world.apiUrl,
      APP_URL: parts.door,
      DNS_SERVERS: parts.dns.address,
    });
    forgetEnv();
    parts.dns.zone(healthyZone);
    const { id: workspaceId } = await makeWorkspace(db);
    const actor: Actor = {
      kind: "user",
      id: "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31",
      workspaceId,
      permissions: new Set(permissions),
    };
    const form = { provider: "postmark", display_name: "Production", server_token: world.serverToken };
    const input = createConnectionInput.parse({ ...form, from_email: "hello@acme.example", ...over });
    const { id } = await createConnection(actor, input);
    const row = async (rowId: string) => {
      const { data } = await examineConnection(actor, { id });
      const found = data.find((one) => one.id === rowId);
      if (!found) throw new Error(`no row ${rowId} among ${data.map((one) => one.id).join(", ")}`);
      return found;
    };
    const fix = (name: string) => mendConnection(actor, { id, fix: name });
    const writes = () => world.requests().filter(({ method }) => method !== "GET").length;
    return { world, actor, id, row, fix, writes };
  };
  return Object.assign(parts, { admit });
}

/** As after setting up: a webhook on its stream, tracking on. */
export async function madeHealthy(patient: Patient): Promise<Patient> {
  const { webhook_url: url } = await getConnection(patient.actor, { id: patient.id });
  patient.world.registerWebhook({ url, stream: "broadcast", username: "gflux", password: await secretOf(patient) });
  patient.world.alterServer({ trackOpens: true, trackLinks: "HtmlAndText" });
  return patient;
}

export const secretOf = async ({ actor, id }: Patient): Promise<string> =>
  (await getConnection(actor, { id })).webhook_secret ?? "";

export const hookOf = ({ world }: Patient): number => world.webhooks()[0]?.id ?? 0;

export const dropHook = (patient: Patient): Promise<Response> =>
  fetch(`${patient.world.apiUrl}/webhooks/${hookOf(patient)}`, {
    method: "DELETE",
    headers: { "X-Postmark-Server-Token": patient.world.serverToken, Accept: "application/json" },
  });

/** Another webhook in the place of ours. */
export async function replaceHook(patient: Patient, over: object): Promise<void> {
  const [mine] = patient.world.webhooks();
  await dropHook(patient);
  const good = { url: mine?.url ?? "", stream: "broadcast", username: "gflux", password: await secretOf(patient) };
  patient.world.registerWebhook({ ...good, ...over });
}

export function moveTo(appUrl: string): void {
  process.env.APP_URL = appUrl;
  forgetEnv();
}

/** The message round the loop left three minutes ago. */
export const longAgo = ({ id }: Patient): Promise<unknown> =>
  db.sql(
    "update connection_checkups set loop_started_at = loop_started_at - interval '3 minutes' where connection_id = $1",
    [id],
  );

/** A Postmark server of one's own: it answers under the sandbox's one address by its own token, and is steered over the control plane. */
import type { FaultRule } from "../lib/sandbox/fault-rule";
import type { OutboxMessage } from "../lib/sandbox/outbox";
import type { MessageAction, SettingsPatch } from "../lib/sandbox/schema";

type Place = { sandboxUrl: string; controlKey: string };
type Described = { name: string; serverToken: string; accountToken: string; server: { id: number; name: string } };

export type Postmark = Awaited<ReturnType<typeof postmarkServer>>;

const triggers = {
  Open: { Enabled: true, PostFirstOpenOnly: false },
  Click: { Enabled: true },
  Delivery: { Enabled: true },
  Bounce: { Enabled: true, IncludeContent: false },
  SpamComplaint: { Enabled: true, IncludeContent: false },
  SubscriptionChange: { Enabled: true },
};

export async function postmarkServer({ sandboxUrl, controlKey }: Place) {
  const control = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { Authorization: `Bearer ${controlKey}`, "Content-Type": "application/json" };
    const answer = await fetch(`${sandboxUrl}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const account = await control<Described>("GET", "/__emu/world");
  const own = await control<Described>("POST", "/__emu/servers", {});
  const emu = `/t/${own.name}/__emu`;
  let token = own.serverToken;

  /** Postmark's own API, as a customer's script would call it. */
  const asCustomer = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = {
      "X-Postmark-Server-Token": token,
      Accept: "application/json",
      "Content-Type": "application/json",
    };
    const answer = await fetch(`${sandboxUrl}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };

  /** Lets time pass at Postmark. */
  const pass = (seconds: number) => control("POST", `${emu}/clock`, { advanceMs: seconds * 1000 });

  return {
    get serverToken() {
      return token;
    },
    accountToken: account.accountToken,
    serverName: own.server.name,
    serverId: own.server.id,
    outbox: () => control<OutboxMessage[]>("GET", `${emu}/outbox`),
    /** Something happens to a message: open, click, bounce… */
    act: (id: string, action: MessageAction["type"], more: Omit<MessageAction, "type"> = {}) =>
      control<OutboxMessage>("POST", `${emu}/messages/${id}/events`, { type: action, ...more }),
    settings: (patch: SettingsPatch) => control("PATCH", `${emu}/settings`, patch),
    fail: (rule: FaultRule) => control("POST", `${emu}/faults`, rule),
    recover: () => control("DELETE", `${emu}/faults`),
    /** What the owner of the account does in Postmark: the token stops working, and a new one is shown. */
    async replaceToken(): Promise<string> {
      await control("POST", `${emu}/tokens/revoke`, { token });
      ({ token } = await control<{ token: string }>("POST", `${emu}/tokens`, {}));
      return token;
    },
    /** Adds the webhook to both sending streams, as one does in Postmark; it is saved only when all six samples are answered with 200. */
    async reportTo(url: string, password: string): Promise<void> {
      for (const MessageStream of ["broadcast", "outbound"])
        await asCustomer("POST", "/webhooks", {
          Url: url,
          MessageStream,
          HttpAuth: { Username: "gflux", Password: password },
          Triggers: triggers,
        });
    },
    pass,
    /** Takes an address off Postmark's own list of a stream, and waits until Postmark's sending has heard of it. */
    async reactivate(email: string, stream = "broadcast"): Promise<void> {
      const path = `/message-streams/${stream}/suppressions/delete`;
      await asCustomer("POST", path, { Suppressions: [{ EmailAddress: email }] });
      await pass(1);
    },
  };
}

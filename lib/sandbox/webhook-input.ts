import { type Answer, refuse } from "./answer";
import { triggerNames } from "./schema";
import type { Trigger, Webhook } from "./state";
import { isObject } from "./validate";

export type WebhookInput = {
  url?: string;
  stream?: string;
  auth?: Webhook["auth"];
  headers?: Webhook["headers"];
  triggers?: Partial<Record<keyof Webhook["triggers"], Partial<Trigger>>>;
  verify?: boolean;
};
export type Refused = { refusal: Answer };

const no = (code: number, why: string): Refused => ({ refusal: refuse(code, `Sandbox text: ${why}`) });

export function isRefusal(input: object): input is Refused {
  return "refusal" in input;
}

/** Reads what POST and PUT of a webhook have in common. */
export function readWebhook(body: Record<string, unknown>): WebhookInput | Refused {
  const { Url, MessageStream, Verify } = body;
  if (Url !== undefined && !(typeof Url === "string" && isWebUrl(Url)))
    return no(1354, "Url must be an absolute http or https URL.");
  if (MessageStream !== undefined && typeof MessageStream !== "string") return no(1361, "MessageStream is a text.");
  if (Verify !== undefined && typeof Verify !== "boolean") return no(1361, "Verify is true or false.");
  const parts = [readAuth(body.HttpAuth), readHeaders(body.HttpHeaders), readTriggers(body.Triggers)];
  const refused = parts.find(isRefusal);
  if (refused) return refused;
  return Object.assign({ url: Url, stream: MessageStream, verify: Verify }, ...parts);
}

export function noTriggers(): Webhook["triggers"] {
  return {
    Open: { enabled: false },
    Click: { enabled: false },
    Delivery: { enabled: false },
    Bounce: { enabled: false },
    SpamComplaint: { enabled: false },
    SubscriptionChange: { enabled: false },
  };
}

/** The given switches over the old ones; what is not given stays. */
export function mergeTriggers(old: Webhook["triggers"], given: WebhookInput["triggers"]): Webhook["triggers"] {
  const merged = noTriggers();
  for (const name of triggerNames) merged[name] = { ...old[name], ...given?.[name] };
  return merged;
}

function readAuth(value: unknown): Pick<WebhookInput, "auth"> | Refused {
  if (value === undefined) return {};
  if (value === null) return { auth: null };
  if (!isObject(value)) return no(1361, "HttpAuth is an object.");
  const { Username, Password } = value;
  if (typeof Username !== "string" || typeof Password !== "string")
    return no(1361, "HttpAuth has Username and Password.");
  return { auth: { username: Username, password: Password } };
}

function readHeaders(value: unknown): Pick<WebhookInput, "headers"> | Refused {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value)) return no(1361, "HttpHeaders is a list.");
  const headers: Webhook["headers"] = [];
  for (const header of value) {
    const name = isObject(header) ? header.Name : undefined;
    if (typeof name !== "string" || !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      return no(1358, "an HTTP header has no valid name.");
    headers.push({ name, value: String(isObject(header) ? (header.Value ?? "") : "") });
  }
  return { headers };
}

function readTriggers(value: unknown): Pick<WebhookInput, "triggers"> | Refused {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) return no(1361, "Triggers is an object.");
  const triggers: WebhookInput["triggers"] = {};
  for (const name of triggerNames) {
    const given = value[name];
    if (given === undefined || given === null) continue;
    if (!isObject(given) || Object.values(given).some((v) => typeof v !== "boolean"))
      return no(1361, `the trigger ${name} takes true and false.`);
    triggers[name] = {
      ...(typeof given.Enabled === "boolean" ? { enabled: given.Enabled } : {}),
      ...(typeof given.PostFirstOpenOnly === "boolean" ? { postFirstOpenOnly: given.PostFirstOpenOnly } : {}),
      ...(typeof given.IncludeContent === "boolean" ? { includeContent: given.IncludeContent } : {}),
    };
  }
  return { triggers };
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

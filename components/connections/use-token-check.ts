"use client";

import { useState, useTransition } from "react";
import { type FormAction, submit } from "@/components/form/use-action";
import type { Connection, ConnectionCheck } from "@/lib/connections/schema";
import type { ActionResult } from "@/lib/errors";

type Fields = Record<string, unknown>;
type Checked = { about: string; result: ActionResult<ConnectionCheck> };
type Actions = {
  validate: FormAction<ConnectionCheck>;
  create: FormAction<Connection>;
  provider?: "postmark" | "smtp";
};

/** What a validation depends on. */
const aboutOf = ({ server_token, message_stream, smtp_host, smtp_port, smtp_secure, username, password }: Fields) =>
  JSON.stringify([server_token, message_stream || null, smtp_host, smtp_port, smtp_secure, username, password]);

/**
 * Looks before it saves: `look` validates what the form holds, `save` does so too unless those very credentials and stream passed already.
 * After a look that failed for any reason but the fields themselves, `anyway` is true and the next `save` saves all the same.
 */
export function useTokenCheck({ validate, create, provider = "postmark" }: Actions) {
  const [checked, setChecked] = useState<Checked | null>(null);
  const [anyway, setAnyway] = useState(false);
  const [checking, start] = useTransition();

  const check = async ({ display_name: _, ...draft }: Fields): Promise<Checked["result"]> => {
    const result = await submit(validate, { provider, ...draft });
    setChecked({ about: aboutOf(draft), result });
    setAnyway(!result.ok && result.error.fields === undefined);
    return result;
  };
  const save = async (fields: Fields): Promise<ActionResult<Connection>> => {
    const passed = checked?.result.ok && checked.about === aboutOf(fields);
    const result = passed || anyway ? null : await check(fields);
    // Its sentence is shown where every look's is; the form itself has nothing to add.
    if (result && !result.ok) return { ok: false, error: { ...result.error, fields: result.error.fields ?? {} } };
    return submit(create, { provider, ...fields });
  };
  const forget = () => {
    setChecked(null);
    setAnyway(false);
  };
  const look = (fields: Fields) => start(async () => void (await check(fields)));
  return { result: checked?.result ?? null, checking, anyway, look, save, forget };
}

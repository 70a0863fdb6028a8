import "server-only";
import type { Actor, Tenant } from "../actor";
import type { Db } from "../db";
import { AppError, invalidField } from "../errors";
import { audit } from "../workspaces";
import { limitFacts } from "./life";
import type { Login } from "./login";
import type { ChangeConnectionInput } from "./schema";
import { defaultStreamOf } from "./smtp/place";
import type { StoredConnection } from "./store";

type Change = Omit<ChangeConnectionInput, "id">;

const hostOf = (login: Login): string | undefined => (login.provider === "smtp" ? login.smtp.host : undefined);

/** The stream of a new connection that names none. */
export function streamFor(login: Login): string | null {
  const host = hostOf(login);
  return host === undefined ? null : defaultStreamOf(host);
}

/** The stream that is named after a change, or that its host goes by. */
export function streamAfter({ record, smtp }: StoredConnection, login: Login | null, change: Change): string | null {
  const named = change.message_stream === undefined ? record.messageStream : change.message_stream;
  const host = login === null ? smtp?.place.host : hostOf(login);
  return named ?? (host === undefined ? null : defaultStreamOf(host));
}

/** By SMTP there is nobody else to say who writes. @throws AppError `validation_error` */
export function mustHaveSender({ record }: StoredConnection, login: Login | null, { from_email: given }: Change): void {
  const fromEmail = given === undefined ? record.fromEmail : given;
  if ((login?.provider ?? record.provider) === "smtp" && fromEmail === null)
    throw invalidField("from_email", "Mail by SMTP needs a sender address.");
}

/** A change of part of a login was worked out from the rest of it, which must still be that. @throws AppError `conflict` */
export function mustBeSame(before: StoredConnection, now: StoredConnection, login: Login | null): void {
  const moved = now.record.provider !== before.record.provider;
  const replaced = now.record.credentialsVersion !== before.record.credentialsVersion;
  if (login !== null && (moved || (login.provider === "smtp" && replaced)))
    throw new AppError("conflict", "The connection was changed at the same moment. Look at it and try again.");
}

/** Notes down what was changed, and a move as such. */
export async function auditChange(
  tx: Db,
  actor: Actor,
  tenant: Tenant,
  { now, login, change }: { now: StoredConnection; login: Login | null; change: Change },
): Promise<void> {
  const { displayName: subject, provider: from, id } = now.record;
  const moves = login !== null && login.provider !== from;
  const fields = Object.keys(change).join(", ");
  await audit(tx, tenant, actor, {
    action: moves ? "connection.moved" : "connection.changed",
    subject,
    data: { id, fields, ...limitFacts(change), ...(moves && { from, to: login.provider }) },
  });
}

import * as z from "zod";
import { hrefWith } from "@/components/ui/href";
import { listSendsInput } from "@/lib/sends/schema";

const { status, held, reason, q, automation_id, cursor } = listSendsInput.shape;

/** What the send log's address says; a part that makes no sense is as if it were not there. */
export const sendQuery = z.object({
  status: status.catch(undefined),
  held: held.catch(undefined),
  reason: reason.catch(undefined),
  q: q.catch(undefined),
  automation_id: automation_id.catch(undefined),
  cursor: cursor.catch(undefined),
});
export type SendQuery = z.infer<typeof sendQuery>;

/** Whether only those are asked for that wait for more than their turn: they are shown with what may be decided about them. */
export const isWaitingView = ({ status, held }: SendQuery): boolean => status === "unknown" || held === "true";

/** The address of the log as asked; without a cursor it begins at the newest. */
export const sendsHref = (path: string, query: Partial<SendQuery>): string => hrefWith(path, query);

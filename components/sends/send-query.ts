import * as z from "zod";
import { hrefWith } from "@/components/ui/href";
import { listSendsInput } from "@/lib/sends/schema";

const { status, q, automation_id, cursor } = listSendsInput.shape;

/** What the send log's address says; a part that makes no sense is as if it were not there. */
export const sendQuery = z.object({
  status: status.catch(undefined),
  q: q.catch(undefined),
  automation_id: automation_id.catch(undefined),
  cursor: cursor.catch(undefined),
});
export type SendQuery = z.infer<typeof sendQuery>;

/** The address of the log as asked; without a cursor it begins at the newest. */
export const sendsHref = (path: string, query: Partial<SendQuery>): string => hrefWith(path, query);

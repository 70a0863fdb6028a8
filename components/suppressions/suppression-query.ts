import * as z from "zod";
import { listSuppressionsInput } from "@/lib/suppressions/schema";

const { q, reason, cursor } = listSuppressionsInput.shape;

/** What the address of the list says; a part that makes no sense is as if it were not there. */
export const suppressionQuery = z.object({
  q: q.catch(undefined),
  reason: reason.catch(undefined),
  cursor: cursor.catch(undefined),
});
export type SuppressionQuery = z.infer<typeof suppressionQuery>;

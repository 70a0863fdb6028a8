import * as z from "zod";
import { listProfilesInput } from "@/lib/profiles/schema";

const { q, cursor } = listProfilesInput.shape;

/** What the address of the list of people says; a part that makes no sense is as if it were not there. */
export const profileQuery = z.object({ q: q.catch(undefined), cursor: cursor.catch(undefined) });

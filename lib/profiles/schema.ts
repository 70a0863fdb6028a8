import * as z from "zod";
import { suppression } from "../suppressions/schema";

export { bareAddress } from "./address";
export { keptTraits, traitProblem, traitsMax } from "./traits";

const moment = z.iso.datetime();

/** One person. */
export const profile = z.object({
  id: z.uuid(),
  project_id: z.uuid(),
  external_id: z.string().nullable().describe("Your own id of this person; the first, where there are several."),
  external_ids: z.array(z.string()),
  anonymous_ids: z.array(z.string()).describe("The newest 100."),
  email: z.string().nullable(),
  traits: z.record(z.string(), z.unknown()),
  created_at: moment,
  suppressed: z.array(suppression).describe("Why this person is not written to; empty when they are."),
});
export type Profile = z.infer<typeof profile>;

export const profilePage = z.object({
  data: z.array(profile),
  next_cursor: z.string().nullable().describe("Null on the last page."),
});
export type ProfilePage = z.infer<typeof profilePage>;

const text = (charactersMax: number) =>
  z
    .string()
    .trim()
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .refine((given) => !given.includes("\u0000"), "must not contain U+0000");

export const listProfilesInput = z.strictObject({
  project_id: z.string().max(64).optional().describe("The workspace's id."),
  email: text(320).optional().describe("Exactly this address."),
  q: text(200).optional().describe("Any of the ids, or the beginning of an address."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid("This is not a cursor of this list.").optional(),
});
export type ListProfilesInput = z.infer<typeof listProfilesInput>;

export const profileInput = z.strictObject({
  id: text(512).describe("Our id of the person, your own, or an anonymous one."),
});
export type ProfileInput = z.infer<typeof profileInput>;
